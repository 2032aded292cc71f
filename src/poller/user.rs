//! Events from user space.

use super::Poller;
use crate::error::Result;
use crate::id::EventedId;
use crate::interests::{Interests, PollOption};
use crate::ready::Ready;
use crate::ready_queue::SourceKey;

/// Events from user space. See [`ReadyQueue`](crate::event::ReadyQueue), the machine behind them.
impl<const USER: usize, const TIMERS: usize> Poller<USER, TIMERS> {
    /// Queues one event, which the next poll delivers without waiting. Each call is one event, in order, also
    /// when the same was queued before.
    ///
    /// # Errors
    ///
    /// [`Full`](crate::Error::Full): `USER` events and sources are there already.
    #[inline]
    pub fn notify(&mut self, id: EventedId, ready: Ready) -> Result<()> {
        self.registry.request_attention();
        self.user.notify(id, ready)
    }

    /// Adds a source whose readiness user code sets and clears. `interests` and `opt` mean what they mean
    /// for a kernel source.
    ///
    /// # Errors
    ///
    /// [`Full`](crate::Error::Full): `USER` events and sources are there already.
    pub fn add_source(
        &mut self,
        id: EventedId,
        interests: Interests,
        opt: PollOption,
    ) -> Result<SourceKey> {
        self.user.add_source(id, interests, opt)
    }

    /// Adds to what a source is ready for. If that meets its interests, the next poll reports it.
    ///
    /// # Errors
    ///
    /// [`StaleKey`](crate::Error::StaleKey).
    #[inline]
    pub fn set_ready(&mut self, key: SourceKey, ready: Ready) -> Result<()> {
        self.registry.request_attention();
        self.user.set_ready(key, ready)
    }

    /// Takes away from what a source is ready for: what a handler does on `WouldBlock`.
    ///
    /// # Errors
    ///
    /// [`StaleKey`](crate::Error::StaleKey).
    #[inline]
    pub fn clear_ready(&mut self, key: SourceKey, ready: Ready) -> Result<()> {
        self.user.clear_ready(key, ready)
    }

    /// Arms a oneshot source again after its event; it reports again at once if it is still ready.
    ///
    /// # Errors
    ///
    /// [`StaleKey`](crate::Error::StaleKey).
    #[inline]
    pub fn rearm(&mut self, key: SourceKey) -> Result<()> {
        self.registry.request_attention();
        self.user.rearm(key)
    }

    /// Removes a source. An event of it that is in `Events` already stays there.
    ///
    /// # Errors
    ///
    /// [`StaleKey`](crate::Error::StaleKey).
    pub fn remove_source(&mut self, key: SourceKey) -> Result<()> {
        self.user.remove_source(key)
    }
}
