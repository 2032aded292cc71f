//! UDP.

use core::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use edge_nal::{
    MulticastV4, MulticastV6, Readable, UdpBind, UdpReceive, UdpSend, UdpSplit, UdpSplitMulticast,
};
use mio_st::Result;
use mio_st::event::Interests;
use mio_st::socket::UdpSocket;

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

impl UdpReceive for &Async<'_, UdpSocket> {
    async fn receive(&mut self, buffer: &mut [u8]) -> Result<(usize, SocketAddr), NetError> {
        let datagram = self.read_with(|socket| socket.recv_datagram(buffer)).await?;
        // The system does not tell everywhere how long a datagram was that was cut.
        Ok((datagram.len + usize::from(datagram.truncated), datagram.address))
    }
}

impl UdpSend for &Async<'_, UdpSocket> {
    async fn send(&mut self, remote: SocketAddr, data: &[u8]) -> Result<(), NetError> {
        self.write_with(|socket| socket.send_to(data, remote)).await?;
        Ok(())
    }
}

impl Readable for &Async<'_, UdpSocket> {
    async fn readable(&mut self) -> Result<(), NetError> {
        self.read_with(|socket| socket.peek_from(&mut [0])).await?;
        Ok(())
    }
}

impl MulticastV4 for &Async<'_, UdpSocket> {
    async fn join_v4(&mut self, group: Ipv4Addr, interface: Ipv4Addr) -> Result<(), NetError> {
        Ok(self.get().join_multicast_v4(&group, &interface)?)
    }

    async fn leave_v4(&mut self, group: Ipv4Addr, interface: Ipv4Addr) -> Result<(), NetError> {
        Ok(self.get().leave_multicast_v4(&group, &interface)?)
    }
}

impl MulticastV6 for &Async<'_, UdpSocket> {
    async fn join_v6(&mut self, group: Ipv6Addr, interface: u32) -> Result<(), NetError> {
        Ok(self.get().join_multicast_v6(&group, interface)?)
    }

    async fn leave_v6(&mut self, group: Ipv6Addr, interface: u32) -> Result<(), NetError> {
        Ok(self.get().leave_multicast_v6(&group, interface)?)
    }
}

impl UdpReceive for Async<'_, UdpSocket> {
    async fn receive(&mut self, buffer: &mut [u8]) -> Result<(usize, SocketAddr), NetError> {
        (&*self).receive(buffer).await
    }
}

impl UdpSend for Async<'_, UdpSocket> {
    async fn send(&mut self, remote: SocketAddr, data: &[u8]) -> Result<(), NetError> {
        (&*self).send(remote, data).await
    }
}

impl Readable for Async<'_, UdpSocket> {
    async fn readable(&mut self) -> Result<(), NetError> {
        Readable::readable(&mut &*self).await
    }
}

impl MulticastV4 for Async<'_, UdpSocket> {
    async fn join_v4(&mut self, group: Ipv4Addr, interface: Ipv4Addr) -> Result<(), NetError> {
        (&*self).join_v4(group, interface).await
    }

    async fn leave_v4(&mut self, group: Ipv4Addr, interface: Ipv4Addr) -> Result<(), NetError> {
        (&*self).leave_v4(group, interface).await
    }
}

impl MulticastV6 for Async<'_, UdpSocket> {
    async fn join_v6(&mut self, group: Ipv6Addr, interface: u32) -> Result<(), NetError> {
        (&*self).join_v6(group, interface).await
    }

    async fn leave_v6(&mut self, group: Ipv6Addr, interface: u32) -> Result<(), NetError> {
        (&*self).leave_v6(group, interface).await
    }
}

impl UdpSplit for Async<'_, UdpSocket> {
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

impl UdpSplitMulticast for Async<'_, UdpSocket> {
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
