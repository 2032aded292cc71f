//! calloop: sources call back. Here they leave their ids behind, a nanosecond or so of its hundreds.

use std::os::fd::{AsFd, BorrowedFd, RawFd};
use std::time::Duration;

use calloop::generic::Generic;
use calloop::{Dispatcher, EventLoop, Interest, PostAction, RegistrationToken};

use super::{Mode, Selector};

pub struct Calloop {
    pub event_loop: EventLoop<'static, Vec<usize>>,
    /// By descriptor.
    sources: Vec<Option<Source>>,
}

struct Source {
    token: RegistrationToken,
    dispatcher: Dispatcher<'static, Generic<Fd>, Vec<usize>>,
}

struct Fd(RawFd);

impl AsFd for Fd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        // SAFETY: a source is removed before its descriptor is closed.
        unsafe { BorrowedFd::borrow_raw(self.0) }
    }
}

impl Selector for Calloop {
    const PEER: &'static str = "calloop";

    type Events = Vec<usize>;

    fn new() -> Calloop {
        Calloop { event_loop: EventLoop::try_new().unwrap(), sources: Vec::new() }
    }

    fn events() -> Vec<usize> {
        Vec::with_capacity(1024)
    }

    fn register(&mut self, fd: RawFd, id: usize, mode: Mode) {
        let mode = if mode == Mode::Edge { calloop::Mode::Edge } else { calloop::Mode::Level };
        let source = Generic::new(Fd(fd), Interest::READ, mode);
        let dispatcher = Dispatcher::new(source, move |readiness, _, ids: &mut Vec<usize>| {
            if readiness.readable {
                ids.push(id);
            }
            Ok(PostAction::Continue)
        });
        let token = self.event_loop.handle().register_dispatcher(dispatcher.clone()).unwrap();
        if self.sources.len() <= fd as usize {
            self.sources.resize_with(fd as usize + 1, || None);
        }
        self.sources[fd as usize] = Some(Source { token, dispatcher });
    }

    fn reregister(&mut self, fd: RawFd, _: usize, writable: bool) {
        let source = self.sources[fd as usize].as_ref().unwrap();
        source.dispatcher.as_source_mut().interest =
            if writable { Interest::BOTH } else { Interest::READ };
        self.event_loop.handle().update(&source.token).unwrap();
    }

    fn deregister(&mut self, fd: RawFd) {
        let source = self.sources[fd as usize].take().unwrap();
        self.event_loop.handle().remove(source.token);
    }

    fn close(&mut self, fd: RawFd) {
        self.deregister(fd);
        crate::sys::close(fd);
    }

    #[inline(always)]
    fn poll(&mut self, ids: &mut Vec<usize>, timeout: Option<Duration>) {
        self.event_loop.dispatch(timeout, ids).unwrap();
    }

    #[inline(always)]
    fn readable(ids: &mut Vec<usize>, handle: impl FnMut(usize)) {
        ids.drain(..).for_each(handle);
    }
}
