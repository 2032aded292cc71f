//! UDP.

extern crate std;

use core::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::io;

use super::{ListenOptions, Socket};
use crate::socket;
use crate::socket::kinds::Udp;

/// A UDP socket for any peer, like [`std::net::UdpSocket`]: see [`socket::UdpSocket`].
/// [`connect`](UdpSocket::connect) turns it into a [`ConnectedUdpSocket`].
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
pub type UdpSocket = Socket<socket::kinds::UdpSocket>;

/// A UDP socket for one peer: see [`socket::ConnectedUdpSocket`].
pub type ConnectedUdpSocket = Socket<socket::kinds::ConnectedUdpSocket>;

impl UdpSocket {
    /// See [`socket::UdpSocket::bind`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn bind(address: SocketAddr) -> io::Result<UdpSocket> {
        ListenOptions::new().bind_udp(address)
    }

    /// See [`socket::UdpSocket::connect`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn connect(self, address: SocketAddr) -> io::Result<ConnectedUdpSocket> {
        Ok(self.inner.connect(address)?.into())
    }

    /// See [`socket::UdpSocket::send_to`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn send_to(&self, buffer: &[u8], address: SocketAddr) -> io::Result<usize> {
        Ok(self.inner.send_to(buffer, address)?)
    }
}

impl ConnectedUdpSocket {
    /// See [`socket::ConnectedUdpSocket::connect`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn connect(local: SocketAddr, peer: SocketAddr) -> io::Result<ConnectedUdpSocket> {
        Ok(socket::ConnectedUdpSocket::connect(local, peer)?.into())
    }

    /// See [`socket::ConnectedUdpSocket::reconnect`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn reconnect(&self, peer: SocketAddr) -> io::Result<()> {
        Ok(self.inner.reconnect(peer)?)
    }

    /// See [`socket::Socket::peer_addr`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.inner.peer_addr()?)
    }
}

impl<K: Udp> Socket<K> {
    /// See [`socket::Socket::only_v6`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn only_v6(&self) -> io::Result<bool> {
        Ok(self.inner.only_v6()?)
    }

    /// See [`socket::Socket::broadcast`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn broadcast(&self) -> io::Result<bool> {
        Ok(self.inner.broadcast()?)
    }

    /// See [`socket::Socket::set_broadcast`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn set_broadcast(&self, broadcast: bool) -> io::Result<()> {
        Ok(self.inner.set_broadcast(broadcast)?)
    }

    /// See [`socket::Socket::join_multicast_v4`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn join_multicast_v4(&self, group: &Ipv4Addr, interface: &Ipv4Addr) -> io::Result<()> {
        Ok(self.inner.join_multicast_v4(group, interface)?)
    }

    /// See [`socket::Socket::join_multicast_v6`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn join_multicast_v6(&self, group: &Ipv6Addr, interface: u32) -> io::Result<()> {
        Ok(self.inner.join_multicast_v6(group, interface)?)
    }

    /// See [`socket::Socket::leave_multicast_v4`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn leave_multicast_v4(&self, group: &Ipv4Addr, interface: &Ipv4Addr) -> io::Result<()> {
        Ok(self.inner.leave_multicast_v4(group, interface)?)
    }

    /// See [`socket::Socket::leave_multicast_v6`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn leave_multicast_v6(&self, group: &Ipv6Addr, interface: u32) -> io::Result<()> {
        Ok(self.inner.leave_multicast_v6(group, interface)?)
    }

    /// See [`socket::Socket::multicast_loop_v4`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn multicast_loop_v4(&self) -> io::Result<bool> {
        Ok(self.inner.multicast_loop_v4()?)
    }

    /// See [`socket::Socket::set_multicast_loop_v4`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn set_multicast_loop_v4(&self, multicast_loop: bool) -> io::Result<()> {
        Ok(self.inner.set_multicast_loop_v4(multicast_loop)?)
    }

    /// See [`socket::Socket::multicast_loop_v6`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn multicast_loop_v6(&self) -> io::Result<bool> {
        Ok(self.inner.multicast_loop_v6()?)
    }

    /// See [`socket::Socket::set_multicast_loop_v6`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn set_multicast_loop_v6(&self, multicast_loop: bool) -> io::Result<()> {
        Ok(self.inner.set_multicast_loop_v6(multicast_loop)?)
    }

    /// See [`socket::Socket::multicast_ttl_v4`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn multicast_ttl_v4(&self) -> io::Result<u32> {
        Ok(self.inner.multicast_ttl_v4()?)
    }

    /// See [`socket::Socket::set_multicast_ttl_v4`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn set_multicast_ttl_v4(&self, hops: u32) -> io::Result<()> {
        Ok(self.inner.set_multicast_ttl_v4(hops)?)
    }

    /// See [`socket::Socket::multicast_if_v4`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn multicast_if_v4(&self) -> io::Result<Ipv4Addr> {
        Ok(self.inner.multicast_if_v4()?)
    }

    /// See [`socket::Socket::set_multicast_if_v4`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn set_multicast_if_v4(&self, interface: &Ipv4Addr) -> io::Result<()> {
        Ok(self.inner.set_multicast_if_v4(interface)?)
    }

    /// See [`socket::Socket::multicast_if_v6`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn multicast_if_v6(&self) -> io::Result<u32> {
        Ok(self.inner.multicast_if_v6()?)
    }

    /// See [`socket::Socket::set_multicast_if_v6`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn set_multicast_if_v6(&self, interface: u32) -> io::Result<()> {
        Ok(self.inner.set_multicast_if_v6(interface)?)
    }
}
