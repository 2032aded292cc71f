//! The memory of a wheel: 32 bytes for each timer (28 on 32-bit systems), and slots out of what is spare.
//!
//! A timer is spread over three arrays by who reads what. Pushing a deadline back, the commonest thing,
//! touches `hot` alone, 12 bytes; list surgery `links` alone, 8 bytes; an id is written once and read once.
//!
//! A link is a pair of words, `next` and `prev`, and of three words for each timer two are its own pair:
//! of what is left every two timers make the pair of one slot's sentinel. Sentinels and timers in one
//! array are what makes linking and unlinking free of branches; and a number of slots that grows with the
//! capacity is what makes small wheels small.
//!
//! ```text
//! links, as pairs:  | slot 0 | slot 1 | .. | slot S-1 | node S | node S+1 | .. | node S+N-1 |  (spare)
//! ```
//!
//! A timer is named by the number of its pair everywhere: its *node*. 0 is never a node.

use core::num::NonZeroU32;
use core::sync::atomic::{AtomicU32, Ordering};

use super::batch::{NO_TIMER, Timer};
use super::geometry::Geometry;
use super::key::DeadlineKey;

/// The number of a timer's link.
pub(super) type Node = u32;

/// No node.
pub(super) const NONE: Node = 0;

/// In a stamp: the timer is periodic, and its `id` is the node that holds the period and the true id.
pub(super) const PERIODIC: u32 = 0b10;
/// From one stamp to the next. Bit 0 is set in all of them.
const STEP: u32 = 0b100;

#[derive(Copy, Clone)]
#[repr(C, packed(4))]
struct Hot {
    deadline: u64,
    /// Which insertion this was, with the flags above; 0 in a node that no key names.
    stamp: u32,
}

#[repr(C)]
pub(super) struct Store<const N: usize> {
    /// The first of the nodes to use again, a list through `next`.
    free: Node,
    /// How many nodes were ever used: those beyond need no list, and no initialisation.
    fresh: u32,
    /// The stamp of the latest insertion, less its flags.
    stamp: u32,
    hot: [Hot; N],
    links: [[u32; 3]; N],
    ids: [usize; N],
}

impl<const N: usize> Store<N> {
    pub const GEOMETRY: Geometry = Geometry::of(N);

    /// The first node's number.
    const FIRST: Node = if Self::GEOMETRY.is_flat() { 1 } else { Self::GEOMETRY.slots() as Node };

    /// All bytes zero: what `static` memory is anyway.
    pub const fn new() -> Self {
        Store {
            free: NONE,
            fresh: 0,
            stamp: 0,
            hot: [Hot { deadline: 0, stamp: 0 }; N],
            links: [[0; 3]; N],
            ids: [0; N],
        }
    }

    /// Takes a node that nobody uses. It keeps stamp 0 until it is named.
    #[inline]
    pub fn take(&mut self) -> Option<Node> {
        let node = self.free;
        if N != 0 && node != NONE {
            self.free = self.next(node);
            return Some(node);
        }
        self.take_fresh()
    }

    #[inline]
    fn take_fresh(&mut self) -> Option<Node> {
        if N == 0 || self.fresh as usize >= N {
            return None;
        }
        if self.fresh == 0 {
            self.stamp = first_stamp();
        }
        self.fresh += 1;
        Some(Self::FIRST + self.fresh - 1)
    }

    /// Gives a node back. No key names it any more.
    #[inline]
    pub fn give_back(&mut self, node: Node) {
        self.hot[Self::index(node)].stamp = 0;
        self.set_next(node, self.free);
        self.free = node;
    }

    /// Fills a node in, and names it.
    #[inline]
    pub fn name(&mut self, node: Node, deadline: u64, id: usize, flags: u32) -> DeadlineKey {
        self.stamp = self.stamp.wrapping_add(STEP);
        let stamp = NonZeroU32::MIN | self.stamp | flags;
        let index = Self::index(node);
        self.hot[index] = Hot { deadline, stamp: stamp.get() };
        self.ids[index] = id;
        DeadlineKey { node, stamp }
    }

    /// Fills a node in that no key names.
    pub fn fill(&mut self, node: Node, deadline: u64, id: usize) {
        let index = Self::index(node);
        self.hot[index].deadline = deadline;
        self.ids[index] = id;
    }

