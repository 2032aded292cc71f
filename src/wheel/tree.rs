//! The winner tree: which of many entries is the greatest, when one at a time changes.
//!
//! Four neighbouring leaves are a *block*; of it only the winner is remembered. The winners of four
//! blocks are the entries of a *node* of level 0, the winners of four nodes are those of a node of
//! the next level, and so on, up to the *root*. So when one leaf changes, one node of each level is
//! recomputed, at most.
//!
//! ```text
//!   leaves    | 0  1  2  3 | 4  5  6  7 | 8  9 10 11 | 12 13 14 15 | 16 17 ..
//!                   |        |             |           |                |
//!   level 0   [     2        4            10          12      ]   [    17   ..
//!                            |                                          |
//!   root      [              4                                         17          ]
//! ```
//!
//! Knuth, *The Art of Computer Programming*, volume 3, section 5.2.3 (tree selection): there with
//! two entries a node. Four are one cache line, and half as many lines are touched.

use super::entry::{Entry, Leaf, greater, join, leaf_of, priority_of, split};
use super::prefetch::prefetch;
use super::slots::{slot_bits, words};

/// Leaves below one node of level 0.
pub(super) const NODE_LEAVES: u32 = 16;

/// Levels below the root, at most: 2^24 leaves.
const MOST_LEVELS: usize = 10;

/// From so many levels below the top of a slot, or of the tree, a winner mostly has a while to
/// wait: time enough to fetch what will be read when it is the first.
const PREFETCH_LEVELS: usize = 3;

/// Four entries, of two words each.
const WORDS: usize = 8;

#[repr(C, align(64))]
pub(super) struct WinnerTree<const N: usize> {
    root: [u64; WORDS],
    /// The nodes of the other levels, one level after the other. They leave a third of the words:
    /// see `extra`.
    nodes: [u64; N],
}

/// Returns how many levels there are below the root, and where each one's nodes begin, in nodes.
const fn plan(leaves: usize) -> (usize, [usize; MOST_LEVELS + 1]) {
    let mut beginnings = [0; MOST_LEVELS + 1];
    let (mut levels, mut entries) = (0, leaves.div_ceil(4));
    while entries > 4 && levels < MOST_LEVELS {
        entries = entries.div_ceil(4);
        beginnings[levels + 1] = beginnings[levels] + entries;
        levels += 1;
    }
    (levels, beginnings)
}

impl<const N: usize> WinnerTree<N> {
    const LEVELS: usize = plan(N).0;
    const BEGINNINGS: [usize; MOST_LEVELS + 1] = plan(N).1;
    /// The levels whose nodes lie within one slot.
    const SLOT_LEVELS: usize = (slot_bits(N) as usize - 2) / 2;

    /// Creates an empty tree: all bytes are zero.
    pub const fn new() -> Self {
        WinnerTree { root: [0; WORDS], nodes: [0; N] }
    }

    /// Where the words are that the nodes leave over.
    const EXTRA: usize = {
        let used = WORDS * Self::BEGINNINGS[Self::LEVELS];
        assert!(used + words(N) <= N);
        N - words(N)
    };

    /// Returns one of the words that the nodes leave over.
    #[inline(always)]
    pub fn extra(&self, index: usize) -> u64 {
        self.nodes[Self::EXTRA + index]
    }

    #[inline(always)]
    pub fn extra_mut(&mut self, index: usize) -> &mut u64 {
        &mut self.nodes[Self::EXTRA + index]
    }

    /// Recomputes the node of level 0 above a leaf whose block has a new winner. Returns the node's
    /// winner.
    #[inline(always)]
    pub fn replay_node(&mut self, leaf: Leaf, winner: Entry) -> Entry {
        if Self::LEVELS == 0 {
            return self.replay_root(leaf, winner);
        }
        let (node, child) = self.node(0, leaf);
        replay(node, child, winner)
    }

