//! The circle of slots: where the free leaves are, and what has not been sorted yet.
//!
//! A slot is a range of leaves, and a subtree of the winner tree. Its free leaves are a list, linked by what they
//! store in place of a generation, as the difference to the next leaf: so memory that is all zeros is a list of
//! all leaves in order, and there is nothing to initialize.
//!
//! A timer that is put into a slot which is not the first one's is not entered in the slot's subtree. Its *unit*,
//! a 64th of the slot or a node, is marked as unsorted, until the slot comes up.

use super::TimerWheel;
#[cfg(test)]
use super::entry::OCCUPIED;
use super::entry::{GENERATION_STEP, Leaf, deadline};
use super::hash::{SAMPLE, reach_after, slot_of, speed_after};
use super::leaves::first_generation;

/// Returns log2 of how many leaves a slot has: a power of 4, as the subtrees of the winner tree.
pub(super) const fn slot_bits(capacity: usize) -> u32 {
    let mut bits = 6;
    while 1 << (2 * bits) < 4 * capacity {
        bits += 2;
    }
    bits
}

/// Returns how many words the slots take of those that the winner tree leaves over.
pub(super) const fn words(capacity: usize) -> usize {
    let slots = capacity.div_ceil(1 << slot_bits(capacity));
    if slots <= 1 { 0 } else { slots + slots.div_ceil(64) + 2 }
}

impl<const N: usize> TimerWheel<N> {
    pub(super) const SLOT_BITS: u32 = slot_bits(N);
    pub(super) const SLOTS: usize = N.div_ceil(1 << Self::SLOT_BITS);

    /// Where in the spare words the full slots are, a bit each, then how many of those words are all ones, then
    /// the reach.
    const FULL: usize = Self::SLOTS;
    const SUMMARY: usize = Self::FULL + Self::WORDS;
    const WORDS: usize = Self::SLOTS.div_ceil(64);
    const REACH: usize = Self::SUMMARY + 1;

    #[inline(always)]
    pub(super) const fn slot(leaf: Leaf) -> usize {
        if Self::SLOTS == 1 { 0 } else { (leaf >> Self::SLOT_BITS) as usize }
    }

    /// Returns how many leaves a slot has.
    #[inline(always)]
    pub(super) const fn size(slot: usize) -> u32 {
        let (size, rest) = (1 << Self::SLOT_BITS, N as u32 - ((slot as u32) << Self::SLOT_BITS));
        if N.is_multiple_of(1 << Self::SLOT_BITS) || rest > size { size } else { rest }
    }

    /// Takes a free leaf: of the slot that a deadline hashes to, or of another one if that is full.
    #[inline(always)]
    pub(super) fn alloc_leaf(&mut self, deadline: u64) -> Option<Leaf> {
        if N == 0 {
            return None;
        }
        let mut slot = slot_of(deadline, self.speed, Self::SLOTS);
        let mut head = self.head(slot);
        if head == Self::size(slot) {
            (slot, head) = self.find_open(slot)?;
        }
        let leaf = ((slot as u32) << Self::SLOT_BITS) + head;
        let next = (head + 1) ^ self.leaves.generation(leaf);
        self.set_head(slot, next);
        Some(leaf)
    }

    /// Returns a slot that has a free leaf, and that leaf's index, in place of a full one.
    #[inline(always)]
    fn find_open(&mut self, full: usize) -> Option<(usize, u32)> {
        if Self::SLOTS == 1 {
            return None;
        }
        // Where a leaf was freed last, its memory is near.
        let last = (self.last as usize).min(Self::SLOTS - 1);
        let head = self.head(last);
        if head != Self::size(last) {
            return Some((last, head));
        }
        self.search(full)
    }

    /// Frees a leaf. No key names it any more.
    #[inline(always)]
    pub(super) fn free_leaf(&mut self, leaf: Leaf) {
        let slot = Self::slot(leaf);
        let index = leaf - ((slot as u32) << Self::SLOT_BITS);
        let head = self.head(slot);
        self.leaves.clear(leaf, head ^ (index + 1));
        self.set_head(slot, index);
        if Self::SLOTS > 1 && head == Self::size(slot) {
            self.last = slot as u32;
            self.mark_open(slot);
        }
    }

