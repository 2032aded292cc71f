//! Datagrams of UDP with what comes beside the data.

use core::net::{IpAddr, SocketAddr};

use super::Socket;
use super::kind::{RawForm, Udp};
use crate::error::Result;
use crate::sys::address::RawAddress;
use crate::sys::messages::{receive_one, send_one};
use crate::sys::option_name as name;
use crate::sys::packet::{self, Ancillary};

/// Where a datagram comes from or goes to, and what else the system knows of it.
///
/// The same type is used in both directions. After a receive, everything but `address` is `None` or
/// 0 unless it was asked for, with [`set_recv_destination`](Socket::set_recv_destination),
/// [`set_recv_traffic_class`](Socket::set_recv_traffic_class) and [`set_gro`](Socket::set_gro). For
/// a send, what is `None` or 0 is left to the system.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct PacketInfo {
    /// The peer: the sender, or the receiver of one to send. A connected socket ignores it for a
    /// send, but it must be an address of the peer's family.
    pub address: SocketAddr,
    /// The local address: where the datagram was sent to, or the source address of one to send,
    /// which must be an address of this machine.
    pub local: Option<IpAddr>,
    /// The index of the network interface: which one the datagram arrived at, or is to leave by. 0
    /// lets the system choose.
    pub interface: u32,
    /// The type of service (IPv4) or traffic class (IPv6). The lowest two bits are those of
    /// [`ecn`](PacketInfo::ecn). Linux, FreeBSD and Apple's systems.
    pub traffic_class: Option<u8>,
    /// If set, the data is several datagrams: each but the last has this length. See
    /// [`segments`](crate::socket::Packet::segments). Linux only.
    pub segment_size: Option<u16>,
    /// Whether no answer can come from `local`, as the system says.
    is_broadcast: bool,
}

/// The two bits for explicit congestion notification, RFC 3168.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Ecn {
    /// The transport does not support it.
    NotEct = 0,
    /// ECN-capable transport, ECT(1).
    Ect1 = 1,
    /// ECN-capable transport, ECT(0).
    Ect0 = 2,
    /// A router has met congestion (CE).
    Ce = 3,
}

impl PacketInfo {
    /// Returns the information for a datagram to `address`, with nothing else.
    #[must_use]
    pub const fn to(address: SocketAddr) -> PacketInfo {
        PacketInfo {
            address,
            local: None,
            interface: 0,
            traffic_class: None,
            segment_size: None,
            is_broadcast: false,
        }
    }

    /// Returns the information for an answer to a datagram: from the address that it was sent to,
    /// if that is known, no group's and no broadcast address (which on systems other than Linux is
    /// known of 255.255.255.255 only). A peer of a machine with several addresses expects that.
    ///
    /// The interface is kept for link-local addresses, which need it, and is left to the system's
    /// routes for others.
    #[must_use]
    pub fn reply(&self) -> PacketInfo {
        let is_of_many = |ip: &IpAddr| self.is_broadcast || ip.is_multicast() || is_broadcast(ip);
        let local = self.local.filter(|ip| !is_of_many(ip));
        let interface = if is_link_local(self.address.ip()) { self.interface } else { 0 };
        PacketInfo { local, interface, ..PacketInfo::to(self.address) }
    }

    /// Returns the bits for explicit congestion notification, if the traffic class is known.
    #[must_use]
    pub fn ecn(&self) -> Option<Ecn> {
        self.traffic_class.map(|class| match class & 3 {
            0 => Ecn::NotEct,
            1 => Ecn::Ect1,
            2 => Ecn::Ect0,
            _ => Ecn::Ce,
        })
    }

    /// Sets the bits for explicit congestion notification, and leaves the rest of the traffic
    /// class.
    pub fn set_ecn(&mut self, ecn: Ecn) {
        self.traffic_class = Some(self.traffic_class.unwrap_or(0) & !3 | ecn as u8);
    }

    pub(super) fn received(from: &RawAddress, ancillary: Ancillary) -> Result<PacketInfo> {
        let Ancillary { local, is_broadcast, interface, class, segment_size } = ancillary;
        let (address, traffic_class) = (SocketAddr::from_raw(from)?, class);
        Ok(PacketInfo { address, local, interface, traffic_class, segment_size, is_broadcast })
    }

    pub(super) fn ancillary(&self) -> Ancillary {
        let PacketInfo {
            local, is_broadcast, interface, traffic_class: class, segment_size, ..
        } = *self;
        Ancillary { local, is_broadcast, interface, class, segment_size }
    }
}

