//! The traits that `no_std` network crates are written for: `embedded-io-async` and `edge-nal`.

mod ending;
mod stream;
mod tcp;
mod udp;

use core::fmt;

use edge_nal::io::{Error as IoError, ErrorKind};
use mio_st::Error;

pub use self::ending::{ENDED, Ending};
pub use self::stream::Stream;
pub use self::tcp::Acceptor;
pub use self::udp::Udp;
use super::reactor::Reactor;

/// An error of the system, with the kind that those traits want to know.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct NetError(pub Error);

impl fmt::Display for NetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl core::error::Error for NetError {}

impl From<Error> for NetError {
    fn from(error: Error) -> NetError {
        NetError(error)
    }
}

impl IoError for NetError {
    fn kind(&self) -> ErrorKind {
        match self.0 {
            Error::Full => ErrorKind::OutOfMemory,
            Error::InvalidInput => ErrorKind::InvalidInput,
            Error::Unsupported => ErrorKind::Unsupported,
            Error::Os(libc::ECONNREFUSED) => ErrorKind::ConnectionRefused,
            Error::Os(libc::ECONNRESET) => ErrorKind::ConnectionReset,
            Error::Os(libc::ECONNABORTED) => ErrorKind::ConnectionAborted,
            Error::Os(libc::ENOTCONN) => ErrorKind::NotConnected,
            Error::Os(libc::EPIPE) => ErrorKind::BrokenPipe,
            Error::Os(libc::ETIMEDOUT) => ErrorKind::TimedOut,
            Error::Os(libc::EADDRINUSE) => ErrorKind::AddrInUse,
            Error::Os(libc::EADDRNOTAVAIL) => ErrorKind::AddrNotAvailable,
            Error::Os(libc::EACCES | libc::EPERM) => ErrorKind::PermissionDenied,
            _ => ErrorKind::Other,
        }
    }
}

/// The system's network, for one reactor.
#[derive(Copy, Clone)]
pub struct Stack<'r>(pub &'r Reactor);
