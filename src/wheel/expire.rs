//! Firing what is due.

use super::batch::Batch;
use super::geometry::Slot;
use super::next::Effort;
use super::store::{Node, PERIODIC, Timer};
use super::{BACKGROUND, COARSE, LAG, NO_SLOT, TimerWheel, UNKNOWN};
use crate::id::EventedId;
use crate::ready::Ready;
use crate::time::Instant;

impl<const N: usize> TimerWheel<N> {
    /// Delivers what is due at `now`, with [`Ready::TIMER`], in order: as much as `room` allows, and returns
    /// how much that was. The rest stays, and can still be cancelled or moved.
    ///
    /// The work of one call is bounded. So less than `room` may be delivered although more is due, even
    /// nothing; then [`next_wakeup`](TimerWheel::next_wakeup) is not after `now`, and the next call goes on.
    ///
    /// To call it when nothing is due costs next to nothing and keeps the wheel tidy.
    #[inline]
    pub fn expire(
        &mut self,
        now: Instant,
        room: usize,
        deliver: impl FnMut(EventedId, Ready),
    ) -> usize {
        if N == 0 {
            return 0;
        }
        let now = now.as_nanos();
        let mut fired = 0;
        if self.len != 0 && now >= self.bound {
            fired = self.expire_due(now, room, deliver);
        }
        if self.opening != NO_SLOT || now >> LAG > self.pivot >> LAG {
            self.tidy(now);
        }
        fired
    }

    /// Delivers what is due, in order, as far as `room` and the work of one call go.
    fn expire_due(
        &mut self,
        now: u64,
        room: usize,
        mut deliver: impl FnMut(EventedId, Ready),
    ) -> usize {
        let mut effort = Effort::until(now);
        let mut fired = 0;
        while fired < room && self.len != 0 {
            effort.few = NO_SLOT;
            if !self.is_settled() {
                self.search(&mut effort);
            }
            if self.bound > now || !self.is_settled() {
                break;
            }
            if effort.few == NO_SLOT {
                let (id, _) = self.fire((self.bound, self.earliest), now);
                fired += 1;
                deliver(id, Ready::TIMER);
                continue;
            }
            let mut batch = self.sort(effort.few, now);
            let mut place = 0;
            while fired < room
                && let Some(timer) = batch.get(place)
            {
                let (id, again) = self.fire(timer, now);
                if let Some(again) = again {
                    batch.lower_rest(again);
                }
                place += 1;
                if let Some(next) = batch.peek(place) {
                    (self.bound, self.earliest) = next;
                }
                // The wheel is in order before anything of the caller's runs.
                fired += 1;
                deliver(id, Ready::TIMER);
            }
        }
        fired
    }

    /// The timers of a slot that has only a few.
    fn sort(&self, slot: Slot, now: u64) -> Batch {
        let mut batch = Batch::new();
        let mut node = self.store.next(slot);
        while node != slot {
            let timer = (self.store.deadline(node), node);
            if timer.0 <= now {
                batch.insert(timer);
            } else {
                batch.insert_rest(timer);
            }
            node = self.store.next(node);
        }
        batch
    }

    /// Takes the earliest timer out, or files it anew if it is periodic: then it comes back as well.
    #[inline]
    fn fire(&mut self, (deadline, node): Timer, now: u64) -> (EventedId, Option<Timer>) {
        (self.bound, self.earliest) = (deadline, UNKNOWN);
        self.unlink(node);
        let id = self.store.id(node);
        if self.store.stamp(node) & PERIODIC != 0 {
            return self.rearm((deadline, node), now, id as Node);
        }
        self.len -= 1;
        self.store.give_back(node);
        (EventedId(id), None)
    }

    /// Files a periodic timer for its next tick. `second` is the node where its period and its id are.
    #[cold]
    fn rearm(
        &mut self,
        (deadline, node): Timer,
        now: u64,
        second: Node,
    ) -> (EventedId, Option<Timer>) {
        let id = EventedId(self.store.id(second));
        let Some(tick) = next_tick(deadline, self.store.period(second), now) else {
            // The end of time: it has fired for the last time.
            self.len -= 1;
            self.give_back_second(second);
            self.store.give_back(node);
            return (id, None);
        };
        self.store.set_deadline(node, tick);
        self.append(node, tick);
        (id, Some((tick, node)))
    }

    /// Keeps the slots for the near future short, when nothing is due.
    #[cold]
    #[inline(never)]
    fn tidy(&mut self, now: u64) {
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
            if soon && self.earliest == COARSE {
                self.search(&mut Effort::ahead(start));
            }
        }
    }
}

/// The first tick after `now` on the grid that `deadline` lies on; `None` at the end of time.
fn next_tick(deadline: u64, period: u64, now: u64) -> Option<u64> {
    let late = now.saturating_sub(deadline);
    let missed = if late < period { 0 } else { late / period * period };
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