    /// Recomputes the nodes of the slot above that one. Returns the slot's winner; and a leaf that
    /// has won all but a few levels, and will probably be the first before long.
    #[inline(always)]
    pub fn replay_slot(&mut self, leaf: Leaf, winner: Entry) -> (Entry, Leaf) {
        let mut soon = leaf;
        // No loop: it takes twice the time for 65,536 leaves. A processor learns by the instruction
        // which load has to wait for which store, and so each level is to have its own.
        let winner = self.replay_level::<1, true>(leaf, winner, &mut soon);
        let winner = self.replay_level::<2, true>(leaf, winner, &mut soon);
        let winner = self.replay_level::<3, true>(leaf, winner, &mut soon);
        let winner = self.replay_level::<4, true>(leaf, winner, &mut soon);
        let winner = self.replay_level::<5, true>(leaf, winner, &mut soon);
        let winner = self.replay_level::<6, true>(leaf, winner, &mut soon);
        let winner = self.replay_level::<7, true>(leaf, winner, &mut soon);
        (winner, soon)
    }

    /// Recomputes the nodes above the slot. Returns the first of all.
    #[inline(always)]
    pub fn replay_above(&mut self, leaf: Leaf, winner: Entry) -> Entry {
        if Self::LEVELS == 0 {
            return winner;
        }
        let mut soon = leaf;
        let winner = self.replay_level::<2, false>(leaf, winner, &mut soon);
        let winner = self.replay_level::<3, false>(leaf, winner, &mut soon);
        let winner = self.replay_level::<4, false>(leaf, winner, &mut soon);
        let winner = self.replay_level::<5, false>(leaf, winner, &mut soon);
        let winner = self.replay_level::<6, false>(leaf, winner, &mut soon);
        let winner = self.replay_level::<7, false>(leaf, winner, &mut soon);
        let winner = self.replay_level::<8, false>(leaf, winner, &mut soon);
        let winner = self.replay_level::<9, false>(leaf, winner, &mut soon);
        self.replay_root(leaf, winner)
    }

    #[inline(always)]
    fn replay_level<const LEVEL: usize, const IN_SLOT: bool>(
        &mut self,
        leaf: Leaf,
        winner: Entry,
        soon: &mut Leaf,
    ) -> Entry {
        if LEVEL >= Self::LEVELS || (LEVEL < Self::SLOT_LEVELS) != IN_SLOT {
            return winner;
        }
        let (node, child) = self.node(LEVEL, leaf);
        let winner = replay(node, child, winner);
        if IN_SLOT && LEVEL + PREFETCH_LEVELS == Self::SLOT_LEVELS {
            *soon = leaf_of(winner);
        }
        winner
    }

    #[inline(always)]
    fn replay_root(&mut self, leaf: Leaf, winner: Entry) -> Entry {
        replay(&mut self.root, Self::root_child(leaf), winner)
    }

    /// Returns the greatest priority that is remembered of what is outside of the leaf's slot.
    #[inline(never)]
    pub fn best_outside_slot(&mut self, leaf: Leaf) -> u64 {
        let mut best = others(&self.root, Self::root_child(leaf));
        for level in Self::SLOT_LEVELS..Self::LEVELS {
            let (node, child) = self.node(level, leaf);
            best = best.max(others(node, child));
        }
        priority_of(best)
    }

    /// Returns the greatest priority that is remembered of the leaf's slot, outside of the leaf's
    /// node.
    #[inline(never)]
    pub fn best_outside_node(&mut self, leaf: Leaf) -> u64 {
        let mut best = 0;
        for level in 1..Self::SLOT_LEVELS {
            let (node, child) = self.node(level, leaf);
            best = best.max(others(node, child));
        }
        priority_of(best)
    }

    /// Starts to fetch what a replay from this leaf reads first, its node of level 0.
    #[inline(always)]
    pub fn prefetch(&self, leaf: Leaf) {
        prefetch(&self.nodes[WORDS * (leaf / NODE_LEAVES) as usize]);
    }

    /// Enters a leaf's timer, which is new or has become earlier: level by level, until it meets
    /// one that is not less.
    #[inline(always)]
    pub fn raise(&mut self, leaf: Leaf, new: Entry) {
        for level in 0..Self::LEVELS {
            let old = self.entry_mut(level, leaf);
            if level == 0 {
                // Whether it wins its block cannot be predicted: no branch.
                set(old, 0, greater(entry(old, 0), new));
            } else if new > entry(old, 0) {
                set(old, 0, new);
            } else {
                return;
            }
        }
        let child = Self::root_child(leaf);
        let old = entry(&self.root, child);
        set(&mut self.root, child, greater(old, new));
    }

    /// Enters a timer in its node of level 0 alone. Returns whether it is to be entered above. For
    /// wheels of several slots.
    #[inline]
    pub fn raise_in_node(&mut self, leaf: Leaf, new: Entry) -> bool {
        let old = self.entry_mut(0, leaf);
        set(old, 0, greater(entry(old, 0), new));
        new > entry(self.entry_mut(1, leaf), 0)
    }

