//! The hashed timing wheel: a hierarchical one, without a clock, exact to the nanosecond.
//!
//! After G. Varghese and T. Lauck, *Hashed and Hierarchical Timing Wheels: Data Structures for the Efficient
//! Implementation of a Timer Facility*, SOSP 1987, and IEEE/ACM Transactions on Networking 5(6), 1997: scheme
//! 7, hashing by digits. Three things are different here.
//!
//! # The pivot
//!
//! There is no tick and no current slot. A timer's slot is the highest digit in which its deadline differs
//! from the *pivot*, which is any time at all: it may lie before or after any deadline, and before or after
//! the clock.
//!
//! ```text
//! The slots of 2-bit digits around the pivot 1 2 1 (to base 4). The pivot's own digits are no slots,
//! but for the one on level 0; what differs from it there only in lower digits is on lower levels.
//!
//!   level 2   |   0   |                 1                 |   2   |   3   |
//!   level 1           |   0   |   1   |     2     |   3   |
//!   level 0                           |0 |1 |2 |3 |
//!                                         ^
//!             ---- before the pivot ------+---- after the pivot ------> time
//! ```
//!
//! Before the pivot the slots of higher levels come first in time, after it those of lower levels: the first
//! slot is found by two bit scans. A deadline in the past is nothing special, nor is one at the end of time.
//! The pivot moves when the first slot is opened (then to a deadline within that slot), and it follows the
//! clock as long as no slot lies between, which keeps the slots for the near future short. Neither moves any
//! other timer.
//!
//! ```text
//!           append            (1) open                  (2) sift, to the end
//!   empty ----------> filled ---------------> opening -----------------------> empty
//!     ^                 |  ^                     |
//!     +-----------------+  +---------------------+
//!      (4) first: found     (3) collapse: a slot before the
//!          empty                pivot is opened meanwhile
//! ```
//!
//! Slots of up to `CROWD` timers are never opened: looking through them is cheaper. Larger ones are opened
//! little by little, in the background before they are due, and with at most `WORK` moves in one call. For
//! deadlines that differ there is one move for each level at most, and mostly none or one. (More if a slot
//! before the pivot gets crowded meanwhile: (3) undoes what was done.) A slot that is due as a whole and holds
//! a few timers is taken out as a whole.
//!
//! # Laziness
//!
//! *Pushing back* writes the new deadline and nothing else: the timer then lies in a slot that starts too
//! early, which is legal. Whoever looks through the slot puts it right, once, however often it was pushed
//! back. *Taking out* joins the neighbours and does not ask for the slot: that it is empty is found out
//! later. So a slot is never computed from a deadline but to file a timer.
//!
//! # The front
//!
//! Whoever looks through the first slot puts its first few timers in order: they are the *front*. When the
//! earliest goes, the next one is the head of a list. What lies behind the front, beyond its *horizon*, is
//! changed without a thought of it; what lies before it is put in its place, so that the front stays in order.
//!
//! # Two answers for the next deadline
//!
//! The exact one has an adversary: let many timers share the first slot, and remove the earliest again and
//! again. So there is a bound as well, for the sleep of a loop, that looks at `SCAN` timers and else settles
//! for the start of the slot. It costs one idle wake-up where a slot is crowded.
//!
//! # What holds between calls
//!
//! 1. A timer's slot starts at or before its deadline.
//! 2. An occupied slot differs from the pivot in its level's digit and in none above it. The one being opened
//!    contains the pivot instead, and its timers may be earlier than those of any slot on the levels below.
//! 3. `bound` is not after any deadline; if `earliest` is a node, `bound` is its deadline.
//! 4. Timers before `horizon` lie at the head of the front's list, in order. Without a front, `horizon` is
//!    `bound`.
//! 5. `below` knows all levels that have timers in slots before the pivot.
//! 6. Of equal deadlines that no update has touched, the earlier insertion comes first: within one slot, or
//!    by lying in the slot that is being opened.
//!
//! Wheels for less than 116 timers have no slots. They are searched whole, which takes less time there than
//! what else would have to be done.
//!
//! `store` has the memory, `geometry` the arithmetic, `slots` the lists, `open` the spreading, `front` the
//! order of the first few, `next` the search, `expire` the firing.

