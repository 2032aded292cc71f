//! A few timers, sorted.

use super::SMALL;
use super::store::{NONE, Node};

/// A timer: its deadline and its node.
pub(super) type Timer = (u64, Node);

/// None: later than every timer.
pub(super) const NO_TIMER: Timer = (u64::MAX, NONE);

/// The earlier of two timers; the first one if they are equal.
#[inline]
pub(super) fn earlier(first: Timer, second: Timer) -> Timer {
    if second.0 < first.0 || first.1 == NONE { second } else { first }
}

/// The first few timers that are due: in order of deadline, equal ones in the order they came.
pub(super) struct Batch {
    timers: [Timer; SMALL],
    len: usize,
}

impl Batch {
    #[inline]
    pub fn new() -> Self {
        Batch { timers: [NO_TIMER; SMALL], len: 0 }
    }

    #[inline]
    fn is_full(&self) -> bool {
        self.len == SMALL
    }

    /// Whether there are as many timers as fit, none of them after `deadline`.
    #[inline]
    pub fn is_full_until(&self, deadline: u64) -> bool {
        self.is_full() && self.timers[SMALL - 1].0 <= deadline
    }

    /// Sorts a timer in. If there are too many now, the last one goes, and comes back.
    #[inline]
    pub fn insert(&mut self, timer: Timer) -> Option<Timer> {
        let mut last = None;
        if self.is_full() {
            let latest = self.timers[SMALL - 1];
            if latest.0 <= timer.0 {
                return Some(timer);
            }
            last = Some(latest);
        } else {
            self.len += 1;
        }
        let mut place = self.len - 1;
        while place > 0 && self.timers[place - 1].0 > timer.0 {
            self.timers[place] = self.timers[place - 1];
            place -= 1;
        }
        self.timers[place] = timer;
        last
    }

    /// In order.
    #[inline]
    pub fn as_slice(&self) -> &[Timer] {
        &self.timers[..self.len]
    }
}