fn is_broadcast(ip: &IpAddr) -> bool {
    matches!(ip, IpAddr::V4(v4) if v4.is_broadcast())
}

fn is_link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    }
}

/// What [`recv_packet`](Socket::recv_packet) returns of a datagram.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ReceivedPacket {
    /// The number of its bytes in the buffer.
    pub len: usize,
    /// Whether it was longer than the buffer; the rest is lost.
    pub truncated: bool,
    /// Whether some of `info` is missing, because the program has enabled ancillary data that this
    /// library does not know.
    pub info_truncated: bool,
    /// What came with it.
    pub info: PacketInfo,
}

/// Datagrams with what comes beside the data.
impl<K: Udp> Socket<K> {
    /// Receives a datagram with what was asked for: its destination, its traffic class, its segment
    /// size.
    ///
    /// ```
    /// use mio_st::socket::{PacketInfo, UdpSocket};
    ///
    /// let server = UdpSocket::bind("0.0.0.0:0".parse().unwrap())?;
    /// server.set_recv_destination(true)?;
    /// let client = UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
    /// let port = server.local_addr()?.port();
    /// client.send_to(b"hello", ([127, 0, 0, 1], port).into())?;
    ///
    /// let mut buffer = [0; 512];
    /// let packet = server.recv_packet(&mut buffer)?;
    /// assert_eq!(packet.info.local, Some([127, 0, 0, 1].into()));
    /// // The answer comes from that address.
    /// server.send_packet(&buffer[..packet.len], &packet.info.reply())?;
    /// # Ok::<(), mio_st::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`recv`](Socket::recv).
    pub fn recv_packet(&self, buffer: &mut [u8]) -> Result<ReceivedPacket> {
        let received = receive_one(self.as_raw_fd(), buffer, 0)?;
        let (len, truncated, info_truncated, from, ancillary) = received;
        let info = PacketInfo::received(&from, ancillary)?;
        Ok(ReceivedPacket { len, truncated, info_truncated, info })
    }

    /// Sends a datagram with a source address, an interface, a traffic class, or as several of a
    /// segment size, and returns the number of bytes: all of the buffer.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](crate::Error::Unsupported) for what this system cannot send;
    /// [`InvalidInput`](crate::Error::InvalidInput) for an own address of another family; as for
    /// [`send`](Socket::send); and OS errors: `Os(EINVAL)` or `Os(EADDRNOTAVAIL)` for an own
    /// address that is not of this machine, `Os(EINVAL)` for a segment that is longer than the
    /// interface's packets, or for more than 64 segments, and on FreeBSD for any own address of
    /// IPv4 if the socket is bound to one: bind it to `0.0.0.0`.
    pub fn send_packet(&self, buffer: &[u8], info: &PacketInfo) -> Result<usize> {
        let to = (!K::IS_CONNECTED).then(|| RawAddress::of(info.address));
        let is_v6 = packet::is_v6(&info.address);
        send_one(self.as_raw_fd(), buffer, to.as_ref(), &info.ancillary(), is_v6)
    }

    /// Sets whether datagrams come with the address that they were sent to, and the interface that
    /// they arrived at (`IP_PKTINFO`, `IPV6_RECVPKTINFO`, `IP_RECVDSTADDR`).
    ///
    /// # Errors
    ///
    /// An OS error.
    pub fn set_recv_destination(&self, on: bool) -> Result<()> {
        packet::set_destination(self.as_raw_fd(), on)
    }

    /// Sets whether datagrams come with their type of service or traffic class, and so with the
    /// bits for ECN (`IP_RECVTOS`, `IPV6_RECVTCLASS`).
    ///
    /// # Errors
    ///
    /// [`Unsupported`](crate::Error::Unsupported) for IPv4 on NetBSD, OpenBSD and DragonFly, or an
    /// OS error.
    pub fn set_recv_traffic_class(&self, on: bool) -> Result<()> {
        packet::set_class(self.as_raw_fd(), on)
    }

    /// Sets whether the system may merge datagrams of one peer and one length into one (`UDP_GRO`).
    ///
    /// Receive with [`recv_packet`](Socket::recv_packet) or [`recv_many`](Socket::recv_many) then,
    /// which return the segment size: the other methods return merged datagrams without it. A
    /// buffer of 65,535 bytes takes every merged datagram. Linux 5.0.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](crate::Error::Unsupported), or an OS error.
    pub fn set_gro(&self, on: bool) -> Result<()> {
        name::GRO.set_flag(self.as_raw_fd(), on)
    }
}
