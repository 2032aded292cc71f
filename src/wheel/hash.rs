//! The hash: which slot of the circle a deadline belongs to, and how fast the circle turns.
//!
//! The *speed* is how many turns there are in 2^64 ns. Any speed is correct, and it may change at
//! any time: a timer is found by its key and by its rank, never by its hash.

/// One insertion in so many is looked at for the speed: a power of 2.
pub(super) const SAMPLE: u32 = 64;

/// How far off a speed may be while timers are pending, in 256ths of a turn: a change stores the
/// timers of one time in two slots.
pub(super) const TOLERANCE: u128 = 64;
/// How far off it may be when none is pending, and a change costs nothing.
pub(super) const TOLERANCE_IF_EMPTY: u128 = 8;

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

/// Returns the *reach* after a look at one more deadline: an estimate of how far ahead deadlines
/// are when they are inserted. It goes up by a 32nd if one is farther ahead, and else down by a
/// 256th: so it settles where about one in eight is. It goes up by an eighth if one is more than
/// four times as far ahead.
pub(super) const fn reach_after(reach: u64, ahead: u64) -> u64 {
    if reach == 0 {
        ahead
    } else if ahead / 4 > reach {
        reach.saturating_add(reach / 8 + 1)
    } else if ahead > reach {
        reach.saturating_add(reach / 32 + 1)
    } else {
        reach - reach / 256
    }
}

/// Returns the speed at which a turn takes a little longer than `reach`.
pub(super) const fn speed_of(reach: u64) -> u64 {
    let turn = turn_of(reach);
    u64::MAX / if turn == 0 { 1 } else { turn }
}

/// Returns whether a turn at this speed is shorter or longer than it should be by more than some
/// 256ths of it.
pub(super) const fn is_off(speed: u64, reach: u64, tolerance: u128) -> bool {
    // In 256ths of a turn at this speed, which is 2^64 ns.
    let turns = (turn_of(reach) as u128 * speed as u128) >> 56;
    turn_of(reach) != 0 && turns.abs_diff(256) > tolerance
}

/// Returns how long a turn should be: a sixth longer than the reach.
const fn turn_of(reach: u64) -> u64 {
    reach.saturating_add(reach / 6)
}

#[cfg(test)]
mod tests {
    use super::{TOLERANCE, TOLERANCE_IF_EMPTY, is_off, reach_after, slot_of, speed_of};

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn a_turn_visits_the_slots_in_order_and_begins_anew() {
        for slots in [2, 3, 7, 64] {
            for turn in [64, 1000, 30 * SECOND, 1 << 50] {
                let speed = speed_of(turn / 7 * 6);
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
        assert!(looks < 3000, "{looks}");
        while reach < 30 * SECOND {
            reach = reach_after(reach, 30 * SECOND);
            looks += 1;
        }
        assert!(looks < 3100, "{looks}");
        // A few that are far ahead hardly count.
        for step in 0..1000 {
            reach = reach_after(reach, if step % 50 == 0 { u64::MAX } else { SECOND });
        }
        assert!(reach < 60 * SECOND);
        assert_eq!(reach_after(u64::MAX - 1, u64::MAX), u64::MAX);
        assert_eq!(reach_after(5, 0), 5);
    }

    /// Each fraction, so that none of them changes by chance: they decide only the speed.
    #[test]
    fn the_reach_moves_by_these_fractions() {
        // The first timeout is all that is known.
        assert_eq!(reach_after(0, 1000), 1000);
        // More than four times as far ahead: an eighth.
        assert_eq!(reach_after(56, 4 * 57), 56 + 7 + 1);
        // Farther ahead: a 32nd.
        assert_eq!(reach_after(992, 4 * 993 - 1), 992 + 31 + 1);
        assert_eq!(reach_after(992, 993), 992 + 31 + 1);
        // As far ahead, or nearer: a 256th.
        assert_eq!(reach_after(65_280, 65_280), 65_280 - 255);
        assert_eq!(reach_after(65_280, 0), 65_280 - 255);
    }

    /// A quarter while timers are pending, a 32nd while none is.
    #[test]
    fn a_speed_may_be_off_by_these_fractions() {
        for (tolerance, parts) in [(TOLERANCE, 256 / 4), (TOLERANCE_IF_EMPTY, 256 / 32)] {
            // In 256ths of the turn, which is 7 << 20 ns.
            let is_off = |turn: u128| {
                let speed = (turn << 56) / (7 << 20) + 1;
                is_off(speed as u64, 6 << 20, tolerance)
            };
            assert!(!is_off(256 - parts) && !is_off(256 + parts));
            assert!(is_off(256 - parts - 1) && is_off(256 + parts + 1));
        }
    }

    #[test]
    fn the_speed_follows_only_what_matters() {
        let speed = speed_of(6 * SECOND);
        assert!((7 * SECOND..7 * SECOND + 9).contains(&(u64::MAX / speed)));
        for near in [5 * SECOND, 6 * SECOND, 7 * SECOND] {
            assert!(!is_off(speed, near, TOLERANCE));
        }
        for far in [4 * SECOND, 8 * SECOND, 1, u64::MAX] {
            assert!(is_off(speed, far, TOLERANCE));
        }
        // Nothing is known of the timeouts, or all are equal.
        assert!(!is_off(speed, 0, TOLERANCE) && !is_off(0, 0, TOLERANCE));
        assert!(is_off(0, 1, TOLERANCE));
        assert_eq!((speed_of(u64::MAX), speed_of(0), speed_of(1)), (1, u64::MAX, u64::MAX));
    }
}
