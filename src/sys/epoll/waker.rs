//! Waking by an eventfd. See eventfd(2).
//!
//! It is watched for edges, of which every write is one, and never read: a write is all there is.
//! Its counter of 64 bits does not fill up in any process's life.

use super::Selector;
use super::watched::WatchedFd;
use crate::error::Result;
use crate::id::EventedId;
use crate::interests::{Interests, PollOption};
use crate::subscription::Subscription;
use crate::sys::fd::{OwnedFd, check, preserve_errno};

#[derive(Debug)]
pub(crate) struct Waker {
    eventfd: WatchedFd,
}

impl Waker {
    pub(crate) fn new(selector: &Selector, id: EventedId) -> Result<Waker> {
        let flags = libc::EFD_CLOEXEC | libc::EFD_NONBLOCK;
        // SAFETY: no memory is involved, and a descriptor made just now has no other owner.
        let eventfd = unsafe { OwnedFd::from_raw_fd(check(libc::eventfd(0, flags))?) };
        let mut eventfd = WatchedFd::new(eventfd)?;
        selector.register(
            eventfd.as_raw_fd(),
            Subscription::new(id, Interests::READABLE, PollOption::Edge),
        )?;
        eventfd.set_epoll(selector.raw_fd());
        Ok(Waker { eventfd })
    }

    #[inline]
    pub(crate) fn wake(&self) -> Result<()> {
        // The child's eventfd is the parent's.
        self.eventfd.check_fork()?;
        let one = 1u64;
        // SAFETY: the kernel reads eight bytes of a number that is alive.
        let call = || unsafe { libc::write(self.eventfd.as_raw_fd(), (&raw const one).cast(), 8) };
        preserve_errno(|| check(call()).map(drop))
    }
}
