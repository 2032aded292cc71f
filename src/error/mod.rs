//! The error type of the library.

#[cfg(feature = "embedded-io")]
mod embedded_io;

use core::fmt;

/// The result type of this library, whose error is [`Error`].
///
/// Only the module `net` returns `std::io::Result` instead.
pub type Result<T, E = Error> = core::result::Result<T, E>;

/// An error: either the operating system's, or one of the library's own.
///
/// It is `Copy` and never allocates. With the feature `std` it converts to and from
/// [`std::io::Error`](https://doc.rust-lang.org/std/io/struct.Error.html), also without an
/// allocation, and keeps the error number. A conversion to `std::io::Error` and back returns the
/// same error, with two exceptions: [`StaleKey`](Error::StaleKey) becomes `NotFound`, and
/// [`Forked`](Error::Forked) becomes `Os(EIO)`. The guide has a [table](crate::guide::errors).
///
/// `EEXIST` and `ENOENT` have variants of their own, so that a `match` reads the same on every
/// system; [`from_raw_os_error`](Error::from_raw_os_error) returns them.
///
/// ```
/// use mio_st::Error;
///
/// assert_eq!(Error::from_raw_os_error(9), Error::Os(9));
/// assert_eq!(Error::from_raw_os_error(2), Error::NotFound);
/// assert_eq!(Error::Full.to_string(), "capacity exceeded");
/// ```
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Error {
    /// The operating system returned an error: its `errno`, see errno(3).
    Os(i32),
    /// The source is registered with this registry already (`EEXIST`).
    AlreadyExists,
    /// The source is not registered with this registry (`ENOENT`).
    NotFound,
    /// The system cannot watch this kind of descriptor (a regular file, a directory), or does not
    /// have the feature that was asked for.
    Unsupported,
    /// A fixed capacity is used up; nothing was changed. Capacities are const generics: see
    /// [`Poller`](crate::poll::Poller), [`Slab`](crate::slab::Slab).
    Full,
    /// The key refers to nothing: its timer has expired or was cancelled, its source was removed,
    /// or it is the key of another poller, queue or wheel.
    StaleKey,
    /// The poller or registry belongs to the parent of this forked process. Create a new one.
    Forked,
    /// An argument is invalid, such as an interest that this source does not have.
    InvalidInput,
}

/// These have the same values on every system that has epoll or kqueue; `sys` asserts it.
pub(crate) const EEXIST: i32 = 17;
pub(crate) const ENOENT: i32 = 2;

impl Error {
    /// Returns the error for an `errno` value.
    #[must_use]
    pub const fn from_raw_os_error(errno: i32) -> Error {
        match errno {
            EEXIST => Error::AlreadyExists,
            ENOENT => Error::NotFound,
            errno => Error::Os(errno),
        }
    }

    /// Returns the `errno` value, if the error has one.
    #[must_use]
    pub const fn raw_os_error(self) -> Option<i32> {
        match self {
            Error::Os(errno) => Some(errno),
            Error::AlreadyExists => Some(EEXIST),
            Error::NotFound => Some(ENOENT),
            _ => None,
        }
    }

    /// Returns whether the call would have had to block (`EAGAIN`): wait for the next event.
    ///
    /// ```
    /// use mio_st::unix::new_pipe;
    ///
    /// let (_sender, receiver) = new_pipe()?;
    /// assert!(receiver.try_read(&mut [0]).unwrap_err().is_would_block());
    /// # Ok::<(), mio_st::Error>(())
    /// ```
    #[cfg(unix)]
    #[inline]
    #[must_use]
    pub const fn is_would_block(self) -> bool {
        // `EWOULDBLOCK` is the same number on these systems; `sys` asserts it.
        matches!(self, Error::Os(libc::EAGAIN))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Error::Os(errno) => return write!(f, "OS error {errno}"),
            Error::AlreadyExists => "the source is already registered",
            Error::NotFound => "the source is not registered",
            Error::Unsupported => "not supported by this system for this source",
            Error::Full => "capacity exceeded",
            Error::StaleKey => "stale or unknown key",
            Error::Forked => "the poller belongs to the parent of this forked process",
            Error::InvalidInput => "invalid argument",
        })
    }
}

impl core::error::Error for Error {}
