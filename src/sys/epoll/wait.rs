//! Waiting: epoll_wait(2), to the millisecond and to the nanosecond.
//!
//! `epoll_wait` counts milliseconds, `epoll_pwait2` (Linux 5.11) nanoseconds, but costs more: it is used only
//! for what milliseconds cannot say. Where it is missing, milliseconds are rounded up.
//! It is called by number, since not every libc has it.

use core::ffi::{c_int, c_long};
use core::mem::MaybeUninit;
use core::ptr;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

use super::{RawEvent, call};
use crate::error::Result;
use crate::sys::fd::{RawFd, check};
use crate::sys::missing::{is_missing, may_call};

/// Places for the kernel to write to.
pub(super) type Spare = [MaybeUninit<RawEvent>];

/// The number of milliseconds that never ends.
pub(super) const ENDLESS: c_int = -1;

const NANOS_PER_MILLI: u64 = 1_000_000;

/// More than 24 days.
const LONGEST_MILLIS: c_int = c_int::MAX;

/// The level of Android's interface from which on epoll_pwait2(2) may be called.
const PWAIT2_LEVEL: u32 = 35;

/// epoll_pwait2(2) is missing here (an old kernel, or a sandbox that answers for it).
static NO_PWAIT2: AtomicBool = AtomicBool::new(false);

/// Waits for `timeout` nanoseconds; `FOREVER` is more than these calls can say.
pub(super) fn nanos(epoll: RawFd, spare: &mut Spare, timeout: u64) -> Result<usize> {
    let whole = timeout.is_multiple_of(NANOS_PER_MILLI);
    let missing = NO_PWAIT2.load(Relaxed) || !may_call(PWAIT2_LEVEL);
    if whole && timeout <= LONGEST_MILLIS as u64 * NANOS_PER_MILLI || missing {
        return millis(epoll, spare, rounded_up(timeout));
    }
    match precisely(epoll, spare, timeout) {
        Err(error) if is_missing(error) => {
            NO_PWAIT2.store(true, Relaxed);
            millis(epoll, spare, rounded_up(timeout))
        }
        answer => answer,
    }
}

/// In milliseconds. Never 0, which would not sleep at all and spin, and never less than asked, unless that is
/// more than can be said: then the sleep comes back early, and who needs more calls again.
fn rounded_up(timeout: u64) -> c_int {
    timeout.div_ceil(NANOS_PER_MILLI).min(LONGEST_MILLIS as u64) as c_int
}

/// Waits for `millis` milliseconds, or without end.
#[inline]
pub(super) fn millis(epoll: RawFd, spare: &mut Spare, millis: c_int) -> Result<usize> {
    // SAFETY: the kernel writes at most `room` events to `spare`, which has that much room and whose type
    // has the kernel's layout.
    let answer = unsafe { call::epoll_wait(epoll, spare.as_mut_ptr(), spare.len(), millis) };
    answer.map(|count| count as usize)
}

fn precisely(epoll: RawFd, spare: &mut Spare, timeout: u64) -> Result<usize> {
    /// The kernel's own timespec: 64 bits wide everywhere, unlike some libc's.
    #[repr(C)]
    struct Timespec {
        seconds: i64,
        nanos: i64,
    }

    /// The same number on every architecture that Android has, where the libc crate does not name it.
    #[cfg(target_os = "android")]
    const SYS_EPOLL_PWAIT2: c_long = 441;
    #[cfg(not(target_os = "android"))]
    const SYS_EPOLL_PWAIT2: c_long = libc::SYS_epoll_pwait2;

    let timeout = Timespec {
        seconds: (timeout / 1_000_000_000) as i64,
        nanos: (timeout % 1_000_000_000) as i64,
    };
    let (epoll, room) = (c_long::from(epoll), spare.len() as c_long);
    let (no_mask, its_size) = (ptr::null::<libc::sigset_t>(), 8 as c_long);
    // SAFETY: the kernel reads `timeout` during the call only, and writes events as in `millis`.
    let answer = unsafe {
        let (events, timeout) = (spare.as_mut_ptr(), &raw const timeout);
        libc::syscall(SYS_EPOLL_PWAIT2, epoll, events, room, timeout, no_mask, its_size)
    };
    Ok(check(answer)? as usize)
}
