//! The winner tree: which of many entries is the greatest, when one at a time changes.
//!
//! Four neighbouring leaves are a *block*; of it only the winner is remembered. The winners of four blocks are
//! the entries of a *node* of level 0, the winners of four nodes are those of a node of the next level, and so
//! on, up to the *root*. So when one leaf changes, one node of each level is recomputed, at most.
//!
//! ```text
//!   leaves    | 0  1  2  3 | 4  5  6  7 | 8  9 10 11 | 12 13 14 15 | 16 17 ..
//!                   |        |             |           |                |
//!   level 0   [     2        4            10          12      ]   [    17   ..
//!                            |                                          |
//!   root      [              4                                         17          ]
//! ```
//!
//! Knuth, *The Art of Computer Programming*, volume 3, section 5.2.3 (tree selection): there with two entries a
//! node. Four are one cache line, and half as many lines are touched.

use super::entry::{Entry, Leaf, greater, is_timer, join, leaf_of, priority_of, split};
use super::prefetch::prefetch;
use super::slots::slot_bits;

/// Leaves below one node of level 0.
pub(super) const NODE_LEAVES: u32 = 16;

/// Levels below the root, at most: 2^24 leaves.
const MOST_LEVELS: usize = 10;

/// From so many levels below the top of a slot, or of the tree, a winner mostly has a while to wait: time enough
/// to fetch what will be read when it is the first.
const PREFETCH_LEVELS: usize = 3;

/// Four entries, of two words each.
const WORDS: usize = 8;

#[repr(C, align(64))]
pub(super) struct WinnerTree<const N: usize> {
    root: [u64; WORDS],
    /// The nodes of the other levels, one level after the other. They leave a third of the words: see `spare`.
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
    const SLOT_LEVELS: usize = {
        let levels = (slot_bits(N) as usize - 2) / 2;
        if levels < Self::LEVELS { levels } else { Self::LEVELS }
    };

    /// All bytes are zero.
    pub const fn new() -> Self {
        WinnerTree { root: [0; WORDS], nodes: [0; N] }
    }

    /// Returns one of the words that the nodes leave over, counted from the end.
    #[inline(always)]
    pub fn spare(&mut self, index: usize) -> &mut u64 {
        &mut self.nodes[N - 1 - index]
    }

    /// Recomputes the node of level 0 above a leaf whose block has a new winner. Returns the node's winner.
    #[inline(always)]
    pub fn replay_node(&mut self, leaf: Leaf, winner: Entry) -> Entry {
        if Self::LEVELS == 0 {
            return self.replay_root(leaf, winner);
        }
        let (node, child) = self.node(0, leaf);
        replay(node, child, winner)
    }