mod changes;
mod expire;
mod few;
mod front;
mod geometry;
mod key;
mod next;
mod open;
mod slots;
mod store;
#[cfg(test)]
mod tests;

use core::fmt;
use core::mem::MaybeUninit;

pub use self::key::DeadlineKey;

use self::geometry::{Geometry, Slot};
use self::slots::Occupied;
use self::store::{Node, PERIODIC, Store};
use crate::id::EventedId;
use crate::time::Instant;

/// `earliest`: nothing is known.
const UNKNOWN: Node = store::NONE;
/// `earliest`: nothing is known, and `bound` shall do. (Timers have greater numbers.)
const COARSE: Node = 1;
/// `opening`: none. (No slot on level 0 is ever opened.)
const NO_SLOT: Slot = 0;

// Tests have tiny ones, so that all of it happens often.

/// Slots with at most as many timers are never opened: to look through them is cheaper.
const CROWD: u32 = if cfg!(test) { 4 } else { 16 };
/// How many timers one look puts in order.
const ORDERED: usize = if cfg!(test) { 3 } else { 8 };
/// Up to as many timers the next deadline is always determined exactly.
const FEW: u32 = if cfg!(test) { 3 } else { 64 };
/// How many timers one search for a bound looks at.
const SCAN: u32 = if cfg!(test) { 2 } else { 32 };
/// How many timers one search for a bound puts where they belong.
const REPAIRS: u32 = if cfg!(test) { 2 } else { 128 };
/// How many timers one `expire` moves besides those it fires.
const WORK: u32 = if cfg!(test) { 3 } else { 1024 };
/// How many timers one `expire` moves when nothing is due.
const BACKGROUND: u32 = if cfg!(test) { 1 } else { 32 };
/// Unless the clock has moved on by as many bits, the pivot need not follow it.
const LAG: u32 = if cfg!(test) { 1 } else { 24 };

/// Up to `N` deadlines, in order: a hashed timing wheel, all of whose memory is inside.
///
/// It has no clock: the time is an argument, of any clock whose readings are an [`Instant`]'s nanoseconds.
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
/// * Nothing fires before its deadline, not by a nanosecond, and everything that is due fires when asked for:
///   there are no ticks that a deadline would be rounded to. Deadlines may be anything from the past to
///   [`Instant::MAX`].
/// * What fires, fires in order of deadline; equal ones in order of insertion. (After an
///   [`update`](TimerWheel::update) the order among equal ones is not specified.)
/// * The clock may stand still, jump ahead or go back. A long sleep costs what fires, not what time has
///   passed.
/// * No call does more than a bounded amount of work, but for
///   [`next_deadline`](TimerWheel::next_deadline) and [`remove`](TimerWheel::remove).
/// * A key never names another deadline than its own.
///
/// # What it costs
///
/// | | worst case | |
/// |---|---|---|
/// | [`insert`](TimerWheel::insert), [`cancel`](TimerWheel::cancel), [`update`](TimerWheel::update) | O(1) | pushing back writes one word |
/// | [`next_wakeup`](TimerWheel::next_wakeup) | O(1) | mostly known already; else a look at up to 64 deadlines |
/// | [`expire`](TimerWheel::expire) | O(fired) + O(1) | at most 1,024 others change their slot; each does so some 11 times at most, mostly never or once |
/// | [`next_deadline`](TimerWheel::next_deadline) | O(N) | amortized O(1), unless the earliest is removed again and again |
/// | [`remove`](TimerWheel::remove), [`iter`](TimerWheel::iter) | O(N) | |
///
/// It takes 32 bytes for each deadline, and 152 more. The slots lie in what these leave spare, so larger
/// wheels are finer. From 1,312 deadlines on there are all 11 levels of 64 slots. Below 900, deadlines that lie
/// close together share a slot, and finding the first few of these is O(N); below 116 there are no slots, and
/// all are looked through.
///
/// A wheel is a large value. [`new`](TimerWheel::new) is `const` and all zeros, so that a `static` takes no
/// space in the file; [`init_in`](TimerWheel::init_in) makes one in place. More than 16,777,216 deadlines are
/// refused at compile time:
///
/// ```compile_fail
/// static TOO_LARGE: mio_st::timer::TimerWheel<16_777_217> = mio_st::timer::TimerWheel::new();
/// ```
///
/// `N` may be 0: such a wheel refuses every deadline, and the code of the others is not even generated.
///
/// # Where it comes from
///
/// G. Varghese and T. Lauck, *Hashed and Hierarchical Timing Wheels*, SOSP 1987, and IEEE/ACM Transactions on
/// Networking 5(6), 1997. Theirs has ticks, and slots that move with the clock. Here a deadline's slot is the
/// highest digit in which it differs from a *pivot*, any time at all, which makes it exact without a cascade at
/// each boundary, and lets timers that are pushed back stay where they are.
#[repr(C)]
pub struct TimerWheel<const N: usize> {
    /// No deadline is earlier. Meaningless in an empty wheel.
    bound: u64,
    /// A timer whose deadline is `bound`, or `UNKNOWN`, or `COARSE`.
    earliest: Node,
    /// How many timers are pending.
    len: u32,
    /// What deadlines are compared with to find their slots: any time at all.
    pivot: u64,
    /// The slot being opened, or `NO_SLOT`.
    opening: Slot,
    /// How many timers are periodic.
    periodic: u32,
    /// The deadline of the last timer that is in order; where there is no front, `bound`.
    horizon: u64,
    occupied: Occupied,
    /// One more than the slot whose first timers are the first of all and in order, or 0.
    front: Slot,
    store: Store<N>,
}

