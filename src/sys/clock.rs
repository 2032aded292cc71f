//! The monotonic clock, and a cheaper one that trails it.

use core::time::Duration;

use super::fd::done;
use crate::error::Result;
use crate::time::Instant;

/// The clock that `std::time::Instant` reads too. It stands still while the machine is suspended.
#[cfg(not(target_vendor = "apple"))]
const MONOTONIC: libc::clockid_t = libc::CLOCK_MONOTONIC;
#[cfg(target_vendor = "apple")]
const MONOTONIC: libc::clockid_t = libc::CLOCK_UPTIME_RAW;

impl Instant {
    /// Returns the time of the monotonic clock. See clock_gettime(2).
    ///
    /// If the system refuses to read its clock, as a sandbox may, this is [`Instant::MAX`]: a
    /// deadline that is computed from it never expires, instead of too early.
    /// [`Poller`](crate::Poller) reports the error.
    #[inline]
    #[must_use]
    pub fn now() -> Instant {
        now().unwrap_or(Instant::MAX)
    }
}

/// Returns the time of the monotonic clock, or why it cannot be read.
#[inline]
pub(crate) fn now() -> Result<Instant> {
    read(MONOTONIC)
}

/// Returns a time shortly before now, in a few nanoseconds instead of some twenty; `None` if the
/// system has no such clock.
///
/// The kernel sets it at each timer tick, at least every [`SLOWEST_TICK`]. If a hypervisor delays
/// the tick, now may be later still: use the sum only to avoid reading the real clock, never to
/// expire a timer or to sleep.
#[inline]
pub(crate) fn coarse() -> Option<Instant> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    return read(libc::CLOCK_MONOTONIC_COARSE).ok();
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    return None;
}

pub(crate) const SLOWEST_TICK: Duration = Duration::from_millis(10);

/// prctl(2).
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn set_timer_slack(slack: Duration) -> Result<()> {
    let slack = libc::c_ulong::try_from(slack.as_nanos()).unwrap_or(libc::c_ulong::MAX);
    // SAFETY: no memory is involved.
    done(unsafe { libc::prctl(libc::PR_SET_TIMERSLACK, slack) })
        .map_err(super::missing::unsupported)
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn set_timer_slack(_: Duration) -> Result<()> {
    Err(crate::error::Error::Unsupported)
}

#[inline]
fn read(clock: libc::clockid_t) -> Result<Instant> {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call writes to `time`, which lives longer.
    done(unsafe { libc::clock_gettime(clock, &mut time) })?;
    Ok(Instant::from_nanos(time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_goes_forward_and_the_coarse_one_trails_it() {
        let first = Instant::now();
        let coarse = coarse();
        assert!(Instant::now() >= first);
        assert!(coarse.is_none_or(|coarse| coarse <= Instant::now()));
    }
}
