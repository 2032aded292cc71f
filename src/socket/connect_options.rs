//! What must be set before connect(2).

use core::net::SocketAddr;

use super::{Socket, TcpStream};
use crate::error::{Error, Result};
use crate::sys::address::RawAddress;
use crate::sys::fd::OwnedFd;
use crate::sys::option_name as name;
use crate::sys::{option, socket};

/// Options of a TCP connection that must be set before connect(2).
///
/// An option that is not set here keeps the system's default.
///
/// ```
/// use mio_st::socket::{ConnectOptions, TcpListener};
///
/// let listener = TcpListener::bind("127.0.0.1:0".parse().unwrap())?;
/// let options = ConnectOptions::new().bind("127.0.0.2:0".parse().unwrap()).recv_buffer(1 << 20);
/// # #[cfg(target_os = "linux")] // 127.0.0.2 is an address of its loopback.
/// let stream = options.connect(listener.local_addr()?)?;
/// # #[cfg(target_os = "linux")]
/// assert_eq!(stream.local_addr()?.ip().to_string(), "127.0.0.2");
/// # Ok::<(), mio_st::Error>(())
/// ```
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct ConnectOptions<'a> {
    bind: Option<SocketAddr>,
    reuse_addr: bool,
    device: Option<&'a [u8]>,
    mark: Option<u32>,
    recv_buffer: Option<u32>,
    send_buffer: Option<u32>,
    nodelay: Option<bool>,
    fast_open: bool,
}

impl<'a> ConnectOptions<'a> {
    /// Returns options that set nothing.
    pub const fn new() -> ConnectOptions<'a> {
        ConnectOptions {
            bind: None,
            reuse_addr: false,
            device: None,
            mark: None,
            recv_buffer: None,
            send_buffer: None,
            nodelay: None,
            fast_open: false,
        }
    }

    /// Sets the local address of the connection; for port 0 the system chooses one.
    pub const fn bind(mut self, address: SocketAddr) -> ConnectOptions<'a> {
        self.bind = Some(address);
        self
    }

    /// Sets `SO_REUSEADDR`: a local address with a port can be bound although closed connections of
    /// it linger.
    pub const fn reuse_addr(mut self, reuse_addr: bool) -> ConnectOptions<'a> {
        self.reuse_addr = reuse_addr;
        self
    }

    /// Connects through this network interface only, see [`Socket::bind_device`].
    pub const fn device(mut self, name: &'a [u8]) -> ConnectOptions<'a> {
        self.device = Some(name);
        self
    }

    /// Marks all packets of the connection, including the first, see [`Socket::set_mark`].
    pub const fn mark(mut self, mark: u32) -> ConnectOptions<'a> {
        self.mark = Some(mark);
        self
    }

    /// Sets the size of the receive buffer in bytes (`SO_RCVBUF`). TCP chooses its window scale by
    /// it when the connection is made.
    pub const fn recv_buffer(mut self, bytes: u32) -> ConnectOptions<'a> {
        self.recv_buffer = Some(bytes);
        self
    }

    /// Sets the size of the send buffer in bytes (`SO_SNDBUF`).
    pub const fn send_buffer(mut self, bytes: u32) -> ConnectOptions<'a> {
        self.send_buffer = Some(bytes);
        self
    }

    /// Sets whether small writes are sent at once (`TCP_NODELAY`).
    pub const fn nodelay(mut self, nodelay: bool) -> ConnectOptions<'a> {
        self.nodelay = Some(nodelay);
        self
    }

    /// Sends the first data together with the request for a connection, if the server is known to
    /// take it (`TCP_FASTOPEN_CONNECT`): the stream counts as connected at once, and its first
    /// write connects. The data may arrive twice. Linux 4.11.
    pub const fn fast_open(mut self, fast_open: bool) -> ConnectOptions<'a> {
        self.fast_open = fast_open;
        self
    }

    /// Begins to connect to `address` and does not wait, as [`TcpStream::connect`] does.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](Error::InvalidInput) if the own address is of another family;
    /// [`Unsupported`](Error::Unsupported) for an option that this system does not have; and
    /// OS errors, see bind(2), connect(2).
    pub fn connect(&self, address: SocketAddr) -> Result<TcpStream> {
        if self.bind.is_some_and(|own| own.is_ipv4() != address.is_ipv4()) {
            return Err(Error::InvalidInput);
        }
        let stream = socket::socket(socket::family(address), libc::SOCK_STREAM)?;
        self.set_early(&stream)?;
        if let Some(own) = self.bind {
            socket::bind(&stream, &RawAddress::of(own))?;
        }
        socket::connect(stream.as_raw_fd(), &RawAddress::of(address))?;
        Ok(Socket::from_owned(stream))
    }

    fn set_early(&self, stream: &OwnedFd) -> Result<()> {
        let fd = stream.as_raw_fd();
        if self.reuse_addr {
            name::REUSE_ADDR.set_flag(fd, true)?;
        }
        if let Some(device) = self.device {
            option::bind_device(fd, device)?;
        }
        if let Some(mark) = self.mark {
            name::MARK.set_number(fd, mark)?;
        }
        name::RECV_BUFFER.set_size_if(fd, self.recv_buffer)?;
        name::SEND_BUFFER.set_size_if(fd, self.send_buffer)?;
        if let Some(nodelay) = self.nodelay {
            name::NODELAY.set_flag(fd, nodelay)?;
        }
        if self.fast_open {
            name::FAST_OPEN_CONNECT.set_flag(fd, true)?;
        }
        Ok(())
    }
}

impl Default for ConnectOptions<'_> {
    fn default() -> Self {
        ConnectOptions::new()
    }
}
