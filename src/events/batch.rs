//! The memory that a poll fills.

use crate::id::EventedId;
use crate::ready::Ready;
use crate::ready_queue::Notification;
use crate::sys::RawEvent;

/// A fixed array of events, of which the first ones are those of the latest poll.
///
/// The kernel writes into it directly. `&mut Batch<[RawEvent; N]>` coerces to `&mut Batch`, so that
/// what fills a batch is compiled once and not for each `N`.
pub(crate) struct Batch<E: ?Sized = [RawEvent]> {
    /// The number of events of the latest poll, at most `events.len()`.
    len: usize,
    /// How many of them the caller has taken, at most `len`.
    taken: usize,
    events: E,
}

impl<const N: usize> Batch<[RawEvent; N]> {
    /// Returns an empty batch: all zeros, so that a `static` takes no space in the program's file.
    pub(super) const fn new() -> Self {
        let nothing = RawEvent::new(EventedId(0), Ready::empty());
        Batch { len: 0, taken: 0, events: [nothing; N] }
    }
}

#[allow(unsafe_code)]
impl Batch {
    /// Removes all events.
    #[inline]
    pub(crate) fn clear(&mut self) {
        (self.len, self.taken) = (0, 0);
    }

    /// Replaces all events by the first `len` of [`slots`](Batch::slots), which have been written
    /// to. [`rewind`](Batch::rewind) has to follow.
    #[inline]
    pub(crate) fn set_len(&mut self, len: usize) {
        debug_assert!(len <= self.events.len());
        self.len = len;
    }

    /// Notes that no event was taken. A poll ends with it, so that the compiler knows it in the
    /// loop over the events that follows.
    #[inline]
    pub(crate) fn rewind(&mut self) {
        self.taken = 0;
    }

    /// Returns all slots, to be overwritten.
    #[inline]
    pub(crate) fn slots(&mut self) -> &mut [RawEvent] {
        &mut self.events
    }

    /// Returns the slots behind the events, to be written to.
    #[inline]
    pub(crate) fn spare(&mut self) -> &mut [RawEvent] {
        // SAFETY: `len` is at most `events.len()`: all that changes it sees to that.
        unsafe { self.events.get_unchecked_mut(self.len..) }
    }

    /// Appends the first `count` of the [`spare`](Batch::spare) slots, which have been written to.
    #[inline]
    pub(crate) fn grow(&mut self, count: usize) {
        debug_assert!(count <= self.free_slots());
        self.len += count;
    }

    /// Appends one event. The caller knows that there is a spare slot.
    #[inline]
    pub(crate) fn push(&mut self, id: EventedId, ready: Ready) {
        debug_assert!(!self.is_full());
        if let Some(slot) = self.events.get_mut(self.len) {
            *slot = RawEvent::new(id, ready);
            self.len += 1;
        }
    }

    /// Appends events. The caller knows that there are as many spare slots.
    #[inline]
    pub(crate) fn extend(&mut self, events: &[Notification]) {
        debug_assert!(events.len() <= self.free_slots());
        let spare = self.spare();
        let count = events.len().min(spare.len());
        for index in 0..count {
            spare[index] = RawEvent::new(events[index].id, events[index].ready);
        }
        self.len += count;
    }

    /// Returns the number of events that were not taken.
    #[inline]
    pub(super) fn left(&self) -> usize {
        self.len - self.taken
    }

    /// Returns the events that were not taken.
    #[inline]
    pub(super) fn events_left(&self) -> &[RawEvent] {
        // SAFETY: `taken` is at most `len`, and that at most `events.len()`: all that changes them
        // sees to that.
        unsafe { self.events.get_unchecked(self.taken..self.len) }
    }

    /// Takes all events: returns them, and the number of those that were taken, which may be
    /// lowered again.
    #[inline]
    pub(super) fn take(&mut self) -> (&[RawEvent], &mut usize) {
        // SAFETY: as in `events_left`.
        let events = unsafe { self.events.get_unchecked(self.taken..self.len) };
        self.taken = self.len;
        (events, &mut self.taken)
    }

    /// Returns the number of events of the latest poll.
    #[inline]
    #[cfg(any(test, feature = "log"))]
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Returns whether the latest poll has found no event.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns whether no slot is spare.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.free_slots() == 0
    }

    /// Returns whether the kernel had no slot left, though there are slots now.
    #[inline]
    pub(super) fn was_cut(&self) -> bool {
        self.events[..self.len].last().is_some_and(RawEvent::was_cut)
    }

    /// Returns the number of spare slots.
    #[inline]
    pub(crate) fn free_slots(&self) -> usize {
        self.events.len() - self.len
    }

    /// Returns the number of slots.
    #[inline]
    pub(crate) fn capacity(&self) -> usize {
        self.events.len()
    }
}
