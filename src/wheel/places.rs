//! The memory of a wheel's timers: a place for each, which it keeps as long as it is pending.
//!
//! What a push-back and a cancellation need lies together, 12 bytes: most of what a wheel does touches nothing
//! else. The ids lie apart, to be read when a timer fires.

use core::sync::atomic::{AtomicU32, Ordering};

use super::entry::{Entry, LIVE, NONE, Place, STEP, entry, greater};
use super::key::DeadlineKey;
use crate::prefetch::prefetch;

#[derive(Copy, Clone)]
#[repr(C, packed(4))]
struct Hot {
    urgency: u64,
    /// Which insertion this was, counted downward, with the flags of [`entry`](super::entry); where no timer
    /// is, the next place to use again.
    stamp: u32,
}

#[repr(C)]
pub(super) struct Places<const N: usize> {
    /// The first of the places to use again, as a link: the place and 1.
    free: u32,
    /// How many places were used since the last restart: those beyond are not in that list.
    used: u32,
    /// The latest stamp, less its flags; the lowest bit says that there is one.
    latest: u32,
    hot: [Hot; N],
    /// For each timer a partner: where a periodic one has its period. For a partner, the digest of the
    /// urgency that the latest tick has set.
    partners: [Place; N],
    /// The user's ids. For a partner it is the period.
    ids: [u64; N],
}

impl<const N: usize> Places<N> {
    /// All bytes zero: what `static` memory is anyway.
    pub const fn new() -> Self {
        Places {
            free: NONE,
            used: 0,
            latest: 0,
            hot: [Hot { urgency: 0, stamp: 0 }; N],
            partners: [0; N],
            ids: [0; N],
        }
    }

    /// Takes a place that was used before and is not now.
    #[inline]
    pub fn take_used(&mut self) -> Option<Place> {
        if N == 0 || self.free == NONE {
            return None;
        }
        let place = self.free - 1;
        self.free = self.stamp(place);
        Some(place)
    }

    /// Takes a place that was not used since the last restart.
    #[inline]
    pub fn take_fresh(&mut self) -> Option<Place> {
        let place = self.used;
        if N == 0 || place as usize >= N {
            return None;
        }
        self.used += 1;
        Some(place)
    }

    /// How many places were used since the last restart.
    #[inline]
    pub fn used(&self) -> u32 {
        self.used
    }

    /// Begins at the first place again. There is no timer.
    pub fn forget_used(&mut self) {
        (self.free, self.used) = (NONE, 0);
    }

    /// Sees to it that stamps are no other wheel's.
    #[inline]
    pub fn choose_stamps(&mut self) {
        if self.latest == 0 {
            self.latest = first_stamp();
        }
    }

    /// Gives a place back. No key names it any more.
    #[inline]
    pub fn give_back(&mut self, place: Place) {
        // An urgency of zero, with what is no stamp, is less than all that are pending.
        self.hot[place as usize] = Hot { urgency: 0, stamp: self.free };
        self.free = place + 1;
    }

    /// Puts a timer into a place, and names it.
    #[inline]
    pub fn fill(&mut self, place: Place, urgency: u64, id: usize, flags: u32) -> DeadlineKey {
        self.latest = self.latest.wrapping_sub(STEP);
        let stamp = LIVE | self.latest & !(STEP - 1) | flags;
        self.hot[place as usize] = Hot { urgency, stamp: stamp.get() };
        self.ids[place as usize] = id as u64;
        DeadlineKey { place, stamp }
    }

    /// Makes `partner`, a place that no key names, the one of the periodic timer at `place`.
    pub fn join(&mut self, place: Place, partner: Place, period: u64) {
        self.hot[partner as usize] = Hot { urgency: 0, stamp: NONE };
        self.ids[partner as usize] = period;
        self.partners[partner as usize] = 0;
        self.partners[place as usize] = partner;
    }

    pub fn partner(&self, place: Place) -> Place {
        self.partners[place as usize]
    }

