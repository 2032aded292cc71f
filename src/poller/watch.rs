//! Kernel sources: the registry's methods, for any handle.

use super::{Evented, Poller, Registry};
use crate::error::Result;
use crate::id::EventedId;
use crate::interests::{Interests, PollOption};
use crate::sys::fd::RawFd;

/// The methods that a poller and a registry by itself have for every handle.
macro_rules! impl_watching {
    (|$this:ident| $registry:expr) => {
        /// Starts watching `handle`: its events will carry `id`.
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
            let $this = self;
            handle.register($registry, id, interests, opt)
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
            let $this = self;
            handle.reregister($registry, id, interests, opt)
        }

        /// Stops watching `handle`.
        ///
        /// # Errors
        ///
        /// As [`Evented::deregister`].
        pub fn deregister<E: Evented + ?Sized>(&mut self, handle: &mut E) -> Result<()> {
            let $this = self;
            handle.deregister($registry)
        }
    };
}

impl Registry {
    impl_watching!(|registry| registry);
}

impl<const USER: usize, const TIMERS: usize> Poller<USER, TIMERS> {
    impl_watching!(|poller| &mut poller.registry);

    /// Returns the kernel's queue, to which sources are registered. [`Evented`] and
    /// [`Waker::new`](crate::unix::Waker::new) take it, and it has the options that concern kernel
    /// events only.
    #[inline]
    pub fn registry(&mut self) -> &mut Registry {
        &mut self.registry
    }

    /// Returns the descriptor of the kernel's queue. It is readable while kernel events are
    /// pending, so that another poller, by [`EventedFd`](crate::unix::EventedFd), or another
    /// library can watch this one. User events and timers do not make it readable.
    #[inline]
    #[must_use]
    pub fn raw_fd(&self) -> RawFd {
        self.registry.raw_fd()
    }
}
