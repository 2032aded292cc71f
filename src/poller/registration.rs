//! What a handle that owns its descriptor remembers of its registration.

use core::marker::PhantomData;
use core::num::NonZeroU32;

use crate::error::{Error, Result};
use crate::id::EventedId;
use crate::interests::{Interests, PollOption};
use crate::poller::Registry;
use crate::subscription::Subscription;
use crate::sys::Selector;
use crate::sys::fd::RawFd;

/// The memory of the latest registration, two words.
///
/// On epoll the kernel decides what is an error. On kqueue, where the kernel silently replaces a
/// registration, the memory makes a double registration an error, and is what a `reregister` that
/// fails goes back to. It is of one registry: if a handle is in two pollers, the one that was not
/// the latest replaces silently even so.
///
/// The memory never saves a system call: the same descriptor may have been registered, changed or
/// ended by its number in between, which only the kernel knows.
pub(crate) struct Registration {
    // The subscription, flat: as a structure in the structure it would waste its padding.
    id: EventedId,
    interests: Interests,
    opt: PollOption,
    /// The instance id of the registry, if it is registered.
    registry: Option<NonZeroU32>,
    /// The interests that can occur.
    possible: Interests,
    /// Handles stay on one thread, as their poller does.
    one_thread: PhantomData<*mut ()>,
}

impl Registration {
    pub(crate) const fn new(possible: Interests) -> Registration {
        Registration {
            id: EventedId(0),
            interests: possible,
            opt: PollOption::Level,
            registry: None,
            possible,
            one_thread: PhantomData,
        }
    }

    /// # Errors
    ///
    /// `InvalidInput` for an interest that can never occur.
    #[inline]
    pub(crate) fn check_possible(&self, interests: Interests) -> Result<()> {
        match interests.remove(self.possible) {
            None => Ok(()),
            Some(_) => Err(Error::InvalidInput),
        }
    }

    /// # Errors
    ///
    /// `AlreadyExists` if it is known to be registered here and the kernel would not notice.
    #[inline]
    pub(crate) fn check_new(&self, registry: &Registry) -> Result<()> {
        if Selector::REPLACES && self.is_with(registry) {
            return registry.check_fork().and(Err(Error::AlreadyExists));
        }
        Ok(())
    }

    /// Remembers a registration that has succeeded.
    #[inline]
    pub(crate) fn record(&mut self, registry: &Registry, subscription: Subscription) {
        Subscription { id: self.id, interests: self.interests, opt: self.opt } = subscription;
        self.registry = Some(registry.instance_id());
    }

    pub(crate) fn reregister(
        &mut self,
        registry: &mut Registry,
        fd: RawFd,
        subscription: Subscription,
    ) -> Result<()> {
        match registry.reregister_as(fd, subscription) {
            Ok(()) => {
                self.record(registry, subscription);
                Ok(())
            }
            Err(error) => {
                self.restore(registry, fd, error);
                Err(error)
            }
        }
    }

    pub(crate) fn deregister(&mut self, registry: &mut Registry, fd: RawFd) -> Result<()> {
        let answer = registry.deregister_fd(fd);
        // It may have been ended by its number.
        if matches!(answer, Ok(()) | Err(Error::NotFound)) && self.is_with(registry) {
            self.registry = None;
        }
        answer
    }

    /// Where the kernel replaces by deleting, a change that failed has deleted only: adds what
    /// there was.
    #[cold]
    fn restore(&mut self, registry: &mut Registry, fd: RawFd, error: Error) {
        if !Selector::REPLACES || !self.is_with(registry) || error == Error::Forked {
            return;
        }
        let restored = error != Error::NotFound && registry.register_as(fd, self.latest()).is_ok();
        if !restored {
            self.registry = None;
        }
    }

    fn latest(&self) -> Subscription {
        Subscription::new(self.id, self.interests, self.opt)
    }

    fn is_with(&self, registry: &Registry) -> bool {
        self.registry == Some(registry.instance_id())
    }
}

static_assertions::assert_not_impl_any!(Registration: Send, Sync);
