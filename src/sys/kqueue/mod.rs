//! kqueue: the BSDs and Apple's systems. See kqueue(2) of each.
//!
//! What is peculiar about it, and what is done:
//!
//! * One filter is one event: the read and the write half of one source arrive apart. Halves that are in
//!   one batch, near each other, are merged.
//! * `EV_ONESHOT` *deletes* the one filter that fired. Here oneshot is `EV_DISPATCH`, which disables it, and the
//!   source's other filters are disabled after the batch: the whole source is silent, and still registered.
//! * `EV_ADD` of what is there replaces it silently: that a second registration is an error is known by the
//!   handle's `Registration`, and by nobody for a bare number.
//! * The flags of a filter's first `EV_ADD` stick, and `EV_ENABLE` does not report everywhere what is
//!   still pending: a `reregister` deletes and adds.
//! * Changes are made with `EV_RECEIPT`, room for each receipt, and a timeout of zero: such a call brings no events,
//!   which it might lose.
//! * A regular file is "ready" in one way or another on each system: it is refused, as on epoll.
//! * A forked child does not inherit a kqueue, and its number there may be another descriptor's: only the process
//!   that made one closes it.
//! * Urgent data has a filter on Apple's systems, OpenBSD and DragonFly; elsewhere `PRIORITY` is `Unsupported`.

mod abi;
mod child;
mod queue;
mod signals;
mod waker;

use core::ffi::c_void;
use core::mem::MaybeUninit;
use core::ptr;

use heapless::{Vec, VecView};

pub(crate) use self::child::ChildWatch;
pub(crate) use self::signals::SignalQueue;
pub(crate) use self::waker::Waker;

use self::abi::{Count, Filter, Flags, Kevent};
use self::queue::{Queue, errno};
use super::fd::{RawFd, check};
use super::{BusyPoll, FOREVER};
use crate::error::{Error, Result};
use crate::id::EventedId;
use crate::interests::{Interests, PollOption};
use crate::ready::Ready;

/// One event of the batch. As the kernel writes it at first; then, before the user sees it, `fflags` become
/// the `Ready` bits, and an error number that was there moves to `data`.
#[derive(Copy, Clone)]
#[repr(transparent)]
pub(crate) struct RawEvent(Kevent);

// SAFETY: the pointer in it is the user's id and never followed.
unsafe impl Send for RawEvent {}
// SAFETY: as above.
unsafe impl Sync for RawEvent {}

impl RawEvent {
    #[inline]
    pub(crate) const fn new(id: EventedId, ready: Ready) -> RawEvent {
        // SAFETY: the structure is of integers and a pointer, of which all zeroes are a value.
        let mut event: Kevent = unsafe { MaybeUninit::zeroed().assume_init() };
        event.fflags = ready.bits();
        event.udata = ptr::without_provenance_mut(id.0);
        RawEvent(event)
    }

    #[inline]
    pub(crate) fn id(&self) -> EventedId {
        EventedId(self.0.udata.addr())
    }

    #[inline]
    pub(crate) const fn ready(&self) -> Ready {
        Ready::from_bits_retain(self.0.fflags)
    }

    fn interpret(&mut self) {
        let (filter, flags, errno) = (self.0.filter, self.0.flags, self.0.fflags);
        let closed = flags & abi::EV_EOF != 0;
        let mut ready = match filter {
            abi::EVFILT_WRITE if closed => Ready::WRITABLE | Ready::WRITE_CLOSED,
            abi::EVFILT_WRITE => Ready::WRITABLE,
            abi::EVFILT_READ if closed => Ready::READABLE | Ready::READ_CLOSED,
            filter if Some(filter) == PRIORITY.map(|(filter, _)| filter) => Ready::PRIORITY,
            _ => Ready::READABLE,
        };
        if closed && errno != 0 && is_of_descriptor(filter) {
            ready |= Ready::ERROR;
            self.0.data = errno as _;
        }
        self.0.fflags = ready.bits();
    }

    /// Another filter of the same source.
    fn is_sibling(&self, other: &RawEvent) -> bool {
        let (ident, theirs) = (self.0.ident, other.0.ident);
        ident == theirs && is_of_descriptor(self.0.filter) && is_of_descriptor(other.0.filter)
    }

    fn is_oneshot(&self) -> bool {
        self.0.flags & abi::EV_DISPATCH != 0
    }

    fn merge(&mut self, other: RawEvent) {
        let mut ready = self.ready() | other.ready();
        if ready.contains(Ready::READ_CLOSED | Ready::WRITE_CLOSED) {
            ready |= Ready::HUP;
        }
        self.0.fflags = ready.bits();
    }
}

