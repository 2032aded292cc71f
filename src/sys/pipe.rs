//! Pipes.

use super::fd::{OwnedFd, done};
use crate::error::Result;

/// The reading end and the writing end, non-blocking and close-on-exec: pipe2(2).
#[cfg(not(target_vendor = "apple"))]
pub(crate) fn pipe() -> Result<(OwnedFd, OwnedFd)> {
    let mut fds = [-1; 2];
    // SAFETY: the kernel writes two descriptors, which have no other owner.
    unsafe {
        done(libc::pipe2(fds.as_mut_ptr(), libc::O_CLOEXEC | libc::O_NONBLOCK))?;
        Ok((OwnedFd::from_raw_fd(fds[0]), OwnedFd::from_raw_fd(fds[1])))
    }
}

/// The same, in more calls: pipe(2).
#[cfg(target_vendor = "apple")]
pub(crate) fn pipe() -> Result<(OwnedFd, OwnedFd)> {
    let mut fds = [-1; 2];
    // SAFETY: the kernel writes two descriptors, which have no other owner.
    let ends = unsafe {
        done(libc::pipe(fds.as_mut_ptr()))?;
        [OwnedFd::from_raw_fd(fds[0]), OwnedFd::from_raw_fd(fds[1])]
    };
    for end in &ends {
        end.set_cloexec()?;
        end.set_nonblocking(true)?;
    }
    let [reader, writer] = ends;
    Ok((reader, writer))
}
