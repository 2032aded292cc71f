//! The events of a poll.

mod batch;

use core::fmt;
use core::iter::FusedIterator;
use core::slice;

pub(crate) use self::batch::Batch;

use crate::id::EventedId;
use crate::ready::Ready;
use crate::sys::RawEvent;

/// One event: the id of its source, and the readiness.
///
/// ```
/// use mio_st::event::{Event, EventedId, Ready};
///
/// let event = Event::new(EventedId(7), Ready::READABLE);
/// assert_eq!(event.id(), EventedId(7));
/// assert!(event.readiness().is_readable());
/// ```
#[derive(Copy, Clone)]
#[repr(transparent)]
pub struct Event(RawEvent);

impl Event {
    /// Creates an event, for tests of your own handlers.
    #[inline]
    #[must_use]
    pub const fn new(id: EventedId, readiness: Ready) -> Event {
        Event(RawEvent::new(id, readiness))
    }

    /// Returns the id that the source was registered with.
    #[inline]
    #[must_use]
    pub fn id(&self) -> EventedId {
        self.0.id()
    }

    /// Returns the readiness of the source.
    #[inline]
    #[must_use]
    pub fn readiness(&self) -> Ready {
        self.0.ready()
    }

    /// Returns whether a read or an accept will not block: [`Ready::is_readable`].
    #[inline]
    #[must_use]
    pub fn is_readable(&self) -> bool {
        self.readiness().is_readable()
    }

    /// Returns whether a write will not block: [`Ready::is_writable`].
    #[inline]
    #[must_use]
    pub fn is_writable(&self) -> bool {
        self.readiness().is_writable()
    }

    /// Returns whether a timer has expired: [`Ready::is_timer`].
    #[inline]
    #[must_use]
    pub fn is_timer(&self) -> bool {
        self.readiness().is_timer()
    }

    /// Returns whether both directions are closed: [`Ready::is_hup`].
    #[inline]
    #[must_use]
    pub fn is_hup(&self) -> bool {
        self.readiness().is_hup()
    }

    /// Returns whether an error is pending: [`Ready::is_error`].
    #[inline]
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.readiness().is_error()
    }

    /// Returns the error number of an [`ERROR`](Ready::ERROR) event, if the kernel has reported
    /// one: kqueue does, epoll does not. The source still has the error: its `take_error`, or the
    /// next read or write, returns it on every system, unless it is in the socket's error queue
    /// (see [`Ready::ERROR`]).
    #[inline]
    #[must_use]
    pub fn raw_os_error(&self) -> Option<i32> {
        self.0.os_error()
    }
}

impl PartialEq for Event {
    fn eq(&self, other: &Event) -> bool {
        self.id() == other.id() && self.readiness() == other.readiness()
    }
}

impl Eq for Event {}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("id", &self.id().0)
            .field("readiness", &self.readiness())
            .finish()
    }
}

/// A buffer for `N` events, filled by [`poll`](crate::poll::Poller::poll).
///
/// The kernel writes into it directly; nothing is copied. `for event in &mut events` takes the
/// events out one by one. After an early `break` the others are left, until the next poll clears
/// the buffer.
///
/// `Events<0>` does not compile. (`cargo check` accepts it: Rust evaluates the assertion only when
/// it generates code.)
///
/// ```compile_fail
/// let events = mio_st::event::Events::<0>::sized();
/// ```
///
/// If a poll returns a [full](Events::is_full) buffer, more events may be pending. They are not
/// lost: the next poll returns them.
pub struct Events<const N: usize = 256> {
    batch: Batch<[RawEvent; N]>,
}

impl Events {
    /// Returns an empty buffer for 256 events. For other sizes see [`sized`](Events::sized).
    #[inline]
    #[must_use]
    pub const fn new() -> Events {
        Events::sized()
    }
}

impl<const N: usize> Events<N> {
    /// Returns an empty buffer for `N` events: 1 to 2^24.
    ///
    /// ```
    /// let mut events = mio_st::event::Events::<32>::sized();
    /// assert_eq!(events.capacity(), 32);
    /// ```
    #[doc(alias = "with_capacity")]
    #[inline]
    #[must_use]
    pub const fn sized() -> Events<N> {
        const { assert!(N > 0, "Events<0>: a poll needs room for at least one event") };
        const { assert!(N <= 1 << 24, "Events<N>: N is at most 2^24, less than the kernel's limit") };
        Events { batch: Batch::new() }
    }

    /// Returns the number of events that are left to take.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.view().left()
    }

    /// Returns whether no event is left to take.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns whether the latest poll filled all slots, so that more events may be pending. On
    /// kqueue the buffer may have fewer events than slots then, because the two directions of a
    /// source are merged after the kernel has written them.
    #[inline]
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.view().is_full() || self.view().was_cut()
    }

    /// Returns `N`, the most events that one poll can return.
    #[inline]
    #[must_use]
    pub const fn capacity(&self) -> usize {
        N
    }

    /// Returns an iterator over the events that are left, which does not take them.
    #[inline]
    pub fn iter(&self) -> Iter<'_> {
        Iter { events: self.view().events_left().iter() }
    }

    /// Takes the next event out of the batch. A `for` loop over `&mut events` does the same for all
    /// of them.
    ///
    /// ```
    /// use mio_st::{EventedId, Events, Poller, Ready};
    ///
    /// let mut poller = Poller::new()?;
    /// let mut events = Events::new();
    /// poller.notify(EventedId(1), Ready::USER_0)?;
    /// poller.poll(&mut events, None)?;
    /// while let Some(event) = events.next() {
    ///     assert_eq!(event.id(), EventedId(1));
    /// }
    /// # Ok::<(), mio_st::Error>(())
    /// ```
    #[allow(clippy::should_implement_trait)] // `&mut Events` is `IntoIterator`, which is faster.
    #[inline]
    pub fn next(&mut self) -> Option<Event> {
        self.into_iter().next()
    }

    /// Returns what a poll fills. It still has the events of the poll before.
    #[inline]
    pub(crate) fn batch(&mut self) -> &mut Batch {
        &mut self.batch
    }

    #[inline]
    fn view(&self) -> &Batch {
        &self.batch
    }
}

