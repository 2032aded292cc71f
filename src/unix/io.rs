//! An owned descriptor.

use core::fmt;

use crate::error::Result;
use crate::interests::Interests;
use crate::source::{Descriptor, Source, impl_as_source};
use crate::sys::error_queue::{self, QueuedError};
use crate::sys::fd::{OwnedFd, RawFd};
use crate::sys::io::{self, NoSigpipeWriter};
use crate::sys::io_slice::{IoSlice, IoSliceMut};

/// An owned descriptor of any kind: a socket, a terminal, a device.
///
/// It is closed when dropped.
///
/// If the descriptor is non-blocking, reading and writing never wait: after an error that
/// [`is_would_block`](crate::Error::is_would_block), wait for an event. Reading 0 bytes is the end
/// of the data. A call that a signal interrupts is repeated.
///
/// With the feature `std` it is also a
/// [`std::io::Read`](https://doc.rust-lang.org/std/io/trait.Read.html) and `Write`, by value and by
/// reference. The methods whose names begin with `try_` are the same calls with the error of this
/// crate.
///
/// Writing to a socket whose peer is closed returns `EPIPE` and raises no `SIGPIPE`. Writing to a
/// pipe without a reader raises the signal as well, on most systems, and no flag prevents that:
/// programs that write to pipes should ignore the signal, as every Rust program with `std` does by
/// default. (Apple's systems and NetBSD have a flag of the open file, which the first write sets.)
///
/// Whether the descriptor is a socket is found out by writing: send(2) fails for other files, and
/// write(2) is used for them from then on. If you put another file at the number (dup2(2)), do not
/// put a socket at that of a pipe or a terminal: writing to it may raise the signal.
///
/// ```
/// use std::os::fd::IntoRawFd;
/// use std::os::unix::net::UnixStream;
///
/// use mio_st::event::{EventedId, Events, Interests};
/// use mio_st::poll::{PollOption, Poller};
/// use mio_st::unix::EventedIo;
///
/// let (here, there) = UnixStream::pair().unwrap();
/// // SAFETY: the descriptors are open, and their owners have given them away.
/// let (here, mut there) = unsafe {
///     (EventedIo::from_raw_fd(here.into_raw_fd()), EventedIo::from_raw_fd(there.into_raw_fd()))
/// };
/// there.set_nonblocking(true)?;
///
/// let mut poller = Poller::new()?;
/// let mut events = Events::new();
/// poller.register(&mut there, EventedId(0), Interests::READABLE, PollOption::Edge)?;
///
/// here.try_write(b"hello")?;
/// poller.poll(&mut events, None)?;
///
/// let mut buffer = [0; 16];
/// let length = there.try_read(&mut buffer)?;
/// assert_eq!(&buffer[..length], b"hello");
/// assert!(there.try_read(&mut buffer).unwrap_err().is_would_block());
/// # Ok::<(), mio_st::Error>(())
/// ```
pub struct EventedIo {
    source: Source<Io>,
}

/// What it owns.
#[derive(Debug)]
pub struct Io {
    fd: OwnedFd,
    output: NoSigpipeWriter,
}

impl EventedIo {
    /// `READABLE | WRITABLE`.
    pub const INTERESTS: Interests = Interests::BOTH;

    /// Takes over a descriptor, as it is. It should be [non-blocking](EventedIo::set_nonblocking).
    ///
    /// # Safety
    ///
    /// It must be open, and nobody else may own it: it will be closed.
    #[allow(unsafe_code)]
    #[must_use]
    pub unsafe fn from_raw_fd(fd: RawFd) -> EventedIo {
        // SAFETY: the caller promises the same.
        let io = Io { fd: unsafe { OwnedFd::from_raw_fd(fd) }, output: NoSigpipeWriter::new() };
        EventedIo { source: Source::new(io, Interests::BOTH | Interests::PRIORITY) }
    }

    /// Takes over a descriptor and makes it non-blocking.
    ///
    /// # Errors
    ///
    /// An OS error, see fcntl(2); the descriptor is closed then.
    pub fn try_from_fd(fd: OwnedFd) -> Result<EventedIo> {
        fd.set_nonblocking(true)?;
        let io = Io { fd, output: NoSigpipeWriter::new() };
        Ok(EventedIo { source: Source::new(io, Interests::BOTH | Interests::PRIORITY) })
    }

    pub(super) fn pipe_end(fd: OwnedFd, possible: Interests) -> EventedIo {
        EventedIo { source: Source::new(Io { fd, output: NoSigpipeWriter::pipe() }, possible) }
    }

    /// Returns the descriptor and gives up its ownership. It stays open, and registered if it is.
    #[must_use = "nobody else will close it"]
    pub fn into_raw_fd(self) -> RawFd {
        self.source.into_descriptor().fd.into_raw_fd()
    }

    /// Returns the descriptor, which stays owned by the handle.
    #[inline]
    #[must_use]
    pub fn as_raw_fd(&self) -> RawFd {
        self.source.descriptor().fd.as_raw_fd()
    }

