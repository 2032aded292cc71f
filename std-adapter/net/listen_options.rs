//! How to listen: what must be said before bind(2) and listen(2).

extern crate std;

use core::ffi::c_int;
use core::net::SocketAddr;
use std::io;

use super::{TcpListener, UdpSocket, adopt};
use crate::error::{Error, Result};
use crate::sys::address::RawAddress;
use crate::sys::fd::Fd;
use crate::sys::{option, socket};

/// How many connections may wait to be accepted: as many as Linux allows by default (`net.core.somaxconn`,
/// since 5.4). A server that handles a batch of events before it accepts again meets more than `std`'s 128.
/// The BSDs and Apple's systems cut it down to their 128, without an error.
pub(super) const BACKLOG: i32 = 4096;

/// The options of a socket that must be set before it is bound. Nothing is implicit: what is not asked for is
/// left as the system has it.
///
/// ```
/// use mio_st::net::ListenOptions;
///
/// let options = ListenOptions::new().backlog(1024).reuse_port(true);
/// let one = options.listen("127.0.0.1:0".parse().unwrap())?;
/// let other = options.listen(one.local_addr()?)?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct ListenOptions {
    backlog: u32,
    reuse_addr: bool,
    reuse_port: bool,
    only_v6: Option<bool>,
    recv_buffer: Option<u32>,
    send_buffer: Option<u32>,
}

impl ListenOptions {
    /// A backlog of 4096, and nothing else.
    pub const fn new() -> ListenOptions {
        ListenOptions {
            backlog: BACKLOG as u32,
            reuse_addr: false,
            reuse_port: false,
            only_v6: None,
            recv_buffer: None,
            send_buffer: None,
        }
    }

    /// How many connections may wait to be accepted, 4096 if nothing is said. The system cuts it down to its
    /// own limit (`net.core.somaxconn` on Linux, `kern.ipc.soacceptqueue` on FreeBSD), see listen(2).
    pub const fn backlog(mut self, backlog: u32) -> ListenOptions {
        self.backlog = backlog;
        self
    }

    /// `SO_REUSEADDR`. TCP: the address can be bound although closed connections of it linger, so that a
    /// server can be started again at once. UDP: several sockets can be bound to one address, and each gets
    /// what is sent to a multicast group; what is sent to one goes to one of them.
    pub const fn reuse_addr(mut self, reuse_addr: bool) -> ListenOptions {
        self.reuse_addr = reuse_addr;
        self
    }

    /// Several sockets, of one user, can be bound to one address if all ask for this, and the system spreads
    /// connections, or UDP's peers, over them: one listener a core. (`SO_REUSEPORT`, and on FreeBSD
    /// `SO_REUSEPORT_LB`; macOS, NetBSD and OpenBSD allow it but do not spread.)
    pub const fn reuse_port(mut self, reuse_port: bool) -> ListenOptions {
        self.reuse_port = reuse_port;
        self
    }

    /// An IPv6 socket takes IPv6 only (`true`), or IPv4 under mapped addresses too (`false`, which OpenBSD
    /// refuses). With an IPv4 address it is an error.
    pub const fn only_v6(mut self, only_v6: bool) -> ListenOptions {
        self.only_v6 = Some(only_v6);
        self
    }

    /// The size of the receive buffer in bytes (`SO_RCVBUF`), inherited by accepted connections. TCP
    /// settles its window's scale by it when it connects, which is why it belongs here. Linux doubles it, and
    /// cuts it down to `net.core.rmem_max`.
    pub const fn recv_buffer(mut self, bytes: u32) -> ListenOptions {
        self.recv_buffer = Some(bytes);
        self
    }

    /// The size of the send buffer in bytes (`SO_SNDBUF`), inherited by accepted connections.
    pub const fn send_buffer(mut self, bytes: u32) -> ListenOptions {
        self.send_buffer = Some(bytes);
        self
    }

    /// Listens at `address`; port 0 lets the system choose one.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for [`only_v6`](ListenOptions::only_v6) with an IPv4 address, and the system's:
    /// `AddrInUse`, `AddrNotAvailable`, `PermissionDenied` for a port below 1024, out of descriptors. See
    /// socket(2), bind(2), listen(2).
    pub fn listen(&self, address: SocketAddr) -> io::Result<TcpListener> {
        let listener = self.bind(address, libc::SOCK_STREAM)?;
        socket::listen(&listener, saturated(self.backlog))?;
        Ok(adopt(listener).into())
    }

    /// Binds a UDP socket; the backlog has no meaning for it.
    ///
    /// # Errors
    ///
    /// As [`listen`](ListenOptions::listen).
    pub fn bind_udp(&self, address: SocketAddr) -> io::Result<UdpSocket> {
        Ok(adopt(self.bind(address, libc::SOCK_DGRAM)?).into())
    }

    fn bind(&self, address: SocketAddr, kind: c_int) -> Result<Fd> {
        if self.only_v6.is_some() && !address.is_ipv6() {
            return Err(Error::InvalidInput);
        }
        let socket = socket::socket(socket::family(address), kind)?;
        let set = |name, value: c_int| option::set(socket.raw(), libc::SOL_SOCKET, name, value);
        if self.reuse_addr {
            set(libc::SO_REUSEADDR, 1)?;
        }
        if self.reuse_port {
            option::set_reuse_port(socket.raw())?;
        }
        if let Some(only) = self.only_v6 {
            option::set_only_v6(socket.raw(), only)?;
        }
        if let Some(bytes) = self.recv_buffer {
            set(libc::SO_RCVBUF, saturated(bytes))?;
        }
        if let Some(bytes) = self.send_buffer {
            set(libc::SO_SNDBUF, saturated(bytes))?;
        }
        socket::bind(&socket, &RawAddress::of(address))?;
        Ok(socket)
    }
}

impl Default for ListenOptions {
    fn default() -> ListenOptions {
        ListenOptions::new()
    }
}

fn saturated(value: u32) -> c_int {
    value.try_into().unwrap_or(c_int::MAX)
}
