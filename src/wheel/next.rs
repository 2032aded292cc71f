//! The search for the next deadline.

use super::batch::{NO_TIMER, Timer};
use super::geometry::Slot;
use super::store::Node;
use super::{COARSE, FEW, REPAIRS, SCAN, SMALL, TimerWheel};

/// What a look at a slot's timers found.
pub(super) enum Look {
    /// All were seen, and none is left whose deadline lies beyond the slot.
    Whole,
    /// There are more than the limit.
    Crowded,
    /// Too much had to be put in order on the way.
    Tired,
}

impl<const N: usize> TimerWheel<N> {
    /// Determines `bound`, and `earliest` if that is possible at a limited price or is asked for at any.
    #[cold]
    #[inline(never)]
    pub(super) fn settle(&mut self, exact: bool) {
        if Self::GEOMETRY.is_flat() {
            return self.settle_flat();
        }
        let exact = exact || self.len <= FEW;
        let (limit, mut work) = if exact { (SMALL as u32, u32::MAX) } else { (SCAN, REPAIRS) };
        while let Some(slot) = self.first() {
            if self.blocked() {
                let start = Self::GEOMETRY.start(self.opening, self.pivot);
                if !self.sift(&mut work) {
                    return self.settle_for(start);
                }
                continue;
            }
            let start = Self::GEOMETRY.start(slot, self.pivot);
            let all = exact && !Self::GEOMETRY.can_open(slot);
            match self.survey(slot, if all { u32::MAX } else { limit }, &mut work) {
                // All had been pushed back out of the slot.
                (Look::Whole, NO_TIMER) => {}
                (Look::Crowded, first) if first.0 != start => {
                    if !exact {
                        return self.settle_for(start);
                    }
                    self.refine(slot);
                }
                (Look::Tired, _) => return self.settle_for(start),
                // Nothing in a slot is earlier than its start.
                (Look::Whole | Look::Crowded, first) => {
                    (self.bound, self.earliest) = first;
                    return;
                }
            }
        }
    }

    /// Makes do with a bound.
    pub(super) fn settle_for(&mut self, start: u64) {
        self.bound = self.bound.max(start);
        self.earliest = COARSE;
    }

    /// Puts a timer from one slot into another.
    #[cold]
    #[inline(never)]
    fn file_anew(&mut self, node: Node, deadline: u64) {
        self.unlink(node);
        self.append(node, deadline);
    }

    /// Opens a slot around its earliest deadline, wholly.
    #[inline(never)]
    fn refine(&mut self, slot: Slot) {
        let (_, first) = self.survey(slot, u32::MAX, &mut { u32::MAX });
        self.open(slot, first.0);
        self.sift(&mut { u32::MAX });
    }

    /// Looks through the first `limit` timers of a slot, for the earliest of them.
    ///
    /// A timer that was pushed back beyond the slot is put where it now belongs instead: `work` counts
    /// these. It happens at most once for each time that a timer is put into a slot, however often it is
    /// pushed back.
    pub(super) fn survey(&mut self, slot: Slot, limit: u32, work: &mut u32) -> (Look, Timer) {
        let last = Self::GEOMETRY.last(slot, self.pivot);
        let mut first = NO_TIMER;
        let mut room = limit;
        let mut node = self.store.next(slot);
        while node != slot {
            let next = self.store.next(node);
            let deadline = self.store.deadline(node);
            if deadline > last {
                if *work == 0 {
                    return (Look::Tired, first);
                }
                *work -= 1;
                self.file_anew(node, deadline);
            } else if room == 0 {
                return (Look::Crowded, first);
            } else {
                room -= 1;
                if deadline < first.0 {
                    first = (deadline, node);
                }
            }
            node = next;
        }
        if room != limit && first == NO_TIMER {
            // All of them are `u64::MAX`, which is no less than `NO_TIMER`.
            first.1 = self.store.next(slot);
        }
        (Look::Whole, first)
    }
}
