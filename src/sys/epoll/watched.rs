//! A descriptor that nobody but the library knows, and that ends its registration when dropped.
//!
//! A registration belongs to the open file description (see epoll(7), "Questions and answers").
//! Closing the descriptor does not end it while a forked child has a copy, and the events of a
//! dropped handle would go on. So it is deleted first. The user cannot do that: the descriptor is
//! closed by the library.

use core::ptr;

use crate::error::Result;
use crate::sys::fd::{OwnedFd, RawFd};
use crate::sys::fork::ForkGuard;

#[derive(Debug)]
pub(super) struct WatchedFd {
    fd: OwnedFd,
    /// The number of the epoll instance that watches it: the latest, if it has been registered with
    /// several.
    epoll: Option<RawFd>,
    /// The child's registration is the parent's.
    fork: ForkGuard,
}

impl WatchedFd {
    pub(super) fn new(fd: OwnedFd) -> Result<WatchedFd> {
        Ok(WatchedFd { fd, epoll: None, fork: ForkGuard::new()? })
    }

    #[inline]
    pub(super) fn as_raw_fd(&self) -> RawFd {
        self.fd.as_raw_fd()
    }

    /// Returns an error in a forked child.
    #[inline]
    pub(super) fn check_fork(&self) -> Result<()> {
        self.fork.check()
    }

    /// Remembers that this epoll instance watches it.
    pub(super) fn set_epoll(&mut self, epoll: RawFd) {
        self.epoll = Some(epoll);
    }
}

impl Drop for WatchedFd {
    fn drop(&mut self) {
        let Some(epoll) = self.epoll.filter(|_| self.fork.check().is_ok()) else { return };
        // The instance may be closed by now, and its number may mean something else. That is
        // harmless: another instance does not watch this descriptor and answers ENOENT, another
        // file answers EINVAL. SAFETY: no memory is involved; since Linux 2.6.9 the event may be
        // null.
        unsafe {
            libc::epoll_ctl(epoll, libc::EPOLL_CTL_DEL, self.fd.as_raw_fd(), ptr::null_mut())
        };
    }
}
