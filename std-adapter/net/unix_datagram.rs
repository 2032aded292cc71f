//! Datagrams within this machine.

extern crate std;

use core::fmt;
use std::io;
use std::net::Shutdown;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::os::unix::net::SocketAddr;
use std::path::Path;

use super::{Datagram, adopt, unix_address};
use crate::error::Result;
use crate::id::EventedId;
use crate::interests::{Interests, PollOption};
use crate::poller::{Evented, Registration, Registry};
use crate::sys::address::RawAddress;
use crate::sys::fd::Fd;
use crate::sys::{message, send, socket};

/// A socket for datagrams within this machine, like [`std::os::unix::net::UnixDatagram`], non-blocking.
/// They arrive in order, and none is lost; who sends faster than the other receives gets `WouldBlock`.
///
/// A send to a socket whose queue is full is `WouldBlock` on every system. On Linux an event says when a
/// *connected* socket can send again. One that is not connected always counts as writable, since it does
/// not know to whom. On the BSDs and Apple's systems every socket counts as writable, whatever the queue of
/// the other is like, and no event comes when it has room: after `WouldBlock` try again after some time, by
/// a deadline. Do not watch for `WRITABLE` under `Level` meanwhile: it would be reported at each poll.
///
/// After the peer has closed, sending to it is `ConnectionRefused` on Linux; on the BSDs and Apple's systems
/// it is `ConnectionReset` once, and `NotConnected` or an error of the address from then on.
///
/// ```
/// use mio_st::net::UnixDatagram;
///
/// let (here, there) = UnixDatagram::pair()?;
/// here.send(b"a rather long datagram")?;
///
/// let mut buffer = [0; 8];
/// let datagram = there.recv_datagram(&mut buffer)?;
/// assert!(datagram.len == 8 && datagram.truncated && datagram.address.is_unnamed());
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct UnixDatagram {
    inner: std::os::unix::net::UnixDatagram,
    registration: Registration,
}

impl UnixDatagram {
    /// What a socket is usually watched for: `BOTH`.
    pub const INTERESTS: Interests = Interests::BOTH;

    /// Makes a socket file at `path`, by which others send to this socket. It stays when the socket is
    /// closed.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for a path that no socket can have: empty, too long (about 100 bytes), with a NUL in
    /// it. And the system's: `AddrInUse` where there is a file already, `NotFound` and `PermissionDenied`
    /// for the directory, out of descriptors. See bind(2).
    pub fn bind(path: impl AsRef<Path>) -> io::Result<UnixDatagram> {
        UnixDatagram::bind_raw(&unix_address::of_path(path.as_ref())?)
    }

    /// Binds to any address, such as one in Linux's abstract space; for an unnamed one Linux chooses a name
    /// there.
    ///
    /// # Errors
    ///
    /// As [`bind`](UnixDatagram::bind).
    pub fn bind_addr(address: &SocketAddr) -> io::Result<UnixDatagram> {
        UnixDatagram::bind_raw(&unix_address::of(address)?)
    }

    fn bind_raw(address: &RawAddress) -> io::Result<UnixDatagram> {
        let datagram = new()?;
        socket::bind(&datagram, address)?;
        Ok(adopt(datagram).into())
    }

    /// A socket without a name, that can send, and be answered by nobody.
    ///
    /// # Errors
    ///
    /// The system's: out of descriptors. See socket(2).
    pub fn unbound() -> io::Result<UnixDatagram> {
        Ok(adopt(new()?).into())
    }

    /// Two sockets, each the other's peer, without a name.
    ///
    /// # Errors
    ///
    /// The system's: out of descriptors. See socketpair(2).
    pub fn pair() -> io::Result<(UnixDatagram, UnixDatagram)> {
        let (one, other) = socket::pair(libc::SOCK_DGRAM)?;
        Ok((adopt(one).into(), adopt(other).into()))
    }

    /// From now on [`send`](UnixDatagram::send) sends to the socket at `path`, and only what it sends is
    /// received.
    ///
    /// # Errors
    ///
    /// `InvalidInput` as [`bind`](UnixDatagram::bind), and the system's: `NotFound`, `ConnectionRefused`
    /// where the socket is closed. See connect(2).
    pub fn connect(&self, path: impl AsRef<Path>) -> io::Result<()> {
        self.inner.connect(path)
    }

    /// The same with any address, such as one in Linux's abstract space.
    ///
    /// # Errors
    ///
    /// As [`connect`](UnixDatagram::connect).
    pub fn connect_addr(&self, address: &SocketAddr) -> io::Result<()> {
        self.inner.connect_addr(address)
    }

