//! kqueue: the BSDs and Apple's systems. See kqueue(2) of each.
//!
//! What is peculiar about it, and what is done.
//!
//! # Events
//!
//! * One filter is one event: the read and the write half of one source arrive apart, in any order,
//!   and each takes a place of the batch. Halves that are in one batch, near each other, are merged
//!   (`event`); halves of different batches are not, nor does a half that has not changed come
//!   again under `Edge`.
//! * `EV_EOF` is said of one direction. On the read filter it means `READ_CLOSED`, and data may be
//!   left; on the write filter, which our own shutdown fires too, `WRITE_CLOSED`. `HUP` is both in
//!   one batch, or the end by a reset or a timeout, of which both directions die. So a pipe, which
//!   has one direction, never hangs up.
//! * `fflags` beside `EV_EOF` is the socket's error: `ERROR`. A pending error without an end, such
//!   as a datagram that was refused, fires the filters too, but no bit says why: the next call on
//!   the socket does.
//! * The returned flags repeat what was asked: bits are tested, never compared as a whole.
//! * `ident` is counted by filter: signal 5 and descriptor 5 are not siblings.
//! * A short event list rotates among level-triggered sources, as on Linux: nobody starves.
//! * Under `EV_CLEAR` a filter may fire again although nothing has changed: a pipe's read filter
//!   after a read that leaves something, its write filter after each write, TCP's write filter
//!   after an acknowledgement, a socket's read filter after the own shutdown. Such an event is
//!   true, and is not held back.
//! * Some filters end with their event (`EV_ONESHOT`), because the kernel deletes them or because
//!   they were added so. The selector looks at them before the user does: `recheck`.
//!
//! # Modes
//!
//! * `EV_ONESHOT` *deletes* the one filter that fired. Oneshot sources use `EV_DISPATCH`, which
//!   disables it, and the source's other filters are disabled after the batch: the whole source is
//!   silent, and still registered. An event of such a source has both directions, even if one had
//!   no room in the batch: `oneshot`.
//! * The flags of a filter's first `EV_ADD` stick, and `EV_ENABLE` does not report everywhere what
//!   is still pending: a `reregister` deletes and adds, in one call.
//!
//! # Registrations
//!
//! * `EV_ADD` of what is there replaces it silently: that a second registration is an error is
//!   known by the handle's memory (`latest`), and by nobody for a bare number, which is replaced:
//!   as a whole, by deleting first.
//! * Changes are made with `EV_RECEIPT`, room for each receipt, and a timeout of zero, never none
//!   (which may block on OpenBSD): such a call brings no events, which it might lose. After `EINTR`
//!   the changes are made.
//! * A registration is up to three filters. Where one cannot be added the others are taken back.
//! * A deletion answers `ENOENT` for a filter that is not there: `NotFound` is when all do.
//!   `EBADF`, for a closed descriptor, is an error, as on epoll; Apple's systems say `ENOENT` of
//!   that, too, so fstat(2) is asked. Closing ends a registration, even while a duplicate lives.
//! * The write filter of a pipe whose reader has gone cannot be added on most systems: `EPIPE`, on
//!   NetBSD `EBADF`. FreeBSD deletes it when the reader goes, and none of the BSDs fires it if the
//!   pipe is full. The read filter of the same descriptor has none of these faults and guards
//!   the writing end: `recheck`. Old macOS says `EPIPE` and has added the filter all the same:
//!   whether it is there is asked.
//! * A kqueue that watches itself is refused here, before any call: some systems refuse it, even
//!   its deletion, and others hang. A duplicate of its descriptor is not recognized.
//! * A filter that the system lacks makes a whole change fail: whether the one for urgent data is
//!   there is asked once.
//! * A regular file or a directory is always ready on FreeBSD, and once elsewhere: it is refused,
//!   as on epoll. Devices without readiness (macOS: /dev/tty) are `Unsupported` where the system
//!   says so.
//! * Urgent data has a filter on Apple's systems, OpenBSD and DragonFly; elsewhere `PRIORITY` is
//!   `Unsupported`. On Apple's systems it is the read filter, which fires for data, too: `urgent`
//!   and `event` tell them apart. Others do not fire it even for an error: a source that is watched
//!   for nothing else has a read filter as a guard.
//!
//! # Waiting
//!
//! * Without room for an event `kevent` returns at once: a batch with no room is never passed.
//! * A negative timeout is refused, a very long one refused by some and endless for others: it is
//!   cut to days, after which the poll calls again. The kernel's timers differ everywhere and are
//!   not used for deadlines.
//!
//! # Processes and threads
//!
//! * A forked child does not inherit a kqueue, and its number there may be another descriptor's:
//!   only the process that made one closes it. So a child cannot inherit one before it is
//!   close-on-exec either.
//! * A child's exit is reported before its status can be taken, or its process cannot be watched
//!   any more while there is no status yet: `child`.
//! * A user filter wakes a poll from another thread where the system has it, and a pipe elsewhere:
//!   see `waker`.
//!
//! # Layout
//!
//! * The types of `kevent`'s fields differ by system, and it may be packed: see `abi`.

