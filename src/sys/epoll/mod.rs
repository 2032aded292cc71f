//! epoll: Linux and Android. See epoll(7), epoll_ctl(2), epoll_wait(2).
//!
//! Its peculiarities, and what is done about them:
//!
//! * A half-closed peer is reported only with `EPOLLRDHUP`: it is requested with every `READABLE`.
//! * A pipe whose other end is closed may report `EPOLLHUP` or `EPOLLERR` *alone*:
//!   `Ready::is_readable` and `is_writable` are true for them.
//! * Registrations belong to the open file description, not to the descriptor: closing does not end
//!   one as long as a duplicate is open. Deregister before closing, or look ids up in a `Slab`, in
//!   which stale ids resolve to nothing.
//! * `EPOLL_CTL_MOD` tests the readiness again, and reports a pending edge again: that re-arms a
//!   oneshot.

mod busy_poll;
mod call;
mod child;
mod kernel_timer;
#[path = "../no_latest.rs"]
mod no_latest;
mod numbers;
mod reap;
mod sigchld;
mod signals;
mod wait;
mod waker;
mod watched;

use core::ffi::c_int;

pub(crate) use self::child::ChildWatch;
pub(crate) use self::kernel_timer::KernelTimer;
pub(crate) use self::no_latest::LatestRegistration;
pub(crate) use self::signals::SignalQueue;
pub(crate) use self::waker::Waker;

use super::Wait;
use super::fd::{OwnedFd, RawFd, check, done};
use crate::error::{Error, Result};
use crate::id::EventedId;
use crate::interests::{Interests, PollOption};
use crate::ready::Ready;
use crate::subscription::Subscription;

/// The longest lingering, in seconds, that the system keeps as it is given: any.
pub(crate) const MAX_LINGER: c_int = c_int::MAX;

/// The kernel's `struct epoll_event`; packed on x86-64, so its fields are copied and never
/// borrowed.
#[derive(Copy, Clone)]
#[repr(transparent)]
pub(crate) struct RawEvent(libc::epoll_event);

impl RawEvent {
    #[inline]
    pub(crate) const fn new(id: EventedId, ready: Ready) -> RawEvent {
        RawEvent(libc::epoll_event { events: ready.bits(), u64: id.0 as u64 })
    }

    #[inline]
    pub(crate) const fn id(&self) -> EventedId {
        EventedId(self.0.u64 as usize)
    }

    #[inline]
    pub(crate) const fn ready(&self) -> Ready {
        Ready::from_bits_retain(self.0.events)
    }

    /// A batch is as long as the kernel made it.
    #[inline]
    pub(crate) const fn was_cut(&self) -> bool {
        false
    }

    /// epoll's event says that there is an error, but not which.
    #[inline]
    pub(crate) const fn os_error(&self) -> Option<i32> {
        None
    }
}

const _: () = assert!(
    Ready::READABLE.bits() == libc::EPOLLIN as u32
        && Ready::PRIORITY.bits() == libc::EPOLLPRI as u32
        && Ready::WRITABLE.bits() == libc::EPOLLOUT as u32
        && Ready::ERROR.bits() == libc::EPOLLERR as u32
        && Ready::HUP.bits() == libc::EPOLLHUP as u32
        && Ready::READ_CLOSED.bits() == libc::EPOLLRDHUP as u32
);

/// An epoll instance.
#[derive(Debug)]
pub(crate) struct Selector {
    epoll: OwnedFd,
}

impl Selector {
    /// Returns whether the kernel is asked for these interests.
    #[inline]
    pub(crate) const fn can_watch_for(_: Interests) -> bool {
        true
    }

    pub(crate) fn new() -> Result<Selector> {
        // SAFETY: no memory is involved, and a descriptor made just now has no other owner.
        let epoll =
            unsafe { OwnedFd::from_raw_fd(check(libc::epoll_create1(libc::EPOLL_CLOEXEC))?) };
        Ok(Selector { epoll })
    }

