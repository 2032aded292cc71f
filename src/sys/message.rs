//! Receiving, so that a cut datagram shows.

use core::ffi::{c_int, c_void};
use core::mem;

use libc::{iovec, msghdr};

use super::address::RawAddress;
use super::fd::{RawFd, retry};
use super::io::MAX_IO_LEN;
use crate::error::Result;

/// What came.
pub(crate) struct Received {
    /// The number of bytes in the buffer.
    pub(crate) length: usize,
    /// It was longer than the buffer, and the rest is lost.
    pub(crate) truncated: bool,
}

/// recvmsg(2), which writes the sender to `from`. Descriptors that came along are closed by the
/// kernel.
pub(crate) fn receive(
    socket: RawFd,
    buffer: &mut [u8],
    flags: c_int,
    from: &mut RawAddress,
) -> Result<Received> {
    let (address, length) = from.as_mut_ptrs();
    let mut part =
        iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len().min(MAX_IO_LEN) };
    let mut message = empty_message();
    message.msg_iov = &mut part;
    message.msg_iovlen = 1;
    message.msg_name = address.cast();
    // SAFETY: `length` points into `from`; the kernel writes at most that much of an address, and
    // at most the buffer's length into the buffer.
    let received = unsafe {
        message.msg_namelen = *length;
        let received = retry(|| libc::recvmsg(socket, &mut message, flags))?;
        *length = message.msg_namelen;
        received
    };
    let truncated = message.msg_flags & libc::MSG_TRUNC != 0;
    Ok(Received { length: received as usize, truncated })
}

/// recv(2).
#[inline]
pub(crate) fn recv(socket: RawFd, buffer: &mut [u8], flags: c_int) -> Result<usize> {
    let (data, length) = (buffer.as_mut_ptr().cast::<c_void>(), buffer.len().min(MAX_IO_LEN));
    // SAFETY: the kernel writes at most `length` bytes into the buffer.
    Ok(retry(|| unsafe { libc::recv(socket, data, length, flags) })? as usize)
}

/// recvfrom(2), which writes the sender to `from`.
pub(crate) fn recv_from(
    socket: RawFd,
    buffer: &mut [u8],
    flags: c_int,
    from: &mut RawAddress,
) -> Result<usize> {
    let (address, size) = from.as_mut_ptrs();
    let (data, length) = (buffer.as_mut_ptr().cast::<c_void>(), buffer.len().min(MAX_IO_LEN));
    // SAFETY: the kernel writes at most `length` bytes into the buffer, and at most `size` bytes of
    // address.
    let received = retry(|| unsafe { libc::recvfrom(socket, data, length, flags, address, size) })?;
    Ok(received as usize)
}

fn empty_message() -> msghdr {
    // Field by field it could not be written, since some systems have padding between them.
    // SAFETY: it is made of integers and pointers, for which zeroes are a value.
    unsafe { mem::zeroed() }
}