impl<const N: usize> TimerWheel<N> {
    const GEOMETRY: Geometry = Store::<N>::GEOMETRY;

    const POSSIBLE: () = assert!(N <= 1 << 24, "TimerWheel<N>: N is at most 16,777,216");

    /// An empty wheel. All its bytes are zero.
    #[must_use]
    pub const fn new() -> Self {
        let () = Self::POSSIBLE;
        TimerWheel {
            bound: 0,
            earliest: UNKNOWN,
            len: 0,
            pivot: 0,
            opening: NO_SLOT,
            periodic: 0,
            horizon: 0,
            occupied: Occupied::new(),
            front: 0,
            store: Store::new(),
        }
    }

    /// Makes an empty wheel in place: no copy of it is ever on the stack.
    ///
    /// ```
    /// use core::mem::MaybeUninit;
    /// use mio_st::timer::TimerWheel;
    ///
    /// let mut memory: Box<MaybeUninit<TimerWheel<100_000>>> = Box::new_uninit();
    /// let wheel = TimerWheel::init_in(&mut memory);
    /// assert_eq!(wheel.capacity(), 100_000);
    /// ```
    #[allow(unsafe_code)]
    pub fn init_in(slot: &mut MaybeUninit<Self>) -> &mut Self {
        let () = Self::POSSIBLE;
        // SAFETY: a wheel consists of integers alone, for which zero bytes are a value; they are the
        // value that `new` makes.
        unsafe {
            slot.as_mut_ptr().write_bytes(0, 1);
            slot.assume_init_mut()
        }
    }

    /// How many deadlines are pending. A periodic one counts as one.
    #[inline]
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether no deadline is pending.
    #[inline]
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        N == 0 || self.len == 0
    }

    /// `N`: how many deadlines there can be.
    #[inline]
    #[must_use]
    pub const fn capacity(&self) -> usize {
        N
    }

    /// Whether a key names a pending deadline.
    #[inline]
    #[must_use]
    pub fn contains(&self, key: DeadlineKey) -> bool {
        self.store.find(key).is_some()
    }

    /// The deadline that a key names.
    #[inline]
    #[must_use]
    pub fn deadline(&self, key: DeadlineKey) -> Option<Instant> {
        let (_, deadline) = self.store.find(key)?;
        Some(Instant::from_nanos(deadline))
    }

    /// All pending deadlines, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = (DeadlineKey, Instant, EventedId)> {
        self.store.live().filter_map(|(deadline, node)| {
            Some((self.store.key(node)?, Instant::from_nanos(deadline), self.id(node)))
        })
    }

    /// The id that the user gave to a timer.
    fn id(&self, node: Node) -> EventedId {
        let id = self.store.id(node);
        let periodic = self.store.stamp(node) & PERIODIC != 0;
        EventedId(if periodic { self.store.id(id as Node) } else { id })
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