    /// The address of the peer that it is connected to.
    ///
    /// # Errors
    ///
    /// `NotConnected`, or the system's, see getpeername(2).
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        super::peer(self.inner.peer_addr())
    }

    /// Sends a datagram to the peer, and says how long it was: all of the buffer.
    ///
    /// # Errors
    ///
    /// `WouldBlock` when the peer has too many unread, `NotConnected` or `EDESTADDRREQ` without a peer,
    /// `ConnectionRefused` when the peer is closed, `EMSGSIZE` for one that is too long, of which nothing is
    /// sent; and the system's. See send(2).
    pub fn send(&self, buffer: &[u8]) -> io::Result<usize> {
        full(send::send(self.as_raw_fd(), buffer).map_err(io::Error::from))
    }

    /// Sends a datagram to the socket at `path`.
    ///
    /// # Errors
    ///
    /// `InvalidInput` as [`bind`](UnixDatagram::bind), `NotFound`, and as [`send`](UnixDatagram::send).
    pub fn send_to(&self, buffer: &[u8], path: impl AsRef<Path>) -> io::Result<usize> {
        full(self.inner.send_to(buffer, path))
    }

    /// The same with any address, such as one that a datagram came from.
    ///
    /// # Errors
    ///
    /// As [`send_to`](UnixDatagram::send_to).
    pub fn send_to_addr(&self, buffer: &[u8], address: &SocketAddr) -> io::Result<usize> {
        full(self.inner.send_to_addr(buffer, address))
    }

    /// Takes the next datagram. What does not fit is lost, silently: see
    /// [`recv_datagram`](UnixDatagram::recv_datagram).
    ///
    /// # Errors
    ///
    /// `WouldBlock`, and the system's. See recv(2).
    pub fn recv(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.recv(buffer)
    }

    /// As [`recv`](UnixDatagram::recv), and says whose it is.
    ///
    /// # Errors
    ///
    /// As `recv`.
    pub fn recv_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.inner.recv_from(buffer)
    }

    /// As [`recv`](UnixDatagram::recv), but the datagram stays and comes again.
    ///
    /// # Errors
    ///
    /// As `recv`.
    pub fn peek(&self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(message::peek(self.as_raw_fd(), buffer)?)
    }

    /// As [`recv_from`](UnixDatagram::recv_from), but the datagram stays and comes again.
    ///
    /// # Errors
    ///
    /// As `recv`.
    pub fn peek_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let datagram = self.receive(buffer, libc::MSG_PEEK)?;
        Ok((datagram.len, datagram.address))
    }

    /// Takes the next datagram and says whose it is and whether it was cut. A sender whose path has the one
    /// length that `std` cannot name, a byte more than it may bind to itself, comes as unnamed.
    ///
    /// # Errors
    ///
    /// As `recv`.
    pub fn recv_datagram(&self, buffer: &mut [u8]) -> io::Result<Datagram<SocketAddr>> {
        self.receive(buffer, 0)
    }

    fn receive(&self, buffer: &mut [u8], flags: i32) -> io::Result<Datagram<SocketAddr>> {
        let received = message::receive(self.as_raw_fd(), buffer, flags)?;
        let address = unix_address::to_std_or_unnamed(&received.from)?;
        Ok(Datagram::new(received.length, received.truncated, address))
    }

    /// Closes one direction or both.
    ///
    /// # Errors
    ///
    /// `NotConnected`, or the system's, see shutdown(2).
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.inner.shutdown(how)
    }
}

/// Gives one meaning to a receiver whose queue is full: `WouldBlock`. Linux says `EAGAIN`, the BSDs and
/// Apple's systems `ENOBUFS`.
fn full<T>(answer: io::Result<T>) -> io::Result<T> {
    answer.map_err(|error| match error.raw_os_error() {
        Some(libc::ENOBUFS) => io::Error::from_raw_os_error(libc::EAGAIN),
        _ => error,
    })
}

fn new() -> Result<Fd> {
    socket::socket(libc::AF_UNIX, libc::SOCK_DGRAM)
}

handle!(UnixDatagram, std::os::unix::net::UnixDatagram, SocketAddr, UnixDatagram::INTERESTS);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_queue_is_would_block_on_every_system() {
        for errno in [libc::EAGAIN, libc::ENOBUFS] {
            let error = full::<()>(Err(io::Error::from_raw_os_error(errno))).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
        }
        let other = full::<()>(Err(io::Error::from_raw_os_error(libc::ENOMEM))).unwrap_err();
        assert_eq!(other.raw_os_error(), Some(libc::ENOMEM));
    }
}