    /// Sets whether calls that cannot be completed at once fail or wait (`O_NONBLOCK`). This is a
    /// property of the open file description: it holds for duplicates and inherited descriptors,
    /// too.
    ///
    /// # Errors
    ///
    /// An OS error, see fcntl(2).
    pub fn set_nonblocking(&self, nonblocking: bool) -> Result<()> {
        self.source.descriptor().fd.set_nonblocking(nonblocking)
    }

    /// Reads into `buffer`. Returns the number of bytes, 0 for the end of the data.
    ///
    /// # Errors
    ///
    /// An OS error, see read(2).
    #[inline]
    pub fn try_read(&self, buffer: &mut [u8]) -> Result<usize> {
        io::read(self.as_raw_fd(), buffer)
    }

    /// Reads into several buffers, in order. Returns the number of bytes, 0 for the end of the
    /// data.
    ///
    /// One call fills 1024 buffers at most (`IOV_MAX`); empty ones at the start of a longer list do
    /// not count.
    ///
    /// # Errors
    ///
    /// `EMSGSIZE` for more buffers if one call takes one datagram, as of a socket other than a
    /// stream and of a device that is no terminal: nothing is read. And OS errors, see readv(2).
    #[inline]
    pub fn try_read_vectored(&self, buffers: &mut [IoSliceMut<'_>]) -> Result<usize> {
        io::read_vectored(self.as_raw_fd(), buffers)
    }

    /// Takes the next message of a socket's error queue, for which `recv` and `take_error` report
    /// nothing. What is left of the datagram that caused it is put into `buffer`. See
    /// [`QueuedError`](crate::unix::QueuedError).
    ///
    /// # Errors
    ///
    /// [Would block](crate::Error::is_would_block) if the queue is empty,
    /// [`Unsupported`](crate::Error::Unsupported) on systems other than Linux and Android and for
    /// a socket of a family without such a queue (those of the internet protocols, of packet(7) and
    /// of CAN have one), and OS errors: see `MSG_ERRQUEUE` in recv(2).
    pub fn recv_error(&self, buffer: &mut [u8]) -> Result<QueuedError> {
        error_queue::receive_of_any(self.as_raw_fd(), buffer)
    }

    /// Sets whether errors that the network reports for a datagram are put into the error queue
    /// (`IP_RECVERR`, `IPV6_RECVERR`): see [`recv_error`](EventedIo::recv_error).
    ///
    /// # Errors
    ///
    /// [`Unsupported`](crate::Error::Unsupported) on systems other than Linux and Android, and
    /// OS errors: see ip(7).
    pub fn set_error_queue(&self, queued: bool) -> Result<()> {
        error_queue::set_error_queue(self.as_raw_fd(), queued)
    }

    /// Writes from `buffer`. Returns the number of bytes, which may be fewer than there are.
    ///
    /// # Errors
    ///
    /// An OS error, see write(2), send(2).
    #[inline]
    pub fn try_write(&self, buffer: &[u8]) -> Result<usize> {
        self.source.descriptor().output.write(self.as_raw_fd(), buffer)
    }

    /// Writes from several buffers, in order. Returns the number of bytes, which may be fewer than
    /// there are: see [`IoSlice::advance_slices`].
    ///
    /// One call takes 1024 buffers at most (`IOV_MAX`); empty ones at the start of a longer list do
    /// not count.
    ///
    /// # Errors
    ///
    /// `EMSGSIZE` for more buffers if one call makes one datagram, as for a socket other than a
    /// stream and for a device that is no terminal: nothing is written. And OS errors, see
    /// writev(2), sendmsg(2).
    #[inline]
    pub fn try_write_vectored(&self, buffers: &[IoSlice<'_>]) -> Result<usize> {
        self.source.descriptor().output.write_vectored(self.as_raw_fd(), buffers)
    }
}

/// The former names of `try_read` and its like. `std::io::Read` and `Write` have methods of these
/// names, with another error: which one a call means depended on whether the variable is an
/// `EventedIo` or a `&mut EventedIo`.
macro_rules! former_names {
    ($Handle:ident: $($name:ident = $new:ident($Buffer:ty);)+) => {
        impl $Handle {
            $(
                #[doc = concat!("Does what [`", stringify!($new), "`](", stringify!($Handle), "::", stringify!($new), ") does.")]
                ///
                /// # Errors
                ///
                /// The errors of that method.
                #[deprecated(note = "std's traits have a method of this name, which a call on a `&mut` reference means")]
                #[inline]
                pub fn $name(&self, buffer: $Buffer) -> Result<usize> {
                    self.$new(buffer)
                }
            )+
        }
    };
}

former_names! {
    EventedIo:
    read = try_read(&mut [u8]);
    read_vectored = try_read_vectored(&mut [IoSliceMut<'_>]);
    write = try_write(&[u8]);
    write_vectored = try_write_vectored(&[IoSlice<'_>]);
}

impl Descriptor for Io {
    fn watched_fd(&self) -> Result<RawFd> {
        Ok(self.fd.as_raw_fd())
    }
}

impl_as_source!(EventedIo, Io);

static_assertions::assert_not_impl_any!(EventedIo: Send, Sync);

impl fmt::Debug for EventedIo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventedIo").field("fd", &self.as_raw_fd()).finish()
    }
}
