//! A datagram as it came.

use core::net::SocketAddr;

/// What [`UdpSocket::recv_datagram`](super::UdpSocket::recv_datagram) and its fellows say of a datagram.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Datagram<A = SocketAddr> {
    /// How many bytes of it lie in the buffer.
    pub len: usize,
    /// It was longer than the buffer, and the rest is lost.
    pub truncated: bool,
    /// Who sent it.
    pub address: A,
}

impl<A> Datagram<A> {
    pub(super) fn new(len: usize, truncated: bool, address: A) -> Datagram<A> {
        Datagram { len, truncated, address }
    }
}