impl<const N: usize> Default for Events<N> {
    fn default() -> Self {
        Events::sized()
    }
}

impl<const N: usize> fmt::Debug for Events<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<'a, const N: usize> IntoIterator for &'a Events<N> {
    type Item = Event;
    type IntoIter = Iter<'a>;

    #[inline]
    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

impl<'a, const N: usize> IntoIterator for &'a mut Events<N> {
    type Item = Event;
    type IntoIter = Drain<'a>;

    #[inline]
    fn into_iter(self) -> Drain<'a> {
        let (left, taken) = self.batch().take();
        Drain { left, taken }
    }
}

/// Iterates over the events of a batch, without taking them: [`Events::iter`].
#[derive(Clone)]
pub struct Iter<'a> {
    events: slice::Iter<'a, RawEvent>,
}

/// Takes the events of a batch: `for event in &mut events`.
///
/// Events that it has not returned when it is dropped stay in the batch. If it is leaked, all
/// events are taken: none comes twice.
pub struct Drain<'a> {
    // Not an iterator of the slice: with a number of what is left, a step takes 3 instructions
    // instead of 5 if the handler may panic.
    left: &'a [RawEvent],
    /// The number of all events as long as it lives, so that it need not be updated at each of
    /// them.
    taken: &'a mut usize,
}

impl Drop for Drain<'_> {
    #[inline]
    fn drop(&mut self) {
        // After a loop to the end the compiler knows that it is empty.
        if !self.left.is_empty() {
            *self.taken -= self.left.len();
        }
    }
}

impl Iterator for Iter<'_> {
    type Item = Event;

    #[inline]
    fn next(&mut self) -> Option<Event> {
        Some(Event(*self.events.next()?))
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.events.size_hint()
    }
}

impl Iterator for Drain<'_> {
    type Item = Event;

    #[inline]
    fn next(&mut self) -> Option<Event> {
        let (first, left) = self.left.split_first()?;
        self.left = left;
        Some(Event(*first))
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left.len(), Some(self.left.len()))
    }
}

impl ExactSizeIterator for Iter<'_> {}
impl ExactSizeIterator for Drain<'_> {}
impl FusedIterator for Iter<'_> {}
impl FusedIterator for Drain<'_> {}

impl fmt::Debug for Iter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

impl fmt::Debug for Drain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Iter { events: self.left.iter() }.fmt(f)
    }
}

static_assertions::assert_eq_size!(Event, RawEvent);
static_assertions::assert_impl_all!(Event: Send, Sync, Unpin);

#[cfg(test)]
mod tests {
    extern crate std;
    use std::format;

    use super::*;

    fn three() -> Events<4> {
        let mut events = Events::sized();
        for n in 0..3 {
            events.batch().push(EventedId(n), Ready::READABLE);
        }
        events
    }

    #[test]
    fn an_early_break_leaves_the_rest_until_the_next_poll() {
        let mut events = three();
        for event in &mut events {
            if event.id() == EventedId(1) {
                break;
            }
        }
        assert_eq!((events.len(), events.is_empty()), (1, false));
        assert_eq!(events.iter().next(), Some(Event::new(EventedId(2), Ready::READABLE)));
        assert_eq!((&mut events).into_iter().len(), 1);
        assert_eq!((&mut events).into_iter().map(|event| event.id().0).sum::<usize>(), 2);
        assert!(events.is_empty());
        assert!((&mut events).into_iter().next().is_none());
        events.batch().clear();
        assert_eq!((events.len(), events.batch().len()), (0, 0));
    }

    #[test]
    fn a_drain_that_is_dropped_leaves_the_rest_and_one_that_is_leaked_nothing() {
        let mut events = three();
        let handler = core::panic::AssertUnwindSafe(|| {
            for event in &mut events {
                assert_ne!(event.id(), EventedId(1));
            }
        });
        std::panic::catch_unwind(handler).unwrap_err();
        assert_eq!(events.iter().next(), Some(Event::new(EventedId(2), Ready::READABLE)));
        drop((&mut events).into_iter());
        assert_eq!(events.len(), 1);
        core::mem::forget((&mut events).into_iter());
        assert_eq!((events.len(), events.iter().next()), (0, None));
    }

    #[test]
    fn full_is_about_the_batch_and_not_about_what_is_left() {
        let mut events = three();
        assert!(!events.is_full());
        events.batch().push(EventedId(3), Ready::HUP);
        assert!(events.is_full());
        (&mut events).into_iter().for_each(drop);
        assert!(events.is_full() && events.is_empty());
    }

    #[test]
    fn debug_reads_like_what_it_is() {
        let mut events = three();
        (&mut events).into_iter().nth(1);
        assert_eq!(format!("{events:?}"), "[Event { id: 2, readiness: READABLE }]");
    }

    #[test]
    fn every_id_and_every_bit_survives() {
        for id in [0, 1, usize::MAX, usize::MAX / 2 + 1] {
            for bits in [0, 1, 0x00ff_0000, u32::MAX] {
                let event = Event::new(EventedId(id), Ready::from_bits_retain(bits));
                assert_eq!((event.id().0, event.readiness().bits()), (id, bits));
            }
        }
    }
}
