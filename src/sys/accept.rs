//! What the errors of accept(2) mean for a server, and the reserve descriptor of a guard.

use super::fd::OwnedFd;
use super::socket;
use crate::error::{Error, Result};

/// What an error of accept(2) means for a server; see [`of`](AcceptError::of).
///
/// An accept error says something about one connection, about the process, or about the listener.
/// Only the last kind is a reason to stop serving. The enum is exhaustive, so that the compiler
/// checks that a server handles each kind. [`AcceptGuard`](crate::unix::AcceptGuard) does this for
/// the program.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum AcceptError {
    /// No connection is waiting (`EAGAIN`): wait for the next event.
    WouldBlock,
    /// The connection at the head of the queue failed before it was accepted, or the call was
    /// interrupted (`EINTR`). Other connections may be waiting: accept again.
    Lost,
    /// The process or the system is out of descriptors (`EMFILE`, `ENFILE`) or of kernel memory
    /// (`ENOBUFS`, `ENOMEM`). The connection stays in the queue: accept again after a while.
    Exhausted,
    /// The listener cannot be accepted from, now or later: closed (`EBADF`), not a socket
    /// (`ENOTSOCK`), not listening (`EINVAL`), or forbidden by a security policy (`EACCES`).
    Listener,
}

impl AcceptError {
    /// Returns what `error`, returned by accept(2), means.
    ///
    /// Linux passes errors of the network that are pending on the new connection to accept(2) and
    /// asks programs to treat them like `EAGAIN`. They are [`Lost`](AcceptError::Lost): `ENETDOWN`,
    /// `EPROTO`, `ENOPROTOOPT`, `EHOSTDOWN`, `ENONET`, `EHOSTUNREACH`, `EOPNOTSUPP`, `ENETUNREACH`,
    /// and also `ECONNABORTED`, `ECONNRESET`, `EPERM` (a firewall rule), `ETIMEDOUT`,
    /// `EPROTONOSUPPORT` and `ESOCKTNOSUPPORT`. See accept(2), "Error handling".
    ///
    /// ```
    /// use mio_st::Error;
    /// use mio_st::unix::AcceptError;
    ///
    /// assert_eq!(AcceptError::of(Error::Os(libc::EAGAIN)), AcceptError::WouldBlock);
    /// assert_eq!(AcceptError::of(Error::Os(libc::ECONNABORTED)), AcceptError::Lost);
    /// assert_eq!(AcceptError::of(Error::Os(libc::EMFILE)), AcceptError::Exhausted);
    /// assert_eq!(AcceptError::of(Error::Os(libc::ENOTSOCK)), AcceptError::Listener);
    /// ```
    #[must_use]
    pub const fn of(error: Error) -> AcceptError {
        let Error::Os(errno) = error else { return AcceptError::Listener };
        match errno {
            libc::EAGAIN => AcceptError::WouldBlock,
            libc::EMFILE | libc::ENFILE | libc::ENOBUFS | libc::ENOMEM => AcceptError::Exhausted,
            libc::EINTR
            | libc::ECONNABORTED
            | libc::ECONNRESET
            | libc::EPROTO
            | libc::EPROTONOSUPPORT
            | libc::ENETDOWN
            | libc::ENETUNREACH
            | libc::EHOSTDOWN
            | libc::EHOSTUNREACH
            | libc::ENOPROTOOPT
            | libc::EOPNOTSUPP
            | libc::EPERM
            | libc::ETIMEDOUT => AcceptError::Lost,
            libc::ESOCKTNOSUPPORT => AcceptError::Lost,
            #[cfg(any(target_os = "linux", target_os = "android"))]
            libc::ENONET => AcceptError::Lost,
            #[cfg(any(target_os = "linux", target_os = "android"))]
            libc::ENOSR => AcceptError::Exhausted,
            _ => AcceptError::Listener,
        }
    }
}

/// Returns a descriptor to hold in reserve.
///
/// It is a socket, because making one needs no file system, and because a duplicate of another
/// descriptor would not count against the limit of the system (`ENFILE`).
pub(crate) fn reserve() -> Result<OwnedFd> {
    socket::socket(libc::AF_UNIX, libc::SOCK_DGRAM)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_accept_error_has_its_meaning() {
        let lost = [
            libc::EINTR,
            libc::ECONNABORTED,
            libc::ECONNRESET,
            libc::EPROTO,
            libc::ENETDOWN,
            libc::ENOPROTOOPT,
            libc::EHOSTDOWN,
            libc::EHOSTUNREACH,
            libc::EOPNOTSUPP,
            libc::ENETUNREACH,
            libc::EPERM,
            libc::ETIMEDOUT,
            libc::EPROTONOSUPPORT,
            libc::ESOCKTNOSUPPORT,
        ];
        let exhausted = [libc::EMFILE, libc::ENFILE, libc::ENOBUFS, libc::ENOMEM];
        for errno in 1..200 {
            let expected = match errno {
                libc::EAGAIN => AcceptError::WouldBlock,
                errno if lost.contains(&errno) => AcceptError::Lost,
                errno if exhausted.contains(&errno) => AcceptError::Exhausted,
                #[cfg(any(target_os = "linux", target_os = "android"))]
                libc::ENONET => AcceptError::Lost,
                #[cfg(any(target_os = "linux", target_os = "android"))]
                libc::ENOSR => AcceptError::Exhausted,
                _ => AcceptError::Listener,
            };
            assert_eq!(AcceptError::of(Error::from_raw_os_error(errno)), expected, "{errno}");
        }
    }

    #[test]
    fn errors_without_a_number_are_not_of_a_connection() {
        for error in [Error::Full, Error::Forked, Error::InvalidInput, Error::NotFound] {
            assert_eq!(AcceptError::of(error), AcceptError::Listener);
        }
    }
}
