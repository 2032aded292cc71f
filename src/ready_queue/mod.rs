//! The readiness state machine for user-space sources; [`ReadyQueue`] has the drawing.
//!
//! The queue is implemented as two structures with a common order, because notifications and
//! sources have different requirements. Notifications cannot be taken back, so a ring is enough, at
//! half the cost of a list: no link has to be read from memory. Sources can be removed and cleared
//! while they are queued, so they form a doubly linked list in a [`Slab`](crate::slab::Slab). A
//! queued source has the position of the notification that it precedes, which makes one order of
//! the two.

mod ring;
mod source;

use core::fmt;
use core::mem::MaybeUninit;

use crate::error::{Error, Result};
use crate::id::EventedId;
use crate::interests::{Interests, PollOption};
use crate::ready::Ready;
use crate::slab;
use crate::subscription::Subscription;

pub(crate) use self::ring::Notification;
use self::ring::Ring;
use self::source::Sources;

/// Identifies a source of a [`ReadyQueue`]. It becomes stale when the source is removed.
///
/// Like a slab's [`Key`](crate::slab::Key) it carries a generation, so that neither a stale key nor
/// one of another queue resolves.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct SourceKey(slab::Key);

/// Events from user space, in order: notifications, and sources that keep their readiness.
///
/// A *notification* is an event and nothing more: each call of [`notify`](ReadyQueue::notify) is
/// delivered once, even if two are equal. A *source* has an id, interests and an option, as a
/// kernel's source has, and its owner says what it is ready for. Readiness is a set of bits, so a
/// source that is set many times waits in the queue once, and memory is bounded.
///
/// It holds up to `N` sources and queued notifications together, at 56 bytes each if `usize` has 64
/// bits. Every operation is O(1). It needs neither a clock nor an operating system. Each
/// [`Poller`](crate::poll::Poller) contains one.
///
/// # States
///
/// ```text
///                                  ┌─┐ 4
///                                  │ ▼
/// ┌────────┐  1   ┌──────┐  2   ┌────────┐  5   ┌──────────┐
/// │ vacant │ ───► │ idle │ ───► │ queued │ ───► │ disarmed │
/// │        │      │      │ ◄─── │        │ ◄─── │          │
/// └────────┘      └──────┘  3   └────────┘  7   └──────────┘
///   │    ▲           ▲            ▲    │              │
///   │    │           └────────────│────│───────── 6 ──┘
///   └────│───────────────── 9 ────┘    │
///        └────────────────── 10 ───────┘
/// ```
///
/// 1. [`add_source`](ReadyQueue::add_source): it is ready for nothing yet.
/// 2. [`set_ready`](ReadyQueue::set_ready) with bits that meet an interest;
///    [`rearm`](ReadyQueue::rearm) or [`reregister`](ReadyQueue::reregister) if bits that were set
///    before meet one. It goes to the tail.
/// 3. [`pop`](ReadyQueue::pop) of an edge source; [`clear_ready`](ReadyQueue::clear_ready) or
///    `reregister` if no interest is met any more.
/// 4. `pop` of a level source: it goes back to the tail, since it is still ready.
/// 5. `pop` of a oneshot source. Readiness that is set from now on is kept, but not reported.
/// 6. `rearm` or `reregister`, if no interest is met.
/// 7. `rearm` or `reregister`, if one is: it goes to the tail.
/// 8. [`remove_source`](ReadyQueue::remove_source), not drawn: from idle, queued or disarmed to
///    vacant.
/// 9. `notify`: a notification enters the queue at the tail.
/// 10. `pop` of a notification, which so removes itself.
///
/// # What meets an interest
///
/// `READABLE` and `READ_CLOSED` meet [`Interests::READABLE`], `WRITABLE` and `WRITE_CLOSED`
/// [`Interests::WRITABLE`], and `PRIORITY` [`Interests::PRIORITY`]. All other bits, which are
/// `ERROR`, `HUP`, `TIMER` and the user's eight, meet any. An event carries the bits that meet an
/// interest and leaves the others out. They stay set after delivery, whatever the option, until
/// they are cleared.
///
/// # Rounds
///
/// [`begin_round`](ReadyQueue::begin_round) marks the events that are queued now, and `pop` returns
/// these in order. What is queued during the round, including a level source that goes back to the
/// tail, belongs to the next round. So each source is delivered at most once in a round, and none
/// can starve another, even if a round is not finished.
///
/// # From an interrupt
///
/// On bare metal an interrupt handler puts events into a queue that the main loop takes them from.
/// The queue is in a `static`, in a mutex of the crate
/// [`critical-section`](https://docs.rs/critical-section), which masks interrupts for the few
/// instructions that each access takes. Events are handled with interrupts enabled.
///
/// ```
/// use core::cell::RefCell;
///
/// use critical_section::Mutex;
/// use mio_st::event::{EventedId, Interests, Ready, ReadyQueue, SourceKey};
/// use mio_st::poll::PollOption;
///
/// static QUEUE: Mutex<RefCell<ReadyQueue<8>>> = Mutex::new(RefCell::new(ReadyQueue::new()));
/// static UART: Mutex<RefCell<Option<SourceKey>>> = Mutex::new(RefCell::new(None));
///
/// /// The interrupt handler. Many interrupts are one event, so that they cannot fill the queue.
/// fn uart_interrupt() {
///     critical_section::with(|section| {
///         if let Some(uart) = *UART.borrow_ref(section) {
///             QUEUE.borrow_ref_mut(section).set_ready(uart, Ready::READABLE).unwrap();
///         }
///     });
/// }
///
/// fn next_event() -> Option<(EventedId, Ready)> {
///     critical_section::with(|section| {
///         let mut queue = QUEUE.borrow_ref_mut(section);
///         queue.pop().or_else(|| {
///             queue.begin_round();
///             queue.pop()
///         })
///     })
/// }
///
/// critical_section::with(|section| {
///     let mut queue = QUEUE.borrow_ref_mut(section);
///     let uart = queue.add_source(EventedId(1), Interests::READABLE, PollOption::Edge)?;
///     UART.replace(section, Some(uart));
///     Ok::<(), mio_st::Error>(())
/// })?;
///
/// # uart_interrupt();
/// # uart_interrupt();
/// // The main loop: sleeps (`wfi`) if there is no event.
/// assert_eq!(next_event(), Some((EventedId(1), Ready::READABLE)));
/// assert_eq!(next_event(), None);
/// # Ok::<(), mio_st::Error>(())
/// ```
///
/// # Against starvation
///
/// Under edge-triggering a server has to read until `WouldBlock`, and one fast sender can keep it
/// there. epoll(7) recommends a list of descriptors that are known to be ready, each served a
/// little at a time ("Starvation (edge-triggered)"). A `ReadyQueue` is such a list: add a `Level`
/// source for each connection.
///
/// ```
/// use mio_st::event::{EventedId, Interests, Ready, ReadyQueue};
/// use mio_st::poll::PollOption;
///
/// const TURN: usize = 64 * 1024;
/// let mut unread = [10 * TURN, 100, 3 * TURN]; // in the kernel's buffers
///
/// let mut list: ReadyQueue<16> = ReadyQueue::new();
/// let mut keys = Vec::new();
/// for connection in 0..unread.len() {
///     keys.push(list.add_source(EventedId(connection), Interests::READABLE, PollOption::Level)?);
/// }
/// // The kernel has reported each of them, once and for all.
/// for &key in &keys {
///     list.set_ready(key, Ready::READABLE)?;
/// }
///
/// let mut turns = Vec::new();
/// while list.has_pending() {
///     // Here a server polls the kernel without blocking: other sources have their turn as well.
///     list.begin_round();
///     while let Some((id, _)) = list.pop() {
///         turns.push(id.0);
///         let read = unread[id.0].min(TURN);
///         unread[id.0] -= read;
///         if read < TURN {
///             list.clear_ready(keys[id.0], Ready::READABLE)?; // this read would block
///         }
///     }
/// }
/// assert_eq!(turns[..7], [0, 1, 2, 0, 2, 0, 2]);
/// assert_eq!(unread, [0, 0, 0]);
/// # Ok::<(), mio_st::Error>(())
/// ```
pub struct ReadyQueue<const N: usize> {
    /// Sources and notifications.
    used: u32,
    notifications: Ring<N>,
    sources: Sources<N>,
}

