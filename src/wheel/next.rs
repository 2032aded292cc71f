//! The search for the earliest timer.

use super::entry::{Entry, Leaf, deadline, leaf_of, priority_of};
use super::tree::NODE_LEAVES;
use super::{PEEK_REPAIR_LIMIT, PREFETCH_MIN_N, TimerWheel};
use crate::time::Instant;

impl<const N: usize> TimerWheel<N> {
    /// Returns the earliest deadline, exactly. `None` if none is pending.
    ///
    /// A single call may have to repair many entries of deadlines that were cancelled or pushed
    /// back. For a sleep [`next_wakeup`](TimerWheel::next_wakeup) is as good, and its work is
    /// bounded.
    #[inline]
    pub fn next_deadline(&mut self) -> Option<Instant> {
        self.next_within(u32::MAX)
    }

    /// Returns when to call [`expire`](TimerWheel::expire) next: never after the earliest deadline,
    /// and with few exceptions exactly then. `None` if none is pending.
    ///
    /// It is earlier than the earliest deadline only if 64 or more earlier ones were cancelled or
    /// pushed back, and no call has come across them yet. `expire` then delivers nothing, and the
    /// next call goes on.
    #[inline]
    pub fn next_wakeup(&mut self) -> Option<Instant> {
        self.next_within(PEEK_REPAIR_LIMIT)
    }

    /// Returns a time that is not after the earliest deadline, and mostly exact: without any work,
    /// while [`next_wakeup`](TimerWheel::next_wakeup) improves it if it is not. `Instant::MAX` if
    /// none is pending.
    #[cfg_attr(not(unix), allow(dead_code))] // Only the poller asks.
    #[inline]
    pub(crate) fn wakeup_bound(&self) -> Instant {
        if self.is_empty() { Instant::MAX } else { Instant::from_nanos(deadline(self.bound)) }
    }

    #[inline]
    fn next_within(&mut self, repairs: u32) -> Option<Instant> {
        if !self.is_exact() {
            if self.is_empty() {
                return None;
            }
            self.find_first(repairs);
        }
        Some(Instant::from_nanos(deadline(self.bound)))
    }

    /// Returns whether the earliest timer is known. Then there is one.
    #[inline]
    pub(super) const fn is_exact(&self) -> bool {
        N != 0 && self.exact
    }

    /// Finds the first timer, or as good a bound as so many repairs allow. Returns how many are
    /// left.
    #[inline(never)]
    pub(super) fn find_first(&mut self, mut repairs: u32) -> u32 {
        while !self.exact && repairs > 0 {
            repairs -= 1;
            self.repair(self.first);
        }
        repairs
    }

    /// Recomputes the path from a leaf, which is that of `first`, as far up as necessary, and notes
    /// which timer is the first then. If that timer is still as the tree remembers it, it is the
    /// first. If not, no timer is earlier all the same.
    // Out of line: in a loop compilers make branches of comparisons that nothing can foresee.
    #[inline(never)]
    pub(super) fn repair(&mut self, leaf: Leaf) {
        let mut winner = self.leaves.block_winner(leaf);
        winner = self.tree.replay_node(leaf, winner);
        // The next one is often beside it: then the nodes above need not know.
        if !Self::CUTS_AT_NODES || priority_of(winner) <= self.node_runner_up {
            winner = self.repair_slot(leaf, winner);
        }
        self.bound = priority_of(winner);
        self.first = leaf_of(winner);
        if self.leaves.entry(self.first) == winner {
            self.exact = true;
        } else {
            self.set_inexact();
        }
    }

    /// Recomputes the path from the node of level 0 on. Returns the first of all.
    #[inline(always)]
    fn repair_slot(&mut self, leaf: Leaf, winner: Entry) -> Entry {
        let (mut winner, soon) = self.tree.replay_slot(leaf, winner);
        if N >= PREFETCH_MIN_N {
            self.leaves.prefetch(soon);
            self.tree.prefetch(soon);
        }
        if Self::SLOTS == 1 {
            return self.tree.replay_above(leaf, winner);
        }
        // And mostly in the same slot.
        if priority_of(winner) <= self.slot_runner_up {
            winner = self.tree.replay_above(leaf, winner);
            // If another slot is first, the runner-up is found when it matters: it is no better
            // than the winner.
            self.slot_runner_up = if Self::slot(leaf_of(winner)) == Self::slot(leaf) {
                self.tree.best_outside_slot(leaf)
            } else {
                priority_of(winner)
            };
        }
        if Self::CUTS_AT_NODES {
            self.node_runner_up = if leaf_of(winner) / NODE_LEAVES == leaf / NODE_LEAVES {
                self.tree.best_outside_node(leaf).max(self.slot_runner_up)
            } else {
                priority_of(winner)
            };
        }
        winner
    }

    // Out of line, so that it is a branch: nothing that follows waits for the comparison then.
    #[cold]
    #[inline(never)]
    fn set_inexact(&mut self) {
        self.exact = false;
    }
}
