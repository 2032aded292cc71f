//! Firing what is due.

use super::next::Effort;
use super::store::{Node, PERIODIC};
use super::{BACKGROUND, COARSE, NO_SLOT, TimerWheel, UNKNOWN};
use crate::id::EventedId;
use crate::ready::Ready;

impl<const N: usize> TimerWheel<N> {
    /// Delivers what is due, in order, as far as `room` and the work of one call go.
    pub(super) fn expire_due(
        &mut self,
        now: u64,
        room: usize,
        mut deliver: impl FnMut(EventedId, Ready),
    ) -> usize {
        let mut effort = Effort::until(now);
        let mut fired = 0;
        while fired < room && self.len != 0 {
            if !self.is_settled() {
                self.search(&mut effort);
            }
            if self.bound > now || !self.is_settled() {
                break;
            }
            // The wheel is in order before anything of the caller's runs.
            let id = self.fire(self.earliest, now);
            fired += 1;
            deliver(id, Ready::TIMER);
        }
        fired
    }

    /// Takes the earliest timer out, or files it anew if it is periodic.
    #[inline]
    fn fire(&mut self, node: Node, now: u64) -> EventedId {
        self.earliest = UNKNOWN;
        self.unlink(node);
        let id = self.store.id(node);
        if self.store.stamp(node) & PERIODIC != 0 {
            return self.rearm(node, now, id as Node);
        }
        self.len -= 1;
        self.store.give_back(node);
        EventedId(id)
    }

    /// Files a periodic timer for its next tick. `second` is the node where its period and its id are.
    #[cold]
    fn rearm(&mut self, node: Node, now: u64, second: Node) -> EventedId {
        let id = self.store.id(second);
        match next_tick(self.bound, self.store.deadline(second), now) {
            Some(deadline) => {
                self.store.set_deadline(node, deadline);
                self.append(node, deadline);
            }
            // The end of time: it has fired for the last time.
            None => {
                self.len -= 1;
                self.give_back_second(second);
                self.store.give_back(node);
            }
        }
        EventedId(id)
    }

    /// Keeps the slots for the near future short, when nothing is due.
    #[cold]
    #[inline(never)]
    pub(super) fn tidy(&mut self, now: u64) {
        if Self::GEOMETRY.is_flat() {
            return;
        }
        if self.len == 0 {
            self.vacate_all();
            self.pivot = now;
        } else if self.opening != NO_SLOT {
            if self.sift(&mut { BACKGROUND }) && self.earliest == COARSE {
                self.earliest = UNKNOWN;
            }
        } else if let Some(slot) = self.first() {
            let start = Self::GEOMETRY.start(slot, self.pivot);
            if now < start {
                // All slots lie after now, which is after the pivot: seen from now they are the same slots.
                debug_assert!(self.pivot < now && self.level_below().is_none());
                self.pivot = now;
            }
            // A crowded slot is opened before it is due, to have less to do then.
            let soon = start.saturating_sub(now) < Self::GEOMETRY.width(slot);
            if soon && self.earliest == COARSE && Self::GEOMETRY.can_open(slot) {
                if let Some(pivot) = self.crowd(slot, &mut { BACKGROUND }) {
                    self.open(slot, pivot);
                }
            }
        }
    }
}

/// The first tick after `now` on the grid that `deadline` lies on; `None` at the end of time.
fn next_tick(deadline: u64, period: u64, now: u64) -> Option<u64> {
    let late = now.saturating_sub(deadline);
    let missed = if late < period {
        0
    } else {
        late / period * period
    };
    deadline.checked_add(missed)?.checked_add(period)
}

#[cfg(test)]
mod tests {
    use super::next_tick;

    #[test]
    fn ticks_keep_to_their_grid() {
        assert_eq!(next_tick(100, 10, 100), Some(110));
        assert_eq!(next_tick(100, 10, 109), Some(110));
        assert_eq!(next_tick(100, 10, 110), Some(120));
        assert_eq!(next_tick(103, 10, 1_000_000_000), Some(1_000_000_003));
        assert_eq!(next_tick(0, 1, u64::MAX - 1), Some(u64::MAX));
        assert_eq!(next_tick(0, 1, u64::MAX), None);
        assert_eq!(next_tick(5, u64::MAX, 5), None);
        assert_eq!(next_tick(0, u64::MAX, 5), Some(u64::MAX));
    }
}