    #[inline]
    pub(crate) fn raw_fd(&self) -> RawFd {
        self.epoll.as_raw_fd()
    }

    #[inline]
    pub(crate) fn register(&self, fd: RawFd, subscription: Subscription) -> Result<()> {
        match self.control(libc::EPOLL_CTL_ADD, fd, &mut request(subscription)) {
            // Regular files and directories; this epoll itself.
            Err(Error::Os(libc::EPERM | libc::EINVAL)) => Err(Error::Unsupported),
            result => result,
        }
    }

    pub(crate) fn reregister(&self, fd: RawFd, subscription: Subscription) -> Result<()> {
        match self.control(libc::EPOLL_CTL_MOD, fd, &mut request(subscription)) {
            Err(Error::Os(libc::EINVAL)) if fd == self.raw_fd() => Err(Error::NotFound),
            // The one thing that cannot be changed is an exclusive registration.
            Err(Error::Os(libc::EINVAL)) => Err(Error::Unsupported),
            result => result.map_err(unknown),
        }
    }

    /// Exclusive, Linux 4.5: nothing but `EPOLLIN`, `EPOLLOUT` and `EPOLLET` goes with it.
    pub(crate) fn register_exclusive(&self, fd: RawFd, subscription: Subscription) -> Result<()> {
        let Subscription { interests, opt, .. } = subscription;
        if interests.is_priority() || opt == PollOption::Oneshot {
            return Err(Error::InvalidInput);
        }
        let mut request = request(subscription);
        request.events &= !(libc::EPOLLRDHUP as u32);
        request.events |= libc::EPOLLEXCLUSIVE as u32;
        match self.control(libc::EPOLL_CTL_ADD, fd, &mut request) {
            // Regular files and directories; another epoll.
            Err(Error::Os(libc::EPERM | libc::EINVAL)) => Err(Error::Unsupported),
            result => result,
        }
    }

    pub(crate) fn deregister(&self, fd: RawFd) -> Result<()> {
        // Before Linux 2.6.9 the event had to be there, though unused.
        let mut unused = libc::epoll_event { events: 0, u64: 0 };
        self.control(libc::EPOLL_CTL_DEL, fd, &mut unused).map_err(unknown)
    }

    #[inline]
    fn control(&self, operation: c_int, fd: RawFd, event: &mut libc::epoll_event) -> Result<()> {
        // SAFETY: `event` is valid for the length of the call, which does not keep it.
        done(unsafe { libc::epoll_ctl(self.epoll.as_raw_fd(), operation, fd, event) })
    }

    /// Makes one system call, inlined into the caller. Returns the number of events that the kernel
    /// has written.
    #[inline]
    pub(crate) fn select(&self, events: &mut [RawEvent], wait: Wait) -> Result<usize> {
        let millis = match wait {
            Wait::No => 0,
            Wait::Endless => call::ENDLESS,
        };
        call::epoll_wait(self.epoll.as_raw_fd(), events, millis)
    }
}

/// What cannot be registered is not: `EPERM` (a file) and `EINVAL` (this epoll itself), which come
/// first, mean `NotFound` to all but `register`.
fn unknown(error: Error) -> Error {
    match error {
        Error::Os(libc::EPERM | libc::EINVAL) => Error::NotFound,
        error => error,
    }
}

#[inline]
fn request(Subscription { id, interests, opt }: Subscription) -> libc::epoll_event {
    let mut events = interests.as_ready().bits();
    if interests.is_readable() {
        events |= libc::EPOLLRDHUP as u32;
    }
    events |= match opt {
        PollOption::Edge => libc::EPOLLET as u32,
        PollOption::Level => 0,
        PollOption::Oneshot => libc::EPOLLONESHOT as u32,
    };
    libc::epoll_event { events, u64: id.0 as u64 }
}
