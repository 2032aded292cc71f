//! What both UDP types have.

/// Implements it for `$Socket { inner: std::net::UdpSocket, .. }`.
macro_rules! udp_options {
    ($Socket:ident) => {
        impl $Socket {
            /// Takes the next datagram and says whose it is and whether it was cut: the one way to see that
            /// on every system.
            ///
            /// # Errors
            ///
            /// As `recv_from`.
            pub fn recv_datagram(&self, buffer: &mut [u8]) -> io::Result<Datagram> {
                let received = message::receive(self.inner.as_raw_fd(), buffer, 0)?;
                let address = received.from.get()?;
                Ok(Datagram::new(received.length, received.truncated, address))
            }

            /// An IPv6 socket takes IPv6 only, and no IPv4 under mapped addresses. It can be set before
            /// binding only: see [`ListenOptions::only_v6`](super::ListenOptions::only_v6).
            ///
            /// # Errors
            ///
            /// The system's, such as on an IPv4 socket, see ipv6(7).
            pub fn only_v6(&self) -> io::Result<bool> {
                Ok(option::only_v6(self.inner.as_raw_fd())?)
            }

            /// It may send to broadcast addresses (`SO_BROADCAST`).
            ///
            /// # Errors
            ///
            /// The system's, see socket(7).
            pub fn broadcast(&self) -> io::Result<bool> {
                self.inner.broadcast()
            }

            /// Lets it send to broadcast addresses (`SO_BROADCAST`).
            ///
            /// # Errors
            ///
            /// The system's, see socket(7).
            pub fn set_broadcast(&self, broadcast: bool) -> io::Result<()> {
                self.inner.set_broadcast(broadcast)
            }

            /// The time to live of packets, in hops.
            ///
            /// # Errors
            ///
            /// The system's, see ip(7).
            pub fn ttl(&self) -> io::Result<u32> {
                self.inner.ttl()
            }

            /// Sets the time to live of packets, in hops.
            ///
            /// # Errors
            ///
            /// The system's, see ip(7).
            pub fn set_ttl(&self, hops: u32) -> io::Result<()> {
                self.inner.set_ttl(hops)
            }

            /// Joins a group, on the interface that has this address, or on the system's choice for
            /// `0.0.0.0`.
            ///
            /// # Errors
            ///
            /// The system's: no group's address, no such interface, joined already. See ip(7).
            pub fn join_multicast_v4(
                &self,
                group: &Ipv4Addr,
                interface: &Ipv4Addr,
            ) -> io::Result<()> {
                self.inner.join_multicast_v4(group, interface)
            }

            /// Joins a group, on the interface of this index, or on the system's choice for 0.
            ///
            /// # Errors
            ///
            /// The system's: no group's address, no such interface, joined already. See ipv6(7).
            pub fn join_multicast_v6(&self, group: &Ipv6Addr, interface: u32) -> io::Result<()> {
                self.inner.join_multicast_v6(group, interface)
            }

            /// Leaves a group that was joined with the same arguments.
            ///
            /// # Errors
            ///
            /// The system's, such as when it was not joined. See ip(7).
            pub fn leave_multicast_v4(
                &self,
                group: &Ipv4Addr,
                interface: &Ipv4Addr,
            ) -> io::Result<()> {
                self.inner.leave_multicast_v4(group, interface)
            }

            /// Leaves a group that was joined with the same arguments.
            ///
            /// # Errors
            ///
            /// The system's, such as when it was not joined. See ipv6(7).
            pub fn leave_multicast_v6(&self, group: &Ipv6Addr, interface: u32) -> io::Result<()> {
                self.inner.leave_multicast_v6(group, interface)
            }

            /// What it sends to a group comes to members on this machine too (`IP_MULTICAST_LOOP`).
            ///
            /// # Errors
            ///
            /// The system's, see ip(7).
            pub fn multicast_loop_v4(&self) -> io::Result<bool> {
                self.inner.multicast_loop_v4()
            }

            /// Sets `IP_MULTICAST_LOOP`. Linux goes by the sender's, others may go by the receiver's.
            ///
            /// # Errors
            ///
            /// The system's, see ip(7).
            pub fn set_multicast_loop_v4(&self, multicast_loop: bool) -> io::Result<()> {
                self.inner.set_multicast_loop_v4(multicast_loop)
            }

            /// What it sends to a group comes to members on this machine too (`IPV6_MULTICAST_LOOP`).
            ///
            /// # Errors
            ///
            /// The system's, see ipv6(7).
            pub fn multicast_loop_v6(&self) -> io::Result<bool> {
                self.inner.multicast_loop_v6()
            }

            /// Sets `IPV6_MULTICAST_LOOP`.
            ///
            /// # Errors
            ///
            /// The system's, see ipv6(7).
            pub fn set_multicast_loop_v6(&self, multicast_loop: bool) -> io::Result<()> {
                self.inner.set_multicast_loop_v6(multicast_loop)
            }

            /// How many hops what it sends to a group goes: 1 stays in the local network, 0 on this machine.
            ///
            /// # Errors
            ///
            /// The system's, see ip(7).
            pub fn multicast_ttl_v4(&self) -> io::Result<u32> {
                self.inner.multicast_ttl_v4()
            }

            /// Sets how many hops what it sends to a group goes.
            ///
            /// # Errors
            ///
            /// The system's, see ip(7).
            pub fn set_multicast_ttl_v4(&self, hops: u32) -> io::Result<()> {
                self.inner.set_multicast_ttl_v4(hops)
            }

            /// The interface that it sends to groups through, by its address; `0.0.0.0` is the system's
            /// choice.
            ///
            /// # Errors
            ///
            /// The system's, see ip(7).
            pub fn multicast_if_v4(&self) -> io::Result<Ipv4Addr> {
                Ok(option::multicast_if_v4(self.inner.as_raw_fd())?)
            }

            /// Sets the interface that it sends to groups through, by its address.
            ///
            /// # Errors
            ///
            /// The system's, such as when no interface has it. See ip(7).
            pub fn set_multicast_if_v4(&self, interface: &Ipv4Addr) -> io::Result<()> {
                Ok(option::set_multicast_if_v4(self.inner.as_raw_fd(), *interface)?)
            }

            /// The interface that it sends to groups through, by its index; 0 is the system's choice.
            ///
            /// # Errors
            ///
            /// The system's, see ipv6(7).
            pub fn multicast_if_v6(&self) -> io::Result<u32> {
                Ok(option::multicast_if_v6(self.inner.as_raw_fd())?)
            }

            /// Sets the interface that it sends to groups through, by its index.
            ///
            /// # Errors
            ///
            /// The system's, such as when there is none. See ipv6(7).
            pub fn set_multicast_if_v6(&self, interface: u32) -> io::Result<()> {
                Ok(option::set_multicast_if_v6(self.inner.as_raw_fd(), interface)?)
            }
        }
    };
}
