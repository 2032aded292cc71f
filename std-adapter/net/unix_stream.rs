//! A connection within this machine.

extern crate std;

use core::fmt;
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::net::Shutdown;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::os::unix::net::SocketAddr;
use std::path::Path;

use super::{adopt, unix_address};
use crate::error::Result;
use crate::id::EventedId;
use crate::interests::{Interests, PollOption};
use crate::poller::{Evented, Registration, Registry};
use crate::std_adapter::unix::{ours, ours_mut};
use crate::sys::address::RawAddress;
use crate::sys::{message, option, send, socket};

/// A connection within this machine, like [`std::os::unix::net::UnixStream`], non-blocking.
///
/// Reading and writing work on `UnixStream` and on `&UnixStream`, and never block: `WouldBlock` says to wait
/// for an event. Writing to a closed peer is an error and raises no `SIGPIPE`.
///
/// ```
/// use std::io::{Read, Write};
///
/// use mio_st::event::{EventedId, Events};
/// use mio_st::net::UnixStream;
/// use mio_st::poll::{PollOption, Poller};
///
/// let mut poller = Poller::new()?;
/// let mut events = Events::new();
/// let (mut here, mut there) = UnixStream::pair()?;
/// poller.register(&mut there, EventedId(1), UnixStream::INTERESTS, PollOption::Edge)?;
///
/// here.write_all(b"hello")?;
/// poller.poll(&mut events, None)?;
/// let mut buffer = [0; 8];
/// assert_eq!(there.read(&mut buffer)?, 5);
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct UnixStream {
    inner: std::os::unix::net::UnixStream,
    registration: Registration,
}

/// Linux has urgent data here too (since 5.15), other systems have not.
#[cfg(any(target_os = "linux", target_os = "android"))]
const POSSIBLE: Interests = Interests::BOTH.add(Interests::PRIORITY);
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const POSSIBLE: Interests = Interests::BOTH;

impl UnixStream {
    /// What a connection is usually watched for: `BOTH`.
    pub const INTERESTS: Interests = Interests::BOTH;

    /// Connects to the listener at `path`, at once: there is nothing to wait for.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for a path that no socket can have: empty, too long (about 100 bytes), with a NUL in
    /// it. `WouldBlock` on Linux, `ConnectionRefused` elsewhere, when too many are waiting to be accepted:
    /// no event tells when to try again. And the system's: `NotFound`, `ConnectionRefused` where nobody
    /// listens, out of descriptors. See connect(2).
    pub fn connect(path: impl AsRef<Path>) -> io::Result<UnixStream> {
        UnixStream::connect_raw(&unix_address::of_path(path.as_ref())?)
    }

    /// Connects to a listener at any address, such as one in Linux's abstract space.
    ///
    /// # Errors
    ///
    /// As [`connect`](UnixStream::connect).
    pub fn connect_addr(address: &SocketAddr) -> io::Result<UnixStream> {
        UnixStream::connect_raw(&unix_address::of(address)?)
    }

    fn connect_raw(address: &RawAddress) -> io::Result<UnixStream> {
        let stream = socket::socket(libc::AF_UNIX, libc::SOCK_STREAM)?;
        socket::connect(&stream, address)?;
        Ok(adopt(stream).into())
    }

    /// Two connections, each the other's peer, without a name.
    ///
    /// # Errors
    ///
    /// The system's: out of descriptors. See socketpair(2).
    pub fn pair() -> io::Result<(UnixStream, UnixStream)> {
        let (one, other) = socket::pair(libc::SOCK_STREAM)?;
        Ok((adopt(one).into(), adopt(other).into()))
    }

    /// The peer's address; most clients are unnamed.
    ///
    /// # Errors
    ///
    /// `NotConnected`, or the system's, see getpeername(2).
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        super::peer(self.inner.peer_addr())
    }

    /// Who the peer is: the process that connected or listened, as it was then.
    ///
    /// # Errors
    ///
    /// `NotConnected`, or the system's. See `SO_PEERCRED` in unix(7), getpeereid(3).
    pub fn peer_credentials(&self) -> io::Result<Credentials> {
        let option::Peer { uid, gid, pid } = option::peer(self.as_raw_fd())?;
        Ok(Credentials { uid, gid, pid })
    }

    /// Closes one direction or both.
    ///
    /// # Errors
    ///
    /// `NotConnected`, or the system's, see shutdown(2).
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.inner.shutdown(how)
    }

    /// Reads without taking away.
    ///
    /// # Errors
    ///
    /// As for a read, see recv(2).
    pub fn peek(&self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(message::peek(self.as_raw_fd(), buffer)?)
    }
}

handle!(UnixStream, std::os::unix::net::UnixStream, SocketAddr, POSSIBLE);
read_write!(UnixStream);

/// Who a process is.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Credentials {
    /// The effective user.
    pub uid: u32,
    /// The effective group.
    pub gid: u32,
    /// The process, where the system tells: on Linux. It may have ended, and its number may be another's.
    pub pid: Option<i32>,
}
