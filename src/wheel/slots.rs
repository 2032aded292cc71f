//! The slots: lists of timers, and which of them are occupied.

use super::geometry::Slot;
use super::store::{Link, Node, Store};
use super::{NO_SLOT, TimerWheel};

/// Which slots are occupied. A set bit says that the slot's sentinel is initialised: the slot may have
/// become empty since, which whoever comes across it then tidies up. So taking a timer out of a slot needs
/// not know the slot.
pub(super) struct Occupied {
    /// One bit for each slot. A level never straddles two words.
    words: [u64; 11],
    /// The levels that have bits.
    levels: u32,
    /// The levels that have bits of slots before the pivot.
    below: u32,
}

impl Occupied {
    pub const fn new() -> Self {
        Occupied { words: [0; 11], levels: 0, below: 0 }
    }

    /// The word with a slot's bit.
    #[inline]
    fn word(&self, slot: Slot) -> u64 {
        self.words[slot as usize / 64]
    }

    #[inline]
    fn word_mut(&mut self, slot: Slot) -> &mut u64 {
        &mut self.words[slot as usize / 64]
    }

    #[inline]
    pub fn contains(&self, slot: Slot) -> bool {
        self.word(slot) >> (slot % 64) & 1 != 0
    }

    /// Compares with the levels that have initialised slots, and those that have timers before the pivot.
    #[cfg(test)]
    pub fn check(&self, levels: u32, below: u32) {
        assert_eq!(self.levels, levels);
        assert_eq!(self.below & below, below);
        assert_eq!(self.levels & self.below, self.below);
    }
}

impl<const N: usize> TimerWheel<N> {
    /// Puts a timer at the end of the slot where its deadline belongs.
    #[inline(always)]
    pub(super) fn append(&mut self, node: Node, deadline: u64) {
        if Self::GEOMETRY.is_flat() {
            return;
        }
        let slot = self.occupy(deadline);
        let tail = self.store.prev(slot);
        self.store.set_link(node, slot, tail);
        self.store.set_next(tail, node);
        self.store.set_prev(slot, node);
    }

    /// Puts a timer at the head of the slot where its deadline belongs.
    #[inline]
    pub(super) fn prepend(&mut self, node: Node, deadline: u64) {
        let slot = self.occupy(deadline);
        self.link_after(slot, node);
    }

    /// Puts a timer into a list, after another one or the sentinel.
    #[inline]
    pub(super) fn link_after(&mut self, prev: Link, node: Node) {
        let next = self.store.next(prev);
        self.store.set_link(node, next, prev);
        self.store.set_prev(next, node);
        self.store.set_next(prev, node);
    }

    /// Takes a timer out of its slot, whichever that is.
    #[inline]
    pub(super) fn unlink(&mut self, node: Node) {
        if Self::GEOMETRY.is_flat() {
            return;
        }
        let (next, prev) = (self.store.next(node), self.store.prev(node));
        self.store.set_next(prev, next);
        self.store.set_prev(next, prev);
    }

    /// The sentinel of a deadline's slot, which is occupied now.
    #[inline]
    fn occupy(&mut self, deadline: u64) -> Link {
        let level = Self::GEOMETRY.level(deadline, self.pivot);
        let slot = Self::GEOMETRY.slot(level, deadline, self.pivot);
        if !self.occupied.contains(slot) {
            self.begin(slot, deadline < self.pivot);
        }
        Store::<N>::link_of(slot)
    }

    /// Declares an empty slot occupied. As it stays so until it is found empty, this is rare.
    #[inline]
    fn begin(&mut self, slot: Slot, below: bool) {
        let sentinel = Store::<N>::link_of(slot);
        self.store.set_link(sentinel, sentinel, sentinel);
        *self.occupied.word_mut(slot) |= 1 << (slot % 64);
        let level = 1 << Self::GEOMETRY.level_of(slot);
        self.occupied.levels |= level;
        self.occupied.below |= if below { level } else { 0 };
    }

