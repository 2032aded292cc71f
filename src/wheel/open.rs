//! Opening a slot: spreading its timers over the lower levels, around a new pivot.
//!
//! It is done little by little, since a slot may hold a million timers. What it has not given away yet, it
//! still holds, and until that is nothing no slot of the stretch that it spans can be trusted to be first.

use super::geometry::Slot;
use super::store::Store;
use super::{NO_SLOT, TimerWheel};

impl<const N: usize> TimerWheel<N> {
    /// Begins to open the first slot: `pivot`, a time within it, becomes the pivot.
    ///
    /// Every other slot remains what it was: those on its level and above differ from the new pivot in the
    /// same digit as from the old one. The lower levels are empty, or, when the slot lies before the old
    /// pivot, are made so.
    pub(super) fn open(&mut self, slot: Slot, pivot: u64) {
        let level = Self::GEOMETRY.level_of(slot);
        if self.level_below() == Some(level) {
            self.collapse(level);
        }
        debug_assert!(self.opening == NO_SLOT && level > 0);
        debug_assert!(Self::GEOMETRY.start(slot, self.pivot) <= pivot);
        debug_assert!(Self::GEOMETRY.last(slot, self.pivot) >= pivot);
        // What is moved may come before what was the front.
        self.leave_front();
        self.pivot = pivot;
        self.none_below();
        if Self::GEOMETRY.is_far(slot) {
            self.scatter(slot);
        } else {
            self.opening = slot;
        }
    }

    /// Files all timers of a slot anew, the newest first, each at the head of its slot. Some may be far
    /// again: this is for small wheels only, and done at once.
    fn scatter(&mut self, slot: Slot) {
        let sentinel = Store::<N>::link_of(slot);
        let mut node = self.store.prev(sentinel);
        self.vacate(slot);
        while node != sentinel {
            let prev = self.store.prev(node);
            self.prepend(node, self.store.deadline(node));
            node = prev;
        }
    }

    /// Goes on opening: moves timers until there are none left or `work` is used up, and says whether none
    /// are left.
    ///
    /// The newest go first, each to the head of its slot: whatever was put there directly in the
    /// meantime is newer still. So equal deadlines keep their order.
    pub(super) fn sift(&mut self, work: &mut u32) -> bool {
        let slot = self.opening;
        if slot == NO_SLOT {
            return true;
        }
        let sentinel = Store::<N>::link_of(slot);
        let mut node = self.store.prev(sentinel);
        while node != sentinel {
            if *work == 0 {
                self.store.set_prev(sentinel, node);
                self.store.set_next(node, sentinel);
                return false;
            }
            *work -= 1;
            let prev = self.store.prev(node);
            self.prepend(node, self.store.deadline(node));
            node = prev;
        }
        self.vacate(slot);
        true
    }

    /// The slot that must be opened to the end before `first`, the first of the others, can be trusted.
    #[inline]
    pub(super) fn blocked(&self) -> bool {
        // Only slots before the pivot and not below the opened one's level come before all that it spans.
        self.opening != NO_SLOT
            && self.level_below().is_none_or(|level| level < Self::GEOMETRY.level_of(self.opening))
    }
}
