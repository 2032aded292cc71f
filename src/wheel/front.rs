//! The front: the first few timers, in order.
//!
//! Who looks for the first timer of a slot and has to look at many of them puts the first few in order while
//! he is at it: they go to the head of the slot's list, sorted. When the first is then taken out, the next one
//! is known without another look. `horizon` is the deadline of the last one that is in order. What has a later
//! deadline changes nothing about the front; so that is all that inserting and pushing back ask about.

use super::few::Few;
use super::geometry::Slot;
use super::store::{Node, Store};
use super::{ORDERED, TimerWheel, UNKNOWN};

impl<const N: usize> TimerWheel<N> {
    /// Whether a deadline comes before the last one of the front.
    #[inline]
    pub(super) fn is_early(&self, deadline: u64) -> bool {
        deadline < self.horizon && self.front != NO_FRONT
    }

    /// Puts a timer into its slot.
    #[inline(always)]
    pub(super) fn file(&mut self, node: Node, deadline: u64) {
        if self.is_early(deadline) {
            return self.file_early(node, deadline);
        }
        if deadline < self.horizon {
            (self.bound, self.earliest, self.horizon) = (deadline, node, deadline);
        }
        self.append(node, deadline);
    }

    /// The same out of line, for whatever is not the straight way.
    #[inline(never)]
    pub(super) fn file_again(&mut self, node: Node, deadline: u64) {
        self.file(node, deadline);
    }

    /// Puts a timer that comes before others of the front into its slot.
    #[inline(never)]
    fn file_early(&mut self, node: Node, deadline: u64) {
        if !self.join_front(node, deadline) {
            self.append(node, deadline);
        }
        if deadline < self.bound {
            (self.bound, self.earliest) = (deadline, node);
        }
        if self.front == NO_FRONT {
            self.horizon = self.bound;
        }
    }

    /// Puts a timer into its place in the front. Where it is of another slot or its place is far, there is no
    /// front any more.
    fn join_front(&mut self, node: Node, deadline: u64) -> bool {
        let slot = self.front - 1;
        self.front = NO_FRONT;
        let level = Self::GEOMETRY.level(deadline, self.pivot);
        if Self::GEOMETRY.slot(level, deadline, self.pivot) != slot {
            return false;
        }
        let sentinel = Store::<N>::link_of(slot);
        let mut prev = sentinel;
        for _ in 0..2 * ORDERED {
            let next = self.store.next(prev);
            if next == sentinel || self.store.deadline(next) > deadline {
                self.link_after(prev, node);
                self.front = slot + 1;
                return true;
            }
            prev = next;
        }
        false
    }

    /// Puts the timers that are the first of all, and the first of this slot, at the head of its list.
    pub(super) fn lead(&mut self, slot: Slot, few: &Few) {
        let (&[first, ..], &[.., last]) = (few.timers(), few.timers()) else { return };
        let mut prev = Store::<N>::link_of(slot);
        for &(_, node) in few.timers() {
            if self.store.next(prev) != node {
                self.unlink(node);
                self.link_after(prev, node);
            }
            prev = node;
        }
        (self.bound, self.earliest) = first;
        self.front = slot + 1;
        self.horizon = last.0;
    }

    /// Finds the earliest timer in the front, or that there is no front any more.
    #[inline]
    pub(super) fn follow_front(&mut self) -> bool {
        if self.front == NO_FRONT {
            return false;
        }
        let sentinel = Store::<N>::link_of(self.front - 1);
        let node = self.store.next(sentinel);
        if node != sentinel {
            let deadline = self.store.deadline(node);
            if deadline <= self.horizon {
                (self.bound, self.earliest) = (deadline, node);
                return true;
            }
        }
        self.leave_front();
        false
    }

    #[inline]
    pub(super) fn is_front(&self, slot: Slot) -> bool {
        self.front == slot + 1
    }

    /// Forgets everything about the first timers: there are none.
    pub(super) fn forget_first(&mut self) {
        (self.bound, self.earliest) = (u64::MAX, UNKNOWN);
        self.leave_front();
    }

    /// Forgets the order, but not what is first.
    pub(super) fn leave_front(&mut self) {
        self.front = NO_FRONT;
        self.horizon = self.bound;
    }

    /// What is pushed back leaves the front; elsewhere it could stay where it is.
    #[inline(never)]
    pub(super) fn push_back_early(&mut self, node: Node, deadline: u64) {
        if self.earliest == node {
            self.earliest = UNKNOWN;
        }
        if self.front != NO_FRONT {
            self.unlink(node);
            self.file_again(node, deadline);
        }
    }
}

/// `front`: there is none.
const NO_FRONT: Slot = 0;
