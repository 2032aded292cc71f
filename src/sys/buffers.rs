//! Lists of more buffers than one call takes.
//!
//! A stream can be read and written in parts, so the first buffers are enough: the result says how
//! much. If the first buffers are empty, the result would be 0, which means the end of the data:
//! leading and trailing empty buffers are left out. A datagram cannot be split: too many buffers
//! are `EMSGSIZE`, as for sendmsg(2) itself.

use core::ops::Deref;

use super::fd::{RawFd, file_type};
use super::option_name;
use crate::error::{Error, Result};

/// The most bytes that one call may be given. Apple's systems refuse more than an `int`.
#[cfg(not(target_vendor = "apple"))]
pub(super) const MAX_IO_LEN: usize = isize::MAX as usize;
#[cfg(target_vendor = "apple")]
pub(super) const MAX_IO_LEN: usize = core::ffi::c_int::MAX as usize - 1;

/// The most buffers that one call may be given: `IOV_MAX`, alike on every system.
const IOV_MAX: usize = 1024;

/// Returns the part of `buffers` to give to one call on `fd`: all of them, if they are not too
/// many.
///
/// # Errors
///
/// `EMSGSIZE` if they are too many and `fd` keeps the boundaries of what is read and written.
#[inline]
pub(super) fn at_once<B: Deref<Target = [u8]>>(fd: RawFd, buffers: &[B]) -> Result<&[B]> {
    if buffers.len() <= IOV_MAX { Ok(buffers) } else { first_of(fd, buffers) }
}

#[cold]
fn first_of<B: Deref<Target = [u8]>>(fd: RawFd, buffers: &[B]) -> Result<&[B]> {
    let is_filled = |buffer: &B| !buffer.is_empty();
    let end = buffers.iter().rposition(is_filled).map_or(0, |last| last + 1);
    let start = buffers[..end].iter().position(is_filled).unwrap_or(0);
    // One at least: no buffers at all are an error to some systems.
    let filled = &buffers[start..end.max(1)];
    if filled.len() <= IOV_MAX {
        Ok(filled)
    } else if keeps_boundaries(fd) {
        Err(Error::Os(libc::EMSGSIZE))
    } else {
        Ok(&filled[..IOV_MAX])
    }
}

/// Returns whether each call on `fd` reads or writes a unit of its own: a datagram, a packet of a
/// network device. If it cannot be known, the call itself fails.
fn keeps_boundaries(fd: RawFd) -> bool {
    match file_type(fd) {
        Ok(libc::S_IFSOCK) => option_name::TYPE.int(fd).is_ok_and(|kind| kind != libc::SOCK_STREAM),
        // SAFETY: no memory is involved.
        Ok(libc::S_IFCHR) => unsafe { libc::isatty(fd) == 0 },
        _ => false,
    }
}
