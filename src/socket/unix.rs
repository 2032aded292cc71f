//! Streams within this machine: connections and listeners.

use super::kind::RawForm;
use super::listener::BACKLOG;
use super::{Socket, UnixAddress};
use crate::error::Result;
use crate::sys::{option, socket};

/// The kinds of this file.
pub mod kinds {
    use crate::interests::Interests;
    use crate::socket::UnixAddress;
    use crate::socket::kind::kind;

    /// Linux has urgent data here too (since 5.15), other systems have not.
    const POSSIBLE: Interests = match cfg!(any(target_os = "linux", target_os = "android")) {
        true => Interests::BOTH.add(Interests::PRIORITY),
        false => Interests::BOTH,
    };

    kind! {
        /// A connection within this machine.
        UnixStream: SOCK_STREAM of [libc::AF_UNIX], listens: false;
        address: UnixAddress;
        interests: Interests::BOTH, possible: POSSIBLE;
        is Data;
        is Peer;
        is Stream;
        is Unix;
    }

    kind! {
        /// A socket that listens for connections within this machine.
        UnixListener: SOCK_STREAM of [libc::AF_UNIX], listens: true;
        address: UnixAddress;
        interests: Interests::READABLE;
        is Listens { type Stream = UnixStream; };
    }
}

/// A connection within this machine.
///
/// ```
/// use mio_st::socket::UnixStream;
///
/// let (here, there) = UnixStream::pair()?;
/// here.write(b"hello")?;
/// let mut buffer = [0; 8];
/// assert_eq!(there.read(&mut buffer)?, 5);
/// # Ok::<(), mio_st::Error>(())
/// ```
pub type UnixStream = Socket<kinds::UnixStream>;

/// A listening socket within this machine.
///
/// Closing it leaves its path in the file system, where the next `bind` finds it in use: remove the
/// file.
pub type UnixListener = Socket<kinds::UnixListener>;

impl UnixListener {
    /// Listens at `address`: creates the socket file if it is a path.
    ///
    /// # Errors
    ///
    /// An OS error: `Os(EADDRINUSE)` if there is a file already,
    /// [`NotFound`](crate::Error::NotFound) and `Os(EACCES)` for the directory, out of descriptors.
    /// See bind(2).
    pub fn bind(address: &UnixAddress) -> Result<UnixListener> {
        let listener = socket::socket(libc::AF_UNIX, libc::SOCK_STREAM)?;
        socket::listen_at(listener, &address.to_raw(), BACKLOG).map(Socket::from_owned)
    }
}

impl UnixStream {
    /// Connects to the listener at `address`, at once: there is nothing to wait for.
    ///
    /// # Errors
    ///
    /// [Would block](crate::Error::is_would_block) on Linux, `Os(ECONNREFUSED)` elsewhere, if too
    /// many connections are waiting to be accepted: no event reports when to try again. And an OS
    /// error: [`NotFound`](crate::Error::NotFound), `Os(ECONNREFUSED)` if no socket listens, out
    /// of descriptors. See connect(2).
    pub fn connect(address: &UnixAddress) -> Result<UnixStream> {
        let stream = socket::socket(libc::AF_UNIX, libc::SOCK_STREAM)?;
        socket::connect_to(stream, &address.to_raw()).map(Socket::from_owned)
    }

    /// Returns two connections, each the other's peer, without a name.
    ///
    /// # Errors
    ///
    /// An OS error: out of descriptors. See socketpair(2).
    pub fn pair() -> Result<(UnixStream, UnixStream)> {
        let (one, other) = socket::pair(libc::SOCK_STREAM)?;
        Ok((Socket::from_owned(one), Socket::from_owned(other)))
    }

    /// Returns the user, group and process of the peer: of the process that connected or listened,
    /// as they were then.
    ///
    /// # Errors
    ///
    /// `Os(ENOTCONN)`, or an OS error. See `SO_PEERCRED` in unix(7), getpeereid(3).
    pub fn peer_credentials(&self) -> Result<Credentials> {
        let option::Peer { uid, gid, pid } = option::peer(self.as_raw_fd())?;
        Ok(Credentials { uid, gid, pid })
    }
}

/// The identity of a process.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Credentials {
    /// The effective user id.
    pub uid: u32,
    /// The effective group id.
    pub gid: u32,
    /// The process id, on systems that report it: on Linux. The process may have ended, and the
    /// number may belong to another one.
    pub pid: Option<i32>,
}
