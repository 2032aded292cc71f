//! A kqueue's descriptor, and changes to what it watches.

use core::ptr;

use super::abi::{self, Count, Kevent};
use super::change::{change, errno};
use crate::error::{Error, Result};
use crate::sys::fd::{OwnedFd, RawFd, check};
use crate::sys::fork::ForkGuard;

/// A kqueue that is closed when dropped, but not in a forked child: that has not inherited it, and
/// may have given its number to something else.
#[derive(Debug)]
pub(super) struct Queue {
    fd: RawFd,
    fork: ForkGuard,
}

impl Queue {
    pub(super) fn new() -> Result<Queue> {
        let fork = ForkGuard::new()?;
        // SAFETY: no memory is involved, and a descriptor made just now has no other owner.
        let fd = unsafe { OwnedFd::from_raw_fd(check(abi::kqueue())?) };
        fd.set_cloexec()?;
        Ok(Queue { fd: fd.into_raw_fd(), fork })
    }

    /// The same kqueue by another descriptor, which may outlive this one.
    pub(super) fn duplicate(&self) -> Result<Queue> {
        let fork = ForkGuard::new()?;
        // SAFETY: no memory is involved.
        let fd = check(unsafe { libc::fcntl(self.as_raw_fd(), libc::F_DUPFD_CLOEXEC, 0) })?;
        Ok(Queue { fd, fork })
    }

    /// The number, which in a forked child means something else, or nothing.
    #[inline]
    pub(super) fn as_raw_fd(&self) -> RawFd {
        self.fd
    }

    /// An error in a forked child.
    #[inline]
    pub(super) fn check_fork(&self) -> Result<()> {
        self.fork.check()
    }

    /// Makes the changes; each becomes its receipt. An interruption does not undo them.
    pub(super) fn change(&self, changes: &mut [Kevent]) -> Result<()> {
        change_in(self.as_raw_fd(), changes)
    }

    /// Makes one change.
    pub(super) fn change_one(&self, change: Kevent) -> Result<()> {
        change_one_in(self.as_raw_fd(), change)
    }

    /// Takes one event, if there is one.
    pub(super) fn take_one(&self) -> Result<Option<Kevent>> {
        take_one_from(self.as_raw_fd())
    }
}

const NOW: libc::timespec = libc::timespec { tv_sec: 0, tv_nsec: 0 };

/// [`Queue::change`], for a queue that is owned elsewhere.
fn change_in(queue: RawFd, changes: &mut [Kevent]) -> Result<()> {
    let (list, count) = (changes.as_mut_ptr(), changes.len() as Count);
    // SAFETY: the kernel reads `count` changes and writes as many receipts; the manual allows both
    // to be one array.
    match check(unsafe { abi::kevent(queue, list, count, list, count, &NOW) }) {
        Err(Error::Os(libc::EINTR)) => Ok(()),
        result => result.map(drop),
    }
}

/// [`Queue::change_one`], for a queue that is owned elsewhere.
pub(super) fn change_one_in(queue: RawFd, change: Kevent) -> Result<()> {
    let mut receipt = [change];
    change_in(queue, &mut receipt)?;
    match errno(&receipt[0]) {
        0 => Ok(()),
        errno => Err(Error::from_raw_os_error(errno)),
    }
}

/// [`Queue::take_one`], for a queue that is owned elsewhere.
pub(super) fn take_one_from(queue: RawFd) -> Result<Option<Kevent>> {
    let mut event = change(0, abi::EVFILT_READ, 0);
    // SAFETY: the kernel writes one event at most.
    let count = check(unsafe { abi::kevent(queue, ptr::null(), 0, &mut event, 1, &NOW) })?;
    Ok((count > 0).then_some(event))
}

impl Drop for Queue {
    fn drop(&mut self) {
        if self.check_fork().is_ok() {
            // SAFETY: the descriptor is owned, and this is the process that it was made in.
            drop(unsafe { OwnedFd::from_raw_fd(self.fd) });
        }
    }
}