    /// Moves a periodic timer to its next tick, and notes in its partner that it has ticked.
    pub fn set_tick(&mut self, place: Place, urgency: u64) {
        self.set_urgency(place, urgency);
        self.partners[self.partner(place) as usize] = digest(urgency);
    }

    /// Returns whether a periodic timer has ticked and was not moved since.
    pub fn is_at_tick(&self, place: Place) -> bool {
        let urgency = self.hot[place as usize].urgency;
        self.partners[self.partner(place) as usize] == digest(urgency)
    }

    /// The period of the timer whose partner this is.
    pub fn period(&self, partner: Place) -> u64 {
        self.ids[partner as usize]
    }

    #[inline]
    pub fn id(&self, place: Place) -> usize {
        self.ids[place as usize] as usize
    }

    /// The urgency of the timer that a key names.
    #[inline]
    pub fn find(&self, key: DeadlineKey) -> Option<u64> {
        let hot = self.hot.get(key.place as usize)?;
        (hot.stamp == key.stamp.get()).then_some(hot.urgency)
    }

    #[inline]
    pub fn stamp(&self, place: Place) -> u32 {
        self.hot[place as usize].stamp
    }

    /// Has fetched what is read of a timer that fires.
    #[inline(always)]
    pub fn prefetch(&self, place: Place) {
        prefetch(&self.hot[place as usize]);
        prefetch(&self.ids[place as usize]);
    }

    #[inline]
    pub fn set_urgency(&mut self, place: Place, urgency: u64) {
        self.hot[place as usize].urgency = urgency;
    }

    #[inline]
    pub fn entry(&self, place: Place) -> Entry {
        let Hot { urgency, stamp } = self.hot[place as usize];
        entry(urgency, stamp, place)
    }

    /// The greatest entry of the four places around this one.
    #[inline(always)]
    pub fn winner_around(&self, place: Place) -> Entry {
        let first = place & !3;
        let player = |seat| self.entry(first + seat);
        if N.is_multiple_of(4) || (first as usize) < N & !3 {
            greater(greater(player(0), player(1)), greater(player(2), player(3)))
        } else {
            (0..N as u32 % 4).map(player).max().unwrap_or_default()
        }
    }

    /// The places of all timers, in no particular order.
    #[inline]
    pub fn live(&self) -> impl Iterator<Item = Place> {
        let used = self.hot.get(..self.used as usize).unwrap_or_default();
        let live = (0..).zip(used).filter(|(_, hot)| hot.stamp >= LIVE.get());
        live.map(|(place, _)| place)
    }

    /// The key of a timer.
    #[inline]
    pub fn key(&self, place: Place) -> DeadlineKey {
        DeadlineKey { place, stamp: LIVE | self.stamp(place) }
    }

    /// Makes the next stamps the last ones.
    #[cfg(test)]
    pub fn wrap_stamps(&mut self) {
        self.latest = (3 * STEP) | 1;
    }

    #[cfg(test)]
    pub fn count_free(&self) -> usize {
        let mut count = N - self.used as usize;
        let mut link = self.free;
        while link != NONE {
            let stamp = self.stamp(link - 1);
            assert!(stamp < LIVE.get());
            count += 1;
            link = stamp;
        }
        count
    }
}

/// 32 bits of an urgency, never 0, of which those of two urgencies differ unless by a rare chance.
fn digest(urgency: u64) -> u32 {
    (urgency.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as u32 | 1
}

/// Where a wheel's stamps begin: each wheel elsewhere, so that the keys of one are stale in the others.
#[cold]
fn first_stamp() -> u32 {
    static LATEST: AtomicU32 = AtomicU32::new(0);
    // Multiples of the golden ratio keep their distance. Load and store, since not every processor can
    // add: two threads that meet here share a beginning, which no memory access rests on.
    let next = LATEST.load(Ordering::Relaxed).wrapping_add(STEP.wrapping_mul(0x9E37_79B9));
    LATEST.store(next, Ordering::Relaxed);
    next | 1
}
