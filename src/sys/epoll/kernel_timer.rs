//! Waiting until a point in time without the slack of the kernel's timeouts: timerfd_create(2).
//!
//! A timerfd expires within microseconds of its time, and epoll_wait(2) within its slack: 50 µs, or
//! a thousandth of a long timeout. The timerfd stays out of the epoll instance, where its event
//! would need an id, and every number may be a user's. poll(2) waits for both, and then the epoll
//! instance is asked for its events.
//!
//! The timerfd is never read. It stays armed if the next wait is to end later: it ends that early,
//! and is then armed again. So a deadline that is pushed back over and over makes no call.

use core::num::NonZeroU64;
use core::ptr;

use super::{RawEvent, Selector};
use crate::error::Result;
use crate::sys::Wait;
use crate::sys::fd::{OwnedFd, check};
use crate::sys::missing::unsupported;
use crate::time::Instant;

#[derive(Debug)]
pub(crate) struct KernelTimer {
    timerfd: OwnedFd,
    /// When it expires, or did; `NEVER` if it is not armed. Not zero, so that a poller without a
    /// timer has no tag beside it.
    armed: NonZeroU64,
}

impl KernelTimer {
    pub(crate) fn new() -> Result<KernelTimer> {
        let (clock, flags) = (libc::CLOCK_MONOTONIC, libc::TFD_CLOEXEC | libc::TFD_NONBLOCK);
        // SAFETY: no memory is involved, and a descriptor made just now has no other owner.
        let timerfd = unsafe {
            OwnedFd::from_raw_fd(check(libc::timerfd_create(clock, flags)).map_err(unsupported)?)
        };
        let timer = KernelTimer { timerfd, armed: NEVER };
        // A sandbox may refuse the second call only.
        timer.set(NEVER).map_err(unsupported)?;
        Ok(timer)
    }

    /// As [`select`](Selector::select), waiting until `end` at most. `now` is a recent reading of
    /// the clock.
    ///
    /// Out of line, as `select_for` is.
    #[inline(never)]
    pub(crate) fn select_until(
        &mut self,
        selector: &Selector,
        events: &mut [RawEvent],
        now: Instant,
        end: Instant,
    ) -> Result<usize> {
        let end = nanos(end);
        let ends_in_time = nanos(now) < self.armed && self.armed <= end;
        if !ends_in_time {
            self.set(end)?;
            self.armed = end;
        }
        let readable = |fd| libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
        let mut both = [readable(selector.raw_fd()), readable(self.timerfd.as_raw_fd())];
        // SAFETY: the kernel writes to the two structures, which live longer than the call.
        check(unsafe { libc::poll(both.as_mut_ptr(), both.len() as libc::nfds_t, -1) })?;
        match both[0].revents {
            0 => Ok(0),
            _ => selector.select(events, Wait::No),
        }
    }

    /// Arms it, or disarms it for `NEVER`.
    fn set(&self, at: NonZeroU64) -> Result<()> {
        const ZERO: libc::timespec = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        let it_value = if at == NEVER { ZERO } else { timespec(at.get()) };
        let setting = libc::itimerspec { it_interval: ZERO, it_value };
        let (fd, flags) = (self.timerfd.as_raw_fd(), libc::TFD_TIMER_ABSTIME);
        // SAFETY: the kernel reads `setting` and writes nothing.
        check(unsafe { libc::timerfd_settime(fd, flags, &setting, ptr::null_mut()) })?;
        Ok(())
    }
}

const NEVER: NonZeroU64 = NonZeroU64::MAX;

/// A point in time that does not disarm, as zero would: the clock's origin is a nanosecond later.
fn nanos(at: Instant) -> NonZeroU64 {
    NonZeroU64::new(at.as_nanos()).unwrap_or(NonZeroU64::MIN)
}

fn timespec(nanos: u64) -> libc::timespec {
    /// Fits any `time_t`. It is so far ahead that waking early costs nothing.
    const MAX_SECONDS: u64 = i32::MAX as u64;
    libc::timespec {
        tv_sec: (nanos / 1_000_000_000).min(MAX_SECONDS) as _,
        tv_nsec: (nanos % 1_000_000_000) as _,
    }
}
