//! `socket::ListenOptions` for the sockets of this module.

extern crate std;

use core::net::SocketAddr;
use core::time::Duration;
use std::io;

use super::{TcpListener, UdpSocket};
use crate::socket;

/// The options of a socket that must be set before it is bound. See [`socket::ListenOptions`].
///
/// ```
/// use mio_st::net::ListenOptions;
///
/// let options = ListenOptions::new().backlog(1024).reuse_port(true);
/// let one = options.listen("127.0.0.1:0".parse().unwrap())?;
/// let other = options.listen(one.local_addr()?)?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct ListenOptions(socket::ListenOptions);

impl ListenOptions {
    /// Returns options with a backlog of 4096, and nothing else. See
    /// [`socket::ListenOptions::new`].
    pub const fn new() -> ListenOptions {
        ListenOptions(socket::ListenOptions::new())
    }

    /// Sets how many connections may wait to be accepted (default: 4096). See
    /// [`socket::ListenOptions::backlog`].
    pub const fn backlog(self, backlog: u32) -> ListenOptions {
        ListenOptions(self.0.backlog(backlog))
    }

    /// Sets `SO_REUSEADDR`. See [`socket::ListenOptions::reuse_addr`].
    pub const fn reuse_addr(self, reuse_addr: bool) -> ListenOptions {
        ListenOptions(self.0.reuse_addr(reuse_addr))
    }

    /// Lets several sockets of one user be bound to one address, if all ask for this. See
    /// [`socket::ListenOptions::reuse_port`].
    pub const fn reuse_port(self, reuse_port: bool) -> ListenOptions {
        ListenOptions(self.0.reuse_port(reuse_port))
    }

    /// Makes the kernel choose among the sockets of one address by the CPU that handles the packet,
    /// in place of a hash of the addresses. See [`socket::ListenOptions::steer_by_cpu`].
    pub const fn steer_by_cpu(self, sockets: u32) -> ListenOptions {
        ListenOptions(self.0.steer_by_cpu(sockets))
    }

    /// Sets whether an IPv6 socket takes IPv6 only (`true`), or IPv4 under mapped addresses too
    /// (`false`, which OpenBSD refuses). See [`socket::ListenOptions::only_v6`].
    pub const fn only_v6(self, only_v6: bool) -> ListenOptions {
        ListenOptions(self.0.only_v6(only_v6))
    }

    /// Sets the size of the receive buffer in bytes (`SO_RCVBUF`), inherited by accepted
    /// connections. See [`socket::ListenOptions::recv_buffer`].
    pub const fn recv_buffer(self, bytes: u32) -> ListenOptions {
        ListenOptions(self.0.recv_buffer(bytes))
    }

    /// Sets the size of the send buffer in bytes (`SO_SNDBUF`), inherited by accepted connections.
    /// See [`socket::ListenOptions::send_buffer`].
    pub const fn send_buffer(self, bytes: u32) -> ListenOptions {
        ListenOptions(self.0.send_buffer(bytes))
    }

    /// Accepts data in the first packet of a connection (`TCP_FASTOPEN`, RFC 7413), for up to
    /// `queue` connections that are not established yet. See [`socket::ListenOptions::fast_open`].
    pub const fn fast_open(self, queue: u32) -> ListenOptions {
        ListenOptions(self.0.fast_open(queue))
    }

    /// Reports a connection only when its first data has arrived (`TCP_DEFER_ACCEPT`), or without
    /// data after about this time, which is rounded up to whole seconds. See
    /// [`socket::ListenOptions::defer_accept`].
    pub const fn defer_accept(self, timeout: Duration) -> ListenOptions {
        ListenOptions(self.0.defer_accept(timeout))
    }

    /// Prefers this socket, among those of one address, for packets that this CPU handles
    /// (`SO_INCOMING_CPU`). See [`socket::ListenOptions::incoming_cpu`].
    pub const fn incoming_cpu(self, cpu: u32) -> ListenOptions {
        ListenOptions(self.0.incoming_cpu(cpu))
    }

    /// Listens at `address`; for port 0 the system chooses one. See
    /// [`socket::ListenOptions::listen`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn listen(&self, address: SocketAddr) -> io::Result<TcpListener> {
        Ok(self.0.listen(address)?.into())
    }

    /// Binds a UDP socket. See [`socket::ListenOptions::bind_udp`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn bind_udp(&self, address: SocketAddr) -> io::Result<UdpSocket> {
        Ok(self.0.bind_udp(address)?.into())
    }
}