/// The filter for urgent data, and what to ask of it.
#[cfg(not(any(target_os = "freebsd", target_os = "netbsd")))]
const PRIORITY: Option<(Filter, u32)> = Some((abi::EVFILT_EXCEPT, abi::NOTE_OOB));
#[cfg(any(target_os = "freebsd", target_os = "netbsd"))]
const PRIORITY: Option<(Filter, u32)> = None;

/// The filters whose `ident` is a descriptor; a process or a signal may have the same number.
fn is_of_descriptor(filter: Filter) -> bool {
    filter == abi::EVFILT_READ
        || filter == abi::EVFILT_WRITE
        || Some(filter) == PRIORITY.map(|(filter, _)| filter)
}

/// A source's filters, at most three, deleted and added in one call at most.
type Changes = Vec<Kevent, 6>;

/// A kqueue.
#[derive(Debug)]
pub(crate) struct Selector {
    kqueue: Queue,
}

impl Selector {
    /// `register` of what is there already succeeds and replaces it.
    pub(crate) const REPLACES: bool = true;

    pub(crate) fn new() -> Result<Selector> {
        Ok(Selector { kqueue: Queue::new()? })
    }

    #[inline]
    pub(crate) fn raw_fd(&self) -> RawFd {
        self.kqueue.raw()
    }

    pub(crate) fn register(
        &self,
        fd: RawFd,
        id: EventedId,
        interests: Interests,
        opt: PollOption,
    ) -> Result<()> {
        if super::fd::is_file(fd)? {
            return Err(Error::Unsupported);
        }
        let mut changes = Changes::new();
        push_additions(&mut changes, fd, id, interests, opt)?;
        self.kqueue.change(&mut changes)?;
        self.added(fd, &changes)
    }

    pub(crate) fn reregister(
        &self,
        fd: RawFd,
        id: EventedId,
        interests: Interests,
        opt: PollOption,
    ) -> Result<()> {
        let mut changes = Changes::new();
        push_deletions(&mut changes, fd);
        let deletions = changes.len();
        push_additions(&mut changes, fd, id, interests, opt)?;
        self.kqueue.change(&mut changes)?;
        let (deleted, added) = changes.split_at(deletions);
        let known = found(deleted);
        if known.is_err() {
            let _ = self.delete(fd);
            return known;
        }
        self.added(fd, added)
    }

    pub(crate) fn deregister(&self, fd: RawFd) -> Result<()> {
        self.delete(fd)
    }

    /// kqueue wakes all who watch.
    pub(crate) fn register_exclusive(
        &self,
        _: RawFd,
        _: EventedId,
        _: Interests,
        _: PollOption,
    ) -> Result<()> {
        Err(Error::Unsupported)
    }

    /// A thing of Linux.
    pub(crate) fn busy_poll(&self) -> Result<BusyPoll> {
        Err(Error::Unsupported)
    }

    pub(crate) fn set_busy_poll(&self, _: BusyPoll) -> Result<()> {
        Err(Error::Unsupported)
    }

    /// Takes a half of a registration back when the other half failed.
    fn added(&self, fd: RawFd, receipts: &[Kevent]) -> Result<()> {
        for receipt in receipts {
            match errno(receipt) {
                // Old macOS says EPIPE of a pipe whose other end has gone, and the filter reports that.
                0 | libc::EPIPE => {}
                errno => {
                    let _ = self.delete(fd);
                    return Err(match errno {
                        // What has no such filter: EINVAL, ENODEV, EOPNOTSUPP, EPERM by system and kind.
                        libc::EINVAL | libc::ENODEV | libc::EOPNOTSUPP | libc::EPERM => {
                            Error::Unsupported
                        }
                        errno => Error::from_raw_os_error(errno),
                    });
                }
            }
        }
        Ok(())
    }

    fn delete(&self, fd: RawFd) -> Result<()> {
        let mut changes = Changes::new();
        push_deletions(&mut changes, fd);
        self.kqueue.change(&mut changes)?;
        found(&changes)
    }

    #[inline]
    pub(crate) fn glance(&self, events: &mut VecView<RawEvent>, wait: bool) -> Result<()> {
        self.select(events, if wait { FOREVER } else { 0 })
    }

