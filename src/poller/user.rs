//! Events from user space.

use super::Poller;
use crate::error::Result;
use crate::id::EventedId;
use crate::interests::{Interests, PollOption};
use crate::ready::Ready;
use crate::ready_queue::SourceKey;

/// Events from user space. They are kept in a [`ReadyQueue`](crate::event::ReadyQueue).
impl<const USER: usize, const TIMERS: usize> Poller<USER, TIMERS> {
    /// Queues one event, which the next poll returns without blocking. Each call is one event, in
    /// order, even if an equal one is queued already.
    ///
    /// # Errors
    ///
    /// [`Full`](crate::Error::Full) if there are `USER` events and sources already (512 by default).
    #[inline]
    pub fn notify(&mut self, id: EventedId, ready: Ready) -> Result<()> {
        self.registry.request_attention();
        self.user.notify(id, ready)
    }

    /// Adds a source whose readiness is set and cleared by user code. `interests` and `opt` have
    /// the meaning that they have for a kernel source.
    ///
    /// # Errors
    ///
    /// [`Full`](crate::Error::Full) if there are `USER` events and sources already (512 by default).
    pub fn add_source(
        &mut self,
        id: EventedId,
        interests: Interests,
        opt: PollOption,
    ) -> Result<SourceKey> {
        self.user.add_source(id, interests, opt)
    }

    /// Adds bits to a source's readiness. If one meets its interests, the next poll reports it.
    ///
    /// # Errors
    ///
    /// [`StaleKey`](crate::Error::StaleKey).
    #[inline]
    pub fn set_ready(&mut self, key: SourceKey, ready: Ready) -> Result<()> {
        self.registry.request_attention();
        self.user.set_ready(key, ready)
    }

    /// Removes bits from a source's readiness, as a handler does on `WouldBlock`.
    ///
    /// # Errors
    ///
    /// [`StaleKey`](crate::Error::StaleKey).
    #[inline]
    pub fn clear_ready(&mut self, key: SourceKey, ready: Ready) -> Result<()> {
        self.user.clear_ready(key, ready)
    }

    /// Arms a oneshot source again after its event. If it is still ready, the next poll reports it.
    ///
    /// # Errors
    ///
    /// [`StaleKey`](crate::Error::StaleKey).
    #[inline]
    pub fn rearm(&mut self, key: SourceKey) -> Result<()> {
        self.registry.request_attention();
        self.user.rearm(key)
    }

    /// Removes a source. Its event stays in `Events` if it is there already.
    ///
    /// # Errors
    ///
    /// [`StaleKey`](crate::Error::StaleKey).
    pub fn remove_source(&mut self, key: SourceKey) -> Result<()> {
        self.user.remove_source(key)
    }
}
