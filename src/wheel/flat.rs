//! Wheels too small for slots: their timers are looked through one by one.

use super::TimerWheel;

impl<const N: usize> TimerWheel<N> {
    /// Finds the earliest deadline.
    pub(super) fn settle_flat(&mut self) {
        (self.bound, self.earliest) = self.store.first_live(|_| true);
    }
}
