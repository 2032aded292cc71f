//! The poller's own descriptor, for nesting and for other libraries.
//!
//! Not for a forked child: a kqueue is not inherited, so there its number names nothing, or whatever the
//! child has opened since. Nothing here can say so in a type; who forks, which is `unsafe`, answers for what
//! the child does with the parent's handles.

extern crate std;

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

use crate::poller::{Poller, Registry};

impl AsRawFd for Registry {
    fn as_raw_fd(&self) -> RawFd {
        self.raw_fd()
    }
}

/// The kernel queue's descriptor. It must not be used in a forked child, where a kqueue is gone and its
/// number may be another descriptor's.
impl AsFd for Registry {
    #[allow(unsafe_code)]
    fn as_fd(&self) -> BorrowedFd<'_> {
        // SAFETY: the registry owns the descriptor and keeps it open for as long as it is borrowed. In a
        // child that has not inherited it, it is for the one who forked, see above.
        unsafe { BorrowedFd::borrow_raw(self.raw_fd()) }
    }
}

impl<const USER: usize, const TIMERS: usize> AsRawFd for Poller<USER, TIMERS> {
    fn as_raw_fd(&self) -> RawFd {
        self.raw_fd()
    }
}

/// The kernel queue's descriptor, which is [readable](crate::event::Ready::READABLE) when there are kernel
/// events. It must not be used in a forked child, where a kqueue is gone and its number may be another
/// descriptor's.
impl<const USER: usize, const TIMERS: usize> AsFd for Poller<USER, TIMERS> {
    #[allow(unsafe_code)]
    fn as_fd(&self) -> BorrowedFd<'_> {
        // SAFETY: as for the registry inside.
        unsafe { BorrowedFd::borrow_raw(self.raw_fd()) }
    }
}
