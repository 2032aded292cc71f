//! polling 3.

use std::num::NonZeroUsize;
use std::os::fd::{BorrowedFd, RawFd};
use std::time::Duration;

use polling::{Event, Events, PollMode, Poller};

use super::{Mode, Selector};

pub struct Polling {
    pub poller: Poller,
}

impl Selector for Polling {
    const PEER: &'static str = "polling";

    type Events = Events;

    fn new() -> Polling {
        Polling { poller: Poller::new().unwrap() }
    }

    fn events() -> Events {
        Events::with_capacity(NonZeroUsize::new(256).unwrap())
    }

    #[inline]
    fn register(&mut self, fd: RawFd, id: usize, mode: Mode) {
        let mode = if mode == Mode::Edge { PollMode::Edge } else { PollMode::Level };
        // SAFETY: every contest deregisters a source before it closes it, or never closes it.
        unsafe { self.poller.add_with_mode(fd, Event::readable(id), mode) }.unwrap();
    }

    #[inline]
    fn reregister(&mut self, fd: RawFd, id: usize, writable: bool) {
        let interests = if writable { Event::all(id) } else { Event::readable(id) };
        self.poller.modify_with_mode(borrow(fd), interests, PollMode::Edge).unwrap();
    }

    #[inline]
    fn deregister(&mut self, fd: RawFd) {
        self.poller.delete(borrow(fd)).unwrap();
    }

    /// Its documentation asks for the deregistration.
    fn close(&mut self, fd: RawFd) {
        self.deregister(fd);
        crate::sys::close(fd);
    }

    #[inline(always)]
    fn poll(&mut self, events: &mut Events, timeout: Option<Duration>) {
        events.clear();
        super::allow_interruption(self.poller.wait(events, timeout));
    }

    #[inline(always)]
    fn readable(events: &mut Events, mut handle: impl FnMut(usize)) {
        for event in events.iter() {
            if event.readable {
                handle(event.key);
            }
        }
    }
}

fn borrow<'a>(fd: RawFd) -> BorrowedFd<'a> {
    // SAFETY: who registered `fd` has it still open.
    unsafe { BorrowedFd::borrow_raw(fd) }
}
