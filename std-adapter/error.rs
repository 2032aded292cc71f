//! `mio_st::Error` and `std::io::Error`, in both directions, without allocating.

extern crate std;

use std::io::{self, ErrorKind};

use crate::error::Error;

/// Keeps the error number; an error without one becomes the nearest `ErrorKind`. Two errors change
/// if they are converted back: [`StaleKey`](Error::StaleKey) becomes `NotFound`, and
/// [`Forked`](Error::Forked), for which there is no kind, becomes `Os(EIO)`. To distinguish them,
/// match on the error before you convert it.
impl From<Error> for io::Error {
    fn from(error: Error) -> io::Error {
        if let Some(errno) = error.raw_os_error() {
            return io::Error::from_raw_os_error(errno);
        }
        io::Error::from(match error {
            Error::Full => ErrorKind::QuotaExceeded,
            Error::StaleKey => ErrorKind::NotFound,
            Error::Unsupported => ErrorKind::Unsupported,
            Error::InvalidInput => ErrorKind::InvalidInput,
            _ => ErrorKind::Other,
        })
    }
}

/// Keeps the error number, so that your own [`Evented`](crate::event::Evented) can use `?` on I/O
/// errors. An error without a number becomes the nearest error of this type, or `Os(EIO)` if there
/// is none.
impl From<io::Error> for Error {
    fn from(error: io::Error) -> Error {
        meaning(&error)
    }
}

/// Converts without consuming the error.
pub(super) fn meaning(error: &io::Error) -> Error {
    if let Some(errno) = error.raw_os_error() {
        return Error::from_raw_os_error(errno);
    }
    match error.kind() {
        ErrorKind::AlreadyExists => Error::AlreadyExists,
        ErrorKind::NotFound => Error::NotFound,
        ErrorKind::QuotaExceeded => Error::Full,
        ErrorKind::Unsupported => Error::Unsupported,
        ErrorKind::InvalidInput => Error::InvalidInput,
        ErrorKind::WouldBlock => Error::Os(libc::EAGAIN),
        ErrorKind::Interrupted => Error::Os(libc::EINTR),
        ErrorKind::TimedOut => Error::Os(libc::ETIMEDOUT),
        ErrorKind::BrokenPipe => Error::Os(libc::EPIPE),
        ErrorKind::ConnectionAborted => Error::Os(libc::ECONNABORTED),
        ErrorKind::ConnectionReset => Error::Os(libc::ECONNRESET),
        ErrorKind::ConnectionRefused => Error::Os(libc::ECONNREFUSED),
        ErrorKind::NotConnected => Error::Os(libc::ENOTCONN),
        ErrorKind::AddrInUse => Error::Os(libc::EADDRINUSE),
        ErrorKind::AddrNotAvailable => Error::Os(libc::EADDRNOTAVAIL),
        ErrorKind::HostUnreachable => Error::Os(libc::EHOSTUNREACH),
        ErrorKind::NetworkUnreachable => Error::Os(libc::ENETUNREACH),
        ErrorKind::NetworkDown => Error::Os(libc::ENETDOWN),
        ErrorKind::PermissionDenied => Error::Os(libc::EACCES),
        ErrorKind::OutOfMemory => Error::Os(libc::ENOMEM),
        _ => Error::Os(libc::EIO),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_survive_both_ways() {
        for errno in 1..134 {
            let error = Error::from_raw_os_error(errno);
            let io = io::Error::from(error);
            assert_eq!(io.raw_os_error(), Some(errno));
            assert_eq!(Error::from(io), error);
        }
    }

    #[test]
    fn each_error_has_its_kind() {
        for (error, kind) in [
            (Error::AlreadyExists, ErrorKind::AlreadyExists),
            (Error::NotFound, ErrorKind::NotFound),
            (Error::Unsupported, ErrorKind::Unsupported),
            (Error::Full, ErrorKind::QuotaExceeded),
            (Error::StaleKey, ErrorKind::NotFound),
            (Error::InvalidInput, ErrorKind::InvalidInput),
            (Error::Forked, ErrorKind::Other),
            (Error::Os(libc::EAGAIN), ErrorKind::WouldBlock),
        ] {
            assert_eq!(io::Error::from(error).kind(), kind, "{error:?}");
        }
        // There and back: the same, but for two that `io::Error` has no kind for.
        for error in [Error::Unsupported, Error::Full, Error::InvalidInput] {
            assert_eq!(Error::from(io::Error::from(error)), error);
        }
        assert_eq!(Error::from(io::Error::from(Error::StaleKey)), Error::NotFound);
        assert_eq!(Error::from(io::Error::from(Error::Forked)), Error::Os(libc::EIO));
        assert_eq!(Error::from(io::Error::from(ErrorKind::WouldBlock)), Error::Os(libc::EAGAIN));
        assert_eq!(Error::from(io::Error::other("text")), Error::Os(libc::EIO));
    }

    #[test]
    fn a_kind_without_a_number_becomes_its_number() {
        for (kind, errno) in [
            (ErrorKind::ConnectionRefused, libc::ECONNREFUSED),
            (ErrorKind::NotConnected, libc::ENOTCONN),
            (ErrorKind::PermissionDenied, libc::EACCES),
            (ErrorKind::OutOfMemory, libc::ENOMEM),
            (ErrorKind::AddrInUse, libc::EADDRINUSE),
            (ErrorKind::AddrNotAvailable, libc::EADDRNOTAVAIL),
            (ErrorKind::HostUnreachable, libc::EHOSTUNREACH),
            (ErrorKind::NetworkUnreachable, libc::ENETUNREACH),
            (ErrorKind::NetworkDown, libc::ENETDOWN),
        ] {
            assert_eq!(Error::from(io::Error::from(kind)), Error::Os(errno), "{kind}");
        }
    }
}