    /// Returns what is remembered of the slot of a leaf.
    pub fn slot_entry(&self, leaf: Leaf) -> Entry {
        if Self::SLOT_LEVELS == Self::LEVELS {
            entry(&self.root, Self::root_child(leaf))
        } else {
            entry(&self.nodes[Self::word(Self::SLOT_LEVELS, leaf)..], 0)
        }
    }

    /// Returns the first of all, as far as the root knows.
    #[cfg(test)]
    pub fn winner(&self) -> Entry {
        (0..4).map(|child| entry(&self.root, child)).max().unwrap()
    }

    /// Returns what is remembered of the node of level 0 of a leaf. For wheels of several slots.
    #[cfg(test)]
    pub fn node_entry(&self, leaf: Leaf) -> Entry {
        entry(&self.nodes[Self::word(1, leaf)..], 0)
    }

    /// Checks that nothing that is remembered above a leaf is less than its entry, nor than what is
    /// below.
    #[cfg(test)]
    pub fn check(&mut self, leaf: Leaf, entry: Entry) {
        let mut winner = entry;
        for level in 0..Self::LEVELS {
            let (node, child) = self.node(level, leaf);
            assert!(self::entry(node, child) >= winner);
            winner = (0..4).map(|child| self::entry(node, child)).max().unwrap();
        }
        assert!(self::entry(&self.root, Self::root_child(leaf)) >= winner);
    }

    /// Returns the node of a level that is above a leaf, and which of its entries is.
    #[inline(always)]
    fn node(&mut self, level: usize, leaf: Leaf) -> (&mut [u64], usize) {
        let entry = (leaf >> shift(level)) as usize;
        let node = WORDS * (Self::BEGINNINGS[level] + entry / 4);
        (&mut self.nodes[node..node + WORDS], entry % 4)
    }

    /// Returns that entry alone.
    #[inline(always)]
    fn entry_mut(&mut self, level: usize, leaf: Leaf) -> &mut [u64] {
        let word = Self::word(level, leaf);
        &mut self.nodes[word..word + 2]
    }

    /// Returns where the entry of a level is that is above a leaf: the entries of a level are one
    /// array.
    #[inline(always)]
    const fn word(level: usize, leaf: Leaf) -> usize {
        WORDS * Self::BEGINNINGS[level] + 2 * (leaf >> shift(level)) as usize
    }

    #[inline(always)]
    const fn root_child(leaf: Leaf) -> usize {
        (leaf >> shift(Self::LEVELS)) as usize % 4
    }
}

/// Returns log2 of how many leaves are below one entry of a level.
#[inline(always)]
const fn shift(level: usize) -> u32 {
    2 + 2 * level as u32
}

#[inline(always)]
fn entry(node: &[u64], child: usize) -> Entry {
    let word = 2 * (child % 4);
    join(node[word + 1], node[word])
}

#[inline(always)]
fn set(node: &mut [u64], child: usize, new: Entry) {
    (node[2 * child + 1], node[2 * child]) = split(new);
}

/// Puts an entry in, and returns the node's winner.
#[inline(always)]
fn replay(node: &mut [u64], child: usize, new: Entry) -> Entry {
    // What does not depend on the new one comes first: a processor has it ready for all levels at
    // once, and then waits for one comparison in each.
    let others = others(node, child);
    set(node, child, new);
    greater(new, others)
}

