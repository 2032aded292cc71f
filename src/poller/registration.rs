//! What a handle that owns its descriptor remembers of its registration.

use core::marker::PhantomData;

use crate::error::{Error, Result};
use crate::interests::Interests;
use crate::poller::Registry;
use crate::subscription::Subscription;
use crate::sys::fd::RawFd;
use crate::sys::{LatestRegistration, Selector};

/// Which interests can occur, and on kqueue the latest registration.
///
/// On epoll the kernel decides what is an error, and a handle has no memory. On kqueue, where the
/// kernel silently replaces a registration, the memory makes a double registration an error, and is
/// what a `reregister` that fails goes back to.
///
/// The memory never saves a system call: the same descriptor may have been registered, changed or
/// ended by its number in between, which only the kernel knows.
pub(crate) struct Registration {
    possible: Interests,
    latest: LatestRegistration,
    /// Handles stay on one thread, as their poller does.
    one_thread: PhantomData<*mut ()>,
}

impl Registration {
    #[inline]
    pub(crate) const fn new(possible: Interests) -> Registration {
        Registration { possible, latest: LatestRegistration::none(), one_thread: PhantomData }
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
        match self.latest_with(registry) {
            Some(_) => registry.check_fork().and(Err(Error::AlreadyExists)),
            None => Ok(()),
        }
    }

    /// Remembers a registration that has succeeded.
    #[inline]
    pub(crate) fn record(&mut self, registry: &Registry, subscription: Subscription) {
        self.latest.set(registry.instance_id(), subscription);
    }

    pub(crate) fn reregister(
        &mut self,
        registry: &mut Registry,
        fd: RawFd,
        subscription: Subscription,
    ) -> Result<()> {
        let is_asked = Selector::can_watch_for(subscription.interests);
        match registry.reregister_as(fd, subscription) {
            Ok(()) => {
                self.record(registry, subscription);
                Ok(())
            }
            Err(error) => {
                // What the kernel was not asked for has changed nothing, and adding a source again
                // arms one that has fired.
                if is_asked {
                    self.restore(registry, fd, error);
                }
                Err(error)
            }
        }
    }

    pub(crate) fn deregister(&mut self, registry: &mut Registry, fd: RawFd) -> Result<()> {
        let result = registry.deregister_fd(fd);
        // It may have been ended by its number.
        if matches!(result, Ok(()) | Err(Error::NotFound)) && self.latest_with(registry).is_some() {
            self.latest.forget();
        }
        result
    }

    /// If the kernel changes a registration by deleting it first, a change that failed with `error`
    /// has deleted it: adds it again.
    #[cold]
    fn restore(&mut self, registry: &mut Registry, fd: RawFd, error: Error) {
        let Some(latest) = self.latest_with(registry) else { return };
        let is_there = match error {
            // A forked child may not ask, and nothing has changed.
            Error::Forked => true,
            // It was ended by the descriptor's number before.
            Error::NotFound => false,
            _ => registry.register_as(fd, latest).is_ok(),
        };
        if !is_there {
            self.latest.forget();
        }
    }

    fn latest_with(&self, registry: &Registry) -> Option<Subscription> {
        self.latest.get(registry.instance_id())
    }
}

static_assertions::assert_not_impl_any!(Registration: Send, Sync);

#[cfg(all(test, not(mio_st_backend = "stub")))]
mod tests {
    use core::time::Duration;

    use super::*;
    use crate::events::Events;
    use crate::id::EventedId;
    use crate::interests::PollOption;
    use crate::sys::fd::OwnedFd;
    use crate::sys::io;
    use crate::sys::pipe::pipe;

    /// Whether there is a memory. If not, the kernel notices by itself.
    const IS_KEPT: bool = size_of::<LatestRegistration>() != 0;

    /// A pipe that can be read, and a registry that watches it.
    struct Setup {
        registry: Registry,
        registration: Registration,
        fd: RawFd,
        _pipe: (OwnedFd, OwnedFd),
    }

    impl Setup {
        fn latest(&self) -> Option<Subscription> {
            self.registration.latest_with(&self.registry)
        }
    }

    /// The pipe is registered with this id, and that is remembered.
    fn setup(id: usize) -> Setup {
        let (reader, writer) = pipe().unwrap();
        io::write(writer.as_raw_fd(), b"x").unwrap();
        let (mut registry, fd) = (Registry::new().unwrap(), reader.as_raw_fd());
        let mut registration = Registration::new(Interests::BOTH);
        registry.register_as(fd, readable(id)).unwrap();
        registration.record(&registry, readable(id));
        Setup { registry, registration, fd, _pipe: (reader, writer) }
    }

