//! The error as one of `embedded-io`, for protocol libraries without `std`.

use embedded_io::ErrorKind;

use super::Error;

/// Available with the feature `embedded-io`. An error that would block has no kind there and is
/// `Other`: ask [`is_would_block`](Error::is_would_block) first.
impl embedded_io::Error for Error {
    fn kind(&self) -> ErrorKind {
        match *self {
            Error::AlreadyExists => ErrorKind::AlreadyExists,
            Error::NotFound | Error::StaleKey => ErrorKind::NotFound,
            Error::Unsupported => ErrorKind::Unsupported,
            Error::Full => ErrorKind::OutOfMemory,
            Error::InvalidInput => ErrorKind::InvalidInput,
            Error::Forked => ErrorKind::Other,
            Error::Os(errno) => kind_of(errno),
        }
    }
}

#[cfg(not(unix))]
fn kind_of(_: i32) -> ErrorKind {
    ErrorKind::Other
}

#[cfg(unix)]
fn kind_of(errno: i32) -> ErrorKind {
    match errno {
        libc::EPERM | libc::EACCES => ErrorKind::PermissionDenied,
        libc::ECONNREFUSED => ErrorKind::ConnectionRefused,
        libc::ECONNRESET => ErrorKind::ConnectionReset,
        libc::ECONNABORTED => ErrorKind::ConnectionAborted,
        libc::ENOTCONN => ErrorKind::NotConnected,
        libc::EADDRINUSE => ErrorKind::AddrInUse,
        libc::EADDRNOTAVAIL => ErrorKind::AddrNotAvailable,
        libc::EPIPE => ErrorKind::BrokenPipe,
        libc::EINVAL => ErrorKind::InvalidInput,
        libc::ETIMEDOUT => ErrorKind::TimedOut,
        libc::EINTR => ErrorKind::Interrupted,
        libc::EOPNOTSUPP | libc::ENOSYS => ErrorKind::Unsupported,
        libc::ENOMEM => ErrorKind::OutOfMemory,
        _ => ErrorKind::Other,
    }
}

#[cfg(all(test, unix))]
mod tests {
    use embedded_io::Error as _;

    use super::*;

    #[test]
    fn each_error_has_its_kind() {
        for (error, kind) in [
            (Error::AlreadyExists, ErrorKind::AlreadyExists),
            (Error::NotFound, ErrorKind::NotFound),
            (Error::StaleKey, ErrorKind::NotFound),
            (Error::Unsupported, ErrorKind::Unsupported),
            (Error::Full, ErrorKind::OutOfMemory),
            (Error::InvalidInput, ErrorKind::InvalidInput),
            (Error::Forked, ErrorKind::Other),
            (Error::Os(libc::ECONNRESET), ErrorKind::ConnectionReset),
            (Error::Os(libc::EAGAIN), ErrorKind::Other),
        ] {
            assert_eq!(error.kind(), kind, "{error}");
        }
    }
}
