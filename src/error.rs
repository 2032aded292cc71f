//! What can go wrong, in one `Copy` word or two.

use core::fmt;

/// The result of everything that [`Poller`](crate::poll::Poller), [`Registry`](crate::poll::Registry),
/// [`Evented`](crate::event::Evented) and the pure machines do.
pub type Result<T, E = Error> = core::result::Result<T, E>;

/// An error: either the operating system's, or one of the library's own.
///
/// It is `Copy`, holds no text and never allocates. With the feature `std` it converts to and from
/// [`std::io::Error`](https://doc.rust-lang.org/std/io/struct.Error.html), also without allocating, and keeps
/// the error number. All come back from there as they were, but [`StaleKey`](Error::StaleKey), as `NotFound`,
/// and [`Forked`](Error::Forked), as `Os(EIO)`.
///
/// The error numbers that mean "registered twice" and "not registered" have names of their own, so that
/// `match` reads alike on every system; [`from_raw_os_error`](Error::from_raw_os_error) knows them.
///
/// ```
/// use mio_st::Error;
///
/// assert_eq!(Error::from_raw_os_error(9), Error::Os(9));
/// assert_eq!(Error::from_raw_os_error(2), Error::NotFound);
/// assert_eq!(Error::Full.to_string(), "the capacity is used up");
/// ```
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused: its `errno`, see errno(3).
    Os(i32),
    /// The source is registered with this registry already (`EEXIST`).
    AlreadyExists,
    /// The source is not registered with this registry (`ENOENT`).
    NotFound,
    /// The system cannot watch this kind of descriptor (a regular file, a directory), or cannot do what
    /// was asked.
    Unsupported,
    /// A fixed capacity is used up. Nothing was changed.
    Full,
    /// The key names nothing: what it stood for was removed, fired or cancelled, or it is another
    /// machine's key.
    StaleKey,
    /// The poller or registry belongs to the parent of this forked process. Make a new one.
    Forked,
    /// An argument can never work, such as an interest that cannot happen on this source.
    InvalidInput,
}

/// `EEXIST` and `ENOENT` have these values on every system that has epoll or kqueue; `sys` asserts it.
pub(crate) const EEXIST: i32 = 17;
pub(crate) const ENOENT: i32 = 2;

impl Error {
    /// The error for an `errno` value.
    #[must_use]
    pub const fn from_raw_os_error(errno: i32) -> Error {
        match errno {
            EEXIST => Error::AlreadyExists,
            ENOENT => Error::NotFound,
            errno => Error::Os(errno),
        }
    }

    /// The `errno` value, if the error has one.
    #[must_use]
    pub const fn raw_os_error(self) -> Option<i32> {
        match self {
            Error::Os(errno) => Some(errno),
            Error::AlreadyExists => Some(EEXIST),
            Error::NotFound => Some(ENOENT),
            _ => None,
        }
    }

    /// Nothing can be read or written now (`EAGAIN`): wait for the next event.
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
        // `EWOULDBLOCK` is the same number on every system that has epoll or kqueue; `sys` asserts it.
        matches!(self, Error::Os(libc::EAGAIN))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Error::Os(errno) => return write!(f, "the system's error {errno}"),
            Error::AlreadyExists => "the source is registered already",
            Error::NotFound => "the source is not registered",
            Error::Unsupported => "the system cannot watch this source in this way",
            Error::Full => "the capacity is used up",
            Error::StaleKey => "the key is stale or unknown",
            Error::Forked => "the poller belongs to the parent process",
            Error::InvalidInput => "the argument can never work",
        })
    }
}

impl core::error::Error for Error {}
