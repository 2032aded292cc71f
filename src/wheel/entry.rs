//! What the winner tree compares, as a number: the greater one is the earlier timer.

use core::num::NonZeroU32;

/// The number of a leaf: where one timer is stored.
pub(super) type Leaf = u32;

/// No leaf, if `leaf + 1` is stored.
pub(super) const NONE: u32 = 0;

/// In a generation: a timer is stored there. A smaller value is the link of a free leaf.
pub(super) const OCCUPIED: NonZeroU32 = NonZeroU32::new(1 << 31).unwrap();
/// In a generation: the timer is periodic.
pub(super) const PERIODIC: u32 = 1;
/// From one generation to the next, downward: the 30 bits between `OCCUPIED` and `PERIODIC` count.
pub(super) const GENERATION_STEP: u32 = 2;

/// A timer at some moment: its priority, generation and leaf, from the most significant bit down.
/// The earlier deadline is the greater number; of equal deadlines the one inserted earlier. A free
/// leaf is less than every timer.
pub(super) type Entry = u128;

#[inline(always)]
pub(super) const fn entry(priority: u64, generation: u32, leaf: Leaf) -> Entry {
    join(priority, (generation as u64) << 32 | leaf as u64)
}

/// Returns the deadline's complement: the earlier, the greater, and memory that is all zeros holds
/// no timer.
#[inline(always)]
pub(super) const fn priority(deadline: u64) -> u64 {
    !deadline
}

/// Returns the deadline of a priority.
#[inline(always)]
pub(super) const fn deadline(priority: u64) -> u64 {
    !priority
}

#[inline(always)]
pub(super) const fn priority_of(entry: Entry) -> u64 {
    split(entry).0
}

#[inline(always)]
pub(super) const fn leaf_of(entry: Entry) -> Leaf {
    entry as Leaf
}

/// Returns whether the entry is a timer's, and not a free leaf's.
#[inline(always)]
pub(super) const fn is_timer(entry: Entry) -> bool {
    (entry >> 32) as u32 >= OCCUPIED.get()
}

#[inline(always)]
pub(super) const fn join(high: u64, low: u64) -> Entry {
    (high as u128) << 64 | low as u128
}

#[inline(always)]
pub(super) const fn split(entry: Entry) -> (u64, u64) {
    ((entry >> 64) as u64, entry as u64)
}

/// Returns the greater of two, without a branch.
#[inline(always)]
pub(super) fn greater(a: Entry, b: Entry) -> Entry {
    core::hint::select_unpredictable(b > a, b, a)
}
