//! UDP.

use core::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use edge_nal::io::ErrorType;
use edge_nal::{
    MulticastV4, MulticastV6, Readable, UdpBind, UdpConnect, UdpReceive, UdpSend, UdpSplit,
    UdpSplitMulticast,
};
use mio_st::Result;
use mio_st::event::Interests;
use mio_st::socket::kinds;
use mio_st::socket::{ConnectedUdpSocket, Socket, UdpSocket};

use super::super::io::Async;
use super::{NetError, Stack};

/// A UDP socket that is watched, or a reference to one: to split a socket is to share it.
#[derive(Copy, Clone, Debug)]
pub struct Udp<S>(S);

impl<S: Shared> Udp<S> {
    pub fn address(&self) -> Result<SocketAddr> {
        self.0.io().handle.local_addr()
    }
}

/// An [`Async`] socket, or a reference to one.
pub trait Shared {
    type Kind: Sends;

    fn io(&self) -> &Async<'_, Socket<Self::Kind>>;
}

impl<K: Sends> Shared for Async<'_, Socket<K>> {
    type Kind = K;

    fn io(&self) -> &Async<'_, Socket<K>> {
        self
    }
}

impl<S: Shared> Shared for &S {
    type Kind = S::Kind;

    fn io(&self) -> &Async<'_, Socket<S::Kind>> {
        (**self).io()
    }
}

/// How the two kinds of sockets send.
pub trait Sends: kinds::Udp {
    fn send(socket: &Socket<Self>, data: &[u8], remote: SocketAddr) -> Result<usize>;
}

impl Sends for kinds::UdpSocket {
    fn send(socket: &UdpSocket, data: &[u8], remote: SocketAddr) -> Result<usize> {
        socket.send_to(data, remote)
    }
}

impl Sends for kinds::ConnectedUdpSocket {
    /// To its peer, whatever `remote` is.
    fn send(socket: &ConnectedUdpSocket, data: &[u8], _remote: SocketAddr) -> Result<usize> {
        socket.send(data)
    }
}

impl UdpBind for Stack<'_> {
    type Error = NetError;
    type Socket<'a>
        = Udp<Async<'a, UdpSocket>>
    where
        Self: 'a;

    async fn bind(&self, local: SocketAddr) -> Result<Self::Socket<'_>, NetError> {
        Ok(Udp(Async::new(self.0, UdpSocket::bind(local)?, Interests::BOTH)?))
    }
}

impl UdpConnect for Stack<'_> {
    type Error = NetError;
    type Socket<'a>
        = Udp<Async<'a, ConnectedUdpSocket>>
    where
        Self: 'a;

    async fn connect(
        &self,
        local: SocketAddr,
        remote: SocketAddr,
    ) -> Result<Self::Socket<'_>, NetError> {
        let socket = ConnectedUdpSocket::connect(local, remote)?;
        Ok(Udp(Async::new(self.0, socket, Interests::BOTH)?))
    }
}

impl<S> ErrorType for Udp<S> {
    type Error = NetError;
}

impl<S: Shared> UdpReceive for Udp<S> {
    async fn receive(&mut self, buffer: &mut [u8]) -> Result<(usize, SocketAddr), NetError> {
        let datagram = self.0.io().read_with(|socket| socket.recv_datagram(buffer)).await?;
        // The system does not tell everywhere how long a datagram was that was cut.
        Ok((datagram.len + usize::from(datagram.truncated), datagram.address))
    }
}

impl<S: Shared> UdpSend for Udp<S> {
    async fn send(&mut self, remote: SocketAddr, data: &[u8]) -> Result<(), NetError> {
        self.0.io().write_with(|socket| S::Kind::send(socket, data, remote)).await?;
        Ok(())
    }
}

impl<S: Shared> Readable for Udp<S> {
    async fn readable(&mut self) -> Result<(), NetError> {
        self.0.io().read_with(|socket| socket.peek_from(&mut [0])).await?;
        Ok(())
    }
}

impl<S: Shared> MulticastV4 for Udp<S> {
    async fn join_v4(&mut self, group: Ipv4Addr, interface: Ipv4Addr) -> Result<(), NetError> {
        Ok(self.0.io().handle.join_multicast_v4(&group, &interface)?)
    }

    async fn leave_v4(&mut self, group: Ipv4Addr, interface: Ipv4Addr) -> Result<(), NetError> {
        Ok(self.0.io().handle.leave_multicast_v4(&group, &interface)?)
    }
}

impl<S: Shared> MulticastV6 for Udp<S> {
    async fn join_v6(&mut self, group: Ipv6Addr, interface: u32) -> Result<(), NetError> {
        Ok(self.0.io().handle.join_multicast_v6(&group, interface)?)
    }

    async fn leave_v6(&mut self, group: Ipv6Addr, interface: u32) -> Result<(), NetError> {
        Ok(self.0.io().handle.leave_multicast_v6(&group, interface)?)
    }
}

impl<S: Shared> UdpSplit for Udp<S> {
    type Receive<'a>
        = Udp<&'a S>
    where
        Self: 'a;
    type Send<'a>
        = Udp<&'a S>
    where
        Self: 'a;

    fn split(&mut self) -> (Udp<&S>, Udp<&S>) {
        (Udp(&self.0), Udp(&self.0))
    }
}

impl<S: Shared> UdpSplitMulticast for Udp<S> {
    type MulticastV4<'a>
        = Udp<&'a S>
    where
        Self: 'a;
    type MulticastV6<'a>
        = Udp<&'a S>
    where
        Self: 'a;

    fn split_multicast(&mut self) -> (Udp<&S>, Udp<&S>, Udp<&S>, Udp<&S>) {
        (Udp(&self.0), Udp(&self.0), Udp(&self.0), Udp(&self.0))
    }
}