    pub(crate) fn select(&self, events: &mut VecView<RawEvent>, timeout: u64) -> Result<()> {
        /// FreeBSD refuses more than 1157 days, and other systems wait for ever.
        const LONGEST: u64 = 1_000_000;
        let time = libc::timespec {
            tv_sec: (timeout / 1_000_000_000).min(LONGEST) as _,
            tv_nsec: (timeout % 1_000_000_000) as _,
        };
        let time = if timeout == FOREVER { ptr::null() } else { &raw const time };
        let before = events.len();
        let spare = events.spare_capacity_mut();
        let (list, room) = (spare.as_mut_ptr().cast::<Kevent>(), spare.len() as Count);
        let none = ptr::null();
        // SAFETY: the kernel writes at most `room` events to `spare`, which has that much room.
        let count = check(unsafe { abi::kevent(self.kqueue.raw(), none, 0, list, room, time) })?;
        // SAFETY: it wrote that many.
        unsafe { events.set_len(before + count as usize) };
        if count > 0 {
            self.interpret(events, before);
        }
        Ok(())
    }

    /// Turns what the kernel wrote, from `start` on, into what the user reads.
    fn interpret(&self, events: &mut VecView<RawEvent>, start: usize) {
        /// How far back a sibling is looked for. Halves that become ready together lie together.
        const NEAR: usize = 8;
        let mut oneshots = false;
        let mut kept = start;
        for index in start..events.len() {
            let mut event = events[index];
            event.interpret();
            oneshots |= event.is_oneshot();
            // Of a oneshot source all halves must merge: it reports once.
            let near =
                if event.is_oneshot() { start } else { start.max(kept.saturating_sub(NEAR)) };
            match events[near..kept].iter_mut().rev().find(|other| other.is_sibling(&event)) {
                Some(sibling) => sibling.merge(event),
                None => {
                    events[kept] = event;
                    kept += 1;
                }
            }
        }
        events.truncate(kept);
        if oneshots {
            self.silence(&events[start..]);
        }
    }

    /// Disables what else a oneshot source has, one call for many sources.
    fn silence(&self, events: &[RawEvent]) {
        let mut changes = Vec::<Kevent, 64>::new();
        for event in events.iter().filter(|event| event.is_oneshot()) {
            if changes.capacity() - changes.len() < 3 {
                let _ = self.kqueue.change(&mut changes);
                changes.clear();
            }
            // What fired is disabled already, what is not there answers ENOENT, and who has closed the
            // descriptor has nothing to silence.
            for filter in filters() {
                let _ = changes.push(change(event.0.ident, filter, abi::EV_DISABLE));
            }
        }
        let _ = self.kqueue.change(&mut changes);
    }
}

/// Every filter that a source may have.
fn filters() -> impl Iterator<Item = Filter> {
    [abi::EVFILT_READ, abi::EVFILT_WRITE].into_iter().chain(PRIORITY.map(|(filter, _)| filter))
}

fn change(ident: usize, filter: Filter, flags: Flags) -> Kevent {
    // SAFETY: as in `RawEvent::new`.
    let mut change: Kevent = unsafe { MaybeUninit::zeroed().assume_init() };
    change.ident = ident;
    change.filter = filter;
    change.flags = flags | abi::EV_RECEIPT;
    change
}

fn push_deletions(changes: &mut Changes, fd: RawFd) {
    for filter in filters() {
        let _ = changes.push(change(fd as usize, filter, abi::EV_DELETE));
    }
}

fn push_additions(
    changes: &mut Changes,
    fd: RawFd,
    id: EventedId,
    interests: Interests,
    opt: PollOption,
) -> Result<()> {
    let flags = abi::EV_ADD
        | match opt {
            PollOption::Edge => abi::EV_CLEAR,
            PollOption::Level => 0,
            PollOption::Oneshot => abi::EV_DISPATCH,
        };
    let mut add = |filter, notes| {
        let mut change = change(fd as usize, filter, flags);
        change.fflags = notes;
        change.udata = ptr::without_provenance_mut::<c_void>(id.0);
        let _ = changes.push(change);
    };
    if interests.is_readable() {
        add(abi::EVFILT_READ, 0);
    }
    if interests.is_writable() {
        add(abi::EVFILT_WRITE, 0);
    }
    if interests.is_priority() {
        let (filter, notes) = PRIORITY.ok_or(Error::Unsupported)?;
        add(filter, notes);
    }
    Ok(())
}

/// Of a source's deletions, one at least has found its filter.
fn found(deletions: &[Kevent]) -> Result<()> {
    let mut answer = Err(Error::NotFound);
    for receipt in deletions {
        match errno(receipt) {
            0 => answer = Ok(()),
            libc::ENOENT => {}
            errno => return Err(Error::from_raw_os_error(errno)),
        }
    }
    answer
}