    fn readable(id: usize) -> Subscription {
        Subscription::new(EventedId(id), Interests::READABLE, PollOption::Level)
    }

    /// What is remembered of this subscription, if anything is.
    fn kept(subscription: Subscription) -> Option<Subscription> {
        IS_KEPT.then_some(subscription)
    }

    /// The id that the kernel reports now.
    fn reported(registry: &mut Registry) -> Option<EventedId> {
        let mut events = Events::<4>::sized();
        registry.poll(&mut events, Some(Duration::ZERO)).unwrap();
        events.iter().next().map(|event| event.id())
    }

    #[test]
    fn only_interests_that_can_occur_are_possible() {
        let registration = Registration::new(Interests::READABLE);
        assert_eq!(registration.check_possible(Interests::READABLE), Ok(()));
        for wrong in [Interests::WRITABLE, Interests::BOTH, Interests::PRIORITY] {
            assert_eq!(registration.check_possible(wrong), Err(Error::InvalidInput));
        }
    }

    #[test]
    fn what_is_registered_here_is_new_elsewhere() {
        let (Setup { registry, registration, .. }, other) = (setup(1), Registry::new().unwrap());
        assert_eq!(Registration::new(Interests::BOTH).check_new(&registry), Ok(()));
        // If the kernel notices by itself, nothing is checked here.
        let here = if IS_KEPT { Err(Error::AlreadyExists) } else { Ok(()) };
        assert_eq!(registration.check_new(&registry), here);
        assert_eq!(registration.check_new(&other), Ok(()));
    }

    #[test]
    fn a_change_is_remembered_if_it_succeeds_and_only_then() {
        let mut all = setup(1);
        all.registration.reregister(&mut all.registry, all.fd, readable(2)).unwrap();
        assert!(all.latest() == kept(readable(2)));
        assert!(all.registration.reregister(&mut all.registry, -1, readable(3)).is_err());
        assert!(all.latest() != Some(readable(3)));
        assert_eq!(reported(&mut all.registry), Some(EventedId(2)));
    }

    #[test]
    fn a_registration_that_a_failed_change_has_deleted_is_added_again() {
        let mut all = setup(7);
        // What a change leaves that deletes, and then cannot add.
        all.registry.deregister_fd(all.fd).unwrap();
        all.registration.restore(&mut all.registry, all.fd, Error::Os(libc::ENOMEM));
        assert!(all.latest() == kept(readable(7)));
        // A kernel that changes nothing if it fails needs no help.
        assert_eq!(reported(&mut all.registry), IS_KEPT.then_some(EventedId(7)));
    }

    #[test]
    fn what_cannot_be_added_again_is_forgotten() {
        for (error, is_closed, is_remembered) in [
            // Ended by its number: it must not come back.
            (Error::NotFound, false, false),
            (Error::Os(libc::ENOMEM), true, false),
            (Error::Forked, false, true),
        ] {
            let mut all = setup(7);
            all.registry.deregister_fd(all.fd).unwrap();
            let fd = if is_closed { -1 } else { all.fd };
            all.registration.restore(&mut all.registry, fd, error);
            assert_eq!(all.latest().is_some(), IS_KEPT && is_remembered, "{error:?}");
            assert_eq!(reported(&mut all.registry), None, "{error:?}");
        }
    }

    #[test]
    fn a_registration_elsewhere_is_not_restored_here() {
        let (mut all, mut other) = (setup(1), Registry::new().unwrap());
        all.registration.restore(&mut other, all.fd, Error::Os(libc::ENOMEM));
        assert_eq!(reported(&mut other), None);
        assert!(all.latest() == kept(readable(1)));
    }

    #[test]
    fn an_end_is_remembered_unless_it_fails() {
        let (mut all, mut other) = (setup(1), Registry::new().unwrap());
        assert_eq!(all.registration.deregister(&mut other, all.fd), Err(Error::NotFound));
        assert!(all.latest() == kept(readable(1)), "it is registered with another");
        assert!(all.registration.deregister(&mut all.registry, -1).is_err());
        assert!(all.latest() == kept(readable(1)), "nothing has ended");
        all.registration.deregister(&mut all.registry, all.fd).unwrap();
        assert!(all.latest().is_none());

        // Ended by its number.
        let mut all = setup(1);
        all.registry.deregister_fd(all.fd).unwrap();
        let result = all.registration.deregister(&mut all.registry, all.fd);
        assert_eq!(result, Err(Error::NotFound));
        assert!(all.latest().is_none());
    }
}
