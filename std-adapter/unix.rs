//! `std`'s traits for what owns a descriptor in `mio_st::unix`.

extern crate std;

use core::slice;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};

use crate::unix::{EventedIo, IoSlice, IoSliceMut, Receiver, Sender};

macro_rules! impl_fd_traits {
    ($Handle:ident) => {
        #[allow(unsafe_code)]
        impl AsFd for $Handle {
            fn as_fd(&self) -> BorrowedFd<'_> {
                // SAFETY: it is open for as long as the handle is borrowed.
                unsafe { BorrowedFd::borrow_raw(self.as_raw_fd()) }
            }
        }

        impl AsRawFd for $Handle {
            fn as_raw_fd(&self) -> RawFd {
                self.as_raw_fd()
            }
        }

        impl IntoRawFd for $Handle {
            fn into_raw_fd(self) -> RawFd {
                self.into_raw_fd()
            }
        }

        /// The descriptor must be non-blocking already: nothing is set.
        #[allow(unsafe_code)]
        impl FromRawFd for $Handle {
            unsafe fn from_raw_fd(fd: RawFd) -> Self {
                // SAFETY: the caller promises that the descriptor is open and nobody else's.
                unsafe { $Handle::from_raw_fd(fd) }
            }
        }

        /// The descriptor must be non-blocking already: nothing is set.
        #[allow(unsafe_code)]
        impl From<OwnedFd> for $Handle {
            fn from(fd: OwnedFd) -> Self {
                // SAFETY: it is open, and its owner gives it away.
                unsafe { $Handle::from_raw_fd(fd.into_raw_fd()) }
            }
        }

        #[allow(unsafe_code)]
        impl From<$Handle> for OwnedFd {
            fn from(handle: $Handle) -> OwnedFd {
                // SAFETY: as above.
                unsafe { OwnedFd::from_raw_fd(handle.into_raw_fd()) }
            }
        }
    };
}

macro_rules! impl_read {
    ($Handle:ident, $Reader:ty) => {
        impl Read for $Reader {
            #[inline]
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                Ok($Handle::try_read(self, buffer)?)
            }

            #[inline]
            fn read_vectored(&mut self, buffers: &mut [io::IoSliceMut<'_>]) -> io::Result<usize> {
                Ok($Handle::try_read_vectored(self, ours_mut(buffers))?)
            }
        }
    };
}

macro_rules! impl_write {
    ($Handle:ident, $Writer:ty) => {
        impl Write for $Writer {
            #[inline]
            fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
                Ok($Handle::try_write(self, buffer)?)
            }

            #[inline]
            fn write_vectored(&mut self, buffers: &[io::IoSlice<'_>]) -> io::Result<usize> {
                Ok($Handle::try_write_vectored(self, ours(buffers))?)
            }

            #[inline]
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
    };
}

impl_fd_traits!(EventedIo);
impl_fd_traits!(Receiver);
impl_fd_traits!(Sender);

impl_read!(EventedIo, EventedIo);
impl_read!(EventedIo, &EventedIo);
impl_read!(Receiver, Receiver);
impl_read!(Receiver, &Receiver);

impl_write!(EventedIo, EventedIo);
impl_write!(EventedIo, &EventedIo);
impl_write!(Sender, Sender);
impl_write!(Sender, &Sender);

#[allow(unsafe_code)]
pub(super) fn ours<'a, 'b>(buffers: &'a [io::IoSlice<'b>]) -> &'a [IoSlice<'b>] {
    // SAFETY: both are an `iovec` that borrows memory: `std` promises it of its own.
    unsafe { slice::from_raw_parts(buffers.as_ptr().cast(), buffers.len()) }
}

#[allow(unsafe_code)]
pub(super) fn ours_mut<'a, 'b>(buffers: &'a mut [io::IoSliceMut<'b>]) -> &'a mut [IoSliceMut<'b>] {
    // SAFETY: as in `ours`; and the two types cannot be told apart by what is written through them.
    unsafe { slice::from_raw_parts_mut(buffers.as_mut_ptr().cast(), buffers.len()) }
}
