//! Deadlines in a hashed timing wheel: exact to the nanosecond, in order, without a clock and
//! without ticks.
//!
//! G. Varghese and T. Lauck, *Hashed and Hierarchical Timing Wheels: Data Structures for the
//! Efficient Implementation of a Timer Facility*, SOSP 1987 (IEEE/ACM Transactions on Networking
//! 5(6), 1997), scheme 5: a circular array of slots, into which deadlines are hashed by their time,
//! each slot kept in order. What differs from the paper is how a slot is ordered, and how the next
//! slot is found: by winner trees, where the paper has lists and ticks.
//!
//! ```text
//!      the circle: one turn takes a little          one slot: a range of leaves, and the
//!      longer than the usual timeout                subtree of the winner tree above them
//!
//!                  slot 0                           leaves   41 47 -- 43   -- 58 44 --   52 ..
//!          slot 7          slot 1                              \            |             |
//!                 .------.           hash(41)       node      [ 41          44            52 .. ]
//!         slot 6  | now: |  slot 2  --------->                  \
//!                 |  40  |           slot 2         slot 2     [ 41  ..
//!          slot 5 '------' slot 3                                 \
//!                  slot 4                           root       [ 41 | 60 | 71 | 55 ]   the first: 41
//! ```
//!
//! The numbers are deadlines, `--` is a free leaf. Four neighbouring leaves have one entry in the
//! node above them, the earliest of the four; the four entries of that node have one in the next.
//!
//! # The hash
//!
//! The *speed* is how many turns the circle makes in 2^64 ns. So `deadline * speed mod 2^64` is
//! which part of a turn has passed at the deadline, as a fraction of 2^64; times the number of
//! slots, that is the slot. It takes two multiplications, for any number of slots and any length of
//! a turn.
//!
//! The speed follows the timeouts. At one insertion in 64 it is noted how far ahead the deadline
//! is, and a turn is kept a little longer than seven timeouts in eight. Then timers that fire one
//! after the other are stored together, and the slots come up one after the other. Timers of
//! several turns may share a slot, as in the paper.
//!
//! The hash decides where a timer is stored, never when it fires. So any speed is correct, it may
//! change at any time, and nothing is hashed again.
//!
//! # A timer's way in and out
//!
//! * *Start*: its deadline is hashed to a slot, and it takes the slot's first free *leaf*. If the
//!   slot is full, it takes the *spare* leaf, one that was freed and is in no list; if there is
//!   none, a leaf of the next slot on the circle that is not full, which a bitmap shows. Then it is
//!   entered in the winner tree level by level until it meets an earlier timer, mostly at the
//!   second.
//! * *Stop*: the leaf is put into the free list of its slot; or it becomes the spare one, if a slot
//!   is full. The tree is not touched.
//! * *Push back*: the deadline is written to the leaf. The timer stays in its slot, the tree is not
//!   touched.
//! * *Time passes*: the root says which timer is the first. When it has fired, the path from its
//!   leaf up is recomputed, at most one node of each level. As long as no timer of another slot is
//!   earlier than the slot's next one, nothing above the slot is recomputed; and nothing above a
//!   node as long as no other node is.
//!
//! What the tree remembers of a stopped timer, or of one that was pushed back, is *stale*. That
//! matters only if it becomes the first of all. Then the path from its leaf is recomputed, once,
//! however often it was pushed back.
//!
//! # What differs from the paper, and why
//!
//! * *No ticks.* The paper's wheel visits each slot when its time has come, also if it is empty,
//!   and deadlines are rounded to ticks. Here the slots' winners are the leaves of a tree of their
//!   own, so the next slot is known.
//! * *Winner trees, not sorted lists.* An insertion into a sorted list takes O(n) steps, each a
//!   cache miss, and a removal writes to both neighbours. Four entries of a winner tree are one
//!   cache line, and a comparison of four is three maxima, without a branch that a processor could
//!   mispredict.
//! * *Slots have a fixed size*, since there is no heap to take memory from. An overflow goes to
//!   another slot.
//! * *Up to 64 timers there is one slot*: all of them lie within a few cache lines, and nothing is
//!   hashed.
//!
//! # What holds between calls
//!
//! 1. An entry of a node is not less than any timer below it (in priority, then in generation), and
//!    not less than the entries of the node below it.
//! 2. `bound` is not less than the priority of any timer. If `exact`, it is the priority of
//!    `first`.
//! 3. With several slots, `slot_runner_up` is not less than what the tree remembers of any slot
//!    but that of `first`, or it is the bound; so no timer of another slot is greater. The same is
//!    true of `node_runner_up` and the nodes, if `CUTS_AT_NODES`. `slot_runner_up <=
//!    node_runner_up`, and `slot_runner_up <= bound`.
//! 4. A leaf stores a timer or a period, or it is in the free list of its slot, or it is the spare
//!    one. A slot is marked as full if and only if that list is empty.
//! 5. Of equal deadlines that no update has touched, the earlier insertion is greater. (Insertions
//!    are counted with 30 bits; across a wrap of that count it is not.)
//!
//! # Files
//!
//! `entry` has what is compared, `hash` the circle, `leaves` the memory of the timers, `tree` the
//! winner tree, `slots` the free leaves of each slot; `changes`, `next`, `expire` and `fired` are
//! what a wheel does.