    #[inline(always)]
    fn set_head(&mut self, slot: usize, index: u32) {
        if Self::SLOTS == 1 {
            self.last = index;
        } else {
            *self.tree.spare_mut(slot) = u64::from(index);
        }
    }

    /// Returns the next slot on the circle that has a free leaf, and that leaf's index.
    #[cold]
    #[inline(never)]
    fn search(&mut self, from: usize) -> Option<(usize, u32)> {
        let mut slot = from;
        // That a slot is full is noted here, when it matters.
        loop {
            let head = self.head(slot);
            if head != Self::size(slot) {
                self.last = slot as u32;
                return Some((slot, head));
            }
            self.mark_full(slot);
            slot = self.next_open(from)?;
        }
    }

    /// Returns the first slot from this one on, around the circle, that is not marked as full.
    fn next_open(&mut self, from: usize) -> Option<usize> {
        let word = from / 64;
        let open = self.open(word) & u64::MAX << (from % 64);
        if open != 0 {
            return Some(64 * word + open.trailing_zeros() as usize);
        }
        // Words, as slots above; the one that was begun in comes up again at last.
        let words = !self.tree.spare(Self::SUMMARY) & u64::MAX >> (64 - Self::WORDS);
        let after = words & (u64::MAX << word) << 1;
        let words = if after != 0 { after } else { words };
        let word = words.trailing_zeros() as usize;
        (words != 0).then(|| 64 * word + self.open(word).trailing_zeros() as usize)
    }

    /// Returns the slots, of the 64 of one word, that are not marked as full.
    fn open(&mut self, word: usize) -> u64 {
        let slots = (Self::SLOTS - 64 * word).min(64);
        !self.tree.spare(Self::FULL + word) & u64::MAX >> (64 - slots)
    }

    fn mark_full(&mut self, slot: usize) {
        *self.tree.spare_mut(Self::FULL + slot / 64) |= 1 << (slot % 64);
        if self.open(slot / 64) == 0 {
            *self.tree.spare_mut(Self::SUMMARY) |= 1 << (slot / 64);
        }
    }

    #[inline(always)]
    fn mark_open(&mut self, slot: usize) {
        *self.tree.spare_mut(Self::FULL + slot / 64) &= !(1 << (slot % 64));
        *self.tree.spare_mut(Self::SUMMARY) &= !(1 << (slot / 64));
    }

    /// Returns the index within a slot of its first free leaf; if it is full, how many leaves it has.
    #[inline(always)]
    fn head(&self, slot: usize) -> u32 {
        if Self::SLOTS == 1 { self.last } else { self.tree.spare(slot) as u32 }
    }

    /// Returns whether it is time to look at the speed.
    #[inline(always)]
    pub(super) fn is_sample(&self) -> bool {
        if Self::SLOTS > 1 {
            self.generation & (SAMPLE - 1) * GENERATION_STEP == 0
        } else {
            self.generation == 0
        }
    }

    /// Adjusts the speed to how far ahead deadlines are. Before the first insertion chooses the generations.
    #[cold]
    #[inline(never)]
    pub(super) fn sample(&mut self, at: u64) {
        if self.generation == 0 {
            self.generation = first_generation();
        }
        if Self::SLOTS > 1 && self.len > 0 {
            let ahead = at.saturating_sub(deadline(self.bound));
            let reach = reach_after(self.tree.spare(Self::REACH), ahead);
            *self.tree.spare_mut(Self::REACH) = reach;
            self.speed = speed_after(self.speed, reach);
        }
    }

    /// Makes the next generations the last ones.
    #[cfg(test)]
    pub(super) fn wrap_generations(&mut self) {
        self.generation = OCCUPIED.get() | (3 * GENERATION_STEP);
    }

    #[cfg(test)]
    pub(super) fn count_free(&mut self) -> usize {
        let mut count = 0;
        for slot in 0..Self::SLOTS {
            let mut head = self.head(slot);
            while head < Self::size(slot) {
                let link = self.leaves.generation(((slot as u32) << Self::SLOT_BITS) + head);
                assert!(link < OCCUPIED.get());
                head = (head + 1) ^ link;
                count += 1;
            }
            assert_eq!(head, Self::size(slot));
        }
        count
    }
}
