//! The memory of the timers: a leaf for each, which it keeps while it is pending.
//!
//! What a push-back and a cancellation read lies together, 12 bytes: most of what a wheel does
//! touches nothing else. The ids lie apart, to be read when a timer fires.

use core::sync::atomic::{AtomicU32, Ordering};

use super::entry::{Entry, GENERATION_STEP, Leaf, OCCUPIED, entry, greater};
use super::key::DeadlineKey;
use super::prefetch::prefetch;

#[derive(Copy, Clone)]
#[repr(C, packed(4))]
struct Hot {
    priority: u64,
    /// The number of the insertion, counted downward, with the flags of [`entry`](super::entry). In
    /// a free leaf a link to the next free one of its slot: see [`slots`](super::slots).
    generation: u32,
}

/// All bytes are zero at first.
// A cache line's alignment: four leaves, 48 bytes, are then mostly in one line.
#[repr(C, align(64))]
pub(super) struct Leaves<const N: usize> {
    hot: [Hot; N],
    /// For each periodic timer the leaf that stores its period; in a period leaf the digest of the
    /// priority that the latest tick has set.
    period_leaves: [Leaf; N],
    /// The user's ids; in a period leaf the period.
    ids: [u64; N],
}

impl<const N: usize> Leaves<N> {
    pub const fn new() -> Self {
        Leaves { hot: [Hot { priority: 0, generation: 0 }; N], period_leaves: [0; N], ids: [0; N] }
    }

    /// Stores a timer.
    #[inline(always)]
    pub fn write(&mut self, key: DeadlineKey, priority: u64, id: usize) {
        self.hot[key.leaf as usize] = Hot { priority, generation: key.generation.get() };
        self.ids[key.leaf as usize] = id as u64;
    }

    /// Stores what no key names: the link of a free leaf, or 0.
    #[inline(always)]
    pub fn clear(&mut self, leaf: Leaf, link: u32) {
        self.hot[leaf as usize] = Hot { priority: 0, generation: link };
    }

    /// Makes `period_leaf`, which no key names, store the period of the timer at `leaf`.
    pub fn write_period(&mut self, leaf: Leaf, period_leaf: Leaf, period: u64) {
        self.clear(period_leaf, 0);
        self.ids[period_leaf as usize] = period;
        self.period_leaves[period_leaf as usize] = 0;
        self.period_leaves[leaf as usize] = period_leaf;
    }

    /// Moves a periodic timer to its next tick, and notes in its period leaf that it has ticked.
    pub fn set_tick(&mut self, leaf: Leaf, priority: u64) {
        self.set_priority(leaf, priority);
        self.period_leaves[self.period_leaf(leaf) as usize] = digest(priority);
    }

    /// Returns whether a periodic timer has ticked and was not moved since.
    pub fn is_at_tick(&self, leaf: Leaf) -> bool {
        let priority = self.hot[leaf as usize].priority;
        self.period_leaves[self.period_leaf(leaf) as usize] == digest(priority)
    }

    pub fn period_leaf(&self, leaf: Leaf) -> Leaf {
        self.period_leaves[leaf as usize]
    }

    /// Returns the period of the timer whose period leaf this is.
    pub fn period(&self, period_leaf: Leaf) -> u64 {
        self.ids[period_leaf as usize]
    }

    #[inline]
    pub fn id(&self, leaf: Leaf) -> usize {
        self.ids[leaf as usize] as usize
    }

    /// Returns the priority of the timer that a key names.
    #[inline]
    pub fn find(&self, key: DeadlineKey) -> Option<u64> {
        let hot = self.hot.get(key.leaf as usize)?;
        (hot.generation == key.generation.get()).then_some(hot.priority)
    }

    #[inline]
    pub fn generation(&self, leaf: Leaf) -> u32 {
        self.hot[leaf as usize].generation
    }

    /// Starts to fetch what is read of a timer that fires.
    #[inline(always)]
    pub fn prefetch(&self, leaf: Leaf) {
        prefetch(&self.hot[leaf as usize]);
        prefetch(&self.ids[leaf as usize]);
    }

    #[inline]
    pub fn set_priority(&mut self, leaf: Leaf, priority: u64) {
        self.hot[leaf as usize].priority = priority;
    }

    #[inline]
    pub fn entry(&self, leaf: Leaf) -> Entry {
        let Hot { priority, generation } = self.hot[leaf as usize];
        entry(priority, generation, leaf)
    }

    /// Returns the greatest entry of a block: the four leaves around this one.
    #[inline(always)]
    pub fn block_winner(&self, leaf: Leaf) -> Entry {
        let first = leaf & !3;
        let entry = |child| self.entry(first + child);
        if N.is_multiple_of(4) || (first as usize) < N & !3 {
            greater(greater(entry(0), entry(1)), greater(entry(2), entry(3)))
        } else {
            (0..N as u32 % 4).map(entry).max().unwrap_or_default()
        }
    }
}

/// Returns 32 bits of a priority, never 0; those of two priorities differ unless by a rare chance.
fn digest(priority: u64) -> u32 {
    (priority.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as u32 | 1
}

/// Returns where the generations of a new wheel begin: far from those of the wheels before it, so
/// that the keys of one are stale in the others.
#[cold]
pub(super) fn first_generation() -> u32 {
    static LATEST: AtomicU32 = AtomicU32::new(0);
    // Multiples of the golden ratio keep their distance. Load and store, since not every processor
    // can add: two threads that meet here share a beginning, which no memory access rests on.
    let step = GENERATION_STEP.wrapping_mul(0x9E37_79B9);
    let next = LATEST.load(Ordering::Relaxed).wrapping_add(step);
    LATEST.store(next, Ordering::Relaxed);
    next | OCCUPIED.get()
}