    /// Recomputes the nodes of the slot above that one. Returns the slot's winner; and a leaf that has won all
    /// but a few levels, and will probably be the first before long.
    #[inline(always)]
    pub fn replay_slot(&mut self, leaf: Leaf, winner: Entry) -> (Entry, Leaf) {
        let mut soon = leaf;
        // No loop: it takes twice the time for 65,536 leaves. A processor learns by the instruction which load
        // has to wait for which store, and so each level is to have its own.
        let winner = self.replay_level::<1, true>(leaf, winner, &mut soon);
        let winner = self.replay_level::<2, true>(leaf, winner, &mut soon);
        let winner = self.replay_level::<3, true>(leaf, winner, &mut soon);
        let winner = self.replay_level::<4, true>(leaf, winner, &mut soon);
        let winner = self.replay_level::<5, true>(leaf, winner, &mut soon);
        let winner = self.replay_level::<6, true>(leaf, winner, &mut soon);
        let winner = self.replay_level::<7, true>(leaf, winner, &mut soon);
        let winner = self.replay_level::<8, true>(leaf, winner, &mut soon);
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

    /// Returns the greatest priority that is remembered of the leaf's slot, outside of the leaf's node.
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

    /// Enters a leaf's new timer.
    #[inline(always)]
    pub fn enter(&mut self, leaf: Leaf, entry: Entry) {
        if Self::LEVELS == 0 {
            raise(&mut self.root, Self::root_child(leaf), entry);
            return;
        }
        // Whether it wins its block is anybody's guess: no branch.
        let (node, child) = self.node(0, leaf);
        raise(node, child, entry);
        self.raise_from(1, leaf, entry);
    }

    /// Enters a timer whose priority has grown.
    #[inline(always)]
    pub fn raise(&mut self, leaf: Leaf, entry: Entry) {
        self.raise_from(0, leaf, entry);
    }

    /// Enters it level by level, until it meets one that is not less.
    #[inline(always)]
    fn raise_from(&mut self, mut level: usize, leaf: Leaf, entry: Entry) {
        while level < Self::LEVELS {
            let (node, child) = self.node(level, leaf);
            if entry <= self::entry(node, child) {
                return;
            }
            set(node, child, entry);
            level += 1;
        }
        raise(&mut self.root, Self::root_child(leaf), entry);
    }

    /// Returns how many leaves from this one on certainly store no timer, as far as the tree knows.
    pub fn empty_from(&self, leaf: Leaf) -> Option<u32> {
        let empty = |level: usize| {
            let width = 1 << shift(level);
            let entry = if level == Self::LEVELS {
                self::entry(&self.root, Self::root_child(leaf))
            } else {
                let (node, child) = Self::position(level, leaf);
                self::entry(&self.nodes[node..node + WORDS], child)
            };
            (leaf.is_multiple_of(width) && !is_timer(entry)).then_some(width)
        };
        (0..=Self::LEVELS).rev().find_map(empty)
    }

    /// Returns the first of all, as far as the root knows.
    #[cfg(test)]
    pub fn winner(&self) -> Entry {
        (0..4).map(|child| entry(&self.root, child)).max().unwrap()
    }

    /// Checks that nothing that is remembered above a leaf is less than its entry, nor than what is below.
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

    /// Returns the node of a level that is above a leaf, and which of its children is.
    #[inline(always)]
    fn node(&mut self, level: usize, leaf: Leaf) -> (&mut [u64], usize) {
        let (node, child) = Self::position(level, leaf);
        (&mut self.nodes[node..node + WORDS], child)
    }

    #[inline(always)]
    const fn position(level: usize, leaf: Leaf) -> (usize, usize) {
        let entry = (leaf >> shift(level)) as usize;
        (WORDS * (Self::BEGINNINGS[level] + entry / 4), entry % 4)
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
    // What does not depend on the new one comes first: a processor has it ready for all levels at once, and
    // then waits for one comparison in each.
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

/// Puts an entry in, if it is greater, without a branch.
#[inline(always)]
fn raise(node: &mut [u64], child: usize, new: Entry) {
    set(node, child, greater(entry(node, child), new));
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::collections::BTreeMap;

    use super::super::entry::entry;
    use super::{BATCH, Entry, MOST_ROUNDS, Place, Tournament, WORDS, plan, urgency_of};

    #[test]
    fn every_capacity_has_room_for_its_groups() {
        let powers = (1..=24).flat_map(|bit| [(1 << bit) - 1, 1 << bit]);
        for places in (0..5000).chain(powers) {
            let (rounds, beginnings) = plan(places);
            let mut players = places.div_ceil(4);
            for round in 0..rounds {
                let groups = beginnings[round + 1] - beginnings[round];
                assert!(players > 4 && 4 * groups >= players);
                players = groups;
            }
            // The rest are in the finals.
            assert!(players <= 4);
            assert!(WORDS * beginnings[rounds] <= places);
        }
        assert_eq!(plan(1 << 24).0, MOST_ROUNDS);
    }

    /// Against a map of each heat's winner, sparse over all rounds that there can be.
    fn compare<const N: usize>(tournament: &mut Tournament<N>) {
        let mut heats = BTreeMap::<Place, Entry>::new();
        let mut random = 1_u64;
        for step in 0..20_000_u64 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(step | 1);
            // Neighbours on every level.
            let near = (random >> 40) as u32 & 0xFF;
            let heat = ((near << (2 * (random >> 60)).min(22)) % N as u32) & !3;
            let new = entry((random >> 20) & 0xFFFF, heat | 1, heat);
            if random & (1 << 10) == 0 {
                tournament.enter(heat, new);
                let before = heats.entry(heat).or_default();
                *before = new.max(*before);
            } else {
                heats.insert(heat, new);
                let winner = tournament.replay_group(heat, new);
                let group = heat / BATCH * BATCH;
                assert_eq!(
                    Some(&winner),
                    heats.range(group..group + BATCH).map(|(_, heat)| heat).max()
                );
                let (winner, soon) = tournament.replay_above(heat, winner);
                assert_eq!(Some(&winner), heats.values().max());
                assert!(heats.contains_key(&soon));
                if N > BATCH as usize {
                    let others = heats.iter().filter(|&(heat, _)| heat / BATCH != group / BATCH);
                    let others = others.map(|(_, &entry)| urgency_of(entry)).max();
                    assert_eq!(tournament.others(heat), others.unwrap_or(0));
                }
            }
        }
    }

    #[test]
    fn the_greatest_wins_in_the_largest_tournament() {
        static LARGEST: std::sync::Mutex<Tournament<{ 1 << 24 }>> =
            std::sync::Mutex::new(Tournament::new());
        compare(&mut LARGEST.lock().unwrap());
    }

    #[test]
    fn the_greatest_wins_in_small_ones() {
        compare(&mut Tournament::<4>::new());
        compare(&mut Tournament::<16>::new());
        compare(&mut Tournament::<17>::new());
        compare(&mut Tournament::<100>::new());
        compare(&mut Tournament::<1025>::new());
    }
}
