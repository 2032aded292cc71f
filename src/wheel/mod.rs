//! Deadlines in order, without a clock, exact to the nanosecond: a tournament that is played again only where
//! it matters.
//!
//! Each timer has a *place* that it keeps while it is pending. Four neighbouring places are a *heat*: they play
//! for who is the earliest. The winners of four heats play again in a *group*, and so on; the winner of the
//! *finals* is the earliest of all. Each group remembers its players as they were when they played.
//!
//! ```text
//!   deadlines   40 30 35 --   17 -- 90 --   21 22 23 24   40 50 60 70   23 80 -- --
//!                   \              |            |             |             |
//!   round 0        [ 30            17           21            40 ]         [ 23 -- -- -- ]
//!                                   \                                        |
//!   finals                         [ 17                                      23 -- -- ]
//! ```
//!
//! # Laziness
//!
//! Being *more* urgent than before, as an insertion makes its place, is entered round by round, until it meets
//! something more urgent: mostly at once. (Places that are used for the first time are entered by the batch.)
//! Being *less* urgent is not entered at all. Cancelling and pushing back touch 12 bytes and are done; a group
//! then remembers a player that was more urgent than it now is. Nothing is wrong with that until such a *stale*
//! player wins the finals. Whoever asks for the earliest compares the winner with what is at its place, and if
//! it is stale has the groups above that place play again, one in each round. A timer that is pushed back a
//! hundred times is put right once, and one that is cancelled before it gets near the top not at all.
//!
//! The winner is often followed by a neighbour: timers that were started one after the other, with the same
//! timeout, lie side by side. As long as one group of round 0 keeps the lead over `rival`, which no timer of
//! another group is ahead of, the groups above it do not play, and are stale as well.
//!
//! # What holds between calls
//!
//! 1. What a group remembers of a player is not less than any timer below it (in urgency, then in stamp), but
//!    for the timers of one batch that are not entered yet; and it is not less than the group below.
//! 2. `bound` is not less urgent than any timer; if `settled`, it is the urgency of `earliest`.
//! 3. In wheels that keep it, `rival` is not less urgent than any timer that is not under the same group of
//!    round 0 as `earliest`.
//! 4. Of equal deadlines that no update has touched, the earlier insertion is greater. (Insertions are counted
//!    with 30 bits; across a wrap of that count it is not.)
//! 5. Places that were not used since the last restart are in no list, and what groups remember of them is
//!    cleared when they are first used. (A wheel restarts when it has become empty.)
//!
//! # Why this is no wheel
//!
//! Timers are mostly kept in a hashed timing wheel (G. Varghese and T. Lauck, *Hashed and Hierarchical Timing
//! Wheels: Data Structures for the Efficient Implementation of a Timer Facility*, SOSP 1987), which starts and
//! stops a timer in O(1), where a priority queue, their scheme 3, takes O(log n). One was here before: scheme 7,
//! with 11 levels of 64 slots around a pivot, exact and without ticks. On the same work it took longer nearly
//! everywhere (`benches/README.md`), for three reasons.
//!
//! * *Memory.* To take a timer out of a slot's list writes to both neighbours, which lie anywhere; and small
//!   wheels had no room for all slots. Nothing is linked here, and all sizes are alike.
//! * *Guesses.* A list has an end, and the timers of a slot have to be sorted: a processor cannot foresee either.
//!   Four players are three maxima, without a branch.
//! * *Bursts.* A wheel's work falls due where its digits turn over: many idle timers change their slot together.
//!   And its exact next deadline has an adversary that makes each answer O(N). Here one change costs one path
//!   at most, once: an answer that takes many was preceded by as many changes.
//!
//! What the paper asks for, that starting and stopping do not depend on how many timers there are, holds here
//! but for a timer that is earlier than most: that is entered in up to 11 groups, as many as 2^24 timers have
//! above each.
//!
//! `entry` has what is compared, `places` the memory of the timers, `tournament` the groups; `changes`, `next`
//! and `expire` are what a wheel does.

mod changes;
mod entry;
mod expire;
mod fired;
mod key;
mod next;
mod places;
#[cfg(test)]
mod tests;
mod tournament;

use core::fmt;
use core::mem::MaybeUninit;

pub use self::key::DeadlineKey;

use self::entry::Place;
use self::places::Places;
use self::tournament::Tournament;
use crate::id::EventedId;
use crate::time::Instant;

// Limits. Tests have tiny ones, so that all of it happens often.

/// How many stale players one search for a bound puts right.
const REPAIRS: u32 = if cfg!(test) { 2 } else { 64 };
/// How many one `expire` puts right, besides those it fires.
const WORK: u32 = if cfg!(test) { 3 } else { 256 };
/// Up to this capacity nobody can foresee whether a timer that is inserted is the earliest so far.
const FEW: usize = 64;
/// From this capacity on, what fires soon is fetched ahead: smaller ones fit the second cache.
const FAR: usize = 8192;
/// An empty wheel that used as many places, one group, keeps what it knows of them.
const RESTART: u32 = 4;