impl<const N: usize> ReadyQueue<N> {
    /// Creates an empty queue: all zeros, so that a `static` one costs no space in the program
    /// file.
    ///
    /// `N` may be 0. Above 2^31 - 1 it does not compile.
    #[must_use]
    pub const fn new() -> ReadyQueue<N> {
        ReadyQueue { used: 0, notifications: Ring::new(), sources: Sources::new() }
    }

    /// Creates an empty queue in `place`, without a temporary on the stack.
    ///
    /// ```
    /// use mio_st::event::{EventedId, Ready, ReadyQueue};
    ///
    /// let mut place: Box<_> = Box::new_uninit();
    /// let queue: &mut ReadyQueue<300_000> = ReadyQueue::init_in(&mut place);
    /// queue.notify(EventedId(1), Ready::USER_0)?;
    /// # Ok::<(), mio_st::Error>(())
    /// ```
    #[allow(unsafe_code)]
    pub fn init_in(place: &mut MaybeUninit<Self>) -> &mut Self {
        const { _ = Ring::<N>::POSITIONS };
        // SAFETY: zeros are what `new` makes: integers, `Ready` and `EventedId` that are 0, and a
        // slab, of which `Slab::init_in` says the same. `place` is valid for writes, being
        // borrowed.
        unsafe {
            place.as_mut_ptr().write_bytes(0, 1);
            place.assume_init_mut()
        }
    }

