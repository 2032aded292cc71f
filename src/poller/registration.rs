//! What a handle that owns its descriptor remembers of its registration.

use core::marker::PhantomData;
use core::num::NonZeroU32;

use crate::error::{Error, Result};
use crate::id::EventedId;
use crate::interests::{Interests, PollOption};
use crate::poller::Registry;
use crate::sys::Selector;
use crate::sys::fd::RawFd;

/// The memory of the latest registration, two words.
///
/// On epoll the kernel decides what is an error, and the memory only saves the system call of a `reregister`
/// that changes nothing; only under `Level`, since under `Edge` and `Oneshot` an unchanged `reregister` still
/// means to look again. On kqueue, where the kernel replaces silently, the memory is what makes a double
/// registration an error, and what a `reregister` that fails goes back to. It is of one registry: of a handle
/// in two pollers, the one that was not the latest replaces silently all the same.
#[derive(Default)]
pub(crate) struct Registration {
    id: EventedId,
    latest: Option<(NonZeroU32, Interests, PollOption)>,
    /// Handles stay on one thread, as their poller does.
    one_thread: PhantomData<*mut ()>,
}

impl Registration {
    pub(crate) fn register(
        &mut self,
        registry: &mut Registry,
        fd: RawFd,
        id: EventedId,
        interests: Interests,
        opt: PollOption,
    ) -> Result<()> {
        if Selector::REPLACES && self.is_with(registry) {
            return registry.check_fork().and(Err(Error::AlreadyExists));
        }
        registry.register_fd(fd, id, interests, opt)?;
        self.id = id;
        self.latest = Some((registry.number(), interests, opt));
        Ok(())
    }

    pub(crate) fn reregister(
        &mut self,
        registry: &mut Registry,
        fd: RawFd,
        id: EventedId,
        interests: Interests,
        opt: PollOption,
    ) -> Result<()> {
        let wanted = Some((registry.number(), interests, opt));
        if opt == PollOption::Level && self.latest == wanted && self.id == id {
            return registry.check_fork();
        }
        match registry.reregister_fd(fd, id, interests, opt) {
            Ok(()) => {
                self.id = id;
                self.latest = wanted;
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
            self.latest = None;
        }
        answer
    }

    /// Where the kernel replaces by deleting, a change that failed has deleted only: adds what there was.
    #[cold]
    fn restore(&mut self, registry: &mut Registry, fd: RawFd, error: Error) {
        if !Selector::REPLACES || !self.is_with(registry) || error == Error::Forked {
            return;
        }
        let known = self.latest.filter(|_| error != Error::NotFound);
        self.latest = known.filter(|&(_, interests, opt)| {
            registry.register_fd(fd, self.id, interests, opt).is_ok()
        });
    }

    fn is_with(&self, registry: &Registry) -> bool {
        self.latest.is_some_and(|(number, ..)| number == registry.number())
    }
}

static_assertions::assert_not_impl_any!(Registration: Send, Sync);
