//! The memory of a wheel: 32 bytes for each timer, and slots out of what these leave spare.
//!
//! A timer is spread over two arrays by who reads what. Pushing a deadline back, the commonest thing, touches
//! `hot` alone, 12 bytes. The other 16 are a *record* of four words: the timer's place in a list, and the
//! user's id, which are needed together when it fires.
//!
//! A *link* is a pair of words, `next` and `prev`: a slot's sentinel is one, and a record begins with one. So
//! slots and timers lie in one array, which is what makes linking and unlinking free of branches. Of five words
//! for each timer four are its record; of what is left every two timers make one slot. A number of slots that
//! grows with the capacity is what makes small wheels small.
//!
//! ```text
//! words:  | slot 0 | slot 1 | .. | slot S-1 | record 0      | record 1      | .. | record N-1    |  (spare)
//! ```
//!
//! A link is named by its first word's place. For a timer that is its *node*; 0 and 1 are never one.

use core::num::NonZeroU32;
use core::sync::atomic::{AtomicU32, Ordering};

use super::geometry::{Geometry, Slot};
use super::key::DeadlineKey;

/// The place of a link.
pub(super) type Link = u32;

/// The place of a timer's link.
pub(super) type Node = Link;

/// No node.
pub(super) const NONE: Node = 0;

/// A timer: its deadline and its node.
pub(super) type Timer = (u64, Node);

/// In a stamp: the timer is periodic, and its `id` is the node that holds the period and the true id.
pub(super) const PERIODIC: u32 = 0b10;
/// From one stamp to the next. Bit 0 is set in all of them.
const STEP: u32 = 0b100;

/// Words in a record.
const RECORD: u32 = 4;

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
    words: [[u32; 5]; N],
}

impl<const N: usize> Store<N> {
    pub const GEOMETRY: Geometry = Geometry::of(N);

    /// The first timer's node.
    pub const FIRST: Node =
        if Self::GEOMETRY.is_flat() { 2 } else { Self::link_of(Self::GEOMETRY.slots() as Slot) };

    /// Where there are no slots the records begin one word below their numbers.
    const BASE: Link = if Self::GEOMETRY.is_flat() { 1 } else { 0 };

    /// All bytes zero: what `static` memory is anyway.
    pub const fn new() -> Self {
        Store {
            free: NONE,
            fresh: 0,
            stamp: 0,
            hot: [Hot { deadline: 0, stamp: 0 }; N],
            words: [[0; 5]; N],
        }
    }

    /// Takes a node that was used before and is not now. It keeps stamp 0 until it is named.
    #[inline]
    pub fn take_used(&mut self) -> Option<Node> {
        let node = self.free;
        if N == 0 || node == NONE {
            return None;
        }
        self.free = self.record(node)[0];
        Some(node)
    }

    /// Takes a node that was never used.
    #[inline]
    pub fn take_fresh(&mut self) -> Option<Node> {
        if N == 0 || self.fresh as usize >= N {
            return None;
        }
        self.fresh += 1;
        Some(Self::FIRST + RECORD * (self.fresh - 1))
    }

    /// Whether no node was ever used.
    pub fn is_untouched(&self) -> bool {
        self.fresh == 0
    }

    /// From now on stamps are no other wheel's.
    pub fn choose_stamps(&mut self) {
        self.stamp = first_stamp();
    }

    /// Gives a node back. No key names it any more.
    #[inline]
    pub fn give_back(&mut self, node: Node) {
        let hot = &mut self.hot[Self::index(node)];
        hot.stamp = 0;
        if Self::GEOMETRY.is_flat() {
            hot.deadline = u64::MAX;
        }
        self.record_mut(node)[0] = self.free;
        self.free = node;
    }

    /// Fills a node in, and names it.
    #[inline]
    pub fn name(&mut self, node: Node, deadline: u64, id: usize, flags: u32) -> DeadlineKey {
        self.stamp = self.stamp.wrapping_add(STEP);
        let stamp = NonZeroU32::MIN | self.stamp | flags;
        self.hot[Self::index(node)] = Hot { deadline, stamp: stamp.get() };
        self.set_id(node, id);
        DeadlineKey { node, stamp }
    }

    /// Fills in the second node of a periodic timer, which no key names. Its link holds the period.
    pub fn fill_second(&mut self, node: Node, period: u64, id: usize) {
        self.set_deadline(node, u64::MAX);
        self.set_link(node, period as u32, (period >> 32) as u32);
        self.set_id(node, id);
    }

