//! The poller's own descriptor, for nesting and for other libraries.

extern crate std;

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

use crate::poller::{Poller, Registry};

impl AsRawFd for Registry {
    fn as_raw_fd(&self) -> RawFd {
        self.raw_fd()
    }
}

impl AsFd for Registry {
    #[allow(unsafe_code)]
    fn as_fd(&self) -> BorrowedFd<'_> {
        // SAFETY: the registry owns the descriptor and keeps it open for as long as it is borrowed.
        unsafe { BorrowedFd::borrow_raw(self.raw_fd()) }
    }
}

impl<const USER: usize, const TIMERS: usize> AsRawFd for Poller<USER, TIMERS> {
    fn as_raw_fd(&self) -> RawFd {
        self.raw_fd()
    }
}

impl<const USER: usize, const TIMERS: usize> AsFd for Poller<USER, TIMERS> {
    #[allow(unsafe_code)]
    fn as_fd(&self) -> BorrowedFd<'_> {
        // SAFETY: as for the registry inside.
        unsafe { BorrowedFd::borrow_raw(self.raw_fd()) }
    }
}
