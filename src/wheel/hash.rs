//! The hash: which slot of the circle a deadline belongs to, and how fast the circle turns.
//!
//! The *speed* is how many turns there are in 2^64 ns. Any speed is correct, and it may change at
//! any time: a timer is found by its key and by its rank, never by its hash.

/// One insertion in so many is looked at for the speed: a power of 2.
pub(super) const SAMPLE: u32 = 16;

/// Returns the slot of a deadline: how far the circle has turned since its last full turn, in
/// slots.
#[inline(always)]
pub(super) const fn slot_of(deadline: u64, speed: u64, slots: usize) -> usize {
    if slots <= 1 {
        return 0;
    }
    // The product's overflow is the number of full turns; what is left is the fraction of one, in
    // 2^-64.
    let fraction = deadline.wrapping_mul(speed);
    ((fraction as u128 * slots as u128) >> 64) as usize
}

/// Returns the estimate of how far ahead deadlines are, after a look at one more: it settles where
/// one in eight is farther ahead.
pub(super) const fn reach_after(reach: u64, ahead: u64) -> u64 {
    if reach == 0 {
        ahead
    } else if ahead / 4 > reach {
        reach.saturating_add(reach / 2 + 1)
    } else if ahead > reach {
        reach.saturating_add(reach / 16 + 1)
    } else {
        reach - reach / 128
    }
}

/// Returns the speed at which a turn takes a little longer than `reach`; the present one if that is
/// nearly so.
pub(super) const fn speed_after(speed: u64, reach: u64) -> u64 {
    let turn = reach.saturating_add(reach / 8);
    // In sixteenths of a turn at this speed, which is 2^64 ns.
    let turns = (turn as u128 * speed as u128) >> 60;
    if turn == 0 || turns > 12 && turns < 20 { speed } else { u64::MAX / turn }
}

#[cfg(test)]
mod tests {
    use super::{reach_after, slot_of, speed_after};

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn a_turn_visits_the_slots_in_order_and_begins_anew() {
        for slots in [2, 3, 7, 64] {
            for turn in [64, 1000, 30 * SECOND, 1 << 50] {
                let speed = speed_after(0, turn / 9 * 8);
                let turn = (u64::MAX / speed) as u128;
                let (mut visited, mut before) = (1, slot_of(1 << 60, speed, slots));
                for step in 1..=4 * 100 {
                    let now = (1 << 60) + (turn * step / 100) as u64;
                    let slot = slot_of(now, speed, slots);
                    assert!(slot < slots);
                    let ahead = (slot + slots - before) % slots;
                    assert!(ahead <= slots.div_ceil(50), "{before} {slot}");
                    visited += ahead;
                    before = slot;
                }
                // Four turns.
                assert!((4 * slots - 1..=4 * slots + 2).contains(&visited), "{visited} of {slots}");
            }
        }
        assert_eq!(slot_of(u64::MAX, u64::MAX, 1), 0);
        assert_eq!(slot_of(12345, 0, 64), 0);
    }

    #[test]
    fn the_reach_is_what_most_timeouts_stay_below() {
        let (mut reach, mut random) = (0, 1_u64);
        let mut sum = 0;
        for step in 0..20_000 {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            reach = reach_after(reach, ((random >> 40) * (30 * SECOND)) >> 24);
            if step >= 10_000 {
                sum += reach / 10_000;
            }
        }
        // Seven eighths of them, or a little more.
        assert!((25 * SECOND..29 * SECOND).contains(&sum), "{sum}");
        // From seconds to milliseconds and back, within so many looks.
        let mut looks = 0;
        while reach > SECOND / 1000 {
            reach = reach_after(reach, SECOND / 1000);
            looks += 1;
        }
        assert!(looks < 1500, "{looks}");
        while reach < 30 * SECOND {
            reach = reach_after(reach, 30 * SECOND);
            looks += 1;
        }
        assert!(looks < 1600, "{looks}");
        // A few that are far ahead hardly count.
        for step in 0..1000 {
            reach = reach_after(reach, if step % 50 == 0 { u64::MAX } else { SECOND });
        }
        assert!(reach < 60 * SECOND);
        assert_eq!(reach_after(u64::MAX - 1, u64::MAX), u64::MAX);
        assert_eq!(reach_after(5, 0), 5);
    }

    #[test]
    fn the_speed_follows_only_what_matters() {
        let speed = speed_after(0, 8 * SECOND);
        assert!((9 * SECOND..9 * SECOND + 9).contains(&(u64::MAX / speed)));
        for near in [7 * SECOND, 8 * SECOND, 9 * SECOND] {
            assert_eq!(speed_after(speed, near), speed);
        }
        for far in [4 * SECOND, 12 * SECOND, 1, u64::MAX] {
            assert_ne!(speed_after(speed, far), speed);
        }
        assert_eq!(speed_after(speed, 0), speed);
        assert_eq!(speed_after(0, u64::MAX), 1);
    }
}
