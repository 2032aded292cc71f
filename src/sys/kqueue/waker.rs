//! Waking by a user filter of the selector's own kqueue, which a duplicate of its descriptor keeps
//! alive.
//!
//! * `EV_CLEAR` belongs to the filter, which is told once, when it is added. In a change that
//!   triggers, it would clear the trigger at once (FreeBSD, DragonFly, OpenBSD, NetBSD; Apple's
//!   systems ignore it there).
//! * Triggering repeats the id: some systems overwrite it with what the change has.
//! * Older OpenBSD, and NetBSD before 10, have no such filter: there it is a pipe, which is emptied
//!   only when it is full. So it is where a process has no such filter left: see `child`.

use core::ptr;

use super::Selector;
use super::abi::{self, Kevent};
use super::change::change;
use super::queue::Queue;
use crate::error::{Error, Result};
use crate::id::EventedId;
use crate::interests::{Interests, PollOption};
use crate::subscription::Subscription;
use crate::sys::fd::{OwnedFd, preserve_errno};
use crate::sys::fork::ForkGuard;
use crate::sys::io;
use crate::sys::pipe::pipe;

#[derive(Debug)]
pub(crate) struct Waker(Kind);

#[derive(Debug)]
enum Kind {
    User { kqueue: Queue, id: EventedId },
    Pipe { reader: OwnedFd, writer: OwnedFd, fork: ForkGuard },
}

impl Waker {
    pub(crate) fn new(selector: &Selector, id: EventedId) -> Result<Waker> {
        let kqueue = selector.kqueue.duplicate()?;
        match kqueue.change_one(request(&kqueue, id, abi::EV_ADD | abi::EV_CLEAR)) {
            Ok(()) => Ok(Waker(Kind::User { kqueue, id })),
            Err(Error::Os(libc::EINVAL | libc::ENOMEM)) => Waker::with_pipe(selector, id),
            Err(error) => Err(error),
        }
    }

    fn with_pipe(selector: &Selector, id: EventedId) -> Result<Waker> {
        let fork = ForkGuard::new()?;
        let (reader, writer) = pipe()?;
        selector.register(
            reader.as_raw_fd(),
            Subscription::new(id, Interests::READABLE, PollOption::Edge),
        )?;
        Ok(Waker(Kind::Pipe { reader, writer, fork }))
    }

    pub(crate) fn wake(&self) -> Result<()> {
        match &self.0 {
            Kind::User { kqueue, id } => {
                kqueue.check_fork()?;
                let mut trigger = request(kqueue, *id, 0);
                trigger.fflags = abi::NOTE_TRIGGER;
                preserve_errno(|| kqueue.change_one(trigger))
            }
            Kind::Pipe { reader, writer, fork } => {
                fork.check()?;
                preserve_errno(|| write_to(reader, writer))
            }
        }
    }
}

/// The descriptor's number distinguishes the wakers of a kqueue.
fn request(kqueue: &Queue, id: EventedId, flags: abi::Flags) -> Kevent {
    let mut request = change(kqueue.as_raw_fd() as usize, abi::EVFILT_USER, flags);
    request.udata = ptr::without_provenance_mut(id.0);
    request
}

fn write_to(reader: &OwnedFd, writer: &OwnedFd) -> Result<()> {
    loop {
        match io::write(writer.as_raw_fd(), &[0]) {
            // The bytes of many wakes, all delivered: another byte is another edge.
            Err(Error::Os(libc::EAGAIN)) => {
                while io::read(reader.as_raw_fd(), &mut [0; 4096]).is_ok() {}
            }
            result => return result.map(drop),
        }
    }
}

impl Drop for Waker {
    fn drop(&mut self) {
        match &self.0 {
            Kind::User { kqueue, id } if kqueue.check_fork().is_ok() => {
                let _ = kqueue.change_one(request(kqueue, *id, abi::EV_DELETE));
            }
            // Closing a pipe ends its registration.
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ready::Ready;
    use crate::sys::fd::last_error;
    use crate::sys::{RawEvent, Wait};

    #[test]
    fn a_pipe_wakes_too_and_does_not_fill_up() {
        let selector = Selector::new().unwrap();
        let waker = Waker::with_pipe(&selector, EventedId(3)).unwrap();
        let mut events = [RawEvent::new(EventedId(0), Ready::empty()); 4];
        for wakes in [1, 2, 100_000, 1] {
            // SAFETY: there is no such descriptor: this sets the thread's error number.
            unsafe { libc::close(-1) };
            for _ in 0..wakes {
                waker.wake().unwrap();
            }
            assert_eq!(last_error(), Error::Os(libc::EBADF), "not left alone");
            assert_eq!(selector.select(&mut events, Wait::No), Ok(1));
            assert!(events[0].id() == EventedId(3) && events[0].ready() == Ready::READABLE);
            assert_eq!(selector.select(&mut events, Wait::No), Ok(0));
        }
        drop(selector);
        waker.wake().unwrap();
    }
}
