//! The search for the next deadline.

use super::batch::{NO_TIMER, Timer, earlier};
use super::geometry::Slot;
use super::{COARSE, FEW, REPAIRS, SCAN, SMALL, TimerWheel, UNKNOWN};

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
        let (limit, mut work) = if exact {
            (SMALL as u32, u32::MAX)
        } else {
            (SCAN, REPAIRS)
        };
        while let Some(slot) = self.first() {
            if self.blocked() {
                let start = Self::GEOMETRY.start(self.opening, self.pivot);
                if !self.sift(&mut work) {
                    return self.settle_for(start);
                }
                continue;
            }
            let start = Self::GEOMETRY.start(slot, self.pivot);
            let mut best = NO_TIMER;
            let mut room = limit;
            if exact && !Self::GEOMETRY.can_open(slot) {
                room = u32::MAX;
            }
            let look = self.look(slot, &mut work, |timer| {
                if room == 0 {
                    return false;
                }
                room -= 1;
                best = earlier(best, timer);
                // Nothing in the slot can be earlier than its start.
                timer.0 != start
            });
            match look {
                // All had been pushed back out of the slot.
                Look::Whole if best.1 == UNKNOWN => {}
                Look::Crowded if best.0 != start && exact => self.refine(slot),
                Look::Crowded if best.0 != start => return self.settle_for(start),
                Look::Tired => return self.settle_for(start),
                Look::Whole | Look::Crowded => {
                    (self.bound, self.earliest) = best;
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

    /// Opens a slot around its earliest deadline, wholly.
    fn refine(&mut self, slot: Slot) {
        let mut pivot = u64::MAX;
        self.look(slot, &mut { u32::MAX }, |timer| {
            pivot = pivot.min(timer.0);
            true
        });
        self.open(slot, pivot);
        self.sift(&mut { u32::MAX });
    }

    /// Shows the timers of a slot one by one, until `see` has seen enough.
    ///
    /// A timer that was pushed back beyond the slot is put where it now belongs instead: `work` counts
    /// these. It happens at most once for each time that a timer is put into a slot, however often it is
    /// pushed back.
    #[inline]
    pub(super) fn look(
        &mut self,
        slot: Slot,
        work: &mut u32,
        mut see: impl FnMut(Timer) -> bool,
    ) -> Look {
        let last = Self::GEOMETRY.last(slot, self.pivot);
        let mut node = self.store.next(slot);
        while node != slot {
            let next = self.store.next(node);
            let deadline = self.store.deadline(node);
            if deadline <= last {
                if !see((deadline, node)) {
                    return Look::Crowded;
                }
            } else {
                if *work == 0 {
                    return Look::Tired;
                }
                *work -= 1;
                self.unlink(node);
                self.append(node, deadline);
            }
            node = next;
        }
        Look::Whole
    }
}
