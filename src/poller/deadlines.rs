//! Deadlines.

use core::time::Duration;

use super::Poller;
use crate::error::Result;
use crate::id::EventedId;
use crate::time::Instant;
use crate::wheel::DeadlineKey;

/// Deadlines: events that come when a time has come. See [`TimerWheel`](crate::timer::TimerWheel), the
/// machine behind them.
///
/// A deadline is never early. It is late by what the kernel's timers and scheduler take, and by the time from
/// one poll to the next. When its event lies in `Events`, it is over and its key is stale.
impl<const USER: usize, const TIMERS: usize> Poller<USER, TIMERS> {
    /// Adds a deadline: at `deadline`, or at once if that is past, an event comes that
    /// [`is_timer`](crate::event::Ready::is_timer) and carries `id`. `Instant::MAX` never comes.
    ///
    /// # Errors
    ///
    /// [`Full`](crate::Error::Full): `TIMERS` deadlines are there already.
    #[inline]
    pub fn add_deadline(
        &mut self,
        id: EventedId,
        deadline: impl Into<Instant>,
    ) -> Result<DeadlineKey> {
        self.timers.insert(deadline.into(), id)
    }

    /// Adds a deadline `timeout` from now; so far ahead that no clock counts to it, it never comes.
    ///
    /// # Errors
    ///
    /// [`Full`](crate::Error::Full): `TIMERS` deadlines are there already.
    #[inline]
    pub fn add_timeout(&mut self, id: EventedId, timeout: Duration) -> Result<DeadlineKey> {
        self.timers.insert(Instant::now() + timeout, id)
    }

    /// Adds a deadline that comes again and again: `period` from now, and then always `period` after the last
    /// one was *due*, so that it does not drift. A poll that comes late by whole periods gets one event, and
    /// the missed ones are skipped. An interval takes two of the `TIMERS` places, and its key stays good
    /// until it is cancelled.
    ///
    /// # Errors
    ///
    /// [`Full`](crate::Error::Full), and [`InvalidInput`](crate::Error::InvalidInput) for a period of zero.
    pub fn add_interval(&mut self, id: EventedId, period: Duration) -> Result<DeadlineKey> {
        self.timers.insert_interval(Instant::now() + period, period, id)
    }

    /// Moves a deadline. To push one back, as a server does at each byte it reads, costs a few nanoseconds.
    ///
    /// # Errors
    ///
    /// [`StaleKey`](crate::Error::StaleKey): it has fired or was cancelled.
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
    /// [`StaleKey`](crate::Error::StaleKey): it has fired or was cancelled.
    #[inline]
    pub fn cancel_deadline(&mut self, key: DeadlineKey) -> Result<()> {
        self.timers.cancel(key)
    }

    /// Cancels the earliest deadline of this id and says whether there was one. It looks through all of
    /// them; who keeps the key is better served by [`cancel_deadline`](Poller::cancel_deadline).
    pub fn remove_deadline(&mut self, id: EventedId) -> bool {
        self.timers.remove(id)
    }

    /// When the earliest deadline is, exactly.
    pub fn next_deadline(&mut self) -> Option<Instant> {
        self.timers.next_deadline()
    }
}
