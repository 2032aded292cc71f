//! Waiting for some time: epoll_wait(2), to the millisecond, and epoll_pwait2(2), to the
//! nanosecond.
//!
//! `epoll_pwait2` (Linux 5.11) costs more than `epoll_wait`: it is used only for what milliseconds
//! cannot say. If it is missing, milliseconds are rounded up. It is called by number, since not
//! every libc has it.

use core::ffi::{c_int, c_long};
use core::ptr;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

use super::call::{epoll_wait, written};
use super::{RawEvent, Selector, numbers};
use crate::error::Result;
use crate::sys::fd::{RawFd, check};
use crate::sys::missing::{is_missing, may_call};

const NANOS_PER_MILLI: u64 = 1_000_000;

/// More than 24 days.
const LONGEST_MILLIS: c_int = c_int::MAX;

/// The level of Android's interface from which on epoll_pwait2(2) may be called.
const PWAIT2_LEVEL: u32 = 35;

/// epoll_pwait2(2) is missing here (an old kernel, or a sandbox that answers for it).
static NO_PWAIT2: AtomicBool = AtomicBool::new(false);

impl Selector {
    /// As [`select`](Selector::select), waiting for at most `nanos` nanoseconds.
    ///
    /// Out of line: a call costs less than the timer that the kernel sets up.
    #[inline(never)]
    pub(crate) fn select_for(&self, events: &mut [RawEvent], nanos: u64) -> Result<usize> {
        if !is_in_millis(nanos) && !NO_PWAIT2.load(Relaxed) && may_call(PWAIT2_LEVEL) {
            match epoll_pwait2(self.epoll.as_raw_fd(), events, nanos) {
                Err(error) if is_missing(error) => NO_PWAIT2.store(true, Relaxed),
                result => return result,
            }
        }
        epoll_wait(self.epoll.as_raw_fd(), events, rounded_up(nanos))
    }
}

/// Returns whether epoll_wait(2) can wait for exactly as long.
fn is_in_millis(nanos: u64) -> bool {
    nanos.is_multiple_of(NANOS_PER_MILLI) && nanos <= LONGEST_MILLIS as u64 * NANOS_PER_MILLI
}

/// Returns a timeout in milliseconds that is not shorter, and therefore is 0 only for 0; or the
/// longest that epoll_wait(2) can wait for, if that is shorter.
fn rounded_up(nanos: u64) -> c_int {
    nanos.div_ceil(NANOS_PER_MILLI).min(LONGEST_MILLIS as u64) as c_int
}

fn epoll_pwait2(epoll: RawFd, events: &mut [RawEvent], nanos: u64) -> Result<usize> {
    /// The kernel's own timespec: 64 bits wide everywhere, unlike some libc's.
    #[repr(C)]
    struct Timespec {
        seconds: i64,
        nanos: i64,
    }

    let timeout =
        Timespec { seconds: (nanos / 1_000_000_000) as i64, nanos: (nanos % 1_000_000_000) as i64 };
    let (epoll, room) = (c_long::from(epoll), events.len() as c_long);
    let (no_mask, its_size) = (ptr::null::<libc::sigset_t>(), 8 as c_long);
    // SAFETY: the kernel reads `timeout` during the call only, and writes at most `room` events, of
    // its own layout, to `events`.
    let count = check(unsafe {
        let (list, timeout) = (events.as_mut_ptr(), &raw const timeout);
        libc::syscall(numbers::EPOLL_PWAIT2, epoll, list, room, timeout, no_mask, its_size)
    })?;
    Ok(written(count, events))
}
