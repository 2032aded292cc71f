//! mio 1.

use std::os::fd::{AsRawFd, RawFd};
use std::time::Duration;

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};

use super::{Mode, Selector, raw};
use crate::sys;

pub struct Mio {
    pub poll: Poll,
}

impl Selector for Mio {
    const PEER: &'static str = "mio";

    type Events = Events;

    fn new() -> Mio {
        Mio { poll: Poll::new().unwrap() }
    }

    fn events() -> Events {
        Events::with_capacity(256)
    }

    #[inline]
    fn register(&mut self, fd: RawFd, id: usize, mode: Mode) {
        if mode == Mode::Level {
            // mio itself is always edge-triggered; to be measured, its poll needs sources that stay ready.
            let epoll = self.poll.as_raw_fd();
            return sys::control(epoll, libc::EPOLL_CTL_ADD, fd, raw::request(mode), id);
        }
        self.poll.registry().register(&mut SourceFd(&fd), Token(id), Interest::READABLE).unwrap();
    }

    #[inline]
    fn reregister(&mut self, fd: RawFd, id: usize, writable: bool) {
        let both = Interest::READABLE | Interest::WRITABLE;
        let interests = if writable { both } else { Interest::READABLE };
        self.poll.registry().reregister(&mut SourceFd(&fd), Token(id), interests).unwrap();
    }

    #[inline]
    fn deregister(&mut self, fd: RawFd) {
        self.poll.registry().deregister(&mut SourceFd(&fd)).unwrap();
    }

    #[inline(always)]
    fn poll(&mut self, events: &mut Events, timeout: Option<Duration>) {
        super::allow_interruption(self.poll.poll(events, timeout));
    }

    #[inline(always)]
    fn readable(events: &mut Events, mut handle: impl FnMut(usize)) {
        for event in events.iter() {
            if event.is_readable() {
                handle(event.token().0);
            }
        }
    }
}
