//! Changes to what is watched, and their receipts.

use core::ffi::c_void;
use core::mem::MaybeUninit;
use core::ptr;
use core::sync::atomic::{AtomicU8, Ordering::Relaxed};

use heapless::Vec;

use super::abi::{self, Filter, Flags, Kevent};
use super::queue::Queue;
use crate::error::{Error, Result};
use crate::interests::PollOption;
use crate::subscription::Subscription;
use crate::sys::fd::RawFd;

/// A source's filters, at most three, deleted and added in one call at most.
pub(super) type Changes = Vec<Kevent, 6>;

/// The filter for urgent data, of systems that have one.
#[cfg(not(any(target_os = "freebsd", target_os = "netbsd")))]
const PRIORITY: Option<Filter> = Some(abi::EVFILT_EXCEPT);
#[cfg(any(target_os = "freebsd", target_os = "netbsd"))]
const PRIORITY: Option<Filter> = None;

pub(super) fn is_priority(filter: Filter) -> bool {
    PRIORITY == Some(filter)
}

/// The answer to whether the system has the filter for urgent data: asked once a process.
static HAS_PRIORITY: AtomicU8 = AtomicU8::new(UNKNOWN);
const UNKNOWN: u8 = 0;
const YES: u8 = 1;
const NO: u8 = 2;

/// Asks whether the system has the filter for urgent data, if it was not asked before. A change
/// that names an unknown filter is `EINVAL`, and would make every registration fail.
pub(super) fn ask_for_priority(queue: &Queue) {
    let Some(filter) = PRIORITY else { return };
    if HAS_PRIORITY.load(Relaxed) == UNKNOWN {
        // No descriptor has this number, but the filter is looked at first.
        match queue.change_one(change(usize::MAX, filter, abi::EV_DELETE)) {
            Err(Error::Os(libc::EINVAL)) => HAS_PRIORITY.store(NO, Relaxed),
            Err(Error::Os(libc::EBADF)) | Err(Error::NotFound) => HAS_PRIORITY.store(YES, Relaxed),
            _ => {}
        }
    }
}

/// Returns the filter for urgent data, if the system has it.
pub(super) fn priority() -> Option<Filter> {
    PRIORITY.filter(|_| HAS_PRIORITY.load(Relaxed) != NO)
}

/// Every filter that a source may have.
pub(super) fn filters() -> impl Iterator<Item = Filter> {
    [abi::EVFILT_READ, abi::EVFILT_WRITE].into_iter().chain(priority())
}

/// The filters whose `ident` is a descriptor; a process or a signal may have the same number.
pub(super) fn is_of_descriptor(filter: Filter) -> bool {
    filter == abi::EVFILT_READ || filter == abi::EVFILT_WRITE || is_priority(filter)
}

/// A change that will be answered by a receipt.
pub(super) fn change(ident: usize, filter: Filter, flags: Flags) -> Kevent {
    // SAFETY: the structure is of integers and a pointer, of which all zeroes are a value.
    let mut change: Kevent = unsafe { MaybeUninit::zeroed().assume_init() };
    change.ident = ident;
    change.filter = filter;
    change.flags = flags | abi::EV_RECEIPT;
    change
}

pub(super) fn deletions(fd: RawFd) -> Changes {
    filters().map(|filter| change(fd as usize, filter, abi::EV_DELETE)).collect()
}

/// The flags that are a source's mode. Every event brings them back.
pub(super) const MODES: Flags = abi::EV_CLEAR | abi::EV_DISPATCH;

/// How a source is to be watched.
#[derive(Copy, Clone)]
pub(super) struct Wanted {
    pub(super) fd: RawFd,
    pub(super) subscription: Subscription,
    pub(super) guard: Guard,
}

/// Which filter of a source ends with its event, so that the selector looks at it first: see
/// `recheck`.
#[derive(Copy, Clone, PartialEq, Eq)]
pub(super) enum Guard {
    None,
    /// One that is added, for the end of what the source's own filters may not report.
    End,
    /// The one by which a child's inner queue is watched.
    Inner,
}

impl Wanted {
    /// Appends the additions: first those that the source cannot do without, and then, if it has
    /// one, the guard. Returns how many come first.
    pub(super) fn push(&self, changes: &mut Changes) -> Result<usize> {
        let Subscription { id, interests, opt } = self.subscription;
        let mode = match opt {
            PollOption::Edge => abi::EV_CLEAR,
            PollOption::Level => 0,
            PollOption::Oneshot => abi::EV_DISPATCH,
        };
        let (ident, before) = (self.fd as usize, changes.len());
        let mut add = |mut change: Kevent| {
            change.udata = ptr::without_provenance_mut::<c_void>(id.0);
            let _ = changes.push(change);
        };
        if interests.is_readable() {
            add(match self.guard {
                Guard::Inner => once(ident, mode),
                _ => change(ident, abi::EVFILT_READ, abi::EV_ADD | mode),
            });
        }
        if interests.is_writable() {
            add(change(ident, abi::EVFILT_WRITE, abi::EV_ADD | mode));
        }
        if interests.is_priority() {
            let filter = priority().ok_or(Error::Unsupported)?;
            add(urgent(ident, filter, mode));
        }
        if self.guard == Guard::End {
            add(end_guard(ident, mode));
        }
        Ok(changes.len() - before - usize::from(self.guard == Guard::End))
    }
}

