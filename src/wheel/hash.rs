//! The hash: which slot of the circle a deadline belongs to, and how fast the circle turns.
//!
//! The *speed* is how many turns there are in 2^64 ns. Any speed is correct, and it may change at any time: a
//! timer is found by its key and by its rank, never by its hash.

/// One insertion in so many is looked at for the speed: a power of 2.
pub(super) const SAMPLE: u32 = 16;

/// Returns the slot of a deadline: how far the circle has turned since its last full turn, in slots.
#[inline(always)]
pub(super) const fn slot_of(deadline: u64, speed: u64, slots: usize) -> usize {
    if slots <= 1 {
        return 0;
    }
    // The product's overflow is the number of full turns; what is left is the fraction of one, in 2^-64.
    let fraction = deadline.wrapping_mul(speed);
    ((fraction as u128 * slots as u128) >> 64) as usize
}

/// Returns the estimate of how far ahead deadlines are, after a look at one more: it settles where one in eight
/// is farther ahead.
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

/// Returns the speed at which a turn takes a little longer than `reach`; the present one if that is nearly so.
pub(super) const fn speed_after(speed: u64, reach: u64) -> u64 {
    let turn = reach.saturating_add(reach / 8) as u128;
    // One turn at this speed is 2^64 ns.
    let turns = (turn * speed as u128) >> 60;
    if turns > 12 && turns < 20 {
        speed
    } else {
        u64::MAX / if turn == 0 { 1 } else { turn as u64 }
    }
}
