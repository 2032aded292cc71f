//! The circle of slots: where a timer is stored, and where the free leaves are.
//!
//! A slot is a range of leaves, and a subtree of the winner tree. Its free leaves are a list. A
//! free leaf stores in place of a generation how its successor differs from the leaf beside it: so
//! memory that is all zeros links all leaves in order, and making the list of a slot is writing its
//! head and its end, when the first leaf is taken. The heads of the lists, and what is known of the
//! timeouts, are in words that the winner tree leaves over.
//!
//! While a slot is full, one free leaf may be in no list, the *spare* one. In a wheel that is full,
//! a timer that is cancelled and one that is inserted then touch no list.

use super::TimerWheel;
use super::entry::NONE;
#[cfg(test)]
use super::entry::OCCUPIED;
use super::entry::{GENERATION_STEP, Leaf};
use super::hash::{SAMPLE, TOLERANCE, is_off, reach_after, slot_of, speed_of};
use super::leaves::first_generation;

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

    /// Takes a free leaf of the slot that a deadline hashes to, or the spare one if that is full.
    #[inline(always)]
    pub(super) fn alloc_near(&mut self, deadline: u64) -> Option<Leaf> {
        if N == 0 {
            return None;
        }
        let slot = self.hash(deadline);
        self.pop(slot).or_else(|| if self.is_full(slot) { self.take_spare() } else { None })
    }

    /// Takes a free leaf, as near as possible to the slot that a deadline hashes to.
    pub(super) fn alloc(&mut self, deadline: u64) -> Option<Leaf> {
        if N == 0 {
            return None;
        }
        if self.generation == 0 {
            self.generation = first_generation();
        }
        self.alloc_near(deadline).or_else(|| {
            let slot = self.next_open(self.hash(deadline))?;
            if self.head(slot) == NONE {
                self.make_list(slot);
            }
            self.pop(slot)
        })
    }

    #[inline]
    fn hash(&self, deadline: u64) -> usize {
        slot_of(deadline, self.speed, Self::SLOTS)
    }

    /// Makes the list of a slot of which no leaf was used yet.
    fn make_list(&mut self, slot: usize) {
        let first = (slot as u32) << Self::SLOT_BITS;
        self.link(first + Self::size(slot) - 1, NONE);
        self.set_head(slot, first + 1);
        if Self::SLOTS == 1 {
            self.full = 1;
        }
    }

    /// Takes the first leaf of a slot's list.
    #[inline]
    fn pop(&mut self, slot: usize) -> Option<Leaf> {
        let head = self.head(slot);
        if head == NONE {
            return None;
        }
        let leaf = head - 1;
        let next = (head + 1) ^ self.leaves.generation(leaf);
        self.set_head(slot, next);
        if Self::SLOTS > 1 && next == NONE {
            self.full |= 1 << slot;
        }
        Some(leaf)
    }

    #[inline]
    fn take_spare(&mut self) -> Option<Leaf> {
        if Self::SLOTS == 1 || self.spare == NONE {
            return None;
        }
        let leaf = self.spare - 1;
        self.spare = NONE;
        Some(leaf)
    }

    /// Frees a leaf. No key names it any more.
    #[inline(always)]
    pub(super) fn free_leaf(&mut self, leaf: Leaf) {
        let slot = Self::slot(leaf);
        if Self::SLOTS > 1 && self.full != 0 {
            // Kept out of the lists: in a full wheel, what is freed is what is taken next.
            if self.spare == NONE {
                self.leaves.clear(leaf, 0);
                self.spare = leaf + 1;
                return;
            }
            self.full &= !(1 << slot);
        }
        self.link(leaf, self.head(slot));
        self.set_head(slot, leaf + 1);
    }

    /// Stores in a free leaf what is next in the list: a leaf plus 1, or `NONE`.
    #[inline]
    fn link(&mut self, leaf: Leaf, next: u32) {
        self.leaves.clear(leaf, (leaf + 2) ^ next);
    }

    /// Returns the next slot on the circle that is not full.
    fn next_open(&self, from: usize) -> Option<usize> {
        let open = !self.full & u64::MAX >> (64 - Self::SLOTS);
        let after = open & u64::MAX << from;
        let open = if after != 0 { after } else { open };
        (open != 0).then(|| open.trailing_zeros() as usize)
    }

    /// Returns whether a slot's list was made and is empty.
    #[inline]
    fn is_full(&self, slot: usize) -> bool {
        self.full & 1 << slot != 0
    }

    /// Returns the first leaf of a slot's list plus 1, or `NONE`: if the slot is full, or its list
    /// was not made yet.
    #[inline(always)]
    fn head(&self, slot: usize) -> u32 {
        if Self::SLOTS == 1 { self.spare } else { self.tree.extra(slot) as u32 }
    }

    #[inline(always)]
    fn set_head(&mut self, slot: usize, head: u32) {
        if Self::SLOTS == 1 {
            self.spare = head;
        } else {
            *self.tree.extra_mut(slot) = u64::from(head);
        }
    }

    /// Returns whether it is time to look at the speed, when this timer is inserted.
    #[inline(always)]
    pub(super) fn is_sample(generation: u32) -> bool {
        Self::SLOTS > 1 && generation & ((SAMPLE - 1) * GENERATION_STEP) == 0
    }

    /// Notes how far ahead of the first deadline another one is, and adjusts the speed to it.
    pub(super) fn sample(&mut self, priority: u64) {
        if self.len > 1 {
            let ahead = self.bound.saturating_sub(priority);
            let reach = reach_after(self.tree.extra(Self::REACH), ahead);
            *self.tree.extra_mut(Self::REACH) = reach;
            self.adjust(TOLERANCE);
        }
    }

    /// Adjusts the speed if it is off by more than so many 256ths.
    pub(super) fn adjust(&mut self, tolerance: u128) {
        let reach = self.tree.extra(Self::REACH);
        if is_off(self.speed, reach, tolerance) {
            self.speed = speed_of(reach);
        }
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
            if head == NONE && !self.is_full(slot) {
                count += Self::size(slot) as usize;
            }
            while head != NONE {
                assert_eq!(Self::slot(head - 1), slot);
                let link = self.leaves.generation(head - 1);
                assert!(link < OCCUPIED.get());
                head = (head + 1) ^ link;
                count += 1;
            }
        }
        count
    }
}
