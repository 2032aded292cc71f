//! Points in time: one word of nanoseconds.

use core::fmt;
use core::ops::{Add, AddAssign, Sub};
use core::time::Duration;

/// A point in time on the system's monotonic clock, in nanoseconds.
///
/// The clock is the one that `std::time::Instant` reads (`CLOCK_MONOTONIC` on Linux and the BSDs,
/// `CLOCK_UPTIME_RAW` on Apple systems): it never goes back, changes of the date do not affect it,
/// and it stops while the machine is suspended. Arithmetic saturates instead of panicking:
/// `Instant::MAX` is some 584 years of uptime away and means *never*.
///
/// ```
/// use mio_st::time::Instant;
/// use core::time::Duration;
///
/// let start = Instant::from_nanos(1_000);
/// assert_eq!(start + Duration::from_micros(1), Instant::from_nanos(2_000));
/// assert_eq!(start + Duration::MAX, Instant::MAX);
/// assert_eq!(start - Instant::MAX, Duration::ZERO);
/// ```
#[derive(Copy, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct Instant(u64);

impl Instant {
    /// The clock's origin: before everything.
    pub const ZERO: Instant = Instant(0);

    /// After everything: never.
    pub const MAX: Instant = Instant(u64::MAX);

    /// Returns the point in time `nanos` nanoseconds after the clock's origin.
    #[inline]
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Instant {
        Instant(nanos)
    }

    /// Returns the nanoseconds since the clock's origin.
    #[inline]
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Returns `self + duration`, or `MAX` if the sum is beyond it.
    #[inline]
    #[must_use]
    pub const fn saturating_add(self, duration: Duration) -> Instant {
        Instant(self.0.saturating_add(nanos(duration)))
    }

    /// Returns `self + duration`, or `None` if the sum is beyond `MAX`.
    #[inline]
    #[must_use]
    pub const fn checked_add(self, duration: Duration) -> Option<Instant> {
        // A duration of more than u64::MAX nanoseconds counts as u64::MAX: it fits at the origin
        // only.
        if duration.as_nanos() > u64::MAX as u128 {
            return None;
        }
        match self.0.checked_add(nanos(duration)) {
            Some(nanos) => Some(Instant(nanos)),
            None => None,
        }
    }

    /// Returns `self - duration`, or `ZERO` if the difference is before it.
    #[inline]
    #[must_use]
    pub const fn saturating_sub(self, duration: Duration) -> Instant {
        Instant(self.0.saturating_sub(nanos(duration)))
    }

    /// Returns the time from `earlier` to `self`, or zero if `earlier` is later.
    #[inline]
    #[must_use]
    pub const fn saturating_duration_since(self, earlier: Instant) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

/// Returns a duration in nanoseconds, saturating, in 64-bit arithmetic only: `Duration::as_nanos`
/// has 128 bits and costs several times as much.
#[inline]
pub(crate) const fn nanos(duration: Duration) -> u64 {
    duration.as_secs().saturating_mul(1_000_000_000).saturating_add(duration.subsec_nanos() as u64)
}

impl Add<Duration> for Instant {
    type Output = Instant;

    /// Saturates at [`Instant::MAX`].
    #[inline]
    fn add(self, duration: Duration) -> Instant {
        self.saturating_add(duration)
    }
}

impl AddAssign<Duration> for Instant {
    /// Saturates at [`Instant::MAX`].
    #[inline]
    fn add_assign(&mut self, duration: Duration) {
        *self = self.saturating_add(duration);
    }
}

impl Sub<Duration> for Instant {
    type Output = Instant;

    /// Saturates at [`Instant::ZERO`].
    #[inline]
    fn sub(self, duration: Duration) -> Instant {
        self.saturating_sub(duration)
    }
}

impl Sub for Instant {
    type Output = Duration;

    /// Returns zero if `earlier` is later.
    #[inline]
    fn sub(self, earlier: Instant) -> Duration {
        self.saturating_duration_since(earlier)
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Instant::MAX {
            return f.write_str("Instant(never)");
        }
        write!(f, "Instant({:?})", Duration::from_nanos(self.0))
    }
}

static_assertions::assert_eq_size!(Instant, u64);
static_assertions::assert_impl_all!(Instant: Send, Sync, Unpin);
