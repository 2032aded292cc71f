//! Descriptors: an owned one, and the one way to make a system call.

use core::ffi::c_int;
use core::mem;

use crate::error::{Error, Result};

/// A raw file descriptor: the same type as `std::os::fd::RawFd`.
pub type RawFd = c_int;

/// Returns the error of the system call that failed just now.
#[cold]
#[inline(always)]
pub(crate) fn last_error() -> Error {
    let error = error_of_errno();
    // SAFETY: `from_raw_os_error` returns no other. Told so, the compiler knows that a call which
    // has failed returns no `Ok`: a variant of `Error` and `Ok` share a word in a `Result`.
    unsafe {
        let is_of_system = matches!(error, Error::Os(_) | Error::AlreadyExists | Error::NotFound);
        core::hint::assert_unchecked(is_of_system);
    }
    error
}

/// Out of line: inlined, it would be the larger part of most of the calls that it follows.
#[cold]
#[inline(never)]
fn error_of_errno() -> Error {
    // SAFETY: the pointer to the calling thread's own `errno` is always valid.
    Error::from_raw_os_error(unsafe { *errno() })
}

#[cfg(any(target_os = "linux", target_os = "dragonfly"))]
use libc::__errno_location as errno;

#[cfg(any(target_os = "android", target_os = "netbsd", target_os = "openbsd"))]
use libc::__errno as errno;

#[cfg(any(target_os = "freebsd", target_vendor = "apple"))]
use libc::__error as errno;

/// Returns the result of a system call that returns -1 and sets `errno` if it fails.
#[inline]
pub(crate) fn check<T: PartialOrd + From<i8>>(returned: T) -> Result<T> {
    if returned < T::from(0) { Err(last_error()) } else { Ok(returned) }
}

/// The same, for calls that return nothing else.
#[inline]
pub(crate) fn done(returned: c_int) -> Result<()> {
    if returned < 0 { Err(last_error()) } else { Ok(()) }
}

/// The same as `check`, for calls that want to be made again when a signal interrupts them.
#[inline]
pub(crate) fn retry<T: PartialOrd + From<i8>>(mut call: impl FnMut() -> T) -> Result<T> {
    loop {
        match check(call()) {
            Err(Error::Os(libc::EINTR)) => {}
            result => return result,
        }
    }
}

/// Makes a call for what may be a signal handler: `errno` is afterwards what it was before.
#[inline]
pub(crate) fn preserve_errno<T>(call: impl FnOnce() -> T) -> T {
    // SAFETY: the pointer to the calling thread's own `errno` is always valid.
    let before = unsafe { *errno() };
    let result = call();
    // SAFETY: as above.
    unsafe { *errno() = before };
    result
}

/// A descriptor that is closed when dropped, as `std::os::fd::OwnedFd`, without `std`.
#[derive(Debug)]
pub struct OwnedFd(RawFd);

impl OwnedFd {
    /// Takes over a descriptor, as it is.
    ///
    /// # Safety
    ///
    /// It must be open, and nobody else may own it: it will be closed.
    #[inline]
    #[must_use]
    pub unsafe fn from_raw_fd(fd: RawFd) -> OwnedFd {
        OwnedFd(fd)
    }

    /// Returns the descriptor, which stays owned by `self`.
    #[inline]
    #[must_use]
    pub fn as_raw_fd(&self) -> RawFd {
        self.0
    }

    /// Returns the descriptor and gives up its ownership. It stays open.
    #[inline]
    #[must_use = "nobody else will close it"]
    pub fn into_raw_fd(self) -> RawFd {
        let fd = self.0;
        mem::forget(self);
        fd
    }

    /// Sets whether calls that cannot be completed at once fail (`O_NONBLOCK`) or wait. It is a
    /// property of the open file, shared by all duplicates of the descriptor.
    ///
    /// # Errors
    ///
    /// An OS error, see fcntl(2).
    pub fn set_nonblocking(&self, nonblocking: bool) -> Result<()> {
        // SAFETY: no memory is involved.
        unsafe {
            let before = check(libc::fcntl(self.0, libc::F_GETFL))?;
            let after = match nonblocking {
                true => before | libc::O_NONBLOCK,
                false => before & !libc::O_NONBLOCK,
            };
            if after != before {
                check(libc::fcntl(self.0, libc::F_SETFL, after))?;
            }
        }
        Ok(())
    }

    /// Makes it close-on-exec, if the system cannot do so when it creates it.
    #[allow(dead_code)] // Linux can.
    pub(crate) fn set_cloexec(&self) -> Result<()> {
        // SAFETY: no memory is involved.
        done(unsafe { libc::fcntl(self.0, libc::F_SETFD, libc::FD_CLOEXEC) })
    }
}

impl Drop for OwnedFd {
    #[inline]
    fn drop(&mut self) {
        // The answer says nothing that can be acted on: after EINTR and EIO too, Linux has closed
        // it. SAFETY: the descriptor is owned, so no one else is surprised.
        unsafe { libc::close(self.0) };
    }
}

/// Returns what kind of file it is, `S_IFSOCK` for example: fstat(2).
pub(crate) fn file_type(fd: RawFd) -> Result<libc::mode_t> {
    Ok(stat(fd)?.st_mode & libc::S_IFMT)
}

/// fstat(2).
pub(super) fn stat(fd: RawFd) -> Result<libc::stat> {
    let mut stat = core::mem::MaybeUninit::<libc::stat>::zeroed();
    // SAFETY: the kernel writes one such structure; it is of integers, so zeroes were a value
    // already.
    unsafe {
        done(libc::fstat(fd, stat.as_mut_ptr()))?;
        Ok(stat.assume_init())
    }
}