// First in the documentation, which lists the methods of a type by module.
mod create;

mod changes;
mod entry;
mod expire;
mod fired;
mod hash;
mod key;
mod leaves;
mod next;
mod prefetch;
mod slots;
#[cfg(test)]
mod tests;
mod tree;

use core::fmt;

pub use self::key::DeadlineKey;

use self::entry::Leaf;
use self::leaves::Leaves;
use self::tree::WinnerTree;
use crate::id::EventedId;
use crate::time::Instant;

// Limits. Tests have tiny ones, so that all of it happens often.

/// How many stale entries one search for a bound repairs.
const PEEK_REPAIR_LIMIT: u32 = if cfg!(test) { 2 } else { 64 };
/// How many one `expire` repairs, besides those of the timers that fire.
const EXPIRE_REPAIR_LIMIT: u32 = if cfg!(test) { 3 } else { 256 };
/// From this capacity on, what fires soon is fetched ahead: smaller wheels fit the second cache.
const PREFETCH_MIN_N: usize = 8192;

/// A timer queue with inline storage for `N` timers: a hashed timing wheel.
///
/// A deadline is hashed by its time to a slot of a circle, in O(1), and stopping or pushing back a
/// timer is O(1) as well (G. Varghese and T. Lauck, *Hashed and Hierarchical Timing Wheels*, SOSP
/// 1987: scheme 5, a hash table with sorted buckets). Unlike the paper's wheel it has no ticks: a
/// slot is kept in order by a small winner tree, and the first timers of the slots by another one.
/// So deadlines are exact to the nanosecond, and nothing is done while no timer is due.
///
/// ```text
///           slot 0                      hash(deadline) = the fraction of a turn, times the number of slots
///    slot 7   |    slot 1
///          .-----.                      one turn: a little longer than the usual timeout. It adapts, and it
///   slot 6 | now | slot 2               decides how near in memory timers are that fire one after the other,
///          '-----'                      never when they fire
///    slot 5   |    slot 3
///           slot 4                      up to 64 deadlines: one slot, nothing is hashed
/// ```
///
/// It has no clock: the time is an argument, of any clock whose readings are an [`Instant`]'s
/// nanoseconds.
///
/// ```
/// use mio_st::event::EventedId;
/// use mio_st::time::Instant;
/// use mio_st::timer::TimerWheel;
///
/// let mut wheel = TimerWheel::<100>::new();
/// let at = Instant::from_nanos;
///
/// let idle = wheel.insert(at(30_000), EventedId(7))?;
/// wheel.insert(at(20_000), EventedId(8))?;
/// wheel.update(idle, at(40_000))?;
///
/// assert_eq!(wheel.next_deadline(), Some(at(20_000)));
/// let mut fired = Vec::new();
/// wheel.expire(at(39_999), 16, |id, ready| {
///     assert!(ready.is_timer());
///     fired.push(id);
/// });
/// assert_eq!(fired, [EventedId(8)]);
/// wheel.cancel(idle)?;
/// assert!(wheel.is_empty());
/// # Ok::<(), mio_st::Error>(())
/// ```
///
/// # What it promises
///
/// * Nothing fires before its deadline, not by a nanosecond, and everything that is due fires when
///   asked for: there are no ticks that a deadline would be rounded to. Deadlines may be anything
///   from the past to [`Instant::MAX`].
/// * Timers fire in order of deadline; equal ones in order of insertion. (After an
///   [`update`](TimerWheel::update) the order among equal ones is not specified. Insertions are
///   counted with 30 bits: equal deadlines inserted on both sides of a wrap of that count fire in
///   reverse order.)
/// * The clock may stand still, jump ahead or go back. A long sleep costs what fires, not what time
///   has passed.
/// * No call does more than a bounded amount of work, except
///   [`next_deadline`](TimerWheel::next_deadline), [`remove`](TimerWheel::remove) and
///   [`iter`](TimerWheel::iter).
/// * A key never names another deadline than its own.
///
/// # What it costs
///
/// | | worst case | |
/// |---|---|---|
/// | [`cancel`](TimerWheel::cancel), [`update`](TimerWheel::update) to a later time | O(1) | writes 12 bytes and the head of a free list |
/// | [`insert`](TimerWheel::insert), `update` to an earlier time | O(log N) | finding the slot and a free leaf is O(1), even if the slot is full (a bitmap of at most 64 slots). Then one comparison for each level of the tree at which it is the first: mostly two |
/// | [`next_wakeup`](TimerWheel::next_wakeup) | O(log N) | mostly known already; otherwise at most 64 stale entries are repaired |
/// | [`expire`](TimerWheel::expire) | O(log N) for each that fires | and at most 256 stale entries are repaired besides. Within a slot the tree above it is not touched |
/// | [`next_deadline`](TimerWheel::next_deadline) | O(N) | amortized O(log N) for each deadline that was cancelled or pushed back since |
/// | [`remove`](TimerWheel::remove), [`iter`](TimerWheel::iter) | O(N) | slots that are known to be empty are skipped |
///
/// log N is to the base 4: 2 for 16 deadlines, 6 for 4,096, 12 for the largest capacity. An entry
/// is *stale* if its deadline was cancelled or pushed back; each is repaired once, however often it
/// was pushed back.
///
/// It takes 32 bytes for each deadline, and from 128 to 224 more: whole cache lines of 64.
///
/// A wheel is a large value. [`new`](TimerWheel::new) is `const` and all zeros, so that a `static`
/// takes no space in the file; [`init_in`](TimerWheel::init_in) makes one in place. A capacity of
/// more than 16,777,216 is a compile-time error:
///
/// ```compile_fail
/// static TOO_LARGE: mio_st::timer::TimerWheel<16_777_217> = mio_st::timer::TimerWheel::new();
/// ```
///
/// `N` may be 0: such a wheel refuses every deadline and generates no code.
#[repr(C)]
pub struct TimerWheel<const N: usize> {
    /// No timer has a higher priority. 0 in an empty wheel.
    bound: u64,
    /// No timer outside the node (of level 0) of `first` has a higher priority, if `CUTS_AT_NODES`;
    /// not less than `slot_runner_up`.
    node_runner_up: u64,
    /// No timer outside the slot of `first` has a higher priority, if there are several slots.
    slot_runner_up: u64,
    /// How many turns the circle makes in 2^64 ns.
    speed: u64,
    /// The slots that are full, a bit each. With one slot, whether its list was made.
    full: u64,
    /// The leaf of the earliest timer, if `exact`; else where the search for it begins.
    first: Leaf,
    /// How many timers are pending.
    len: u32,
    /// How many timers are periodic.
    periodic: u32,
    /// The latest generation, without its flags; 0 before the first.
    generation: u32,
    /// A free leaf that is in no list, plus 1, or `NONE`. With one slot, the first free leaf.
    spare: u32,
    /// Whether `first` is the earliest timer, and `bound` its priority.
    exact: bool,
    leaves: Leaves<N>,
    tree: WinnerTree<N>,
}

