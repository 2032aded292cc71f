//! The options that several kinds of sockets have.

use super::Socket;
use super::kind::{Ip, Kind};
use crate::error::Result;
use crate::sys::option_name as name;

/// Options of every socket, see socket(7).
impl<K: Kind> Socket<K> {
    /// Returns the size of the receive buffer in bytes (`SO_RCVBUF`). Linux returns twice what was
    /// set.
    ///
    /// # Errors
    ///
    /// An OS error.
    pub fn recv_buffer_size(&self) -> Result<u32> {
        name::RECV_BUFFER.number(self.as_raw_fd())
    }

    /// Sets the size of the receive buffer in bytes (`SO_RCVBUF`). The system limits it
    /// (`net.core.rmem_max` on Linux).
    ///
    /// # Errors
    ///
    /// An OS error.
    pub fn set_recv_buffer_size(&self, bytes: u32) -> Result<()> {
        name::RECV_BUFFER.set_size(self.as_raw_fd(), bytes)
    }

    /// Returns the size of the send buffer in bytes (`SO_SNDBUF`). Linux returns twice what was
    /// set.
    ///
    /// # Errors
    ///
    /// An OS error.
    pub fn send_buffer_size(&self) -> Result<u32> {
        name::SEND_BUFFER.number(self.as_raw_fd())
    }

    /// Sets the size of the send buffer in bytes (`SO_SNDBUF`). The system limits it
    /// (`net.core.wmem_max` on Linux).
    ///
    /// # Errors
    ///
    /// An OS error.
    pub fn set_send_buffer_size(&self, bytes: u32) -> Result<()> {
        name::SEND_BUFFER.set_size(self.as_raw_fd(), bytes)
    }
}

/// Options of the internet protocols, see ip(7), ipv6(7) and socket(7).
impl<K: Ip> Socket<K> {
    /// Returns the time to live of IPv4 packets, in hops (`IP_TTL`).
    ///
    /// # Errors
    ///
    /// An OS error.
    pub fn ttl(&self) -> Result<u32> {
        name::TTL.number(self.as_raw_fd())
    }

    /// Sets the time to live of IPv4 packets, in hops (`IP_TTL`).
    ///
    /// # Errors
    ///
    /// An OS error: `Os(EINVAL)` for more than 255.
    pub fn set_ttl(&self, hops: u32) -> Result<()> {
        name::TTL.set_byte(self.as_raw_fd(), hops)
    }

    /// Returns the hop limit of IPv6 packets (`IPV6_UNICAST_HOPS`).
    ///
    /// # Errors
    ///
    /// An OS error, such as for an IPv4 socket.
    pub fn hop_limit_v6(&self) -> Result<u32> {
        name::HOPS_V6.number(self.as_raw_fd())
    }

    /// Sets the hop limit of IPv6 packets (`IPV6_UNICAST_HOPS`).
    ///
    /// # Errors
    ///
    /// An OS error: `Os(EINVAL)` for more than 255; and for an IPv4 socket.
    pub fn set_hop_limit_v6(&self, hops: u32) -> Result<()> {
        name::HOPS_V6.set_byte(self.as_raw_fd(), hops)
    }

    /// Returns the type of service of IPv4 packets (`IP_TOS`): the differentiated services code
    /// point in the upper six bits, and two bits for ECN.
    ///
    /// # Errors
    ///
    /// An OS error.
    pub fn type_of_service(&self) -> Result<u32> {
        name::TYPE_OF_SERVICE.number(self.as_raw_fd())
    }

    /// Sets the type of service of IPv4 packets (`IP_TOS`).
    ///
    /// # Errors
    ///
    /// An OS error: `Os(EINVAL)` for more than 255.
    pub fn set_type_of_service(&self, tos: u32) -> Result<()> {
        name::TYPE_OF_SERVICE.set_byte(self.as_raw_fd(), tos)
    }

    /// Returns the traffic class of IPv6 packets (`IPV6_TCLASS`), which has the bits of
    /// [`type_of_service`](Socket::type_of_service).
    ///
    /// # Errors
    ///
    /// An OS error, such as for an IPv4 socket.
    pub fn traffic_class_v6(&self) -> Result<u32> {
        name::TRAFFIC_CLASS.number(self.as_raw_fd())
    }

    /// Sets the traffic class of IPv6 packets (`IPV6_TCLASS`).
    ///
    /// # Errors
    ///
    /// An OS error: `Os(EINVAL)` for more than 255; and for an IPv4 socket.
    pub fn set_traffic_class_v6(&self, class: u32) -> Result<()> {
        name::TRAFFIC_CLASS.set_byte(self.as_raw_fd(), class)
    }

    /// Returns the mark of packets, by which the firewall and the routing tables can choose
    /// (`SO_MARK`). Linux only.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](crate::Error::Unsupported), or an OS error.
    pub fn mark(&self) -> Result<u32> {
        name::MARK.number(self.as_raw_fd())
    }

    /// Sets the mark of packets (`SO_MARK`). Linux only; it needs the capability `CAP_NET_ADMIN`.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](crate::Error::Unsupported), `Os(EPERM)`, or an OS error.
    pub fn set_mark(&self, mark: u32) -> Result<()> {
        name::MARK.set_number(self.as_raw_fd(), mark)
    }

    /// Binds the socket to a network interface, by its name (`SO_BINDTODEVICE`): it sends and
    /// receives through this interface only. An empty name ends that. Linux only.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](crate::Error::Unsupported); [`InvalidInput`](crate::Error::InvalidInput) for
    /// a name that is longer than 15 bytes or contains a NUL; `Os(ENODEV)` if there is no such
    /// interface; `Os(EPERM)`; or an OS error.
    pub fn bind_device(&self, name: impl AsRef<[u8]>) -> Result<()> {
        crate::sys::option::bind_device(self.as_raw_fd(), name.as_ref())
    }

    /// Returns for how many microseconds a blocked call busy-polls the network card's queue
    /// (`SO_BUSY_POLL`). Linux only.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](crate::Error::Unsupported), or an OS error.
    pub fn busy_poll(&self) -> Result<u32> {
        name::BUSY_POLL.number(self.as_raw_fd())
    }

    /// Sets for how many microseconds a call that would block busy-polls the network card's queue
    /// (`SO_BUSY_POLL`). A poller does the same for all its sockets, see
    /// [`Registry::set_busy_poll`](crate::poll::Registry::set_busy_poll). Linux only.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](crate::Error::Unsupported); `Os(EPERM)` for more than the present value
    /// without the capability `CAP_NET_ADMIN`; or an OS error.
    pub fn set_busy_poll(&self, micros: u32) -> Result<()> {
        name::BUSY_POLL.set_size(self.as_raw_fd(), micros)
    }

    /// Returns the CPU that processes the socket's packets (`SO_INCOMING_CPU`). Linux only.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](crate::Error::Unsupported), or an OS error.
    pub fn incoming_cpu(&self) -> Result<u32> {
        name::INCOMING_CPU.number(self.as_raw_fd())
    }
}