/// Returns the greatest of a node's entries but one.
#[inline(always)]
fn others(node: &[u64], child: usize) -> Entry {
    let pair = (child & 2) ^ 2;
    let pair = greater(entry(node, pair), entry(node, pair + 1));
    greater(entry(node, child ^ 1), pair)
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::collections::BTreeMap;

    use super::super::entry::entry;
    use super::{
        Entry, Leaf, MOST_LEVELS, NODE_LEAVES, WORDS, WinnerTree, leaf_of, plan, priority_of,
        slot_bits, words,
    };

    #[test]
    fn every_capacity_has_memory_for_its_nodes_and_slots() {
        let powers = (1..=24).flat_map(|bit| [(1 << bit) - 1, 1 << bit]);
        for leaves in (0..5000).chain(powers) {
            let (levels, beginnings) = plan(leaves);
            let mut entries = leaves.div_ceil(4);
            for level in 0..levels {
                let nodes = beginnings[level + 1] - beginnings[level];
                assert!(entries > 4 && 4 * nodes >= entries);
                entries = nodes;
            }
            // The rest are in the root.
            assert!(entries <= 4);
            assert!(WORDS * beginnings[levels] + words(leaves) <= leaves);
        }
        assert_eq!(plan(1 << 24).0, MOST_LEVELS);
    }

    /// Against a map of each block's winner, sparse over all levels that there can be.
    fn compare<const N: usize>(tree: &mut WinnerTree<N>) {
        let mut blocks = BTreeMap::<Leaf, Entry>::new();
        let mut random = 1_u64;
        for step in 0..5000_u64 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(step | 1);
            // Neighbours on every level.
            let near = (random >> 40) as u32 & 0xFF;
            let block = ((near << (2 * (random >> 60)).min(22)) % N as u32) & !3;
            let new = entry((random >> 20) & 0xFFFF, block | 1, block);
            if random & (1 << 10) == 0 {
                tree.raise(block, new);
                let before = blocks.entry(block).or_default();
                *before = new.max(*before);
                continue;
            }
            blocks.insert(block, new);
            let best = |blocks: &BTreeMap<Leaf, Entry>, leaves: core::ops::Range<Leaf>| {
                blocks.range(leaves).map(|(_, &entry)| entry).max().unwrap_or(0)
            };
            let node = block / NODE_LEAVES * NODE_LEAVES;
            let node = node..node + NODE_LEAVES;
            let slot = block >> slot_bits(N) << slot_bits(N);
            let slot = slot..slot + (1 << slot_bits(N));
            let winner = tree.replay_node(block, new);
            assert_eq!(winner, best(&blocks, node.clone()));
            let (winner, soon) = tree.replay_slot(block, winner);
            assert!(blocks.contains_key(&soon) && slot.contains(&soon));
            // Two levels below the slot: of a sixteenth of it. Small slots have none of that.
            if slot.len() > 256 {
                let sixteenth = slot.len() as u32 / 16;
                let first = block / sixteenth * sixteenth;
                assert_eq!(soon, leaf_of(best(&blocks, first..first + sixteenth)));
            }
            if N > 64 {
                assert_eq!(winner, best(&blocks, slot.clone()));
                let beside = best(&blocks, slot.start..node.start);
                let beside = beside.max(best(&blocks, node.end..slot.end));
                assert_eq!(tree.best_outside_node(block), priority_of(beside));
            }
            let winner = tree.replay_above(block, winner);
            assert_eq!(winner, best(&blocks, 0..Leaf::MAX));
            if N > 64 {
                assert_eq!(tree.slot_entry(block), best(&blocks, slot.clone()));
                let outside = best(&blocks, 0..slot.start).max(best(&blocks, slot.end..Leaf::MAX));
                assert_eq!(tree.best_outside_slot(block), priority_of(outside));
            }
        }
    }

    #[test]
    fn the_greatest_wins_in_the_highest_tree() {
        // The smallest with all levels: the compiler evaluates each byte of it, in every build.
        const N: usize = (1 << 22) + 4;
        assert_eq!((plan(N).0, plan(N - 4).0), (MOST_LEVELS, MOST_LEVELS - 1));
        static HIGHEST: std::sync::Mutex<WinnerTree<N>> = std::sync::Mutex::new(WinnerTree::new());
        compare(&mut HIGHEST.lock().unwrap());
    }

    /// With these, each level is once one of the slot and once above it.
    #[test]
    fn the_greatest_wins_in_large_ones() {
        macro_rules! compare_static {
            ($($leaves:expr),*) => {
                $({
                    static TREE: std::sync::Mutex<WinnerTree<{ $leaves }>> =
                        std::sync::Mutex::new(WinnerTree::new());
                    compare(&mut TREE.lock().unwrap());
                })*
            };
        }
        compare_static!(1 << 16, 1 << 18, 1 << 20);
    }

    #[test]
    fn the_greatest_wins_in_small_ones() {
        compare(&mut WinnerTree::<4>::new());
        compare(&mut WinnerTree::<16>::new());
        compare(&mut WinnerTree::<17>::new());
        compare(&mut WinnerTree::<100>::new());
        compare(&mut WinnerTree::<1025>::new());
        compare(&mut WinnerTree::<5000>::new());
    }
}