/// Up to `N` deadlines, in order, all of whose memory is inside.
///
/// It has no clock: the time is an argument, of any clock whose readings are an [`Instant`]'s nanoseconds.
///
/// It does what a hashed timing wheel does, and has its name, but there are no ticks and no slots: see
/// [below](#where-it-comes-from).
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
///   [`update`](TimerWheel::update) the order among equal ones is not specified, and every 2^30 insertions the
///   count of these begins anew: of equal ones from both sides of that, the later come first.)
/// * The clock may stand still, jump ahead or go back. A long sleep costs what fires, not what time has
///   passed.
/// * No call does more than a bounded amount of work, but for [`next_deadline`](TimerWheel::next_deadline),
///   [`remove`](TimerWheel::remove) and [`iter`](TimerWheel::iter).
/// * A key never names another deadline than its own.
///
/// # What it costs
///
/// | | worst case | |
/// |---|---|---|
/// | [`cancel`](TimerWheel::cancel), [`update`](TimerWheel::update) to a later time | O(1) | touches 12 bytes |
/// | [`insert`](TimerWheel::insert), `update` to an earlier time | O(log N) | mostly O(1): a comparison for each round in which it is the earliest so far |
/// | [`next_wakeup`](TimerWheel::next_wakeup) | O(log N) | mostly known already; else at most 64 deadlines that are gone or were pushed back are put right |
/// | [`expire`](TimerWheel::expire) | O(log N) for each that fires | and at most 256 are put right besides |
/// | [`next_deadline`](TimerWheel::next_deadline) | O(N) | amortized O(log N) for each that is gone or was pushed back since |
/// | [`remove`](TimerWheel::remove), [`iter`](TimerWheel::iter) | O(N) | |
///
/// log N is to the base 4: 2 for 16 deadlines, 6 for 4,096, 12 for the largest capacity.
///
/// It takes 32 bytes for each deadline, and from 128 to 224 more: whole lines of 64.
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
/// A hashed timing wheel (G. Varghese and T. Lauck, *Hashed and Hierarchical Timing Wheels*, SOSP 1987, and
/// IEEE/ACM Transactions on Networking 5(6), 1997) sorts deadlines into slots by their digits. This is a
/// tournament instead (D. Knuth, *The Art of Computer Programming*, volume 3, section 5.2.3: tree selection),
/// played among four at a time, and again only where the winner has been cancelled or moved. A wheel was here
/// before and took longer, having lists to mend and slots to sort.
#[repr(C)]
pub struct TimerWheel<const N: usize> {
    /// No timer is more urgent. 0 in an empty wheel.
    bound: u64,
    /// No timer outside the group of `earliest` is more urgent, if `KEEPS_RIVAL`.
    rival: u64,
    /// Whose urgency is `bound`, if that is settled; else whose may have been.
    earliest: Place,
    /// How many timers are pending.
    len: u32,
    /// How many timers are periodic.
    periodic: u32,
    /// Timers in places below this were entered in the tournament; those from here on, less than a batch, are
    /// entered together.
    entered: u32,
    settled: bool,
    places: Places<N>,
    tournament: Tournament<N>,
}

impl<const N: usize> TimerWheel<N> {
    /// Whether `rival` is kept. With up to 16 groups the same one would keep the lead by chance, now and then,
    /// which a processor cannot foresee.
    const KEEPS_RIVAL: bool = N > 256;

    const POSSIBLE: () = assert!(N <= 1 << 24, "TimerWheel<N>: N is at most 16,777,216");

    /// An empty wheel. All its bytes are zero.
    #[must_use]
    pub const fn new() -> Self {
        let () = Self::POSSIBLE;
        TimerWheel {
            bound: 0,
            rival: 0,
            earliest: 0,
            len: 0,
            periodic: 0,
            entered: 0,
            settled: false,
            places: Places::new(),
            tournament: Tournament::new(),
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
        // SAFETY: a wheel consists of integers and a bool, for which zero bytes are a value; they are the
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
        self.places.find(key).is_some()
    }

    /// The deadline that a key names.
    #[inline]
    #[must_use]
    pub fn deadline(&self, key: DeadlineKey) -> Option<Instant> {
        let urgency = self.places.find(key)?;
        Some(Instant::from_nanos(entry::deadline(urgency)))
    }

    /// All pending deadlines, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = (DeadlineKey, Instant, EventedId)> {
        self.places.live().map(|place| {
            let deadline = entry::deadline(entry::urgency_of(self.places.entry(place)));
            let id = EventedId(self.places.id(place));
            (self.places.key(place), Instant::from_nanos(deadline), id)
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
