//! UDP: a socket for any peer, and one for one peer.

use core::net::SocketAddr;

use super::kind::Udp;
use super::{ListenOptions, Socket};
use crate::error::Result;
use crate::sys::address::RawAddress;
use crate::sys::option_name as name;
use crate::sys::{option, send, socket};

/// The kinds of this file.
pub mod kinds {
    use core::net::SocketAddr;

    use crate::interests::Interests;
    use crate::socket::kind::kind;

    kind! {
        /// A UDP socket for any peer.
        UdpSocket: SOCK_DGRAM of [libc::AF_INET, libc::AF_INET6], listens: false;
        address: SocketAddr;
        interests: Interests::BOTH;
        is Ip;
        is Data;
        is Datagrams;
        is Udp { const IS_CONNECTED: bool = false; };
    }

    kind! {
        /// A UDP socket for one peer.
        ConnectedUdpSocket: SOCK_DGRAM of [libc::AF_INET, libc::AF_INET6], listens: false;
        address: SocketAddr;
        interests: Interests::BOTH;
        is Ip;
        is Data;
        is Peer;
        is Datagrams;
        is Udp { const IS_CONNECTED: bool = true; };
    }
}

/// A UDP socket that sends to and receives from any peer.
///
/// [`connect`](UdpSocket::connect) turns it into a [`ConnectedUdpSocket`], for one peer only.
///
/// A datagram arrives whole or not at all, except that what does not fit the buffer is lost:
/// [`recv_datagram`](Socket::recv_datagram) reports that, `recv` and `recv_from` do not. Under
/// [`Edge`](crate::poll::PollOption::Edge) receive until the call would block before waiting for
/// the next event. There is no end of the data, and a datagram may be empty.
///
/// ```
/// use mio_st::socket::UdpSocket;
///
/// let socket = UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
/// let peer = UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
/// peer.send_to(b"hello", socket.local_addr()?)?;
///
/// let mut buffer = [0; 512];
/// let datagram = socket.recv_datagram(&mut buffer)?;
/// assert_eq!(&buffer[..datagram.len], b"hello");
/// assert!(!datagram.truncated && datagram.address == peer.local_addr()?);
/// # Ok::<(), mio_st::Error>(())
/// ```
pub type UdpSocket = Socket<kinds::UdpSocket>;

/// A UDP socket that is connected to one peer: see [`UdpSocket::connect`].
///
/// It sends to and receives from this peer only. Conversions do not check that the socket is
/// connected; if it is not, sending is an error.
///
/// If no socket is bound to the peer's address and the peer's machine reports that, an event that
/// [`is_error`](crate::event::Ready::is_error) arrives, and the next call fails with
/// `Os(ECONNREFUSED)`, once. The socket stays usable.
pub type ConnectedUdpSocket = Socket<kinds::ConnectedUdpSocket>;

impl ConnectedUdpSocket {
    /// Binds a socket to `local` and connects it to `peer`: [`UdpSocket::bind`] and
    /// [`UdpSocket::connect`] in one call.
    ///
    /// ```
    /// use mio_st::socket::{ConnectedUdpSocket, UdpSocket};
    ///
    /// let any = "127.0.0.1:0".parse().unwrap();
    /// let (first, second) = (UdpSocket::bind(any)?, UdpSocket::bind(any)?);
    /// let client = ConnectedUdpSocket::connect(any, first.local_addr()?)?;
    /// client.send(b"hello")?;
    /// client.reconnect(second.local_addr()?)?;
    /// assert_eq!(client.peer_addr()?, second.local_addr()?);
    /// # Ok::<(), mio_st::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of both.
    pub fn connect(local: SocketAddr, peer: SocketAddr) -> Result<ConnectedUdpSocket> {
        UdpSocket::bind(local)?.connect(peer)
    }

    /// Connects to another peer: sends to and receives from it only from now on. Datagrams of the
    /// former peer that have arrived stay to be received.
    ///
    /// # Errors
    ///
    /// As [`UdpSocket::connect`]; the socket stays open, and on Linux connected to the former peer.
    pub fn reconnect(&self, peer: SocketAddr) -> Result<()> {
        socket::connect(self.as_raw_fd(), &RawAddress::of(peer))
    }
}

impl UdpSocket {
    /// Binds to `address`; for port 0 the system chooses one. Sets no option;
    /// [`ListenOptions::bind_udp`] does.
    ///
    /// # Errors
    ///
    /// An OS error: `Os(EADDRINUSE)`, `Os(EADDRNOTAVAIL)`, `Os(EACCES)` for a port below 1024, out
    /// of descriptors. See socket(2), bind(2).
    pub fn bind(address: SocketAddr) -> Result<UdpSocket> {
        ListenOptions::new().bind_udp(address)
    }

    /// Sends to and receives from `address` only from now on, and reports its errors, such as
    /// `Os(ECONNREFUSED)`. A registration stays as it is.
    ///
    /// ```
    /// use mio_st::socket::UdpSocket;
    ///
    /// let server = UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
    /// let client = UdpSocket::bind("127.0.0.1:0".parse().unwrap())?.connect(server.local_addr()?)?;
    /// client.send(b"hello")?;
    /// # Ok::<(), mio_st::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// An OS error, such as for an address of another family; the socket is closed then. See
    /// connect(2).
    pub fn connect(self, address: SocketAddr) -> Result<ConnectedUdpSocket> {
        socket::connect(self.as_raw_fd(), &RawAddress::of(address))?;
        Ok(self.into_kind())
    }

    /// Sends a datagram to `address`, and returns its length: all of the buffer.
    ///
    /// # Errors
    ///
    /// [Would block](crate::Error::is_would_block); `Os(EMSGSIZE)` for one that is too long, of
    /// which nothing is sent; an address of another family; and OS errors. `Os(ENOBUFS)` (the
    /// BSDs and Apple's systems, and Linux with `IP_RECVERR`) means that the interface's queue was
    /// full and the datagram is lost: no event reports when there is room. Treat it as a datagram
    /// that was lost on the way. See send(2).
    pub fn send_to(&self, buffer: &[u8], address: SocketAddr) -> Result<usize> {
        send::send_to(self.as_raw_fd(), buffer, &RawAddress::of(address))
    }
}

/// Options of UDP, see udp(7).
impl<K: Udp> Socket<K> {
    /// Returns whether an IPv6 socket takes IPv6 only, and no IPv4 under mapped addresses. It can
    /// be set before binding only: see [`ListenOptions::only_v6`].
    ///
    /// # Errors
    ///
    /// An OS error, such as for an IPv4 socket, see ipv6(7).
    pub fn only_v6(&self) -> Result<bool> {
        option::only_v6(self.as_raw_fd())
    }

    /// Returns whether it may send to broadcast addresses (`SO_BROADCAST`).
    ///
    /// # Errors
    ///
    /// An OS error, see socket(7).
    pub fn broadcast(&self) -> Result<bool> {
        name::BROADCAST.flag(self.as_raw_fd())
    }

    /// Sets whether it may send to broadcast addresses (`SO_BROADCAST`).
    ///
    /// # Errors
    ///
    /// An OS error, see socket(7).
    pub fn set_broadcast(&self, broadcast: bool) -> Result<()> {
        name::BROADCAST.set_flag(self.as_raw_fd(), broadcast)
    }
}
