//! Groups of UDP receivers.

use core::net::{Ipv4Addr, Ipv6Addr};

use super::Socket;
use super::kind::Udp;
use crate::error::Result;
use crate::sys::option_name as name;
use crate::sys::{multicast, option};

/// Multicast, see ip(7) and ipv6(7).
impl<K: Udp> Socket<K> {
    /// Joins a group on the interface that has this address, or on the system's choice for
    /// `0.0.0.0`.
    ///
    /// # Errors
    ///
    /// An OS error: not an address of a group, no such interface, joined already.
    pub fn join_multicast_v4(&self, group: &Ipv4Addr, interface: &Ipv4Addr) -> Result<()> {
        multicast::change_v4(self.as_raw_fd(), true, *group, *interface)
    }

    /// Joins a group on the interface of this index, or on the system's choice for 0.
    ///
    /// # Errors
    ///
    /// An OS error: not an address of a group, no such interface, joined already.
    pub fn join_multicast_v6(&self, group: &Ipv6Addr, interface: u32) -> Result<()> {
        multicast::change_v6(self.as_raw_fd(), true, *group, interface)
    }

    /// Leaves a group that was joined with the same arguments.
    ///
    /// # Errors
    ///
    /// An OS error, such as when it was not joined.
    pub fn leave_multicast_v4(&self, group: &Ipv4Addr, interface: &Ipv4Addr) -> Result<()> {
        multicast::change_v4(self.as_raw_fd(), false, *group, *interface)
    }

    /// Leaves a group that was joined with the same arguments.
    ///
    /// # Errors
    ///
    /// An OS error, such as when it was not joined.
    pub fn leave_multicast_v6(&self, group: &Ipv6Addr, interface: u32) -> Result<()> {
        multicast::change_v6(self.as_raw_fd(), false, *group, interface)
    }

    /// Returns whether members on this machine get what the socket sends to a group
    /// (`IP_MULTICAST_LOOP`).
    ///
    /// # Errors
    ///
    /// An OS error.
    pub fn multicast_loop_v4(&self) -> Result<bool> {
        multicast::loop_v4(self.as_raw_fd())
    }

    /// Sets `IP_MULTICAST_LOOP`. Linux uses the sender's value, others may use the receiver's.
    ///
    /// # Errors
    ///
    /// An OS error.
    pub fn set_multicast_loop_v4(&self, multicast_loop: bool) -> Result<()> {
        multicast::set_loop_v4(self.as_raw_fd(), multicast_loop)
    }

    /// Returns whether members on this machine get what the socket sends to a group
    /// (`IPV6_MULTICAST_LOOP`).
    ///
    /// # Errors
    ///
    /// An OS error.
    pub fn multicast_loop_v6(&self) -> Result<bool> {
        name::MULTICAST_LOOP_V6.flag(self.as_raw_fd())
    }

    /// Sets `IPV6_MULTICAST_LOOP`.
    ///
    /// # Errors
    ///
    /// An OS error.
    pub fn set_multicast_loop_v6(&self, multicast_loop: bool) -> Result<()> {
        name::MULTICAST_LOOP_V6.set_flag(self.as_raw_fd(), multicast_loop)
    }

    /// Returns how many hops a datagram to a group travels: 1 stays in the local network, 0 on this
    /// machine.
    ///
    /// # Errors
    ///
    /// An OS error.
    pub fn multicast_ttl_v4(&self) -> Result<u32> {
        multicast::ttl_v4(self.as_raw_fd())
    }

    /// Sets how many hops a datagram to a group travels.
    ///
    /// # Errors
    ///
    /// An OS error: `Os(EINVAL)` for more than 255.
    pub fn set_multicast_ttl_v4(&self, hops: u32) -> Result<()> {
        multicast::set_ttl_v4(self.as_raw_fd(), hops)
    }

    /// Returns the address of the interface that the socket sends to groups through; `0.0.0.0` is
    /// the system's choice.
    ///
    /// # Errors
    ///
    /// An OS error.
    pub fn multicast_if_v4(&self) -> Result<Ipv4Addr> {
        option::multicast_if_v4(self.as_raw_fd())
    }

    /// Sets the interface that the socket sends to groups through, by its address.
    ///
    /// # Errors
    ///
    /// An OS error, such as when no interface has it.
    pub fn set_multicast_if_v4(&self, interface: &Ipv4Addr) -> Result<()> {
        option::set_multicast_if_v4(self.as_raw_fd(), *interface)
    }

    /// Returns the index of the interface that the socket sends to groups through; 0 is the
    /// system's choice.
    ///
    /// # Errors
    ///
    /// An OS error.
    pub fn multicast_if_v6(&self) -> Result<u32> {
        option::multicast_if_v6(self.as_raw_fd())
    }

    /// Sets the interface that the socket sends to groups through, by its index.
    ///
    /// # Errors
    ///
    /// An OS error, such as when there is none.
    pub fn set_multicast_if_v6(&self, interface: u32) -> Result<()> {
        option::set_multicast_if_v6(self.as_raw_fd(), interface)
    }
}
