//! This library.

use std::os::fd::RawFd;
use std::time::Duration;

use mio_st::event::{EventedId, Events, Interests};
use mio_st::poll::{PollOption, Poller};
use mio_st::unix::EventedFd;

use super::{Mode, Selector};

pub struct MioSt {
    pub poller: Poller,
}

impl Selector for MioSt {
    const PEER: &'static str = "mio-st";

    type Events = Events;

    fn new() -> MioSt {
        MioSt { poller: Poller::new().unwrap() }
    }

    fn events() -> Events {
        Events::new()
    }

    #[inline]
    fn register(&mut self, fd: RawFd, id: usize, mode: Mode) {
        let opt = if mode == Mode::Edge { PollOption::Edge } else { PollOption::Level };
        let mut source = EventedFd(&fd);
        self.poller.register(&mut source, EventedId(id), Interests::READABLE, opt).unwrap();
    }

    #[inline]
    fn reregister(&mut self, fd: RawFd, id: usize, writable: bool) {
        let interests = if writable { Interests::BOTH } else { Interests::READABLE };
        let mut source = EventedFd(&fd);
        self.poller.reregister(&mut source, EventedId(id), interests, PollOption::Edge).unwrap();
    }

    #[inline]
    fn deregister(&mut self, fd: RawFd) {
        self.poller.deregister(&mut EventedFd(&fd)).unwrap();
    }

    #[inline(always)]
    fn poll(&mut self, events: &mut Events, timeout: Option<Duration>) {
        self.poller.poll(events, timeout).unwrap();
    }

    #[inline(always)]
    fn readable(events: &mut Events, mut handle: impl FnMut(usize)) {
        for event in events {
            if event.readiness().is_readable() {
                handle(event.id().0);
            }
        }
    }
}