mod abi;
mod change;
mod child;
mod event;
mod kind;
#[path = "../lacking.rs"]
mod lacking;
mod latest;
mod oneshot;
mod probe;
mod queue;
mod reap;
mod recheck;
mod registering;
mod signals;
#[cfg(test)]
mod tests;
mod waker;

use core::ffi::c_int;
use core::ptr;

pub(crate) use self::child::ChildWatch;
pub(crate) use self::event::RawEvent;
pub(crate) use self::lacking::KernelTimer;
pub(crate) use self::latest::LatestRegistration;
pub(crate) use self::signals::SignalQueue;
pub(crate) use self::waker::Waker;

use self::abi::{Count, Kevent};
use self::change::{ask_for_priority, priority};
use self::queue::Queue;
use super::Wait;
use super::fd::{RawFd, check};
use crate::error::Result;
use crate::interests::Interests;

/// The longest lingering, in seconds, that the system keeps as it is given. The BSDs keep it in 16
/// bits, with a sign or without; what is longer is `EDOM` on FreeBSD and NetBSD and `EINVAL` on
/// OpenBSD, and DragonFly cuts its upper bits off. Apple's systems keep it in 16 bits with a sign,
/// as hundredths of a second: so little is safe on any other system, too.
pub(crate) const MAX_LINGER: c_int = if cfg!(any(target_os = "freebsd", target_os = "netbsd")) {
    u16::MAX as c_int
} else if cfg!(any(target_os = "openbsd", target_os = "dragonfly")) {
    i16::MAX as c_int
} else {
    i16::MAX as c_int / 100
};

/// A kqueue.
#[derive(Debug)]
pub(crate) struct Selector {
    kqueue: Queue,
}

impl Selector {
    /// Returns whether the kernel is asked for these interests: not for a filter that it lacks.
    pub(crate) fn can_watch_for(interests: Interests) -> bool {
        !interests.is_priority() || priority().is_some()
    }

    pub(crate) fn new() -> Result<Selector> {
        let kqueue = Queue::new()?;
        ask_for_priority(&kqueue);
        Ok(Selector { kqueue })
    }

    #[inline]
    pub(crate) fn raw_fd(&self) -> RawFd {
        self.kqueue.as_raw_fd()
    }

    #[inline]
    pub(crate) fn select(&self, events: &mut [RawEvent], wait: Wait) -> Result<usize> {
        match wait {
            Wait::No => self.kevent(events, &timespec(0)),
            Wait::Endless => self.kevent(events, ptr::null()),
        }
    }

    pub(crate) fn select_for(&self, events: &mut [RawEvent], nanos: u64) -> Result<usize> {
        self.kevent(events, &timespec(nanos))
    }

    fn kevent(&self, events: &mut [RawEvent], time: *const libc::timespec) -> Result<usize> {
        let (list, room) = (events.as_mut_ptr().cast::<Kevent>(), events.len() as Count);
        let none = ptr::null();
        // SAFETY: the kernel writes at most `room` events to `events`, and reads the time, if there
        // is one.
        let count =
            check(unsafe { abi::kevent(self.kqueue.as_raw_fd(), none, 0, list, room, time) })?;
        let count = count as usize;
        let (kept, oneshots) = event::interpret(&mut events[..count], |event| self.recheck(event));
        if oneshots {
            self.disable_siblings(&mut events[..kept]);
        }
        // Merging has left slots where the kernel had none.
        if count == events.len()
            && let Some(last) = events[..kept].last_mut()
        {
            last.set_cut();
        }
        Ok(kept)
    }
}

/// A timeout in nanoseconds as the kernel takes it, or a shorter one.
fn timespec(timeout: u64) -> libc::timespec {
    /// 11 days. Some systems refuse more than 10^8 seconds; it fits any `time_t`.
    const LONGEST: u64 = 1_000_000;
    libc::timespec {
        tv_sec: (timeout / 1_000_000_000).min(LONGEST) as _,
        tv_nsec: (timeout % 1_000_000_000) as _,
    }
}
