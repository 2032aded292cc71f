//! What takes part in the tournament, as a number: the greater one is the earlier.

use core::num::NonZeroU32;

/// The number of a timer's place.
pub(super) type Place = u32;

/// No place, in a link that holds `place + 1`.
pub(super) const NONE: u32 = 0;

/// In a stamp: a timer is there. Less than that is the link of a place that nobody uses.
pub(super) const LIVE: NonZeroU32 = NonZeroU32::new(1 << 31).unwrap();
/// In a stamp: the timer is periodic.
pub(super) const PERIODIC: u32 = 1;
/// From one stamp to the next, downward. Bit 31 is `LIVE`, bit 0 `PERIODIC`.
pub(super) const STEP: u32 = 2;

/// A timer as it was when it last played: urgency, stamp, place, from the top. The more urgent is the greater,
/// of equally urgent ones the one inserted earlier; what is not live is less than all that are.
pub(super) type Entry = u128;

#[inline(always)]
pub(super) const fn entry(urgency: u64, stamp: u32, place: Place) -> Entry {
    join(urgency, (stamp as u64) << 32 | place as u64)
}

/// How close a deadline is to the beginning of time: so that memory that is all zeros holds none.
#[inline(always)]
pub(super) const fn urgency(deadline: u64) -> u64 {
    !deadline
}

/// The deadline of that urgency.
#[inline(always)]
pub(super) const fn deadline(urgency: u64) -> u64 {
    !urgency
}

#[inline(always)]
pub(super) const fn urgency_of(entry: Entry) -> u64 {
    split(entry).0
}

#[inline(always)]
pub(super) const fn place_of(entry: Entry) -> Place {
    entry as Place
}

#[inline(always)]
pub(super) const fn join(high: u64, low: u64) -> Entry {
    (high as u128) << 64 | low as u128
}

#[inline(always)]
pub(super) const fn split(entry: Entry) -> (u64, u64) {
    ((entry >> 64) as u64, entry as u64)
}

/// The greater of two.
#[inline(always)]
pub(super) fn greater(a: Entry, b: Entry) -> Entry {
    core::hint::select_unpredictable(b > a, b, a)
}
