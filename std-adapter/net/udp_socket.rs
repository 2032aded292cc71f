//! A UDP socket that talks to anybody.

extern crate std;

use core::fmt;
use core::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};

use super::{ConnectedUdpSocket, Datagram, ListenOptions};
use crate::error::Result;
use crate::id::EventedId;
use crate::interests::{Interests, PollOption};
use crate::poller::{Evented, Registration, Registry};
use crate::sys::{message, option};

/// A UDP socket, like [`std::net::UdpSocket`], non-blocking. [`connect`](UdpSocket::connect) makes of it
/// a [`ConnectedUdpSocket`], which talks to one peer only.
///
/// A datagram comes whole or not at all, except that what does not fit the buffer is lost:
/// [`recv_datagram`](UdpSocket::recv_datagram) tells, `recv` and `recv_from` do not (as in `std`). Under
/// [`Edge`](PollOption::Edge) receive until `WouldBlock` before waiting for the next event; there is no end
/// of the data, and a datagram may be empty.
///
/// ```
/// use std::io;
///
/// use mio_st::event::{EventedId, Events};
/// use mio_st::net::UdpSocket;
/// use mio_st::poll::{PollOption, Poller};
///
/// let mut poller = Poller::new()?;
/// let mut events = Events::new();
/// let mut socket = UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
/// poller.register(&mut socket, EventedId(0), UdpSocket::INTERESTS, PollOption::Edge)?;
///
/// let peer = UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
/// peer.send_to(b"hello", socket.local_addr()?)?;
///
/// let mut buffer = [0; 512];
/// let datagram = loop {
///     poller.poll(&mut events, None)?;
///     match socket.recv_datagram(&mut buffer) {
///         Ok(datagram) => break datagram,
///         Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
///         Err(error) => return Err(error),
///     }
/// };
/// assert_eq!(&buffer[..datagram.len], b"hello");
/// assert!(!datagram.truncated && datagram.address == peer.local_addr()?);
/// # Ok::<(), io::Error>(())
/// ```
pub struct UdpSocket {
    inner: std::net::UdpSocket,
    registration: Registration,
}

impl UdpSocket {
    /// What a socket is usually watched for: `BOTH`.
    pub const INTERESTS: Interests = Interests::BOTH;

    /// Binds to `address`; port 0 lets the system choose one. Sets no option;
    /// [`ListenOptions::bind_udp`] does.
    ///
    /// # Errors
    ///
    /// The system's: `AddrInUse`, `AddrNotAvailable`, `PermissionDenied` for a port below 1024, out of
    /// descriptors. See socket(2), bind(2).
    pub fn bind(address: SocketAddr) -> io::Result<UdpSocket> {
        ListenOptions::new().bind_udp(address)
    }

    /// From now on sends to and receives from `address` only, and hears of its errors, such as
    /// `ConnectionRefused`. A registration stays as it is.
    ///
    /// ```
    /// use mio_st::net::UdpSocket;
    ///
    /// let server = UdpSocket::bind("[::1]:0".parse().unwrap())?;
    /// let client = UdpSocket::bind("[::1]:0".parse().unwrap())?.connect(server.local_addr()?)?;
    /// client.send(b"hello")?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The system's, such as for an address of another family; the socket is closed then. See connect(2).
    pub fn connect(self, address: SocketAddr) -> io::Result<ConnectedUdpSocket> {
        self.inner.connect(address)?;
        Ok(ConnectedUdpSocket::of(self.inner, self.registration))
    }

    /// Sends a datagram, and says how long it was: all of the buffer.
    ///
    /// # Errors
    ///
    /// `WouldBlock`; `EMSGSIZE` for one that is too long, of which nothing is sent; an address of another
    /// family; and the system's. `ENOBUFS` (the BSDs and Apple's systems, and Linux with `IP_RECVERR`) says
    /// that the interface's queue was full and the datagram is lost: no event tells when there is room.
    /// Treat it as a datagram that was lost on the way. See send(2).
    pub fn send_to(&self, buffer: &[u8], address: SocketAddr) -> io::Result<usize> {
        self.inner.send_to(buffer, address)
    }

    /// Takes the next datagram and says whose it is. What does not fit is lost, silently: see
    /// [`recv_datagram`](UdpSocket::recv_datagram).
    ///
    /// # Errors
    ///
    /// `WouldBlock`, and the system's. See recv(2).
    pub fn recv_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.inner.recv_from(buffer)
    }

    /// As [`recv_from`](UdpSocket::recv_from), but the datagram stays and comes again.
    ///
    /// # Errors
    ///
    /// As `recv_from`.
    pub fn peek_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.inner.peek_from(buffer)
    }

    /// Takes the next datagram, whoever sent it. What does not fit is lost, silently.
    ///
    /// # Errors
    ///
    /// As `recv_from`.
    pub fn recv(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.recv(buffer)
    }

    /// As [`recv`](UdpSocket::recv), but the datagram stays and comes again.
    ///
    /// # Errors
    ///
    /// As `recv_from`.
    pub fn peek(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.peek(buffer)
    }

    /// Sends to the peer that the socket was connected to before it came here from `std` or elsewhere. A
    /// [`ConnectedUdpSocket`] is the better type for it.
    ///
    /// # Errors
    ///
    /// `EDESTADDRREQ` without a peer, and as [`send_to`](UdpSocket::send_to).
    pub fn send(&self, buffer: &[u8]) -> io::Result<usize> {
        self.inner.send(buffer)
    }
}

handle!(UdpSocket, std::net::UdpSocket, SocketAddr, UdpSocket::INTERESTS);
udp_options!(UdpSocket);
