//! A few timers that are due, sorted.

use super::SMALL;
use super::store::{NO_TIMER, Timer};

/// Up to `SMALL` timers in order of deadline, equal ones in the order they came; then one more, which
/// comes after them.
pub(super) struct Batch {
    timers: [Timer; SMALL as usize],
    len: usize,
    rest: Timer,
}

impl Batch {
    #[inline]
    pub fn new() -> Self {
        Batch { timers: [NO_TIMER; SMALL as usize], len: 0, rest: NO_TIMER }
    }

    /// Sorts a timer in: there is room.
    #[inline]
    pub fn insert(&mut self, timer: Timer) {
        let mut place = self.len;
        self.len += 1;
        while place > 0 && self.timers[place - 1].0 > timer.0 {
            self.timers[place] = self.timers[place - 1];
            place -= 1;
        }
        self.timers[place] = timer;
    }

    /// A timer that is not due: the first of these is kept.
    #[inline]
    pub fn insert_rest(&mut self, timer: Timer) {
        if timer.0 < self.rest.0 || self.rest == NO_TIMER {
            self.rest = timer;
        }
    }

    /// A timer that is not due and not of the same slot: it only counts if it is earlier than one that is.
    #[inline]
    pub fn lower_rest(&mut self, timer: Timer) {
        if timer.0 < self.rest.0 && self.rest != NO_TIMER {
            self.rest = timer;
        }
    }

    /// The timer at `place`, in order.
    #[inline]
    pub fn get(&self, place: usize) -> Option<Timer> {
        self.timers[..self.len].get(place).copied()
    }

    /// What comes at `place`, if anything does.
    #[inline]
    pub fn peek(&self, place: usize) -> Option<Timer> {
        self.get(place).or((self.rest != NO_TIMER).then_some(self.rest))
    }
}
