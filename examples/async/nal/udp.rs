//! UDP.

use core::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use edge_nal::{
    MulticastV4, MulticastV6, Readable, UdpBind, UdpConnect, UdpReceive, UdpSend, UdpSplit,
    UdpSplitMulticast,
};
use mio_st::Result;
use mio_st::event::Interests;
use mio_st::socket::kinds::{self, Udp};
use mio_st::socket::{ConnectedUdpSocket, Socket, UdpSocket};

use super::super::io::Async;
use super::{NetError, Stack};

impl UdpBind for Stack<'_> {
    type Error = NetError;
    type Socket<'a>
        = Async<'a, UdpSocket>
    where
        Self: 'a;

    async fn bind(&self, local: SocketAddr) -> Result<Async<'_, UdpSocket>, NetError> {
        Ok(Async::new(self.0, UdpSocket::bind(local)?, Interests::BOTH)?)
    }
}

impl UdpConnect for Stack<'_> {
    type Error = NetError;
    type Socket<'a>
        = Async<'a, ConnectedUdpSocket>
    where
        Self: 'a;

    async fn connect(
        &self,
        local: SocketAddr,
        remote: SocketAddr,
    ) -> Result<Async<'_, ConnectedUdpSocket>, NetError> {
        let socket = ConnectedUdpSocket::connect(local, remote)?;
        Ok(Async::new(self.0, socket, Interests::BOTH)?)
    }
}

/// How the two kinds of sockets send.
pub trait Sends: Udp {
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

impl<K: Sends> UdpReceive for &Async<'_, Socket<K>> {
    async fn receive(&mut self, buffer: &mut [u8]) -> Result<(usize, SocketAddr), NetError> {
        let datagram = self.read_with(|socket| socket.recv_datagram(buffer)).await?;
        // The system does not tell everywhere how long a datagram was that was cut.
        Ok((datagram.len + usize::from(datagram.truncated), datagram.address))
    }
}

impl<K: Sends> UdpSend for &Async<'_, Socket<K>> {
    async fn send(&mut self, remote: SocketAddr, data: &[u8]) -> Result<(), NetError> {
        self.write_with(|socket| K::send(socket, data, remote)).await?;
        Ok(())
    }
}

impl<K: Sends> Readable for &Async<'_, Socket<K>> {
    async fn readable(&mut self) -> Result<(), NetError> {
        self.read_with(|socket| socket.peek_from(&mut [0])).await?;
        Ok(())
    }
}

impl<K: Sends> MulticastV4 for &Async<'_, Socket<K>> {
    async fn join_v4(&mut self, group: Ipv4Addr, interface: Ipv4Addr) -> Result<(), NetError> {
        Ok(self.handle.join_multicast_v4(&group, &interface)?)
    }

    async fn leave_v4(&mut self, group: Ipv4Addr, interface: Ipv4Addr) -> Result<(), NetError> {
        Ok(self.handle.leave_multicast_v4(&group, &interface)?)
    }
}

impl<K: Sends> MulticastV6 for &Async<'_, Socket<K>> {
    async fn join_v6(&mut self, group: Ipv6Addr, interface: u32) -> Result<(), NetError> {
        Ok(self.handle.join_multicast_v6(&group, interface)?)
    }

    async fn leave_v6(&mut self, group: Ipv6Addr, interface: u32) -> Result<(), NetError> {
        Ok(self.handle.leave_multicast_v6(&group, interface)?)
    }
}

impl<K: Sends> UdpReceive for Async<'_, Socket<K>> {
    async fn receive(&mut self, buffer: &mut [u8]) -> Result<(usize, SocketAddr), NetError> {
        (&*self).receive(buffer).await
    }
}

impl<K: Sends> UdpSend for Async<'_, Socket<K>> {
    async fn send(&mut self, remote: SocketAddr, data: &[u8]) -> Result<(), NetError> {
        (&*self).send(remote, data).await
    }
}

impl<K: Sends> Readable for Async<'_, Socket<K>> {
    async fn readable(&mut self) -> Result<(), NetError> {
        Readable::readable(&mut &*self).await
    }
}

impl<K: Sends> MulticastV4 for Async<'_, Socket<K>> {
    async fn join_v4(&mut self, group: Ipv4Addr, interface: Ipv4Addr) -> Result<(), NetError> {
        (&*self).join_v4(group, interface).await
    }

    async fn leave_v4(&mut self, group: Ipv4Addr, interface: Ipv4Addr) -> Result<(), NetError> {
        (&*self).leave_v4(group, interface).await
    }
}

impl<K: Sends> MulticastV6 for Async<'_, Socket<K>> {
    async fn join_v6(&mut self, group: Ipv6Addr, interface: u32) -> Result<(), NetError> {
        (&*self).join_v6(group, interface).await
    }

    async fn leave_v6(&mut self, group: Ipv6Addr, interface: u32) -> Result<(), NetError> {
        (&*self).leave_v6(group, interface).await
    }
}

impl<K: Sends> UdpSplit for Async<'_, Socket<K>> {
    type Receive<'a>
        = &'a Self
    where
        Self: 'a;
    type Send<'a>
        = &'a Self
    where
        Self: 'a;

    fn split(&mut self) -> (&Self, &Self) {
        (self, self)
    }
}

impl<K: Sends> UdpSplitMulticast for Async<'_, Socket<K>> {
    type MulticastV4<'a>
        = &'a Self
    where
        Self: 'a;
    type MulticastV6<'a>
        = &'a Self
    where
        Self: 'a;

    fn split_multicast(&mut self) -> (&Self, &Self, &Self, &Self) {
        (self, self, self, self)
    }
}
