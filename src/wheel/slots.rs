//! The slots: lists of timers, and which of them are occupied.

use super::geometry::Slot;
use super::store::Node;
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

    #[inline]
    pub fn contains(&self, slot: Slot) -> bool {
        self.words[slot as usize / 64] >> (slot % 64) & 1 != 0
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
    #[inline]
    pub(super) fn append(&mut self, node: Node, deadline: u64) {
        if Self::GEOMETRY.is_flat() {
            return;
        }
        let (slot, occupied) = self.occupy(deadline);
        let store = &mut self.store;
        let prev = store.prev(slot);
        let tail = if occupied { prev } else { slot };
        store.set_next(tail, node);
        store.set_prev(slot, node);
        store.set_next(node, slot);
        store.set_prev(node, tail);
    }

    /// Puts a timer at the head of the slot where its deadline belongs.
    pub(super) fn prepend(&mut self, node: Node, deadline: u64) {
        let (slot, occupied) = self.occupy(deadline);
        let store = &mut self.store;
        let next = store.next(slot);
        let head = if occupied { next } else { slot };
        store.set_prev(head, node);
        store.set_next(slot, node);
        store.set_prev(node, slot);
        store.set_next(node, head);
    }

    /// The slot of a deadline, and whether it was occupied; now it is.
    #[inline]
    fn occupy(&mut self, deadline: u64) -> (Slot, bool) {
        let level = Self::GEOMETRY.level(deadline, self.pivot);
        let slot = Self::GEOMETRY.slot(level, deadline, self.pivot);
        let word = &mut self.occupied.words[slot as usize / 64];
        let old = *word;
        *word = old | 1 << (slot % 64);
        let level = 1 << level;
        self.occupied.levels |= level;
        self.occupied.below |= if deadline < self.pivot { level } else { 0 };
        (slot, old >> (slot % 64) & 1 != 0)
    }

    /// Takes a timer out of its slot, whichever that is.
    #[inline]
    pub(super) fn unlink(&mut self, node: Node) {
        if Self::GEOMETRY.is_flat() {
            return;
        }
        let store = &mut self.store;
        let prev = store.prev(node);
        let next = store.next(node);
        store.set_next(prev, next);
        store.set_prev(next, prev);
    }

    /// The first slot in time that holds a timer; while a slot is being opened, the first one apart from
    /// what that still holds. There is one whenever a timer is pending.
    ///
    /// Before the pivot the higher levels come first, after it the lower ones; within a level the lower
    /// digits.
    #[inline]
    pub(super) fn first(&mut self) -> Option<Slot> {
        loop {
            let Occupied { levels, below, .. } = self.occupied;
            if levels == 0 {
                return None;
            }
            let level =
                if below != 0 { 31 - below.leading_zeros() } else { levels.trailing_zeros() };
            let slot = Self::GEOMETRY.first_slot(level) + self.level_bits(level).trailing_zeros();
            if self.store.next(slot) != slot {
                return Some(slot);
            }
            self.vacate(slot);
        }
    }

    /// Declares a slot empty, whatever its links say.
    pub(super) fn vacate(&mut self, slot: Slot) {
        self.occupied.words[slot as usize / 64] &= !(1 << (slot % 64));
        if self.opening == slot {
            self.opening = NO_SLOT;
        }
        let level = Self::GEOMETRY.level_of(slot);
        let bits = self.level_bits(level);
        let before = (1_u64 << Self::GEOMETRY.digit(level, self.pivot, self.pivot)) - 1;
        if bits & before == 0 {
            self.occupied.below &= !(1 << level);
        }
        if bits == 0 {
            self.occupied.levels &= !(1 << level);
        }
    }

    /// Declares all slots empty.
    pub(super) fn vacate_all(&mut self) {
        self.occupied = Occupied::new();
        self.opening = NO_SLOT;
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
        let (head, tail) = (self.store.next(from), self.store.prev(from));
        if head == from {
            return;
        }
        let (occupied_to, level) = (self.occupied.contains(to), Self::GEOMETRY.level_of(to));
        self.occupied.words[to as usize / 64] |= 1 << (to % 64);
        self.occupied.levels |= 1 << level;
        let store = &mut self.store;
        let end = if occupied_to { store.prev(to) } else { to };
        store.set_next(end, head);
        store.set_prev(head, end);
        store.set_next(tail, to);
        store.set_prev(to, tail);
    }

    /// The occupied slots of a level, as a bit for each digit.
    #[inline]
    fn level_bits(&self, level: u32) -> u64 {
        let slot = Self::GEOMETRY.first_slot(level);
        let unused = 64 - Self::GEOMETRY.slots_per_level();
        (self.occupied.words[slot as usize / 64] >> (slot % 64)) << unused >> unused
    }

    /// The timers of a slot, in order, to look at.
    #[cfg(test)]
    pub(super) fn timers_of(&self, slot: Slot) -> impl Iterator<Item = Node> + '_ {
        let mut node = if self.occupied.contains(slot) { self.store.next(slot) } else { slot };
        core::iter::from_fn(move || {
            let current = node;
            node = self.store.next(node);
            (current != slot).then_some(current)
        })
    }
}