    pub fn period(&self, second: Node) -> u64 {
        u64::from(self.next(second)) | u64::from(self.prev(second)) << 32
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

    /// All timers that keys name, in no particular order.
    #[inline]
    pub fn live(&self) -> impl Iterator<Item = Timer> {
        let nodes = (Self::FIRST..).step_by(RECORD as usize);
        let used = self.used().iter().zip(nodes).filter(|(hot, _)| hot.stamp != 0);
        used.map(|(hot, node)| (hot.deadline, node))
    }

    /// The first of those live timers that `wanted` names: by deadline, equal ones by insertion.
    pub fn first_live(&self, wanted: impl Fn(Node) -> bool) -> Option<Timer> {
        let wanted = self.live().filter(|timer| wanted(timer.1));
        wanted.min_by_key(|timer| (timer.0, self.seniority(timer.1)))
    }

    /// The first live timer, where there are no slots. What is not live is at the end of time there.
    pub fn first(&self) -> Option<Timer> {
        // All without a branch that depends on deadlines: the minimum, four at a time, then where it is.
        let mut lanes = [u64::MAX; 4];
        let fours = self.used().chunks_exact(4);
        for hot in fours.remainder() {
            lanes[0] = lanes[0].min(hot.deadline);
        }
        for four in fours {
            for (lane, hot) in lanes.iter_mut().zip(four) {
                *lane = (*lane).min(hot.deadline);
            }
        }
        let first = lanes[0].min(lanes[1]).min(lanes[2].min(lanes[3]));
        let (mut places, mut place) = (0, 0);
        for (index, hot) in (0..).zip(self.used()) {
            let found = hot.deadline == first;
            places += u32::from(found);
            place = if found { index } else { place };
        }
        if places == 1 {
            Some((first, Self::FIRST + RECORD * place))
        } else {
            self.first_live(|_| true)
        }
    }

    /// All that were ever used.
    #[inline]
    fn used(&self) -> &[Hot] {
        self.hot.get(..self.fresh as usize).unwrap_or_default()
    }

    /// Smaller for what was inserted earlier, among the latest 2^30 insertions.
    fn seniority(&self, node: Node) -> u32 {
        let latest = self.stamp.wrapping_add(STEP);
        self.stamp(node).wrapping_sub(latest)
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
        let record = self.record(node);
        (u64::from(record[2]) | u64::from(record[3]) << 32) as usize
    }

    #[inline]
    fn set_id(&mut self, node: Node, id: usize) {
        let record = self.record_mut(node);
        record[2] = id as u32;
        record[3] = (id as u64 >> 32) as u32;
    }

    /// The link of a slot's sentinel.
    #[inline]
    pub const fn link_of(slot: Slot) -> Link {
        2 * slot
    }

    /// The link after this one.
    #[inline]
    pub fn next(&self, link: Link) -> Link {
        self.link(link)[0]
    }

    /// The link before this one.
    #[inline]
    pub fn prev(&self, link: Link) -> Link {
        self.link(link)[1]
    }

    #[inline]
    pub fn set_next(&mut self, link: Link, next: Link) {
        self.link_mut(link)[0] = next;
    }

    #[inline]
    pub fn set_prev(&mut self, link: Link, prev: Link) {
        self.link_mut(link)[1] = prev;
    }

    #[inline]
    pub fn set_link(&mut self, link: Link, next: Link, prev: Link) {
        let words = self.link_mut(link);
        words[0] = next;
        words[1] = prev;
    }

    // Slices of a known length are checked once, whatever is read of them.

    #[inline]
    fn link(&self, link: Link) -> &[u32] {
        let place = (link - Self::BASE) as usize;
        &self.words.as_flattened()[place..place + 2]
    }

    #[inline]
    fn link_mut(&mut self, link: Link) -> &mut [u32] {
        let place = (link - Self::BASE) as usize;
        &mut self.words.as_flattened_mut()[place..place + 2]
    }

    #[inline]
    fn record(&self, node: Node) -> &[u32] {
        let place = (node - Self::BASE) as usize;
        &self.words.as_flattened()[place..place + RECORD as usize]
    }

    #[inline]
    fn record_mut(&mut self, node: Node) -> &mut [u32] {
        let place = (node - Self::BASE) as usize;
        &mut self.words.as_flattened_mut()[place..place + RECORD as usize]
    }

    /// A node's index in `hot`; beyond it for what is no node.
    #[inline]
    const fn index(node: Node) -> usize {
        // To turn it shifts as well, but what is no multiple becomes too large.
        node.wrapping_sub(Self::FIRST).rotate_right(RECORD.ilog2()) as usize
    }

    /// Makes the next stamps the last ones.
    #[cfg(test)]
    pub fn wrap_stamps(&mut self) {
        self.stamp = 0_u32.wrapping_sub(3 * STEP);
    }

    #[cfg(test)]
    pub fn count_free(&self) -> usize {
        let mut count = N - self.fresh as usize;
        let mut node = self.free;
        while node != NONE {
            assert_eq!(self.stamp(node), 0);
            count += 1;
            node = self.next(node);
        }
        count
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
