//! A listening TCP socket.

extern crate std;

use core::fmt;
use core::net::SocketAddr;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};

use super::{TcpStream, adopt};
use crate::error::{Error, Result};
use crate::id::EventedId;
use crate::interests::{Interests, PollOption};
use crate::poller::{Evented, Registration, Registry};
use crate::sys::socket;

/// A listening TCP socket, like [`std::net::TcpListener`].
///
/// ```no_run
/// use mio_st::event::{EventedId, Events};
/// use mio_st::net::TcpListener;
/// use mio_st::poll::{PollOption, Poller};
///
/// let mut poller = Poller::new()?;
/// let mut events = Events::new();
/// let mut listener = TcpListener::bind("127.0.0.1:0".parse().unwrap())?;
/// poller.register(&mut listener, EventedId(0), TcpListener::INTERESTS, PollOption::Edge)?;
///
/// poller.poll(&mut events, None)?;
/// loop {
///     match listener.accept() {
///         Ok((_stream, address)) => println!("{address}"),
///         Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => break,
///         Err(error) => return Err(error),
///     }
/// }
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct TcpListener {
    inner: std::net::TcpListener,
    registration: Registration,
}

/// How many connections may wait to be accepted, as in `std`; the system may cut it down.
const BACKLOG: i32 = 128;

impl TcpListener {
    /// What a listener can be watched for: connections to accept.
    pub const INTERESTS: Interests = Interests::READABLE;

    /// Listens at `address`; port 0 lets the system choose one. Sets `SO_REUSEADDR`, so that a server can
    /// be started again at once, and nothing else.
    ///
    /// # Errors
    ///
    /// The system's: `AddrInUse`, `AddrNotAvailable`, `PermissionDenied` for a port below 1024, out of
    /// descriptors. See socket(2), bind(2), listen(2).
    pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
        let listener = socket::socket(socket::family(address), libc::SOCK_STREAM)?;
        socket::set_option(listener.raw(), libc::SOL_SOCKET, libc::SO_REUSEADDR, 1)?;
        socket::bind(&listener, address)?;
        socket::listen(&listener, BACKLOG)?;
        Ok(adopt(listener).into())
    }

    /// Accepts a connection, non-blocking and close-on-exec, and says whose.
    ///
    /// # Errors
    ///
    /// `WouldBlock` when nobody is waiting; `ConnectionAborted` when who was waiting has gone; `EMFILE` or
    /// `ENFILE` when out of descriptors: the connection keeps waiting, and under `Edge` no further event
    /// comes for it, so accept again once a descriptor is free. See accept(2).
    pub fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        let (stream, address) = socket::accept(self.inner.as_raw_fd())?;
        Ok((adopt(stream).into(), address))
    }

    /// Where it listens.
    ///
    /// # Errors
    ///
    /// The system's, see getsockname(2).
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }

    /// A second handle to the same socket. It is registered by itself, if at all; while it lives, closing
    /// the first without deregistering does not end the first's registration.
    ///
    /// # Errors
    ///
    /// The system's: out of descriptors.
    pub fn try_clone(&self) -> io::Result<TcpListener> {
        self.inner.try_clone().map(TcpListener::from_nonblocking)
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

    /// Takes the pending error (`SO_ERROR`), if there is one.
    ///
    /// # Errors
    ///
    /// The system's, see socket(7).
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.inner.take_error()
    }
}

handle!(TcpListener, std::net::TcpListener, TcpListener::INTERESTS);