    /// The first slot in time that holds a timer; while a slot is being opened, the first one apart from
    /// what that still holds. There is one whenever a timer is pending.
    ///
    /// Before the pivot the higher levels come first, after it the lower ones; within a level the lower
    /// digits.
    #[inline(always)]
    pub(super) fn first(&mut self) -> Option<Slot> {
        loop {
            let Occupied { levels, below, .. } = self.occupied;
            if levels == 0 {
                return None;
            }
            let level =
                if below != 0 { 31 - below.leading_zeros() } else { levels.trailing_zeros() };
            let slot = Self::GEOMETRY.first_slot(level) + self.level_bits(level).trailing_zeros();
            let sentinel = Store::<N>::link_of(slot);
            if self.store.next(sentinel) != sentinel {
                return Some(slot);
            }
            self.vacate(slot);
        }
    }

    /// Declares a slot empty, whatever its links say.
    pub(super) fn vacate(&mut self, slot: Slot) {
        *self.occupied.word_mut(slot) &= !(1 << (slot % 64));
        if self.opening == slot {
            self.opening = NO_SLOT;
        }
        if self.is_front(slot) {
            self.leave_front();
        }
        let level = Self::GEOMETRY.level_of(slot);
        let bits = self.level_bits(level);
        if self.occupied.below != 0 {
            let before = (1_u64 << Self::GEOMETRY.digit(level, self.pivot, self.pivot)) - 1;
            if bits & before == 0 {
                self.occupied.below &= !(1 << level);
            }
        }
        if bits == 0 {
            self.occupied.levels &= !(1 << level);
        }
    }

    /// Declares all slots empty.
    pub(super) fn vacate_all(&mut self) {
        self.occupied = Occupied::new();
        self.opening = NO_SLOT;
        self.leave_front();
    }

    /// The highest level with slots before the pivot.
    #[inline]
    pub(super) fn level_below(&self) -> Option<u32> {
        let below = self.occupied.below;
        (below != 0).then(|| 31 - below.leading_zeros())
    }

    /// Declares that no slot lies before the pivot, after a move of the pivot.
    pub(super) fn none_below(&mut self) {
        self.occupied.below = 0;
    }

    /// Moves all timers below `level`, those around the pivot, into the one slot on `level` that spans
    /// them. Their lists are joined; no timer is touched.
    pub(super) fn collapse(&mut self, level: u32) {
        let whole = Self::GEOMETRY.slot(level, self.pivot, self.pivot);
        // From the top, so that what a slot being opened still holds, older than what it gave away, comes
        // before it.
        for lower in (0..level).rev() {
            loop {
                let bits = self.level_bits(lower);
                if bits == 0 {
                    break;
                }
                let slot = Self::GEOMETRY.first_slot(lower) + bits.trailing_zeros();
                self.join(whole, slot);
                self.vacate(slot);
            }
        }
        // If it was the one being opened, it is a slot like the others again.
        if self.opening == whole {
            self.opening = NO_SLOT;
        }
    }

    /// Appends the list of slot `from` to that of slot `to`.
    fn join(&mut self, to: Slot, from: Slot) {
        let sentinel = Store::<N>::link_of(from);
        let (head, tail) = (self.store.next(sentinel), self.store.prev(sentinel));
        if head == sentinel {
            return;
        }
        if !self.occupied.contains(to) {
            self.begin(to, false);
        }
        let to = Store::<N>::link_of(to);
        let end = self.store.prev(to);
        self.store.set_next(end, head);
        self.store.set_prev(head, end);
        self.store.set_next(tail, to);
        self.store.set_prev(to, tail);
    }

    /// The occupied slots of a level, as a bit for each digit.
    #[inline]
    fn level_bits(&self, level: u32) -> u64 {
        let slot = Self::GEOMETRY.first_slot(level);
        let unused = 64 - Self::GEOMETRY.slots_per_level();
        (self.occupied.word(slot) >> (slot % 64)) << unused >> unused
    }

    /// The timers of a slot, in order, to look at.
    #[cfg(test)]
    pub(super) fn timers_of(&self, slot: Slot) -> impl Iterator<Item = Node> + '_ {
        let sentinel = Store::<N>::link_of(slot);
        let occupied = self.occupied.contains(slot);
        let mut node = if occupied { self.store.next(sentinel) } else { sentinel };
        core::iter::from_fn(move || {
            let current = node;
            node = self.store.next(node);
            (current != sentinel).then_some(current)
        })
    }
}
