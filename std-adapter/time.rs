//! `std::time::Instant` as `mio_st::time::Instant`.

extern crate std;

use core::time::Duration;
use std::sync::OnceLock;
use std::time::Instant as StdInstant;

use crate::time::Instant;

/// Both read the same clock, but `std` hides its origin. The first conversion in a process reads
/// both, and all conversions use the difference. It is wrong by less than a microsecond, always by
/// the same amount, so that deadlines become later and never earlier, and do not drift. The clock
/// stands still while the machine is suspended.
impl From<StdInstant> for Instant {
    fn from(instant: StdInstant) -> Instant {
        let (std, ours) = *anchor();
        match instant.checked_duration_since(std) {
            Some(after) => ours + after,
            None => ours - std.duration_since(instant),
        }
    }
}

fn anchor() -> &'static (StdInstant, Instant) {
    static ANCHOR: OnceLock<(StdInstant, Instant)> = OnceLock::new();
    ANCHOR.get_or_init(|| {
        // Of our two readings, the later: then what is converted is never early. A thread may be
        // put off between them, so the closest of a few pairs.
        let mut closest = (Duration::MAX, (StdInstant::now(), Instant::now()));
        for _ in 0..8 {
            let before = Instant::now();
            let std = StdInstant::now();
            let after = Instant::now();
            if after - before < closest.0 {
                closest = (after - before, (std, after));
            }
        }
        closest.1
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conversion_is_never_early_and_keeps_distances() {
        for _ in 0..1000 {
            let before = Instant::now();
            let std = StdInstant::now();
            assert!(Instant::from(std) >= before);
            let later = std + Duration::from_nanos(123_456_789);
            assert_eq!(
                Instant::from(later) - Instant::from(std),
                Duration::from_nanos(123_456_789)
            );
        }
    }

    #[test]
    fn the_past_and_the_far_future_convert() {
        let now = StdInstant::now();
        if let Some(past) = now.checked_sub(Duration::from_millis(5)) {
            assert_eq!(Instant::from(now) - Instant::from(past), Duration::from_millis(5));
        }
        if let Some(future) = now.checked_add(Duration::from_secs(u64::MAX / 4)) {
            assert_eq!(Instant::from(future), Instant::MAX);
        }
    }
}
