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

/// Whether buffers that may overlap, as those of a write may, can have more bytes altogether than
/// one call may be given.
const IS_SUM_LIMITED: bool = cfg!(any(target_vendor = "apple", target_pointer_width = "32"));

/// Returns the part of `buffers` to give to one call on `fd`: all of them, if they are not too many
/// and not too long.
///
/// # Errors
///
/// `EMSGSIZE` if they are and `fd` keeps the boundaries of what is read and written.
#[inline]
pub(super) fn at_once<B: Deref<Target = [u8]>>(fd: RawFd, buffers: &[B]) -> Result<&[B]> {
    let is_short = !IS_SUM_LIMITED || leading(buffers, MAX_IO_LEN) == buffers.len();
    if buffers.len() <= IOV_MAX && is_short { Ok(buffers) } else { first_of(fd, buffers) }
}

#[cold]
fn first_of<B: Deref<Target = [u8]>>(fd: RawFd, buffers: &[B]) -> Result<&[B]> {
    let is_filled = |buffer: &B| !buffer.is_empty();
    let end = buffers.iter().rposition(is_filled).map_or(0, |last| last + 1);
    let start = buffers[..end].iter().position(is_filled).unwrap_or(0);
    // One at least: no buffers at all are an error to some systems.
    let filled = &buffers[start..end.max(1)];
    let most = leading(filled, MAX_IO_LEN).min(IOV_MAX);
    if filled.len() <= most {
        Ok(filled)
    } else if keeps_boundaries(fd) {
        Err(Error::Os(libc::EMSGSIZE))
    } else {
        Ok(&filled[..most])
    }
}

/// Returns how many of the first buffers have at most `most` bytes altogether: one at least, if
/// there is one.
fn leading<B: Deref<Target = [u8]>>(buffers: &[B], most: usize) -> usize {
    let mut left = most;
    let fit = buffers.iter().take_while(|buffer| match left.checked_sub(buffer.len()) {
        Some(rest) => {
            left = rest;
            true
        }
        None => false,
    });
    fit.count().max(1).min(buffers.len())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_buffers_go_as_have_no_more_bytes_than_allowed() {
        let of = |lengths: &[usize], most| {
            let buffers: heapless::Vec<&[u8], 8> =
                lengths.iter().map(|&length| &[0; 16][..length]).collect();
            leading(&buffers, most)
        };
        assert_eq!((of(&[], 5), of(&[0], 5), of(&[5], 5), of(&[6], 5)), (0, 1, 1, 1));
        assert_eq!((of(&[2, 3], 5), of(&[2, 3, 0], 5), of(&[2, 3, 1], 5)), (2, 3, 2));
        assert_eq!((of(&[0, 6], 5), of(&[6, 0], 5), of(&[1; 8], 5)), (1, 1, 5));
        assert_eq!(of(&[16; 8], usize::MAX), 8);
    }
}
