//! UDP.

extern crate std;

use core::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::io;

use super::{ListenOptions, Socket};
use crate::socket;
use crate::socket::kinds::Udp;

/// A UDP socket for any peer, like [`std::net::UdpSocket`]. See [`socket::UdpSocket`].
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

/// A UDP socket for one peer. See [`socket::ConnectedUdpSocket`].
pub type ConnectedUdpSocket = Socket<socket::kinds::ConnectedUdpSocket>;

impl UdpSocket {
    /// Binds to `address`; for port 0 the system chooses one. See [`socket::UdpSocket::bind`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn bind(address: SocketAddr) -> io::Result<UdpSocket> {
        ListenOptions::new().bind_udp(address)
    }

    /// Connects to `address`: sends to and receives from it only from now on. See
    /// [`socket::UdpSocket::connect`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn connect(self, address: SocketAddr) -> io::Result<ConnectedUdpSocket> {
        Ok(self.inner.connect(address)?.into())
    }

    /// Sends a datagram to `address`, and returns its length: all of the buffer. See
    /// [`socket::UdpSocket::send_to`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn send_to(&self, buffer: &[u8], address: SocketAddr) -> io::Result<usize> {
        Ok(self.inner.send_to(buffer, address)?)
    }
}

impl ConnectedUdpSocket {
    /// Binds a socket to `local` and connects it to `peer`. See
    /// [`socket::ConnectedUdpSocket::connect`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn connect(local: SocketAddr, peer: SocketAddr) -> io::Result<ConnectedUdpSocket> {
        Ok(socket::ConnectedUdpSocket::connect(local, peer)?.into())
    }

    /// Connects to another peer: sends to and receives from it only from now on. See
    /// [`socket::ConnectedUdpSocket::reconnect`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn reconnect(&self, peer: SocketAddr) -> io::Result<()> {
        Ok(self.inner.reconnect(peer)?)
    }

    /// Returns the address of the peer. See [`socket::Socket::peer_addr`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.inner.peer_addr()?)
    }
}

impl<K: Udp> Socket<K> {
    /// Returns whether an IPv6 socket takes IPv6 only. See [`socket::Socket::only_v6`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn only_v6(&self) -> io::Result<bool> {
        Ok(self.inner.only_v6()?)
    }

    /// Returns whether it may send to broadcast addresses (`SO_BROADCAST`). See
    /// [`socket::Socket::broadcast`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn broadcast(&self) -> io::Result<bool> {
        Ok(self.inner.broadcast()?)
    }

    /// Sets whether it may send to broadcast addresses (`SO_BROADCAST`). See
    /// [`socket::Socket::set_broadcast`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn set_broadcast(&self, broadcast: bool) -> io::Result<()> {
        Ok(self.inner.set_broadcast(broadcast)?)
    }

    /// Joins a group on the interface that has this address, or on the system's choice for
    /// `0.0.0.0`. See [`socket::Socket::join_multicast_v4`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn join_multicast_v4(&self, group: &Ipv4Addr, interface: &Ipv4Addr) -> io::Result<()> {
        Ok(self.inner.join_multicast_v4(group, interface)?)
    }

    /// Joins a group on the interface of this index, or on the system's choice for 0. See
    /// [`socket::Socket::join_multicast_v6`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn join_multicast_v6(&self, group: &Ipv6Addr, interface: u32) -> io::Result<()> {
        Ok(self.inner.join_multicast_v6(group, interface)?)
    }

    /// Leaves a group that was joined with the same arguments. See
    /// [`socket::Socket::leave_multicast_v4`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn leave_multicast_v4(&self, group: &Ipv4Addr, interface: &Ipv4Addr) -> io::Result<()> {
        Ok(self.inner.leave_multicast_v4(group, interface)?)
    }

    /// Leaves a group that was joined with the same arguments. See
    /// [`socket::Socket::leave_multicast_v6`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn leave_multicast_v6(&self, group: &Ipv6Addr, interface: u32) -> io::Result<()> {
        Ok(self.inner.leave_multicast_v6(group, interface)?)
    }

    /// Returns whether members on this machine get what the socket sends to a group
    /// (`IP_MULTICAST_LOOP`). See [`socket::Socket::multicast_loop_v4`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn multicast_loop_v4(&self) -> io::Result<bool> {
        Ok(self.inner.multicast_loop_v4()?)
    }

    /// Sets `IP_MULTICAST_LOOP`. See [`socket::Socket::set_multicast_loop_v4`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn set_multicast_loop_v4(&self, multicast_loop: bool) -> io::Result<()> {
        Ok(self.inner.set_multicast_loop_v4(multicast_loop)?)
    }

    /// Returns whether members on this machine get what the socket sends to a group
    /// (`IPV6_MULTICAST_LOOP`). See [`socket::Socket::multicast_loop_v6`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn multicast_loop_v6(&self) -> io::Result<bool> {
        Ok(self.inner.multicast_loop_v6()?)
    }

    /// Sets `IPV6_MULTICAST_LOOP`. See [`socket::Socket::set_multicast_loop_v6`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn set_multicast_loop_v6(&self, multicast_loop: bool) -> io::Result<()> {
        Ok(self.inner.set_multicast_loop_v6(multicast_loop)?)
    }

    /// Returns how many hops a datagram to a group travels: 1 stays in the local network, 0 on this
    /// machine. See [`socket::Socket::multicast_ttl_v4`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn multicast_ttl_v4(&self) -> io::Result<u32> {
        Ok(self.inner.multicast_ttl_v4()?)
    }

    /// Sets how many hops a datagram to a group travels. See
    /// [`socket::Socket::set_multicast_ttl_v4`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn set_multicast_ttl_v4(&self, hops: u32) -> io::Result<()> {
        Ok(self.inner.set_multicast_ttl_v4(hops)?)
    }

    /// Returns the address of the interface that the socket sends to groups through; `0.0.0.0` is
    /// the system's choice. See [`socket::Socket::multicast_if_v4`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn multicast_if_v4(&self) -> io::Result<Ipv4Addr> {
        Ok(self.inner.multicast_if_v4()?)
    }

    /// Sets the interface that the socket sends to groups through, by its address. See
    /// [`socket::Socket::set_multicast_if_v4`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn set_multicast_if_v4(&self, interface: &Ipv4Addr) -> io::Result<()> {
        Ok(self.inner.set_multicast_if_v4(interface)?)
    }

    /// Returns the index of the interface that the socket sends to groups through; 0 is the
    /// system's choice. See [`socket::Socket::multicast_if_v6`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn multicast_if_v6(&self) -> io::Result<u32> {
        Ok(self.inner.multicast_if_v6()?)
    }

    /// Sets the interface that the socket sends to groups through, by its index. See
    /// [`socket::Socket::set_multicast_if_v6`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn set_multicast_if_v6(&self, interface: u32) -> io::Result<()> {
        Ok(self.inner.set_multicast_if_v6(interface)?)
    }
}
