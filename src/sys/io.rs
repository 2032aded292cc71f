//! Reading and writing any descriptor.

use core::cell::Cell;
use core::ffi::c_int;

pub(super) use super::buffers::MAX_IO_LEN;
use super::buffers::at_once;
#[cfg(any(target_vendor = "apple", target_os = "netbsd"))]
use super::fd::check;
#[cfg(not(any(target_vendor = "apple", target_os = "netbsd")))]
use super::fd::file_type;
use super::fd::{RawFd, retry};
use super::io_slice::{IoSlice, IoSliceMut};
#[cfg(not(any(target_vendor = "apple", target_os = "netbsd")))]
use super::missing::is_missing;
#[cfg(not(any(target_vendor = "apple", target_os = "netbsd")))]
use super::send::{send, send_vectored};
use crate::error::{Error, Result};

/// read(2).
#[inline]
pub(crate) fn read(fd: RawFd, buffer: &mut [u8]) -> Result<usize> {
    let (start, length) = (buffer.as_mut_ptr().cast(), buffer.len().min(MAX_IO_LEN));
    // SAFETY: the kernel writes at most `length` bytes to the buffer, which has as many.
    Ok(retry(|| unsafe { libc::read(fd, start, length) })? as usize)
}

/// readv(2); no bytes are no call, since no buffers at all are `EINVAL` on NetBSD and Apple's
/// systems.
#[inline]
pub(crate) fn read_vectored(fd: RawFd, buffers: &mut [IoSliceMut<'_>]) -> Result<usize> {
    if buffers.iter().all(|buffer| buffer.is_empty()) {
        return Ok(0);
    }
    let buffers = at_once(fd, buffers)?;
    let (list, count) = (buffers.as_ptr().cast(), buffers.len() as c_int);
    // SAFETY: each entry is a buffer that is borrowed mutably, in the layout of an `iovec`.
    Ok(retry(|| unsafe { libc::readv(fd, list, count) })? as usize)
}

/// write(2).
#[inline]
pub(crate) fn write(fd: RawFd, buffer: &[u8]) -> Result<usize> {
    let (start, length) = (buffer.as_ptr().cast(), buffer.len().min(MAX_IO_LEN));
    // SAFETY: the kernel reads at most `length` bytes of the buffer.
    Ok(retry(|| unsafe { libc::write(fd, start, length) })? as usize)
}

/// writev(2); no bytes are no call.
#[inline]
pub(crate) fn write_vectored(fd: RawFd, buffers: &[IoSlice<'_>]) -> Result<usize> {
    if buffers.iter().all(|buffer| buffer.is_empty()) {
        return Ok(0);
    }
    let buffers = at_once(fd, buffers)?;
    let (list, count) = (buffers.as_ptr().cast(), buffers.len() as c_int);
    // SAFETY: each entry is a buffer that is borrowed, in the layout of an `iovec`.
    Ok(retry(|| unsafe { libc::writev(fd, list, count) })? as usize)
}

/// Writes without `SIGPIPE` wherever that is possible, and remembers how.
///
/// Most systems have a flag against it at each call, for sockets only: what is no socket is written
/// to by write(2). It is recognised by the error of the first attempt, and of any later one:
/// another file may have been put at the number (dup2(2)).
#[cfg(not(any(target_vendor = "apple", target_os = "netbsd")))]
#[derive(Debug)]
pub(crate) struct NoSigpipeWriter {
    is_plain: Cell<bool>,
}

#[cfg(not(any(target_vendor = "apple", target_os = "netbsd")))]
impl NoSigpipeWriter {
    /// Of a descriptor of which nothing is known.
    pub(crate) const fn new() -> NoSigpipeWriter {
        NoSigpipeWriter { is_plain: Cell::new(false) }
    }

    /// Of an end of a pipe.
    pub(crate) const fn pipe() -> NoSigpipeWriter {
        NoSigpipeWriter { is_plain: Cell::new(true) }
    }

    #[inline]
    pub(crate) fn write(&self, fd: RawFd, buffer: &[u8]) -> Result<usize> {
        self.send_or_write(fd, || send(fd, buffer), || write(fd, buffer))
    }

    #[inline]
    pub(crate) fn write_vectored(&self, fd: RawFd, buffers: &[IoSlice<'_>]) -> Result<usize> {
        self.send_or_write(fd, || send_vectored(fd, buffers), || write_vectored(fd, buffers))
    }

    #[inline]
    fn send_or_write(
        &self,
        fd: RawFd,
        send: impl FnOnce() -> Result<usize>,
        write: impl FnOnce() -> Result<usize>,
    ) -> Result<usize> {
        if !self.is_plain.get() {
            match send() {
                Err(error) if self.is_no_socket(fd, error) => {}
                result => return result,
            }
        }
        write()
    }

    /// Returns whether sending failed because `fd` is no socket, and remembers it.
    #[cold]
    fn is_no_socket(&self, fd: RawFd, error: Error) -> bool {
        let is_plain = match error {
            Error::Os(libc::ENOTSOCK) => true,
            // A sandbox may refuse to send and allow to write.
            error if is_missing(error) => file_type(fd).is_ok_and(|kind| kind != libc::S_IFSOCK),
            _ => false,
        };
        self.is_plain.set(is_plain);
        is_plain
    }
}

/// Writes without `SIGPIPE`. These systems have a flag against it at the open file, for sockets and
/// pipes; what has no such flag raises no signal.
#[cfg(any(target_vendor = "apple", target_os = "netbsd"))]
#[derive(Debug)]
pub(crate) struct NoSigpipeWriter {
    is_flag_set: Cell<bool>,
}

#[cfg(any(target_vendor = "apple", target_os = "netbsd"))]
impl NoSigpipeWriter {
    pub(crate) const fn new() -> NoSigpipeWriter {
        NoSigpipeWriter { is_flag_set: Cell::new(false) }
    }

    /// Of an end of a pipe.
    pub(crate) const fn pipe() -> NoSigpipeWriter {
        NoSigpipeWriter::new()
    }

    #[inline]
    pub(crate) fn write(&self, fd: RawFd, buffer: &[u8]) -> Result<usize> {
        self.set_flag(fd);
        write(fd, buffer)
    }

    #[inline]
    pub(crate) fn write_vectored(&self, fd: RawFd, buffers: &[IoSlice<'_>]) -> Result<usize> {
        self.set_flag(fd);
        write_vectored(fd, buffers)
    }

    #[inline]
    fn set_flag(&self, fd: RawFd) {
        if !self.is_flag_set.get() {
            // SAFETY: no memory is involved.
            let result = check(unsafe { libc::fcntl(fd, libc::F_SETNOSIGPIPE, 1) });
            self.is_flag_set.set(result != Err(Error::Os(libc::EBADF)));
        }
    }
}
