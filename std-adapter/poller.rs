//! The poller's descriptor as `std` types, for nesting and for other libraries.
//!
//! It must not be used in a forked child: a kqueue is not inherited, and there its number is
//! closed, or belongs to a descriptor that the child has opened since. No type can express this;
//! calling fork(2), which is `unsafe`, makes the caller responsible for what the child does with
//! inherited handles.

extern crate std;

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

use crate::poller::{Poller, Registry};

impl AsRawFd for Registry {
    fn as_raw_fd(&self) -> RawFd {
        self.raw_fd()
    }
}

/// Returns the descriptor of the kernel queue. It must not be used in a forked child, in which a
/// kqueue is closed and its number may belong to another descriptor.
impl AsFd for Registry {
    #[allow(unsafe_code)]
    fn as_fd(&self) -> BorrowedFd<'_> {
        // SAFETY: the registry owns the descriptor and keeps it open for as long as it is borrowed.
        // In a forked child the caller of fork(2) is responsible, see above.
        unsafe { BorrowedFd::borrow_raw(self.raw_fd()) }
    }
}

impl<const USER: usize, const TIMERS: usize> AsRawFd for Poller<USER, TIMERS> {
    fn as_raw_fd(&self) -> RawFd {
        self.raw_fd()
    }
}

/// Returns the descriptor of the kernel queue, which is [readable](crate::event::Ready::READABLE)
/// if kernel events are pending. It must not be used in a forked child, in which a kqueue is closed
/// and its number may belong to another descriptor.
impl<const USER: usize, const TIMERS: usize> AsFd for Poller<USER, TIMERS> {
    #[allow(unsafe_code)]
    fn as_fd(&self) -> BorrowedFd<'_> {
        // SAFETY: as for the registry inside.
        unsafe { BorrowedFd::borrow_raw(self.raw_fd()) }
    }
}
