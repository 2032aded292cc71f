//! The circle of slots: where a timer is stored, and where the free leaves are.
//!
//! A slot is a range of leaves, and a subtree of the winner tree. Its free leaves are a list,
//! linked by what they store in place of a generation, as the difference to the next leaf: so
//! memory that is all zeros is a list of all leaves in order, and there is nothing to initialize.
//! The heads of the lists, and what is known of the timeouts, are in words that the winner tree
//! leaves over.
//!
//! One free leaf may be in no list, the spare one. In a wheel that is full, a timer that is
//! cancelled and one that is inserted then touch no list.

use super::entry::NONE;
#[cfg(test)]
use super::entry::OCCUPIED;
use super::entry::{GENERATION_STEP, Leaf, deadline};
use super::hash::{SAMPLE, is_off, reach_after, slot_of, speed_of};
use super::leaves::first_generation;
use super::{PREFETCH_MIN_N, TimerWheel};

/// The slots that are full are the bits of one word.
const MOST_SLOTS: usize = 64;

/// Returns log2 of how many leaves a slot has: a power of 4, as the subtrees of the winner tree.
pub(super) const fn slot_bits(capacity: usize) -> u32 {
    let mut bits = 6;
    while capacity.div_ceil(1 << bits) > MOST_SLOTS {
        bits += 2;
    }
    bits
}

/// Returns how many words the slots take of those that the winner tree leaves over.
pub(super) const fn words(capacity: usize) -> usize {
    let slots = capacity.div_ceil(1 << slot_bits(capacity));
    if slots <= 1 { 0 } else { slots + 1 }
}

impl<const N: usize> TimerWheel<N> {
    pub(super) const SLOT_BITS: u32 = slot_bits(N);
    pub(super) const SLOTS: usize = N.div_ceil(1 << Self::SLOT_BITS);

    /// Which of the extra words is the reach; those before it are the heads of the free lists.
    const REACH: usize = Self::SLOTS;

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

    /// Takes a free leaf: of the slot that a deadline hashes to, or another one if that is full.
    #[inline(always)]
    pub(super) fn alloc_leaf(&mut self, deadline: u64) -> Option<Leaf> {
        if N == 0 {
            return None;
        }
        let mut slot = slot_of(deadline, self.speed, Self::SLOTS);
        let mut head = self.head(slot);
        if head == Self::size(slot) {
            if Self::SLOTS > 1 && self.spare != NONE {
                let leaf = self.spare - 1;
                self.spare = NONE;
                return Some(leaf);
            }
            (slot, head) = self.search(slot)?;
        }
        let first = (slot as u32) << Self::SLOT_BITS;
        let leaf = first + head;
        let next = (head + 1) ^ self.leaves.generation(leaf);
        self.set_head(Self::slot(leaf), next);
        if N >= PREFETCH_MIN_N && first + next < N as u32 {
            self.leaves.prefetch(first + next);
            self.tree.prefetch(first + next);
        }
        Some(leaf)
    }

    /// Frees a leaf. No key names it any more.
    #[inline(always)]
    pub(super) fn free_leaf(&mut self, leaf: Leaf) {
        // In a wheel that is full, what is freed is what is taken next.
        if Self::SLOTS > 1 && self.spare == NONE {
            self.leaves.clear(leaf, 0);
            self.spare = leaf + 1;
            return;
        }
        let slot = Self::slot(leaf);
        let index = leaf - ((slot as u32) << Self::SLOT_BITS);
        let head = self.head(slot);
        self.leaves.clear(leaf, head ^ (index + 1));
        self.set_head(slot, index);
        if Self::SLOTS > 1 && head == Self::size(slot) {
            self.full &= !(1 << slot);
        }
    }

    /// Returns the next slot on the circle that has a free leaf, and that leaf's index.
    #[cold]
    #[inline(never)]
    fn search(&mut self, from: usize) -> Option<(usize, u32)> {
        if Self::SLOTS == 1 {
            return None;
        }
        let mut slot = from;
        // That a slot is full is noted here, when it matters.
        loop {
            let head = self.head(slot);
            if head != Self::size(slot) {
                return Some((slot, head));
            }
            self.full |= 1 << slot;
            let open = !self.full & u64::MAX >> (64 - Self::SLOTS);
            let after = open & u64::MAX << from;
            if open == 0 {
                return None;
            }
            slot = if after != 0 { after } else { open }.trailing_zeros() as usize;
        }
    }

    /// Returns the index within a slot of its first free leaf; if it is full, how many leaves it
    /// has.
    #[inline(always)]
    fn head(&self, slot: usize) -> u32 {
        if Self::SLOTS == 1 { self.spare } else { self.tree.extra(slot) as u32 }
    }

    #[inline(always)]
    fn set_head(&mut self, slot: usize, index: u32) {
        if Self::SLOTS == 1 {
            self.spare = index;
        } else {
            *self.tree.extra_mut(slot) = u64::from(index);
        }
    }

    /// Returns whether it is time to look at the speed.
    #[inline(always)]
    pub(super) fn is_sample(&self) -> bool {
        if Self::SLOTS > 1 {
            self.generation & ((SAMPLE - 1) * GENERATION_STEP) == 0
        } else {
            self.generation == 0
        }
    }

    /// Adjusts the speed to how far ahead deadlines are. Before the first insertion chooses the
    /// generations.
    #[cold]
    #[inline(never)]
    pub(super) fn sample(&mut self, at: u64) {
        if self.generation == 0 {
            self.generation = first_generation();
        }
        if Self::SLOTS > 1 && self.len > 0 {
            let ahead = at.saturating_sub(deadline(self.bound));
            let reach = reach_after(self.tree.extra(Self::REACH), ahead);
            *self.tree.extra_mut(Self::REACH) = reach;
            if is_off(self.speed, reach) {
                self.speed = speed_of(reach);
            }
        }
    }

    /// Adjusts the speed exactly. A change scatters the timers of one time over two slots, but the
    /// wheel is empty.
    #[cold]
    #[inline(never)]
    pub(super) fn adjust(&mut self) {
        self.speed = speed_of(self.tree.extra(Self::REACH));
    }

    /// Makes the next generations the last ones.
    #[cfg(test)]
    pub(super) fn wrap_generations(&mut self) {
        self.generation = OCCUPIED.get() | (3 * GENERATION_STEP);
    }

    #[cfg(test)]
    pub(super) fn count_free(&mut self) -> usize {
        let mut count = usize::from(Self::SLOTS > 1 && self.spare != NONE);
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