    /// Queues one event with this id and this readiness, of any bits or none.
    ///
    /// # Errors
    ///
    /// [`Error::Full`]; nothing has changed.
    #[inline]
    pub fn notify(&mut self, id: EventedId, ready: Ready) -> Result<()> {
        let used = self.used;
        if used as usize >= N {
            return Err(Error::Full);
        }
        self.notifications.push(id, ready)?;
        self.used = used + 1;
        Ok(())
    }

    /// Adds a source that is ready for nothing yet. Ids need not be unique.
    ///
    /// ```
    /// # use mio_st::event::{EventedId, Interests, Ready, ReadyQueue};
    /// # use mio_st::poll::PollOption;
    /// let mut queue: ReadyQueue<8> = ReadyQueue::new();
    /// let key = queue.add_source(EventedId(3), Interests::READABLE, PollOption::Oneshot)?;
    /// queue.set_ready(key, Ready::READABLE)?;
    /// queue.begin_round();
    /// assert_eq!(queue.pop(), Some((EventedId(3), Ready::READABLE)));
    ///
    /// queue.set_ready(key, Ready::READABLE)?; // disarmed: not reported,
    /// assert!(!queue.has_pending());
    /// queue.rearm(key)?; // but it is not forgotten
    /// assert!(queue.has_pending());
    /// # Ok::<(), mio_st::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Full`]; nothing has changed.
    pub fn add_source(
        &mut self,
        id: EventedId,
        interests: Interests,
        opt: PollOption,
    ) -> Result<SourceKey> {
        if self.used as usize >= N {
            return Err(Error::Full);
        }
        let key = self.sources.add(Subscription::new(id, interests, opt))?;
        self.used += 1;
        Ok(key)
    }

