//! Firing what is due.

use super::batch::{Batch, NO_TIMER, Timer, earlier};
use super::geometry::Slot;
use super::next::Look;
use super::store::{Node, PERIODIC};
use super::{BACKGROUND, COARSE, NO_SLOT, SMALL, TimerWheel, UNKNOWN};
use crate::id::EventedId;

/// The ids of timers that were taken out, to be delivered when the wheel is in order again.
pub(super) type Fired = [EventedId; SMALL];

impl<const N: usize> TimerWheel<N> {
    /// Takes out the first few timers that are due, in order, and says how many: at most `room`. 0 if
    /// none is due, or if all of `work` went into finding out.
    #[inline(never)]
    pub(super) fn fire_some(
        &mut self,
        now: u64,
        room: usize,
        work: &mut u32,
        fired: &mut Fired,
    ) -> usize {
        if Self::GEOMETRY.is_flat() {
            self.settle_flat();
            return self.fire_earliest(now).map_or(0, |id| {
                fired[0] = id;
                1
            });
        }
        while let Some(slot) = self.first() {
            if self.blocked() {
                let start = Self::GEOMETRY.start(self.opening, self.pivot);
                if start > now || !self.sift(work) {
                    self.settle_for(start);
                    break;
                }
                continue;
            }
            let whole = !Self::GEOMETRY.can_open(slot) && Self::GEOMETRY.is_grainy();
            let (look, first) =
                self.survey(slot, if whole { u32::MAX } else { SMALL as u32 }, work);
            if let Look::Whole = look {
                if first == NO_TIMER {
                    // All had been pushed back out of the slot.
                    continue;
                }
                if first.0 > now {
                    (self.bound, self.earliest) = first;
                    break;
                }
                self.bound = first.0;
                return self.fire_first(slot, now, room, fired);
            }
            let start = Self::GEOMETRY.start(slot, self.pivot);
            if start > now {
                (self.bound, self.earliest) = (start, UNKNOWN);
                break;
            }
            if let Look::Tired = look {
                self.settle_for(start);
                break;
            }
            if !Self::GEOMETRY.can_open(slot) {
                return self.fire_instant(slot, start, now, room, fired);
            }
            self.open(slot, first.0);
        }
        0
    }

    /// Takes out the first due timers of a slot that was looked through: there is one.
    fn fire_first(&mut self, slot: Slot, now: u64, room: usize, fired: &mut Fired) -> usize {
        let mut due = Batch::new();
        // The earliest of the others.
        let mut rest = NO_TIMER;
        let mut node = self.store.next(slot);
        while node != slot {
            let timer = (self.store.deadline(node), node);
            if timer.0 > now {
                rest = earlier(rest, timer);
            } else if timer.0 == self.bound && due.is_full_until(self.bound) {
                // Nothing is earlier than these.
                rest = timer;
                break;
            } else if let Some(other) = due.insert(timer) {
                // What another one displaces comes before all that never was among the first.
                rest = if other == timer { earlier(rest, other) } else { other };
            }
            node = self.store.next(node);
        }
        self.fire_batch(slot, due.as_slice(), rest, now, room, fired)
    }

    /// Takes out the first of a slot's due timers, `room` permitting. `rest` is the earliest of its others,
    /// if there are any.
    fn fire_batch(
        &mut self,
        slot: Slot,
        due: &[Timer],
        rest: Timer,
        now: u64,
        room: usize,
        fired: &mut Fired,
    ) -> usize {
        let (due, left) = due.split_at(room.min(due.len()));
        let rest = *left.first().unwrap_or(&rest);
        if rest.1 == UNKNOWN {
            self.vacate(slot);
            self.earliest = UNKNOWN;
            if let Some(last) = due.last() {
                self.bound = last.0;
            }
        } else {
            due.iter().for_each(|timer| self.unlink(timer.1));
            (self.bound, self.earliest) = rest;
        }
        for (&(deadline, node), fired) in due.iter().zip(fired) {
            *fired = self.fire(node, deadline, now);
        }
        due.len()
    }

    /// Takes out timers of a slot that is one nanosecond long, in order of its list. The head of the list
    /// is not out of place.
    fn fire_instant(
        &mut self,
        slot: Slot,
        start: u64,
        now: u64,
        room: usize,
        fired: &mut Fired,
    ) -> usize {
        (self.bound, self.earliest) = (start, UNKNOWN);
        let mut count = 0;
        for fired in fired.iter_mut().take(room) {
            let node = self.store.next(slot);
            if node == slot || self.store.deadline(node) != start {
                break;
            }
            self.unlink(node);
            *fired = self.fire(node, start, now);
            count += 1;
        }
        count
    }

    /// Takes out the earliest timer, where it is known, if it is due.
    #[inline]
    pub(super) fn fire_earliest(&mut self, now: u64) -> Option<EventedId> {
        let node = self.earliest;
        if node == UNKNOWN || node == COARSE || now < self.bound {
            return None;
        }
        self.earliest = UNKNOWN;
        self.unlink(node);
        Some(self.fire(node, self.bound, now))
    }

    /// Ends a timer that is in no slot any more, or files it anew if it is periodic.
    #[inline]
    pub(super) fn fire(&mut self, node: Node, deadline: u64, now: u64) -> EventedId {
        let id = self.store.id(node);
        if self.store.stamp(node) & PERIODIC != 0 {
            return self.rearm(node, deadline, now, id as Node);
        }
        self.len -= 1;
        self.store.give_back(node);
        EventedId(id)
    }

    /// Files a periodic timer for its next tick. `second` is the node where its period and its id are.
    #[cold]
    fn rearm(&mut self, node: Node, deadline: u64, now: u64, second: Node) -> EventedId {
        let id = self.store.id(second);
        match next_tick(deadline, self.store.deadline(second), now) {
            Some(deadline) => {
                self.store.set_deadline(node, deadline);
                self.file(node, deadline);
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
            if self.earliest == COARSE && start.saturating_sub(now) < Self::GEOMETRY.width(slot) {
                self.open_early(slot);
            }
        }
    }

    /// Begins to open the first slot before it is due, if it is a crowded one.
    fn open_early(&mut self, slot: Slot) {
        let (look, first) = self.survey(slot, SMALL as u32, &mut { BACKGROUND });
        if matches!(look, Look::Crowded) && Self::GEOMETRY.can_open(slot) {
            self.open(slot, first.0);
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
