//! epoll itself, through `libc`: what the others are compared with.

use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::time::Duration;

use super::{Mode, Selector};
use crate::sys;

pub struct Raw {
    epoll: OwnedFd,
}

pub struct RawEvents {
    buffer: [libc::epoll_event; 256],
    len: usize,
}

impl Selector for Raw {
    const PEER: &'static str = "raw";

    type Events = RawEvents;

    fn new() -> Raw {
        Raw { epoll: sys::epoll() }
    }

    fn events() -> RawEvents {
        RawEvents { buffer: [libc::epoll_event { events: 0, u64: 0 }; 256], len: 0 }
    }

    #[inline]
    fn register(&mut self, fd: RawFd, id: usize, mode: Mode) {
        sys::control(self.epoll.as_raw_fd(), libc::EPOLL_CTL_ADD, fd, request(mode), id);
    }

    #[inline]
    fn reregister(&mut self, fd: RawFd, id: usize, writable: bool) {
        let events = request(Mode::Edge) | if writable { libc::EPOLLOUT } else { 0 };
        sys::control(self.epoll.as_raw_fd(), libc::EPOLL_CTL_MOD, fd, events, id);
    }

    #[inline]
    fn deregister(&mut self, fd: RawFd) {
        sys::control(self.epoll.as_raw_fd(), libc::EPOLL_CTL_DEL, fd, 0, 0);
    }

    #[inline(always)]
    fn poll(&mut self, events: &mut RawEvents, timeout: Option<Duration>) {
        let count = sys::wait(self.epoll.as_raw_fd(), &mut events.buffer, sys::millis(timeout));
        events.len = count.max(0) as usize;
    }

    #[inline(always)]
    fn readable(events: &mut RawEvents, mut handle: impl FnMut(usize)) {
        for event in &events.buffer[..events.len] {
            let (bits, id) = (event.events, event.u64);
            if bits & (libc::EPOLLIN | libc::EPOLLHUP | libc::EPOLLERR) as u32 != 0 {
                handle(id as usize);
            }
        }
    }
}

pub(super) fn request(mode: Mode) -> i32 {
    let edge = if mode == Mode::Edge { libc::EPOLLET } else { 0 };
    libc::EPOLLIN | libc::EPOLLRDHUP | edge
}
