//! What must be set before bind(2) and listen(2).

use core::ffi::c_int;
use core::net::SocketAddr;
use core::time::Duration;

use super::kind::Kind;
use super::listener::BACKLOG;
use super::{Socket, TcpListener, UdpSocket};
use crate::error::{Error, Result};
use crate::sys::address::RawAddress;
use crate::sys::fd::{OwnedFd, RawFd};
use crate::sys::option_name::{self as name, saturated};
use crate::sys::{option, socket, steering};

/// Options of a socket that must be set before bind(2).
///
/// An option that is not set here keeps the system's default.
///
/// ```
/// use mio_st::socket::ListenOptions;
///
/// let options = ListenOptions::new().backlog(1024).reuse_port(true);
/// let one = options.listen("127.0.0.1:0".parse().unwrap())?;
/// let other = options.listen(one.local_addr()?)?;
/// # Ok::<(), mio_st::Error>(())
/// ```
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct ListenOptions {
    backlog: u32,
    reuse_addr: bool,
    reuse_port: bool,
    steer_by_cpu: Option<u32>,
    only_v6: Option<bool>,
    recv_buffer: Option<u32>,
    send_buffer: Option<u32>,
    fast_open: Option<u32>,
    defer_accept: Option<Duration>,
    incoming_cpu: Option<u32>,
}

impl ListenOptions {
    /// Returns options with a backlog of 4096, and nothing else.
    pub const fn new() -> ListenOptions {
        ListenOptions {
            backlog: BACKLOG as u32,
            reuse_addr: false,
            reuse_port: false,
            steer_by_cpu: None,
            only_v6: None,
            recv_buffer: None,
            send_buffer: None,
            fast_open: None,
            defer_accept: None,
            incoming_cpu: None,
        }
    }

    /// Sets how many connections may wait to be accepted (default: 4096). The system cuts it down
    /// to its own limit (`net.core.somaxconn` on Linux, `kern.ipc.soacceptqueue` on FreeBSD), see
    /// listen(2).
    pub const fn backlog(mut self, backlog: u32) -> ListenOptions {
        self.backlog = backlog;
        self
    }

    /// Sets `SO_REUSEADDR`. TCP: the address can be bound although closed connections of it linger,
    /// so that a server can be restarted at once. UDP: several sockets can be bound to one address,
    /// and each gets what is sent to a multicast group; what is sent to one goes to one of them.
    pub const fn reuse_addr(mut self, reuse_addr: bool) -> ListenOptions {
        self.reuse_addr = reuse_addr;
        self
    }

    /// Lets several sockets of one user be bound to one address, if all ask for this. The system
    /// spreads connections, or UDP's peers, over them: one listener per core. (`SO_REUSEPORT`, and
    /// on FreeBSD `SO_REUSEPORT_LB`; macOS, NetBSD and OpenBSD allow it but do not spread.)
    pub const fn reuse_port(mut self, reuse_port: bool) -> ListenOptions {
        self.reuse_port = reuse_port;
        self
    }

    /// Makes the kernel choose among the sockets of one address by the CPU that handles the packet,
    /// in place of a hash of the addresses: the packet of CPU *c* goes to the socket that was bound
    /// as number *c* modulo `sockets`, counting from 0. With one thread per CPU, bound to it, a
    /// connection is then served by the CPU that receives its packets.
    ///
    /// It sets [`reuse_port`](ListenOptions::reuse_port) too, and holds for the whole group; bind
    /// the sockets in the order of the CPUs. A classic BPF program of three instructions, see
    /// `SO_ATTACH_REUSEPORT_CBPF` in socket(7). Linux 4.5, for TCP 4.6.
    pub const fn steer_by_cpu(mut self, sockets: u32) -> ListenOptions {
        self.reuse_port = true;
        self.steer_by_cpu = Some(sockets);
        self
    }

    /// Sets whether an IPv6 socket takes IPv6 only (`true`), or IPv4 under mapped addresses too
    /// (`false`, which OpenBSD refuses). With an IPv4 address it is an error.
    pub const fn only_v6(mut self, only_v6: bool) -> ListenOptions {
        self.only_v6 = Some(only_v6);
        self
    }

    /// Sets the size of the receive buffer in bytes (`SO_RCVBUF`), inherited by accepted
    /// connections. TCP chooses its window scale by it when a connection is made, which is why it
    /// belongs here. Linux doubles it, and limits it to `net.core.rmem_max`.
    pub const fn recv_buffer(mut self, bytes: u32) -> ListenOptions {
        self.recv_buffer = Some(bytes);
        self
    }

