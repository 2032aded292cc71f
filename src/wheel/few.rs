//! The first few of many.

use heapless::Vec;

use super::ORDERED;
use super::store::Timer;

/// The first `ORDERED` of the timers put in, in order of deadline, equal ones in the order they came.
pub(super) struct Few(Vec<Timer, ORDERED>);

impl Few {
    #[inline]
    pub fn new() -> Self {
        Few(Vec::new())
    }

    /// Sorts a timer in. Where there is no room the last one gives way.
    #[inline]
    pub fn insert(&mut self, timer: Timer) {
        let mut place = self.0.len();
        if self.0.push(timer).is_err() {
            place -= 1;
            if self.0[place].0 <= timer.0 {
                return;
            }
        }
        while place > 0 && self.0[place - 1].0 > timer.0 {
            self.0[place] = self.0[place - 1];
            place -= 1;
        }
        self.0[place] = timer;
    }

    pub fn is_full(&self) -> bool {
        self.0.is_full()
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// In order.
    #[inline]
    pub fn timers(&self) -> &[Timer] {
        &self.0
    }
}
