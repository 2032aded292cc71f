//! Wheels too small for slots: their timers are looked through one by one.

use super::batch::{Batch, Due};
use super::expire::Fired;
use super::{TimerWheel, UNKNOWN};

impl<const N: usize> TimerWheel<N> {
    /// Finds the earliest deadline.
    pub(super) fn settle_flat(&mut self) {
        let mut best = (u64::MAX, UNKNOWN);
        for node in self.store.nodes() {
            let deadline = self.store.deadline(node);
            if self.store.is_live(node) && (deadline < best.0 || best.1 == UNKNOWN) {
                best = (deadline, node);
            }
        }
        (self.bound, self.earliest) = best;
    }

    /// Takes out the first few timers that are due, in order, and says how many: at most `room`.
    pub(super) fn fire_some_flat(&mut self, now: u64, room: usize, fired: &mut Fired) -> usize {
        if self.len == 0 || now < self.bound {
            return 0;
        }
        // The first few that are due, and the earliest of the rest.
        let mut batch = Batch::new();
        let mut rest = (u64::MAX, UNKNOWN);
        for node in self.store.nodes() {
            if !self.store.is_live(node) {
                continue;
            }
            let due =
                Due { deadline: self.store.deadline(node), tie: self.store.seniority(node), node };
            let other = if due.deadline <= now { batch.insert_or_swap(due) } else { Some(due) };
            if let Some(other) = other
                && (other.deadline < rest.0 || rest.1 == UNKNOWN)
            {
                rest = (other.deadline, other.node);
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