impl<const N: usize> TimerWheel<N> {
    /// Whether `node_runner_up` is kept. With few nodes in a slot the same one would stay ahead by
    /// chance, now and then, which a processor cannot predict.
    const CUTS_AT_NODES: bool = Self::SLOT_BITS > 6;

    const POSSIBLE: () = assert!(N <= 1 << 24, "TimerWheel<N>: N is at most 16,777,216");

    /// Returns how many deadlines are pending. A periodic one counts as one.
    #[inline]
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len as usize
    }

    /// Returns whether no deadline is pending.
    #[inline]
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        N == 0 || self.len == 0
    }

    /// Returns `N`: how many deadlines there can be.
    #[inline]
    #[must_use]
    pub const fn capacity(&self) -> usize {
        N
    }

    /// Returns whether a key names a pending deadline.
    #[inline]
    #[must_use]
    pub fn contains(&self, key: DeadlineKey) -> bool {
        self.leaves.find(key).is_some()
    }

    /// Returns the deadline that a key names.
    #[inline]
    #[must_use]
    pub fn deadline(&self, key: DeadlineKey) -> Option<Instant> {
        let priority = self.leaves.find(key)?;
        Some(Instant::from_nanos(entry::deadline(priority)))
    }

    /// Iterates over all pending deadlines, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = (DeadlineKey, Instant, EventedId)> {
        self.live().map(|leaf| {
            let deadline = entry::deadline(entry::priority_of(self.leaves.entry(leaf)));
            let id = EventedId(self.leaves.id(leaf));
            (self.key(leaf), Instant::from_nanos(deadline), id)
        })
    }
}

impl<const N: usize> Default for TimerWheel<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> fmt::Debug for TimerWheel<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TimerWheel")
            .field("len", &self.len)
            .field("capacity", &N)
            .finish_non_exhaustive()
    }
}
