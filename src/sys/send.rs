//! Sending on a socket, without `SIGPIPE`.

use core::ffi::c_int;
use core::mem;

use super::address::RawAddress;
use super::buffers::{MAX_IO_LEN, at_once};
use super::fd::{RawFd, retry};
use super::io_slice::IoSlice;
use crate::error::Result;

/// Apple's sockets have `SO_NOSIGPIPE` from birth instead.
#[cfg(target_vendor = "apple")]
pub(super) const NO_SIGNAL: c_int = 0;
#[cfg(not(target_vendor = "apple"))]
pub(super) const NO_SIGNAL: c_int = libc::MSG_NOSIGNAL;

/// send(2).
#[inline]
pub(crate) fn send(socket: RawFd, buffer: &[u8]) -> Result<usize> {
    let (start, length) = (buffer.as_ptr().cast(), buffer.len().min(MAX_IO_LEN));
    // SAFETY: the kernel reads at most `length` bytes of the buffer.
    Ok(retry(|| unsafe { libc::send(socket, start, length, NO_SIGNAL) })? as usize)
}

/// sendto(2).
#[inline]
pub(crate) fn send_to(socket: RawFd, buffer: &[u8], address: &RawAddress) -> Result<usize> {
    let (start, length) = (buffer.as_ptr().cast(), buffer.len().min(MAX_IO_LEN));
    let (to, size) = (address.as_ptr(), address.len());
    // SAFETY: the kernel reads at most `length` bytes of the buffer, and an address of that size.
    let sent = retry(|| unsafe { libc::sendto(socket, start, length, NO_SIGNAL, to, size) })?;
    Ok(sent as usize)
}

/// sendmsg(2); writev(2) would raise `SIGPIPE`. No buffers are no call (Apple's systems refuse it);
/// an empty one is an empty datagram.
#[inline]
pub(crate) fn send_vectored(socket: RawFd, buffers: &[IoSlice<'_>]) -> Result<usize> {
    if buffers.is_empty() {
        return Ok(0);
    }
    let buffers = at_once(socket, buffers)?;
    // SAFETY: the structure is of integers and pointers, of which zeroes are values.
    let mut message: libc::msghdr = unsafe { mem::zeroed() };
    message.msg_iov = buffers.as_ptr().cast_mut().cast();
    message.msg_iovlen = buffers.len() as _;
    // SAFETY: the kernel reads a message of buffers that are borrowed, and writes nothing.
    Ok(retry(|| unsafe { libc::sendmsg(socket, &message, NO_SIGNAL) })? as usize)
}

/// The same on a stream, where no bytes are no call.
#[inline]
pub(crate) fn send_stream_vectored(socket: RawFd, buffers: &[IoSlice<'_>]) -> Result<usize> {
    match buffers.iter().all(|buffer| buffer.is_empty()) {
        true => Ok(0),
        false => send_vectored(socket, buffers),
    }
}
