//! Waiting until a point in time without the slack of the kernel's timeouts: timerfd_create(2).
//!
//! A timerfd expires within microseconds of its time, and epoll_wait(2) within its slack: 50 µs, or
//! a thousandth of a long timeout. The timerfd stays out of the epoll instance, where its event
//! would need an id, and every number may be a user's. poll(2) waits for both, and then the epoll
//! instance is asked for its events.
//!
//! The timerfd is never read. It stays armed if the next wait is to end later: it ends that early,
//! and is then armed again. So a deadline that is pushed back over and over makes no call.

use core::ptr;

use super::{RawEvent, Selector};
use crate::error::Result;
use crate::sys::Wait;
use crate::sys::fd::{OwnedFd, check, done};
use crate::sys::missing::unsupported;
use crate::time::Instant;

#[derive(Debug)]
pub(crate) struct KernelTimer {
    timerfd: OwnedFd,
    /// When it expires, or did; `Instant::MAX` if it is not armed.
    armed: Instant,
}

impl KernelTimer {
    pub(crate) fn new() -> Result<KernelTimer> {
        let (clock, flags) = (libc::CLOCK_MONOTONIC, libc::TFD_CLOEXEC | libc::TFD_NONBLOCK);
        // SAFETY: no memory is involved, and a descriptor made just now has no other owner.
        let timerfd = unsafe {
            OwnedFd::from_raw_fd(check(libc::timerfd_create(clock, flags)).map_err(unsupported)?)
        };
        let timer = KernelTimer { timerfd, armed: Instant::MAX };
        // A sandbox may refuse the second call only.
        timer.set(Instant::MAX).map_err(unsupported)?;
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
        let ends_in_time = now < self.armed && self.armed <= end;
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

    /// Arms it, or disarms it for `Instant::MAX`.
    fn set(&self, at: Instant) -> Result<()> {
        const NEVER: libc::timespec = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        let value = match at {
            Instant::MAX => NEVER,
            at => timespec(at),
        };
        let setting = libc::itimerspec { it_interval: NEVER, it_value: value };
        let (fd, flags) = (self.timerfd.as_raw_fd(), libc::TFD_TIMER_ABSTIME);
        // SAFETY: the kernel reads `setting` and writes nothing.
        done(unsafe { libc::timerfd_settime(fd, flags, &setting, ptr::null_mut()) })
    }
}

/// As the kernel takes a point in time. Zero would disarm: the origin is a nanosecond later.
fn timespec(at: Instant) -> libc::timespec {
    /// Fits any `time_t`. It is so far ahead that waking early costs nothing.
    const MAX_SECONDS: u64 = i32::MAX as u64;
    let nanos = at.as_nanos().max(1);
    libc::timespec {
        tv_sec: (nanos / 1_000_000_000).min(MAX_SECONDS) as _,
        tv_nsec: (nanos % 1_000_000_000) as _,
    }
}
