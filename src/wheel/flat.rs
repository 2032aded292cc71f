//! Wheels too small for slots: their timers are looked through one by one.

use super::batch::{Batch, Due};
use super::expire::Fired;
use super::{TimerWheel, UNKNOWN};

impl<const N: usize> TimerWheel<N> {
    /// Finds the earliest deadline.
    pub(super) fn settle_flat(&mut self) {
        if let Some(first) = self.store.first_live(|_| true) {
            (self.bound, self.earliest) = first;
        }
    }

    /// Takes out the first few timers that are due, in order, and says how many: at most `room`.
    pub(super) fn fire_some_flat(&mut self, now: u64, room: usize, fired: &mut Fired) -> usize {
        // The first few that are due, and the first of the rest.
        let mut batch = Batch::new();
        let mut rest = (u64::MAX, UNKNOWN);
        for timer in self.store.live() {
            let mut other = Some(timer);
            if timer.0 <= now {
                let due = Due {
                    deadline: timer.0,
                    tie: self.store.seniority(timer.1),
                    node: timer.1,
                };
                other = batch
                    .insert_or_swap(due)
                    .map(|due| (due.deadline, due.node));
            }
            if let Some(other) = other
                && (rest.1 == UNKNOWN || self.store.precedes(other, rest))
            {
                rest = other;
            }
        }
        let batch = batch.as_slice();
        let (due, later) = batch.split_at(room.min(batch.len()));
        (self.bound, self.earliest) = match later.first() {
            Some(first) => (first.deadline, first.node),
            None => rest,
        };
        for (timer, fired) in due.iter().zip(fired) {
            *fired = self.fire(timer.node, timer.deadline, now);
        }
        due.len()
    }
}
