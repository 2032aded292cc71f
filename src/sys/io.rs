//! Reading and writing any descriptor.

use core::cell::Cell;
use core::ffi::c_int;

use super::fd::{RawFd, retry};
use super::io_slice::{IoSlice, IoSliceMut};
use crate::error::Result;

/// The most bytes that one call may be asked for; Apple's systems refuse more than an `int`.
#[cfg(not(target_vendor = "apple"))]
pub(super) const MOST_BYTES: usize = isize::MAX as usize;
#[cfg(target_vendor = "apple")]
pub(super) const MOST_BYTES: usize = c_int::MAX as usize - 1;

/// The most buffers that one call may be given: `IOV_MAX`, alike on every system.
pub(super) const MOST_BUFFERS: usize = 1024;

/// read(2).
#[inline]
pub(crate) fn read(fd: RawFd, buffer: &mut [u8]) -> Result<usize> {
    let (start, length) = (buffer.as_mut_ptr().cast(), buffer.len().min(MOST_BYTES));
    // SAFETY: the kernel writes at most `length` bytes to the buffer, which has as many.
    Ok(retry(|| unsafe { libc::read(fd, start, length) })? as usize)
}

/// readv(2); no bytes are no call, since no buffers at all are `EINVAL` on NetBSD and Apple's systems.
#[inline]
pub(crate) fn read_vectored(fd: RawFd, buffers: &mut [IoSliceMut<'_>]) -> Result<usize> {
    if buffers.iter().all(|buffer| buffer.is_empty()) {
        return Ok(0);
    }
    let (list, count) = (buffers.as_ptr().cast(), buffers.len().min(MOST_BUFFERS) as c_int);
    // SAFETY: each entry is a buffer that is borrowed mutably, in the layout of an `iovec`.
    Ok(retry(|| unsafe { libc::readv(fd, list, count) })? as usize)
}

/// write(2).
#[inline]
pub(crate) fn write(fd: RawFd, buffer: &[u8]) -> Result<usize> {
    let (start, length) = (buffer.as_ptr().cast(), buffer.len().min(MOST_BYTES));
    // SAFETY: the kernel reads at most `length` bytes of the buffer.
    Ok(retry(|| unsafe { libc::write(fd, start, length) })? as usize)
}

/// writev(2); no bytes are no call.
#[inline]
pub(crate) fn write_vectored(fd: RawFd, buffers: &[IoSlice<'_>]) -> Result<usize> {
    if buffers.iter().all(|buffer| buffer.is_empty()) {
        return Ok(0);
    }
    let (list, count) = (buffers.as_ptr().cast(), buffers.len().min(MOST_BUFFERS) as c_int);
    // SAFETY: each entry is a buffer that is borrowed, in the layout of an `iovec`.
    Ok(retry(|| unsafe { libc::writev(fd, list, count) })? as usize)
}

/// Writes without `SIGPIPE` wherever that can be had, and remembers how.
///
/// Sockets have a flag for it, at each call; Apple's systems and NetBSD have one at the descriptor, for
/// pipes too. What a descriptor is, is found out by the first write.
#[derive(Debug)]
pub(crate) struct Output(Cell<Way>);

#[derive(Copy, Clone, Debug)]
enum Way {
    Unknown,
    #[cfg(not(any(target_vendor = "apple", target_os = "netbsd")))]
    Socket,
    Plain,
}

impl Output {
    pub(crate) const fn new() -> Output {
        Output(Cell::new(Way::Unknown))
    }

    #[inline]
    pub(crate) fn write(&self, fd: RawFd, buffer: &[u8]) -> Result<usize> {
        self.choose(fd, || send(fd, buffer), || write(fd, buffer))
    }

    #[inline]
    pub(crate) fn write_vectored(&self, fd: RawFd, buffers: &[IoSlice<'_>]) -> Result<usize> {
        self.choose(fd, || send_vectored(fd, buffers), || write_vectored(fd, buffers))
    }
}

#[cfg(not(any(target_vendor = "apple", target_os = "netbsd")))]
use super::send::{send, send_vectored};

#[cfg(not(any(target_vendor = "apple", target_os = "netbsd")))]
impl Output {
    #[inline]
    fn choose(
        &self,
        _: RawFd,
        send: impl FnOnce() -> Result<usize>,
        write: impl FnOnce() -> Result<usize>,
    ) -> Result<usize> {
        match self.0.get() {
            Way::Plain => return write(),
            Way::Socket => return send(),
            Way::Unknown => {}
        }
        match send() {
            Err(crate::error::Error::Os(libc::ENOTSOCK)) => {
                self.0.set(Way::Plain);
                write()
            }
            answer => {
                self.0.set(Way::Socket);
                answer
            }
        }
    }
}

#[cfg(any(target_vendor = "apple", target_os = "netbsd"))]
use self::{write as send, write_vectored as send_vectored};

#[cfg(any(target_vendor = "apple", target_os = "netbsd"))]
impl Output {
    #[inline]
    fn choose(
        &self,
        fd: RawFd,
        _: impl FnOnce() -> Result<usize>,
        write: impl FnOnce() -> Result<usize>,
    ) -> Result<usize> {
        if let Way::Unknown = self.0.replace(Way::Plain) {
            // What has no such flag raises no signal.
            // SAFETY: no memory is involved.
            unsafe { libc::fcntl(fd, libc::F_SETNOSIGPIPE, 1) };
        }
        write()
    }
}