    /// Adds `ready` to the source's readiness. If `ready` meets an interest, it queues the source,
    /// unless that is queued already or disarmed.
    ///
    /// An edge source reports at each such call that follows a delivery, even if the bits were set
    /// before.
    ///
    /// # Errors
    ///
    /// [`Error::StaleKey`].
    #[inline]
    pub fn set_ready(&mut self, key: SourceKey, ready: Ready) -> Result<()> {
        let tail = self.notifications.tail();
        self.sources.set_ready(key, ready, tail)
    }

    /// Removes `ready` from the source's readiness. If no interest is met any more, the source
    /// leaves the queue.
    ///
    /// # Errors
    ///
    /// [`Error::StaleKey`].
    #[inline]
    pub fn clear_ready(&mut self, key: SourceKey, ready: Ready) -> Result<()> {
        self.sources.clear_ready(key, ready)
    }

    /// Arms a oneshot source again and checks its readiness, as epoll's `EPOLL_CTL_MOD` does: if an
    /// interest is met, the source is queued at once.
    ///
    /// An edge source reports once more what is still set. A source that is queued, and a level
    /// source, are not affected.
    ///
    /// # Errors
    ///
    /// [`Error::StaleKey`].
    pub fn rearm(&mut self, key: SourceKey) -> Result<()> {
        self.sources.rearm(key, self.notifications.tail())
    }

    /// Changes what is reported of the source and how often, and otherwise does what
    /// [`rearm`](ReadyQueue::rearm) does. If it is queued and an interest is still met, it keeps
    /// its place.
    ///
    /// # Errors
    ///
    /// [`Error::StaleKey`].
    pub fn reregister(
        &mut self,
        key: SourceKey,
        interests: Interests,
        opt: PollOption,
    ) -> Result<()> {
        let tail = self.notifications.tail();
        self.sources.reregister(key, interests, opt, tail)
    }

    /// Removes the source, and its event if it is queued. Its slot is free at once.
    ///
    /// # Errors
    ///
    /// [`Error::StaleKey`].
    pub fn remove_source(&mut self, key: SourceKey) -> Result<()> {
        self.sources.remove(key)?;
        self.used -= 1;
        Ok(())
    }

    /// Begins a round: [`pop`](ReadyQueue::pop) returns what is queued now.
    #[inline]
    pub fn begin_round(&mut self) {
        self.notifications.begin_round();
        self.sources.begin_round();
    }

    /// Returns the next event of the round; `None` at its end, and before the first round.
    ///
    /// The queue may be changed between two calls. Events that leave it are not delivered, and
    /// events that enter it are delivered in a later round.
    #[inline]
    pub fn pop(&mut self) -> Option<(EventedId, Ready)> {
        if N == 0 {
            None
        } else if self.sources.has_queued() {
            self.pop_either()
        } else {
            self.pop_notification()
        }
    }

    /// Passes up to `room` events of the round to `handle` and returns their number, which is less
    /// than `room` only at the end of the round. Call it again to continue a round, and
    /// [`begin_round`](ReadyQueue::begin_round) to start a new one.
    ///
    /// If `handle` panics, the event that it was called with is gone; all events after it stay
    /// queued.
    ///
    /// ```
    /// # use mio_st::event::{EventedId, Ready, ReadyQueue};
    /// let mut queue: ReadyQueue<8> = ReadyQueue::new();
    /// for id in 1..=3 {
    ///     queue.notify(EventedId(id), Ready::USER_0)?;
    /// }
    /// let mut ids = Vec::new();
    /// queue.begin_round();
    /// assert_eq!(queue.deliver(2, |id, _| ids.push(id.0)), 2);
    /// assert_eq!(queue.deliver(2, |id, _| ids.push(id.0)), 1);
    /// assert_eq!(ids, [1, 2, 3]);
    /// # Ok::<(), mio_st::Error>(())
    /// ```
    #[inline]
    pub fn deliver(&mut self, room: usize, mut handle: impl FnMut(EventedId, Ready)) -> usize {
        let mut count = 0;
        while count < room && self.has_queued_sources() {
            let Some((id, ready)) = self.pop() else { return count };
            count += 1;
            handle(id, ready);
        }
        count + self.deliver_notifications(room - count, handle)
    }

