//! A listening TCP socket.

extern crate std;

use core::fmt;
use core::net::SocketAddr;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};

use super::{ListenOptions, TcpStream, adopt};
use crate::error::Result;
use crate::id::EventedId;
use crate::interests::{Interests, PollOption};
use crate::poller::{Evented, Registration, Registry};
use crate::sys::socket;

/// A listening TCP socket, like [`std::net::TcpListener`].
///
/// A server accepts through an [`AcceptGuard`](super::AcceptGuard), which separates errors of one
/// connection from those of the listener, and survives running out of descriptors:
///
/// ```no_run
/// use mio_st::event::{EventedId, Events};
/// use mio_st::net::{AcceptGuard, Incoming, TcpListener};
/// use mio_st::poll::{PollOption, Poller};
///
/// let mut poller = Poller::new()?;
/// let mut events = Events::new();
/// let mut guard = AcceptGuard::new()?;
/// let mut listener = TcpListener::bind("127.0.0.1:0".parse().unwrap())?;
/// poller.register(&mut listener, EventedId(0), TcpListener::INTERESTS, PollOption::Level)?;
///
/// poller.poll(&mut events, None)?;
/// if let Incoming::Connection(_stream, address) = guard.accept_next(&listener)? {
///     println!("{address}");
/// }
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct TcpListener {
    inner: std::net::TcpListener,
    registration: Registration,
}

impl TcpListener {
    /// What a listener can be watched for: connections to accept.
    pub const INTERESTS: Interests = Interests::READABLE;

    /// Listens at `address`; port 0 lets the system choose one. Sets `SO_REUSEADDR`, so that a
    /// server can be started again at once, and nothing else; [`ListenOptions`] sets what you like.
    ///
    /// # Errors
    ///
    /// The system's: `AddrInUse`, `AddrNotAvailable`, `PermissionDenied` for a port below 1024, out
    /// of descriptors. See socket(2), bind(2), listen(2).
    pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
        ListenOptions::new().reuse_addr(true).listen(address)
    }

    /// Accepts one connection, non-blocking and close-on-exec. Returns it with the address of the
    /// peer.
    ///
    /// Servers should call [`AcceptGuard::accept_next`](super::AcceptGuard::accept_next) instead:
    /// most errors of this call are no reason to stop serving.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if no connection is waiting. Any other error is the system's, see accept(2);
    /// what it means, [`AcceptError::of`](crate::unix::AcceptError::of) says. In short:
    /// `ECONNABORTED`, `EPROTO`, `EPERM` and errors of the network concern the connection, and the
    /// next call may succeed; `EMFILE`, `ENFILE`, `ENOBUFS` and `ENOMEM` leave the connection in
    /// the queue, and under `Edge` no further event comes for it; the rest concern the listener.
    pub fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        let (stream, address) = socket::accept_internet(self.inner.as_raw_fd())?;
        Ok((adopt(stream).into(), address))
    }

    /// Registers a listener that other pollers watch too, through clones of it, so that a
    /// connection wakes one of them (the kernel promises: one or more) and not all. See
    /// [`Registry::register_fd_exclusive`]. It can be deregistered, but not reregistered.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](crate::Error::Unsupported) on kqueue,
    /// [`InvalidInput`](crate::Error::InvalidInput) for `Oneshot`, and as [`Evented::register`].
    pub fn register_exclusive(
        &mut self,
        registry: &mut Registry,
        id: EventedId,
        opt: PollOption,
    ) -> Result<()> {
        registry.register_fd_exclusive(self.as_raw_fd(), id, TcpListener::INTERESTS, opt)
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
}

handle!(TcpListener, std::net::TcpListener, SocketAddr, TcpListener::INTERESTS);