/// Adds a read filter that ends with its event.
pub(super) fn once(ident: usize, mode: Flags) -> Kevent {
    change(ident, abi::EVFILT_READ, abi::EV_ADD | abi::EV_ONESHOT | mode)
}

/// Adds a read filter that ends with its event, and that no amount of data fires: only the end, or
/// an error.
pub(super) fn end_guard(ident: usize, mode: Flags) -> Kevent {
    let mut guard = once(ident, mode);
    guard.fflags = abi::NOTE_LOWAT;
    guard.data = isize::MAX as _;
    guard
}

/// Adds the filter for urgent data. On Apple's systems it is the read filter, too: the low water
/// mark keeps data from firing it, unless the receive buffer is full.
pub(super) fn urgent(ident: usize, filter: Filter, mode: Flags) -> Kevent {
    let mut urgent = change(ident, filter, abi::EV_ADD | mode);
    urgent.fflags = abi::NOTE_OOB | abi::NOTE_LOWAT;
    urgent.data = isize::MAX as _;
    urgent
}

/// What a receipt says: 0 or an error number. A change that an interruption has left without one
/// was made.
pub(super) fn errno(receipt: &Kevent) -> i32 {
    if receipt.flags & abi::EV_ERROR != 0 { receipt.data as i32 } else { 0 }
}

/// Whether one at least of a source's deletions has found its filter.
pub(super) fn any_deleted(deletions: &[Kevent]) -> Result<bool> {
    let mut found = false;
    for receipt in deletions {
        match errno(receipt) {
            0 => found = true,
            libc::ENOENT => {}
            // The system did not say so when it was asked.
            libc::EINVAL if is_priority(receipt.filter) => HAS_PRIORITY.store(NO, Relaxed),
            errno => return Err(Error::from_raw_os_error(errno)),
        }
    }
    Ok(found)
}

/// Why an addition has failed.
pub(super) fn register_error(errno: i32) -> Error {
    match errno {
        // What has no such filter, by system and kind.
        libc::EINVAL | libc::ENODEV | libc::EOPNOTSUPP | libc::EPERM => Error::Unsupported,
        // NetBSD's word for a pipe whose reader has gone. The descriptor is open: it was asked
        // before.
        libc::EBADF => Error::Os(libc::EPIPE),
        errno => Error::from_raw_os_error(errno),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The kernel's answer to a deletion.
    fn receipt(errno: i32) -> Kevent {
        let mut receipt = change(3, abi::EVFILT_READ, abi::EV_ERROR);
        receipt.data = errno as _;
        receipt
    }

    #[test]
    fn a_source_is_found_by_any_of_its_filters() {
        let (done, absent, closed) = (receipt(0), receipt(libc::ENOENT), receipt(libc::EBADF));
        assert_eq!(any_deleted(&[absent, absent, absent]), Ok(false));
        for deletions in [[done, absent, absent], [absent, absent, done], [done, done, done]] {
            assert_eq!(any_deleted(&deletions), Ok(true));
        }
        assert_eq!(any_deleted(&[closed, absent, absent]), Err(Error::Os(libc::EBADF)));
    }

    #[test]
    fn without_a_receipt_a_change_was_made() {
        let unanswered = change(3, abi::EVFILT_READ, abi::EV_ADD);
        assert_eq!(errno(&unanswered), 0);
        // What comes back holds what went in.
        let mut answered = receipt(libc::EINVAL);
        answered.flags |= abi::EV_ADD | abi::EV_CLEAR | abi::EV_RECEIPT;
        assert_eq!(errno(&answered), libc::EINVAL);
    }

    #[test]
    fn each_refusal_has_its_kind() {
        for errno in [libc::EINVAL, libc::ENODEV, libc::EOPNOTSUPP, libc::EPERM] {
            assert_eq!(register_error(errno), Error::Unsupported);
        }
        assert_eq!(register_error(libc::ENOMEM), Error::Os(libc::ENOMEM));
        assert_eq!(register_error(libc::EPIPE), Error::Os(libc::EPIPE));
        assert_eq!(register_error(libc::EBADF), Error::Os(libc::EPIPE));
    }
}
