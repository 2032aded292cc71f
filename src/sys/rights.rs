//! Descriptors that go over Unix domain sockets: `SCM_RIGHTS` in unix(7).

use core::ffi::c_int;
use core::mem;

use libc::{iovec, msghdr};

use super::control::Control;
use super::fd::{OwnedFd, RawFd, retry};
use super::io::MAX_IO_LEN;
use super::send::NO_SIGNAL;
use crate::error::{Error, Result};

/// The most descriptors that one message may carry: Linux's limit, `SCM_MAX_FD`.
pub(crate) const MOST: usize = 253;

/// Enough for that many.
const SPACE: usize = 1040;
// SAFETY: it only computes.
const _: () =
    assert!(unsafe { libc::CMSG_SPACE((MOST * size_of::<RawFd>()) as u32) } as usize <= SPACE);

/// Whether descriptors are close-on-exec on arrival.
#[cfg(not(target_vendor = "apple"))]
const CLOSE_ON_EXEC: c_int = libc::MSG_CMSG_CLOEXEC;
#[cfg(target_vendor = "apple")]
const CLOSE_ON_EXEC: c_int = 0;

/// Sends data, and duplicates of descriptors with it.
///
/// # Errors
///
/// `InvalidInput` for more descriptors than one message carries.
pub(crate) fn send(socket: RawFd, data: &[u8], descriptors: &[RawFd]) -> Result<usize> {
    if descriptors.len() > MOST {
        return Err(Error::InvalidInput);
    }
    let mut control = Control::<SPACE>::new();
    if !descriptors.is_empty() {
        control.push(libc::SOL_SOCKET, libc::SCM_RIGHTS, descriptors)?;
    }
    let length = data.len().min(MAX_IO_LEN);
    let mut part = iovec { iov_base: data.as_ptr().cast_mut().cast(), iov_len: length };
    // SAFETY: it is made of integers and pointers, for which zeroes are a value.
    let mut header: msghdr = unsafe { mem::zeroed() };
    (header.msg_iov, header.msg_iovlen) = (&mut part, 1);
    control.attach(&mut header);
    // SAFETY: the kernel reads data and control data, all of them alive.
    Ok(retry(|| unsafe { libc::sendmsg(socket, &header, NO_SIGNAL) })? as usize)
}

/// What came, beside the descriptors.
pub(crate) struct Received {
    pub(crate) length: usize,
    pub(crate) is_truncated: bool,
    pub(crate) is_control_truncated: bool,
}

/// Receives data, and gives each descriptor that comes with it to `take`.
///
/// There is always room for all descriptors of a message: of what does not fit some systems forget
/// to close the rest, and the padding of a small buffer has room for more than it should.
pub(crate) fn receive(
    socket: RawFd,
    buffer: &mut [u8],
    mut take: impl FnMut(OwnedFd),
) -> Result<Received> {
    let mut control = Control::<SPACE>::new();
    let length = buffer.len().min(MAX_IO_LEN);
    let mut part = iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: length };
    // SAFETY: it is made of integers and pointers, for which zeroes are a value.
    let mut header: msghdr = unsafe { mem::zeroed() };
    (header.msg_iov, header.msg_iovlen) = (&mut part, 1);
    control.attach_empty(&mut header);
    // SAFETY: the kernel writes as much as the buffers hold.
    let received = retry(|| unsafe { libc::recvmsg(socket, &mut header, CLOSE_ON_EXEC) })?;
    control.each(&header, |level, kind, bytes| {
        if (level, kind) == (libc::SOL_SOCKET, libc::SCM_RIGHTS) {
            for descriptor in bytes.chunks_exact(size_of::<RawFd>()) {
                let Ok(number) = descriptor.try_into().map(RawFd::from_ne_bytes) else { continue };
                // SAFETY: it was made just now, for this process, and has no other owner.
                let fd = unsafe { OwnedFd::from_raw_fd(number) };
                #[cfg(target_vendor = "apple")]
                let _ = fd.set_cloexec();
                take(fd);
            }
        }
    });
    Ok(Received {
        length: received as usize,
        is_truncated: header.msg_flags & libc::MSG_TRUNC != 0,
        is_control_truncated: header.msg_flags & libc::MSG_CTRUNC != 0,
    })
}
