//! The two ends of a pipe.

use super::EventedIo;
use super::io::Io;
use crate::error::Result;
use crate::interests::Interests;
use crate::source::{AsSource, Source};
use crate::sys::fd::{OwnedFd, RawFd};
use crate::sys::io_slice::{IoSlice, IoSliceMut};
use crate::sys::pipe;

/// Creates a pipe.
///
/// What is written to the [`Sender`] is read from the [`Receiver`], in another thread, in a child
/// process, or here. See pipe(2).
///
/// ```
/// use mio_st::event::{EventedId, Events};
/// use mio_st::poll::{PollOption, Poller};
/// use mio_st::unix::{Receiver, new_pipe};
///
/// let (sender, mut receiver) = new_pipe()?;
/// let mut poller = Poller::new()?;
/// let mut events = Events::new();
/// poller.register(&mut receiver, EventedId(0), Receiver::INTERESTS, PollOption::Level)?;
///
/// sender.try_write(b"hello")?;
/// poller.poll(&mut events, None)?;
///
/// let mut buffer = [0; 16];
/// assert_eq!(receiver.try_read(&mut buffer), Ok(5));
/// # Ok::<(), mio_st::Error>(())
/// ```
///
/// # Errors
///
/// An OS error: out of descriptors (`EMFILE`, `ENFILE`).
pub fn new_pipe() -> Result<(Sender, Receiver)> {
    let (reader, writer) = pipe::pipe()?;
    Ok((Sender::new(writer), Receiver::new(reader)))
}

/// What both ends have.
macro_rules! impl_pipe_end {
    ($End:ident, $possible:expr) => {
        impl $End {
            /// The one direction of this end.
            pub const INTERESTS: Interests = $possible;

            /// Takes over a descriptor, as it is: this end of a pipe, or a named pipe. It should be
            /// non-blocking.
            ///
            /// # Safety
            ///
            /// It must be open, and nobody else may own it: it will be closed.
            #[allow(unsafe_code)]
            #[must_use]
            pub unsafe fn from_raw_fd(fd: RawFd) -> $End {
                // SAFETY: the caller promises the same.
                $End::new(unsafe { OwnedFd::from_raw_fd(fd) })
            }

            /// Takes over a descriptor, this end of a pipe, and makes it non-blocking.
            ///
            /// # Errors
            ///
            /// An OS error, see fcntl(2); the descriptor is closed then.
            pub fn try_from_fd(fd: OwnedFd) -> Result<$End> {
                fd.set_nonblocking(true)?;
                Ok($End::new(fd))
            }

            fn new(fd: OwnedFd) -> $End {
                $End { io: EventedIo::pipe_end(fd, $End::INTERESTS) }
            }

            /// Returns the descriptor and gives up its ownership. It stays open, and registered if
            /// it is.
            #[must_use = "nobody else will close it"]
            pub fn into_raw_fd(self) -> RawFd {
                self.io.into_raw_fd()
            }

            /// Returns the descriptor, which stays owned by the handle.
            #[inline]
            #[must_use]
            pub fn as_raw_fd(&self) -> RawFd {
                self.io.as_raw_fd()
            }

            /// Sets whether calls that cannot be completed at once fail or wait. A child process
            /// may want an end that waits.
            ///
            /// # Errors
            ///
            /// An OS error, see fcntl(2).
            pub fn set_nonblocking(&self, nonblocking: bool) -> Result<()> {
                self.io.set_nonblocking(nonblocking)
            }
        }

        impl AsSource for $End {
            const INTERESTS: Interests = $End::INTERESTS;
            type Descriptor = Io;

            fn as_source(&mut self) -> &mut Source<Io> {
                self.io.as_source()
            }
        }

        static_assertions::assert_not_impl_any!($End: Send, Sync);
    };
}

/// The writing end of a pipe.
///
/// When it is dropped, the receiver reads what is left, and then 0 bytes.
///
/// When the receiver is closed, an event reports it ([`ERROR`](crate::event::Ready::ERROR) on
/// Linux, and [`is_writable`](crate::event::Ready::is_writable) everywhere), and writing returns
/// `EPIPE`. On most systems it raises `SIGPIPE`, too: see [`EventedIo`].
#[derive(Debug)]
pub struct Sender {
    io: EventedIo,
}

impl_pipe_end!(Sender, Interests::WRITABLE);

impl Sender {
    /// Writes from `buffer`. Returns the number of bytes. Up to 512 bytes (`PIPE_BUF`; on Linux
    /// 4096) are written completely or not at all.
    ///
    /// # Errors
    ///
    /// `EPIPE`: the receiver has gone; and OS errors, see write(2).
    #[inline]
    pub fn try_write(&self, buffer: &[u8]) -> Result<usize> {
        self.io.try_write(buffer)
    }

    /// Writes from several buffers, as [`EventedIo::try_write_vectored`].
    ///
    /// # Errors
    ///
    /// As `try_write`.
    #[inline]
    pub fn try_write_vectored(&self, buffers: &[IoSlice<'_>]) -> Result<usize> {
        self.io.try_write_vectored(buffers)
    }
}

/// The reading end of a pipe.
///
/// When it is dropped, writing to the sender fails.
///
/// When the sender is closed, an event reports it, and reading returns what is left, and then 0
/// bytes.
#[derive(Debug)]
pub struct Receiver {
    io: EventedIo,
}

impl_pipe_end!(Receiver, Interests::READABLE);

impl Receiver {
    /// Reads into `buffer`. Returns the number of bytes, 0 when the sender has gone.
    ///
    /// # Errors
    ///
    /// An OS error, see read(2).
    #[inline]
    pub fn try_read(&self, buffer: &mut [u8]) -> Result<usize> {
        self.io.try_read(buffer)
    }

    /// Reads into several buffers, as [`EventedIo::try_read_vectored`].
    ///
    /// # Errors
    ///
    /// As `try_read`.
    #[inline]
    pub fn try_read_vectored(&self, buffers: &mut [IoSliceMut<'_>]) -> Result<usize> {
        self.io.try_read_vectored(buffers)
    }
}

former_names! {
    Sender:
    write = try_write(&[u8]);
    write_vectored = try_write_vectored(&[IoSlice<'_>]);
}

former_names! {
    Receiver:
    read = try_read(&mut [u8]);
    read_vectored = try_read_vectored(&mut [IoSliceMut<'_>]);
}