    /// Sets the size of the send buffer in bytes (`SO_SNDBUF`), inherited by accepted connections.
    pub const fn send_buffer(mut self, bytes: u32) -> ListenOptions {
        self.send_buffer = Some(bytes);
        self
    }

    /// Accepts data in the first packet of a connection (`TCP_FASTOPEN`, RFC 7413), for up to
    /// `queue` connections that are not established yet. A client repeats such data, so a request
    /// must be safe to handle twice. Linux, FreeBSD and Apple's systems; Linux has to be configured
    /// for it (`net.ipv4.tcp_fastopen`).
    pub const fn fast_open(mut self, queue: u32) -> ListenOptions {
        self.fast_open = Some(queue);
        self
    }

    /// Reports a connection only when its first data has arrived (`TCP_DEFER_ACCEPT`), or without
    /// data after about this time, which is rounded up to whole seconds. Linux only.
    pub const fn defer_accept(mut self, timeout: Duration) -> ListenOptions {
        self.defer_accept = Some(timeout);
        self
    }

    /// Prefers this socket, among those of one address, for packets that this CPU handles
    /// (`SO_INCOMING_CPU`). Linux 6.1 for this meaning.
    pub const fn incoming_cpu(mut self, cpu: u32) -> ListenOptions {
        self.incoming_cpu = Some(cpu);
        self
    }

    /// Listens at `address`; for port 0 the system chooses one.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](Error::InvalidInput) for [`only_v6`](ListenOptions::only_v6) with an IPv4
    /// address and for [`steer_by_cpu`](ListenOptions::steer_by_cpu) of 0;
    /// [`Unsupported`](Error::Unsupported) for an option that this system does not have; and
    /// OS errors: `Os(EADDRINUSE)`, `Os(EADDRNOTAVAIL)`, `Os(EACCES)` for a port below 1024, out of
    /// descriptors. See socket(2), bind(2), listen(2).
    pub fn listen(&self, address: SocketAddr) -> Result<TcpListener> {
        let listener = self.bind::<super::kinds::TcpListener>(address, libc::SOCK_STREAM)?;
        let fd = listener.as_raw_fd();
        if let Some(timeout) = self.defer_accept {
            name::DEFER_ACCEPT.set_seconds(fd, timeout)?;
        }
        socket::listen(fd, saturated(self.backlog))?;
        self.steer(fd)?;
        // Apple's systems accept it only once the socket listens.
        if let Some(queue) = self.fast_open {
            let queue = if cfg!(target_vendor = "apple") { queue.min(1) } else { queue };
            name::FAST_OPEN.set_size(fd, queue)?;
        }
        Ok(listener)
    }

    /// Binds a UDP socket. The backlog, `fast_open` and `defer_accept` have no meaning for it.
    ///
    /// # Errors
    ///
    /// As [`listen`](ListenOptions::listen).
    pub fn bind_udp(&self, address: SocketAddr) -> Result<UdpSocket> {
        let socket = self.bind::<super::kinds::UdpSocket>(address, libc::SOCK_DGRAM)?;
        self.steer(socket.as_raw_fd())?;
        Ok(socket)
    }

    /// Attaches the program to the group, of which a socket is a member once it receives.
    #[inline]
    fn steer(&self, socket: RawFd) -> Result<()> {
        self.steer_by_cpu.map_or(Ok(()), |sockets| steering::steer_by_cpu(socket, sockets))
    }

    fn bind<K: Kind>(&self, address: SocketAddr, kind: c_int) -> Result<Socket<K>> {
        if self.only_v6.is_some() && !address.is_ipv6() || self.steer_by_cpu == Some(0) {
            return Err(Error::InvalidInput);
        }
        let socket = socket::socket(socket::family(address), kind)?;
        self.set_early(&socket)?;
        socket::bind(&socket, &RawAddress::of(address))?;
        Ok(Socket::from_owned(socket))
    }

    /// Sets what must be set before bind(2).
    fn set_early(&self, socket: &OwnedFd) -> Result<()> {
        let fd = socket.as_raw_fd();
        if self.reuse_addr {
            name::REUSE_ADDR.set_flag(fd, true)?;
        }
        if self.reuse_port {
            option::set_reuse_port(fd)?;
        }
        if let Some(only) = self.only_v6 {
            option::set_only_v6(fd, only)?;
        }
        name::RECV_BUFFER.set_size_if(fd, self.recv_buffer)?;
        name::SEND_BUFFER.set_size_if(fd, self.send_buffer)?;
        name::INCOMING_CPU.set_size_if(fd, self.incoming_cpu)
    }
}

impl Default for ListenOptions {
    fn default() -> ListenOptions {
        ListenOptions::new()
    }
}
