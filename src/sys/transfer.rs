//! Moving data from one descriptor to another without a copy to this process.

use super::fd::RawFd;
#[cfg(any(
    target_os = "linux",
    target_os = "android",
    target_os = "freebsd",
    target_os = "dragonfly",
    target_vendor = "apple",
))]
use super::fd::retry;
#[allow(unused_imports)] // Not on all systems.
use crate::error::{Error, Result};

/// The most bytes that one call is asked for: as much as Linux moves at once. It is EINVAL there if
/// the length, or its sum with the offset, has a sign bit; on FreeBSD the sum would wrap around.
#[allow(dead_code)] // Not on all systems.
const LONGEST: usize = 0x7fff_f000;

/// Moves up to `length` bytes, from or to a pipe: splice(2).
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn splice(from: RawFd, to: RawFd, length: usize) -> Result<usize> {
    use core::ptr::null_mut;
    let length = length.min(LONGEST);
    let flags = libc::SPLICE_F_NONBLOCK | libc::SPLICE_F_MOVE;
    // SAFETY: no memory of this process is involved.
    let call = || unsafe { libc::splice(from, null_mut(), to, null_mut(), length, flags) };
    Ok(retry(call)? as usize)
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn splice(_: RawFd, _: RawFd, _: usize) -> Result<usize> {
    Err(Error::Unsupported)
}

/// Sends up to `length` bytes of a file, from `offset` on: sendfile(2).
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn send_file(socket: RawFd, file: RawFd, offset: u64, length: usize) -> Result<usize> {
    let mut offset = libc::off64_t::try_from(offset).map_err(|_| Error::InvalidInput)?;
    let length = length.min(LONGEST);
    // SAFETY: the kernel reads the offset, and writes it if it has sent something.
    let sent = retry(|| unsafe { libc::sendfile64(socket, file, &mut offset, length) })?;
    Ok(sent as usize)
}

/// These systems say how much was sent beside an error.
#[cfg(any(target_os = "freebsd", target_os = "dragonfly"))]
pub(crate) fn send_file(socket: RawFd, file: RawFd, offset: u64, length: usize) -> Result<usize> {
    let offset = libc::off_t::try_from(offset).map_err(|_| Error::InvalidInput)?;
    if length == 0 {
        return Ok(0); // It would mean: all of the file.
    }
    let length = length.min(LONGEST);
    let mut sent: libc::off_t = 0;
    let headers = core::ptr::null_mut();
    // SAFETY: the kernel writes how much was sent.
    let result = retry(|| unsafe {
        match libc::sendfile(file, socket, offset, length, headers, &mut sent, 0) {
            -1 if sent > 0 => 0,
            result => result,
        }
    });
    result.map(|_| sent as usize)
}

/// The same in another order.
#[cfg(target_vendor = "apple")]
pub(crate) fn send_file(socket: RawFd, file: RawFd, offset: u64, length: usize) -> Result<usize> {
    let offset = libc::off_t::try_from(offset).map_err(|_| Error::InvalidInput)?;
    if length == 0 {
        return Ok(0); // It would mean: all of the file.
    }
    let wanted = length.min(LONGEST) as libc::off_t;
    let mut sent = wanted;
    // SAFETY: the kernel reads how much to send and writes how much was sent.
    let result = retry(|| unsafe {
        sent = wanted;
        match libc::sendfile(file, socket, offset, &mut sent, core::ptr::null_mut(), 0) {
            -1 if sent > 0 => 0,
            result => result,
        }
    });
    result.map(|_| sent as usize)
}

#[cfg(any(target_os = "netbsd", target_os = "openbsd"))]
pub(crate) fn send_file(_: RawFd, _: RawFd, _: u64, _: usize) -> Result<usize> {
    Err(Error::Unsupported)
}