    /// Hands up to `limit` notifications of the round to `handle`; no source may be queued.
    #[inline]
    fn deliver_notifications(
        &mut self,
        limit: usize,
        mut handle: impl FnMut(EventedId, Ready),
    ) -> usize {
        /// Removes what was handed over, even if the handler panics.
        struct Handed<'a, const N: usize> {
            queue: &'a mut ReadyQueue<N>,
            count: usize,
        }
        impl<const N: usize> Drop for Handed<'_, N> {
            #[inline]
            fn drop(&mut self) {
                self.queue.take_slices(self.count);
            }
        }

        let limit = limit.min(self.waiting());
        let mut handed = Handed { queue: self, count: 0 };
        while handed.count < limit {
            let Notification { id, ready } = handed.queue.notifications.nth(handed.count);
            handed.count += 1;
            handle(id, ready);
        }
        limit
    }

    /// Returns how many notifications the round still has.
    #[inline]
    fn waiting(&self) -> usize {
        if N == 0 { 0 } else { self.notifications.waiting() }
    }

    /// Takes up to `limit` notifications of the round, as two slices, for bulk copying. No source
    /// may be queued.
    #[inline]
    pub(crate) fn take_slices(&mut self, limit: usize) -> (&[Notification], &[Notification]) {
        debug_assert!(limit == 0 || !self.has_queued_sources());
        if N == 0 {
            return (&[], &[]);
        }
        let count = self.notifications.waiting().min(limit);
        self.used -= count as u32;
        self.notifications.take_slices(count)
    }

    #[inline]
    pub(crate) fn has_queued_sources(&self) -> bool {
        N > 0 && self.sources.has_queued()
    }

    /// Returns the source's readiness, whether or not an interest is met.
    ///
    /// # Errors
    ///
    /// [`Error::StaleKey`].
    pub fn ready(&self, key: SourceKey) -> Result<Ready> {
        self.sources.ready(key)
    }

    /// Returns whether an event is queued, for a round that begins now.
    #[inline]
    #[must_use]
    pub const fn has_pending(&self) -> bool {
        N > 0 && self.used != self.sources.unqueued()
    }

    /// Returns how many events are queued, for a round that begins now.
    #[inline]
    #[must_use]
    pub const fn pending(&self) -> usize {
        (self.used - self.sources.unqueued()) as usize
    }

    /// Returns the number of sources, in any state, and of queued notifications.
    #[inline]
    #[must_use]
    pub const fn len(&self) -> usize {
        self.used as usize
    }

    /// Returns whether there are no sources and no notifications.
    #[inline]
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.used == 0
    }

    /// Returns `N`.
    #[inline]
    #[must_use]
    pub const fn capacity(&self) -> usize {
        N
    }

    #[inline]
    fn pop_notification(&mut self) -> Option<(EventedId, Ready)> {
        let event = self.notifications.pop()?;
        self.used -= 1;
        Some(event)
    }

    /// Out of line, so that a queue of notifications is emptied by few instructions.
    #[inline(never)]
    fn pop_either(&mut self) -> Option<(EventedId, Ready)> {
        if self.sources.front() == Some(self.notifications.head()) {
            self.sources.pop(self.notifications.tail())
        } else {
            self.pop_notification()
        }
    }
}

impl<const N: usize> Default for ReadyQueue<N> {
    fn default() -> Self {
        ReadyQueue::new()
    }
}

impl<const N: usize> fmt::Debug for ReadyQueue<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadyQueue")
            .field("capacity", &N)
            .field("len", &self.len())
            .field("pending", &self.pending())
            .finish()
    }
}

static_assertions::assert_impl_all!(ReadyQueue<4>: Send, Sync, Unpin);