    /// The node that a key names, and its deadline.
    #[inline]
    pub fn find(&self, key: DeadlineKey) -> Option<(Node, u64)> {
        let hot = self.hot.get(Self::index(key.node))?;
        if hot.stamp != key.stamp.get() {
            return None;
        }
        Some((key.node, hot.deadline))
    }

    /// The key that names a node, if one does.
    #[inline]
    pub fn key(&self, node: Node) -> Option<DeadlineKey> {
        let stamp = NonZeroU32::new(self.stamp(node))?;
        Some(DeadlineKey { node, stamp })
    }

    /// All timers that keys name, in no particular order, with their deadlines.
    #[inline]
    pub fn live(&self) -> impl Iterator<Item = Timer> {
        let used = self.hot.get(..self.fresh as usize).unwrap_or_default();
        let live = used.iter().zip(Self::FIRST..).filter(|(hot, _)| hot.stamp != 0);
        live.map(|(hot, node)| (hot.deadline, node))
    }

    /// The first of those live timers that `wanted` names: by deadline, equal ones by insertion.
    #[inline]
    pub fn first_live(&self, wanted: impl Fn(Node) -> bool) -> Timer {
        let mut first = NO_TIMER;
        for timer in self.live() {
            if timer.0 > first.0 {
                continue;
            }
            let precedes = timer.0 < first.0
                || first.1 == NONE
                || self.seniority(timer.1) < self.seniority(first.1);
            if precedes && wanted(timer.1) {
                first = timer;
            }
        }
        first
    }

    /// Smaller for what was inserted earlier, among the latest 2^30 insertions.
    fn seniority(&self, node: Node) -> u32 {
        let latest = self.stamp.wrapping_add(STEP);
        self.stamp(node).wrapping_sub(latest)
    }

    /// Whether a key names the node.
    #[cfg(test)]
    pub fn is_live(&self, node: Node) -> bool {
        self.stamp(node) != 0
    }

    #[inline]
    pub fn stamp(&self, node: Node) -> u32 {
        self.hot[Self::index(node)].stamp
    }

    #[inline]
    pub fn deadline(&self, node: Node) -> u64 {
        self.hot[Self::index(node)].deadline
    }

    #[inline]
    pub fn set_deadline(&mut self, node: Node, deadline: u64) {
        self.hot[Self::index(node)].deadline = deadline;
    }

    #[inline]
    pub fn id(&self, node: Node) -> usize {
        self.ids[Self::index(node)]
    }

    /// The link after this one, of a node or a slot.
    #[inline]
    pub fn next(&self, link: u32) -> u32 {
        self.links.as_flattened()[2 * link as usize]
    }

    /// The link before this one.
    #[inline]
    pub fn prev(&self, link: u32) -> u32 {
        self.links.as_flattened()[2 * link as usize + 1]
    }

    #[inline]
    pub fn set_next(&mut self, link: u32, next: u32) {
        self.links.as_flattened_mut()[2 * link as usize] = next;
    }

    #[inline]
    pub fn set_prev(&mut self, link: u32, prev: u32) {
        self.links.as_flattened_mut()[2 * link as usize + 1] = prev;
    }

    #[cfg(test)]
    pub fn count_free(&self) -> usize {
        let mut count = N - self.fresh as usize;
        let mut node = self.free;
        while node != NONE {
            assert!(!self.is_live(node));
            count += 1;
            node = self.next(node);
        }
        count
    }

    /// A node's index in the arrays; beyond them for what is no node.
    #[inline]
    const fn index(node: Node) -> usize {
        node.wrapping_sub(Self::FIRST) as usize
    }
}

/// Where a wheel's stamps begin: each wheel elsewhere, so that the keys of one are stale in the others.
#[cold]
fn first_stamp() -> u32 {
    static LATEST: AtomicU32 = AtomicU32::new(0);
    // Multiples of the golden ratio keep their distance. Load and store, since not every processor can
    // add: two threads that meet here share a beginning, which no memory access rests on.
    let next = LATEST.load(Ordering::Relaxed).wrapping_add(STEP.wrapping_mul(0x9E37_79B9));
    LATEST.store(next, Ordering::Relaxed);
    next
}
