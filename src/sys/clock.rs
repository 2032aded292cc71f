//! The monotonic clock, and a cheaper one that trails it.

use crate::time::Instant;

/// The clock that `std::time::Instant` reads too. It stands still while the machine is suspended.
#[cfg(not(target_vendor = "apple"))]
const MONOTONIC: libc::clockid_t = libc::CLOCK_MONOTONIC;
#[cfg(target_vendor = "apple")]
const MONOTONIC: libc::clockid_t = libc::CLOCK_UPTIME_RAW;

impl Instant {
    /// Now.
    ///
    /// See clock_gettime(2).
    #[inline]
    #[must_use]
    pub fn now() -> Instant {
        read(MONOTONIC)
    }
}

/// A time that now has certainly not reached, for a few nanoseconds' cost instead of some twenty.
///
/// The kernel sets the coarse clock at each timer tick, and ticks come every 10 ms at the slowest. Where a
/// hypervisor delays the tick, now may be later than this after all: use it only to put off reading the
/// real clock, never to fire or to sleep.
#[cfg(any(target_os = "linux", target_os = "android"))]
#[inline]
pub(crate) fn not_yet() -> Instant {
    const SLOWEST_TICK: core::time::Duration = core::time::Duration::from_millis(10);
    read(libc::CLOCK_MONOTONIC_COARSE) + SLOWEST_TICK
}

/// Without a coarse clock of the same origin: after everything, so that the real one is read.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
#[inline]
pub(crate) fn not_yet() -> Instant {
    Instant::MAX
}

#[inline]
fn read(clock: libc::clockid_t) -> Instant {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a valid place to write to. The call cannot fail for these clocks.
    unsafe { libc::clock_gettime(clock, &mut time) };
    Instant::from_nanos(time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_goes_forward_and_the_coarse_one_stays_near() {
        let first = Instant::now();
        assert!(Instant::now() >= first);
        assert!(not_yet() > first);
    }
}
