//! Datagrams within this machine.

use super::kind::{Data, Datagrams, Kind, Peer, RawForm};
use super::{Socket, UnixAddress};
use crate::error::Result;
use crate::interests::Interests;
use crate::sys::{send, socket};

/// The kind of this file.
pub mod kinds {
    super::super::kind::kind! {
        /// A socket for datagrams within this machine.
        UnixDatagram: SOCK_DGRAM of [libc::AF_UNIX], listens: false
    }
}

/// A socket for datagrams within this machine. They arrive in order, and none is lost; a sender that
/// is faster than the receiver gets an error that [would block](crate::Error::is_would_block).
///
/// On Linux an event reports when a *connected* socket can send again. One that is not connected
/// always counts as writable, since the destination is not known; if `send_to` would block, try again
/// later.
///
/// ```
/// use mio_st::socket::UnixDatagram;
///
/// let (here, there) = UnixDatagram::pair()?;
/// here.send(b"a rather long datagram")?;
///
/// let mut buffer = [0; 8];
/// let datagram = there.recv_datagram(&mut buffer)?;
/// assert!(datagram.len == 8 && datagram.truncated && datagram.address.is_unnamed());
/// # Ok::<(), mio_st::Error>(())
/// ```
pub type UnixDatagram = Socket<kinds::UnixDatagram>;

impl Kind for kinds::UnixDatagram {
    type Address = UnixAddress;
    const INTERESTS: Interests = Interests::BOTH;
}

impl Data for kinds::UnixDatagram {}
impl Peer for kinds::UnixDatagram {}
impl Datagrams for kinds::UnixDatagram {}

impl UnixDatagram {
    /// Binds to `address`: creates the socket file if it is a path. It stays when the socket is
    /// closed.
    ///
    /// # Errors
    ///
    /// The system's: `Os(EADDRINUSE)` if there is a file already, [`NotFound`](crate::Error::NotFound)
    /// and `Os(EACCES)` for the directory, out of descriptors. See bind(2).
    pub fn bind(address: &UnixAddress) -> Result<UnixDatagram> {
        let datagram = socket::socket(libc::AF_UNIX, libc::SOCK_DGRAM)?;
        socket::bind(&datagram, &address.to_raw())?;
        Ok(Socket::adopt(datagram))
    }

    /// Returns a socket without a name: it can send, and receives no answer.
    ///
    /// # Errors
    ///
    /// The system's: out of descriptors. See socket(2).
    pub fn unbound() -> Result<UnixDatagram> {
        socket::socket(libc::AF_UNIX, libc::SOCK_DGRAM).map(Socket::adopt)
    }

    /// Returns two sockets, each the other's peer, without a name.
    ///
    /// # Errors
    ///
    /// The system's: out of descriptors. See socketpair(2).
    pub fn pair() -> Result<(UnixDatagram, UnixDatagram)> {
        let (one, other) = socket::pair(libc::SOCK_DGRAM)?;
        Ok((Socket::adopt(one), Socket::adopt(other)))
    }

    /// Makes [`send`](Socket::send) send to the socket at `address` from now on, and receives from it
    /// only.
    ///
    /// # Errors
    ///
    /// The system's: [`NotFound`](crate::Error::NotFound), `Os(ECONNREFUSED)` if the socket is closed.
    /// See connect(2).
    pub fn connect(&self, address: &UnixAddress) -> Result<()> {
        socket::connect(self.as_raw_fd(), &address.to_raw())
    }

    /// Sends a datagram to the socket at `address`, and returns its length: all of the buffer.
    ///
    /// # Errors
    ///
    /// [`NotFound`](crate::Error::NotFound), and as for [`send`](Socket::send).
    pub fn send_to(&self, buffer: &[u8], address: &UnixAddress) -> Result<usize> {
        send::send_to(self.as_raw_fd(), buffer, &address.to_raw())
    }
}
