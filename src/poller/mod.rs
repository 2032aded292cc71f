//! One `poll` for events from the kernel, from user space and from deadlines.

mod evented;
mod look;
mod registration;
mod registry;

use core::time::Duration;

pub use self::evented::Evented;
pub(crate) use self::registration::Registration;
pub use self::registry::Registry;

use crate::error::Result;
use crate::events::Events;
use crate::id::EventedId;
use crate::interests::{Interests, PollOption};
use crate::sys::FOREVER;
use crate::sys::fd::RawFd;
use crate::time::{Instant, nanos};

/// Polls for events.
#[derive(Debug)]
pub struct Poller<const USER: usize = 512, const TIMERS: usize = 512> {
    registry: Registry,
}

impl Poller {
    /// A poller.
    ///
    /// # Errors
    ///
    /// The system's: out of descriptors or memory.
    pub fn new() -> Result<Poller> {
        Poller::sized()
    }
}

impl<const USER: usize, const TIMERS: usize> Poller<USER, TIMERS> {
    /// A poller with room for `USER` user-space events and `TIMERS` deadlines.
    ///
    /// # Errors
    ///
    /// The system's: out of descriptors or memory.
    pub fn sized() -> Result<Self> {
        Ok(Poller { registry: Registry::new()? })
    }

    /// Begins to watch `handle`: its events will carry `id`.
    ///
    /// # Errors
    ///
    /// As [`Evented::register`].
    pub fn register<E: Evented + ?Sized>(
        &mut self,
        handle: &mut E,
        id: EventedId,
        interests: Interests,
        opt: PollOption,
    ) -> Result<()> {
        handle.register(&mut self.registry, id, interests, opt)
    }

    /// Changes how `handle` is watched, and arms it again after a oneshot event.
    ///
    /// # Errors
    ///
    /// As [`Evented::reregister`].
    pub fn reregister<E: Evented + ?Sized>(
        &mut self,
        handle: &mut E,
        id: EventedId,
        interests: Interests,
        opt: PollOption,
    ) -> Result<()> {
        handle.reregister(&mut self.registry, id, interests, opt)
    }

    /// Ends watching `handle`.
    ///
    /// # Errors
    ///
    /// As [`Evented::deregister`].
    pub fn deregister<E: Evented + ?Sized>(&mut self, handle: &mut E) -> Result<()> {
        handle.deregister(&mut self.registry)
    }

    /// Waits for events, for at most `timeout`.
    ///
    /// # Errors
    ///
    /// [`Forked`](crate::Error::Forked) or the system's.
    #[inline]
    pub fn poll<const N: usize>(
        &mut self,
        events: &mut Events<N>,
        timeout: Option<Duration>,
    ) -> Result<()> {
        self.fill(events, timeout, true)
    }

    /// As `poll`, but a signal ends it.
    ///
    /// # Errors
    ///
    /// `EINTR` and as `poll`.
    #[inline]
    pub fn poll_interruptible<const N: usize>(
        &mut self,
        events: &mut Events<N>,
        timeout: Option<Duration>,
    ) -> Result<()> {
        self.fill(events, timeout, false)
    }

    #[inline]
    fn fill<const N: usize>(
        &mut self,
        events: &mut Events<N>,
        timeout: Option<Duration>,
        retry: bool,
    ) -> Result<()> {
        self.registry.check_fork()?;
        let (events, timeout) = (events.refill(), timeout.map_or(FOREVER, nanos));
        if !self.registry.glance(events, timeout, Instant::MAX)? {
            self.registry.sleep(events, timeout, Instant::MAX, retry)?;
        }
        Ok(())
    }

    /// The kernel half, for calls that take a registry.
    #[inline]
    pub fn registry(&mut self) -> &mut Registry {
        &mut self.registry
    }

    /// The kernel queue's descriptor.
    #[inline]
    #[must_use]
    pub fn raw_fd(&self) -> RawFd {
        self.registry.raw_fd()
    }
}
