//! A socket that accepts connections within this machine.

extern crate std;

use core::fmt;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::os::unix::net::SocketAddr;
use std::path::Path;

use super::listen_options::BACKLOG;
use super::{UnixStream, adopt, unix_address};
use crate::error::Result;
use crate::id::EventedId;
use crate::interests::{Interests, PollOption};
use crate::poller::{Evented, Registration, Registry};
use crate::sys::address::RawAddress;
use crate::sys::socket;

/// A listening Unix domain socket, like [`std::os::unix::net::UnixListener`], non-blocking.
///
/// Closing it leaves its path in the file system, where the next `bind` finds it in use: remove the
/// file.
pub struct UnixListener {
    inner: std::os::unix::net::UnixListener,
    registration: Registration,
}

impl UnixListener {
    /// What a listener can be watched for: connections to accept.
    pub const INTERESTS: Interests = Interests::READABLE;

    /// Makes a socket file at `path` and listens.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for a path that no socket can have: empty, too long (about 100 bytes), with a
    /// NUL in it. And the system's: `AddrInUse` where there is a file already, `NotFound` and
    /// `PermissionDenied` for the directory, out of descriptors. See bind(2).
    pub fn bind(path: impl AsRef<Path>) -> io::Result<UnixListener> {
        UnixListener::bind_raw(&unix_address::of_path(path.as_ref())?)
    }

    /// Listens at any address, such as one in Linux's abstract space; for an unnamed one Linux
    /// chooses a name there.
    ///
    /// # Errors
    ///
    /// As [`bind`](UnixListener::bind).
    pub fn bind_addr(address: &SocketAddr) -> io::Result<UnixListener> {
        UnixListener::bind_raw(&unix_address::of(address)?)
    }

    fn bind_raw(address: &RawAddress) -> io::Result<UnixListener> {
        let listener = socket::socket(libc::AF_UNIX, libc::SOCK_STREAM)?;
        socket::bind(&listener, address)?;
        socket::listen(&listener, BACKLOG)?;
        Ok(adopt(listener).into())
    }

    /// Accepts one connection, non-blocking and close-on-exec. Returns it with the address of the
    /// peer; most clients are unnamed.
    ///
    /// Servers should call [`AcceptGuard::accept_next`](super::AcceptGuard::accept_next) instead.
    ///
    /// # Errors
    ///
    /// As [`TcpListener::accept`](super::TcpListener::accept).
    pub fn accept(&self) -> io::Result<(UnixStream, SocketAddr)> {
        let (stream, address) = socket::accept(self.inner.as_raw_fd())?;
        let stream = UnixStream::from(adopt(stream));
        let address = match unix_address::to_std(&address) {
            // Only `std` itself can name a path without a NUL, as it reads it from the kernel. If
            // the peer has gone meanwhile, some systems have forgotten its name.
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
                stream.peer_addr().or_else(|_| SocketAddr::from_pathname(""))?
            }
            answer => answer?,
        };
        Ok((stream, address))
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
        registry.register_fd_exclusive(self.as_raw_fd(), id, UnixListener::INTERESTS, opt)
    }
}

handle!(UnixListener, std::os::unix::net::UnixListener, SocketAddr, UnixListener::INTERESTS);
