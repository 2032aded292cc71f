//! Timers.

use core::time::Duration;

use super::Poller;
use crate::error::Result;
use crate::events::Event;
use crate::id::EventedId;
use crate::sys::clock;
use crate::time::Instant;
use crate::wheel::DeadlineKey;

/// Timers: events at deadlines. They are kept in a [`TimerWheel`](crate::timer::TimerWheel).
///
/// A timer is never early. It is late by kernel timer slack and scheduling delay, and by the time
/// from one poll to the next. When its event is in `Events`, a one-shot timer is over and its key
/// is stale.
///
/// # What stays in a batch
///
/// Within a batch, expired timers come before kernel events. So if the handler of a kernel event
/// finds a timer's key stale, the event of that timer has been handled already. A handler can still
/// remove what a later event of the same batch belongs to:
///
/// | call, while the batch is handled | returns | an event that is in the batch already |
/// |---|---|---|
/// | [`cancel_deadline`](Poller::cancel_deadline), [`update_deadline`](Poller::update_deadline) of a single deadline that has fired | `StaleKey` | stays, and [`is_current`](Poller::is_current) for this key |
/// | the same of a pending one | `Ok` | there is none |
/// | the same of an interval | `Ok` | stays; `is_current` is `false` from then on |
/// | [`deregister`](Poller::deregister), [`remove_source`](Poller::remove_source) | `Ok` | stays: look ids up in a [`Slab`](crate::slab::Slab), in which the id of a removed value resolves to nothing |
impl<const USER: usize, const TIMERS: usize> Poller<USER, TIMERS> {
    /// Adds a timer that expires at `deadline`, or at once if that is past. Its event
    /// [`is_timer`](crate::event::Ready::is_timer) and carries `id`. `Instant::MAX` never expires.
    ///
    /// # Errors
    ///
    /// [`Full`](crate::Error::Full) if there are `TIMERS` deadlines already (512 by default).
    #[inline]
    pub fn add_deadline(
        &mut self,
        id: EventedId,
        deadline: impl Into<Instant>,
    ) -> Result<DeadlineKey> {
        self.registry.request_attention();
        self.timers.insert(deadline.into(), id)
    }

    /// Adds a deadline that expires `timeout` from now. A timeout beyond [`Instant::MAX`] never
    /// expires.
    ///
    /// # Errors
    ///
    /// [`Full`](crate::Error::Full) if there are `TIMERS` deadlines already (512 by default), or the
    /// error of clock_gettime(2).
    #[inline]
    pub fn add_timeout(&mut self, id: EventedId, timeout: Duration) -> Result<DeadlineKey> {
        self.registry.request_attention();
        self.timers.insert(clock::now()? + timeout, id)
    }

    /// Adds a periodic timer: it expires `period` from now, and then always `period` after the last
    /// deadline, so that it does not drift. A poll that is late by whole periods gets one event;
    /// missed ones are skipped. An interval takes two of the `TIMERS` slots, and its key stays
    /// valid until it is cancelled.
    ///
    /// # Errors
    ///
    /// [`Full`](crate::Error::Full) unless two of the `TIMERS` slots (512 by default) are free,
    /// [`InvalidInput`](crate::Error::InvalidInput) for a period of zero, or the error of
    /// clock_gettime(2).
    pub fn add_interval(&mut self, id: EventedId, period: Duration) -> Result<DeadlineKey> {
        self.registry.request_attention();
        self.timers.insert_interval(clock::now()? + period, period, id)
    }

    /// Moves a timer to another deadline; its key stays valid. Postponing a timer, as a server does
    /// with each byte it reads, costs a few nanoseconds.
    ///
    /// # Errors
    ///
    /// [`StaleKey`](crate::Error::StaleKey) if it has fired or was cancelled.
    #[inline]
    pub fn update_deadline(
        &mut self,
        key: DeadlineKey,
        deadline: impl Into<Instant>,
    ) -> Result<()> {
        self.timers.update(key, deadline.into())
    }

    /// Cancels a deadline.
    ///
    /// # Errors
    ///
    /// [`StaleKey`](crate::Error::StaleKey) if it has fired or was cancelled.
    #[inline]
    pub fn cancel_deadline(&mut self, key: DeadlineKey) -> Result<()> {
        self.timers.cancel(key)
    }

    /// Returns whether a timer event of the latest batch is still valid for `key`: the timer has
    /// expired, and was not replaced, moved or cancelled since.
    ///
    /// An event stays in the batch whatever is done to its timer: see
    /// [above](#what-stays-in-a-batch). A handler that must not act on an event of a timer that was
    /// replaced meanwhile checks it with the key that it stores for the id:
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use mio_st::event::{EventedId, Events};
    /// # use mio_st::time::Instant;
    /// # let mut poller = mio_st::Poller::new()?;
    /// # let mut events = Events::new();
    /// let key = poller.add_deadline(EventedId(7), Instant::ZERO)?;
    /// poller.poll(&mut events, None)?;
    /// // Another handler gives the same id a new deadline before the event is seen.
    /// let newer = poller.add_timeout(EventedId(7), Duration::from_secs(60))?;
    /// for event in &mut events {
    ///     assert!(poller.is_current(&event, key) && !poller.is_current(&event, newer));
    /// }
    /// # Ok::<(), mio_st::Error>(())
    /// ```
    ///
    /// Only the state of `key` is checked. If `cancel_deadline` returned `Ok` for a one-shot timer,
    /// the result is `true` for any timer event from then on: drop the key when you cancel it.
    #[must_use]
    pub fn is_current(&self, event: &Event, key: DeadlineKey) -> bool {
        event.readiness().is_timer() && self.timers.has_fired(key)
    }

    /// Cancels the earliest deadline of this id. Returns whether there was one. O(N): searches all
    /// timers. Prefer [`cancel_deadline`](Poller::cancel_deadline), which is O(1), if you have the
    /// key.
    pub fn remove_deadline(&mut self, id: EventedId) -> bool {
        self.timers.remove(id)
    }

    /// Returns the earliest deadline, exactly.
    pub fn next_deadline(&mut self) -> Option<Instant> {
        self.timers.next_deadline()
    }
}
