//! The circle of slots, and the free leaves of each.
//!
//! A slot is a range of leaves, and a subtree of the winner tree. Its free leaves are a list, linked by what they
//! store in place of a generation, as the difference to the next leaf: so memory that is all zeros is a list of
//! all leaves in order, and there is nothing to initialize.

use core::hint::select_unpredictable;

use super::TimerWheel;
use super::entry::GENERATION_STEP;
use super::entry::{Leaf, deadline};
use super::hash::{SAMPLE, reach_after, slot_of, speed_after};
use super::leaves::first_generation;

/// Up to this capacity there is one slot.
pub(super) const ONE_SLOT: usize = 64;
/// The slots that have a free leaf are the bits of one word.
const MOST_SLOTS: usize = 64;

/// Returns log2 of how many leaves a slot has: a power of 4, as the subtrees of the winner tree.
pub(super) const fn slot_bits(capacity: usize) -> u32 {
    let mut bits = 6;
    while capacity > ONE_SLOT && capacity.div_ceil(1 << bits) > MOST_SLOTS {
        bits += 2;
    }
    bits
}

impl<const N: usize> TimerWheel<N> {
    pub(super) const SLOT_BITS: u32 = slot_bits(N);
    pub(super) const SLOTS: usize = N.div_ceil(1 << Self::SLOT_BITS);

    const ALL: u64 = if Self::SLOTS == 0 { 0 } else { u64::MAX >> (MOST_SLOTS - Self::SLOTS) };

    #[inline(always)]
    pub(super) const fn slot(leaf: Leaf) -> u32 {
        leaf >> Self::SLOT_BITS
    }

    /// Takes a free leaf: of the slot that the deadline hashes to, or of the next one that has any.
    #[inline(always)]
    pub(super) fn alloc_leaf(&mut self, deadline: u64) -> Option<Leaf> {
        if N == 0 {
            return None;
        }
        let mut slot = 0;
        if Self::SLOTS > 1 {
            let hashed = slot_of(deadline, self.speed, Self::SLOTS);
            let open = Self::ALL & !self.full;
            let ahead = open & (u64::MAX << hashed);
            let open = select_unpredictable(ahead != 0, ahead, open);
            if open == 0 {
                return None;
            }
            slot = open.trailing_zeros();
        }
        let head = self.head(slot);
        let leaf = (slot << Self::SLOT_BITS) + head;
        if Self::SLOTS == 1 && leaf as usize >= N {
            return None;
        }
        let next = (head + 1) ^ self.leaves.generation(leaf);
        self.set_head(slot, next);
        if Self::SLOTS > 1 && Self::is_end(slot, next) {
            self.full |= 1 << slot;
        }
        Some(leaf)
    }

    /// Gives a leaf back. No key names it any more.
    #[inline(always)]
    pub(super) fn free_leaf(&mut self, leaf: Leaf) {
        let slot = if Self::SLOTS > 1 { Self::slot(leaf) } else { 0 };
        let index = leaf - (slot << Self::SLOT_BITS);
        let link = self.head(slot) ^ (index + 1);
        self.leaves.clear(leaf, link);
        self.set_head(slot, index);
        if Self::SLOTS > 1 {
            self.full &= !(1 << slot);
        }
    }

    #[inline(always)]
    fn is_end(slot: u32, index: u32) -> bool {
        index == 1 << Self::SLOT_BITS
            || !N.is_multiple_of(1 << Self::SLOT_BITS)
                && (slot << Self::SLOT_BITS) + index == N as u32
    }

    /// Returns the first free leaf of a slot, from the slot's first leaf on; if there is none, how many it has.
    #[inline(always)]
    fn head(&mut self, slot: u32) -> u32 {
        *self.tree.spare(slot as usize) as u32
    }

    #[inline(always)]
    fn set_head(&mut self, slot: u32, index: u32) {
        *self.tree.spare(slot as usize) = u64::from(index);
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
            let reach = reach_after(*self.tree.spare(Self::SLOTS), ahead);
            *self.tree.spare(Self::SLOTS) = reach;
            self.speed = speed_after(self.speed, reach);
        }
    }

    #[cfg(test)]
    pub(super) fn count_free(&mut self) -> usize {
        let mut count = 0;
        for slot in 0..Self::SLOTS as u32 {
            let size = (N - ((slot as usize) << Self::SLOT_BITS)).min(1 << Self::SLOT_BITS);
            let mut head = self.head(slot);
            assert_eq!(Self::SLOTS > 1 && head as usize == size, self.full >> slot & 1 == 1);
            while (head as usize) < size {
                let link = self.leaves.generation((slot << Self::SLOT_BITS) + head);
                assert!(link < super::entry::OCCUPIED.get());
                head = (head + 1) ^ link;
                count += 1;
            }
            assert_eq!(head as usize, size);
        }
        count
    }
}
