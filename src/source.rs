//! What every handle is made of: a descriptor, and what is remembered of its registration.

use core::fmt;

use crate::error::Result;
use crate::id::EventedId;
use crate::interests::{Interests, PollOption};
use crate::poller::{Evented, Registration, Registry};
use crate::subscription::Subscription;
use crate::sys::fd::{OwnedFd, RawFd};

/// A value that has a descriptor to watch, and keeps it open for as long as the value lives.
pub trait Descriptor {
    /// Returns the descriptor that a poller watches. It must be the same one at each call.
    ///
    /// # Errors
    ///
    /// Any error that makes registering impossible. Most implementations have none.
    fn watched_fd(&self) -> Result<RawFd>;

    /// Is called after each registration, with the descriptor of the poller.
    ///
    /// Most implementations ignore it. It is for a value whose registration must not outlive it
    /// although a duplicate of the descriptor may, in a forked child for example: it can end the
    /// registration when it is dropped.
    fn watched_by(&mut self, poller: RawFd) {
        let _ = poller;
    }
}

/// A descriptor with the state of its registration: the base of all handles, including your own.
///
/// With this state a second registration with the same poller is an error on every system, even if
/// the kernel would silently replace the first one, and a failed change restores the former
/// registration. [`EventedFd`](crate::unix::EventedFd), which borrows a number, has no such state.
///
/// A `Source` can be registered itself. A handle that contains one implements [`AsSource`] and is
/// then [`Evented`].
///
/// ```
/// use std::fs::File;
/// use std::os::fd::AsRawFd;
///
/// use mio_st::event::{EventedId, Interests};
/// use mio_st::poll::{PollOption, Poller};
/// use mio_st::unix::{AsSource, Descriptor, RawFd, Source};
/// use mio_st::Error;
///
/// struct Device(File);
///
/// impl Descriptor for Device {
///     fn watched_fd(&self) -> mio_st::Result<RawFd> {
///         Ok(self.0.as_raw_fd())
///     }
/// }
///
/// struct Gauge {
///     source: Source<Device>,
///     reading: u32,
/// }
///
/// impl AsSource for Gauge {
///     type Descriptor = Device;
///
///     fn as_source(&mut self) -> &mut Source<Device> {
///         &mut self.source
///     }
/// }
///
/// # #[cfg(target_os = "linux")] {
/// let device = Device(File::open("/dev/random").unwrap());
/// let mut gauge = Gauge { source: Source::new(device, Interests::READABLE), reading: 0 };
/// let mut poller = Poller::new()?;
/// poller.register(&mut gauge, EventedId(1), Interests::READABLE, PollOption::Edge)?;
/// let again = poller.register(&mut gauge, EventedId(2), Interests::READABLE, PollOption::Edge);
/// assert_eq!(again, Err(Error::AlreadyExists));
/// let never = poller.reregister(&mut gauge, EventedId(1), Interests::WRITABLE, PollOption::Edge);
/// assert_eq!(never, Err(Error::InvalidInput));
/// # }
/// # Ok::<(), mio_st::Error>(())
/// ```
pub struct Source<D = OwnedFd> {
    descriptor: D,
    registration: Registration,
}

/// A handle that contains a [`Source`], and is [`Evented`] because of it.
///
/// All handles of this library implement it, so that it is the bound for functions that take any of
/// them:
///
/// ```
/// use mio_st::unix::{AsSource, new_pipe};
/// use mio_st::{EventedId, PollOption, Poller};
///
/// fn watch<H: AsSource>(poller: &mut Poller, id: usize, handle: &mut H) -> mio_st::Result<()> {
///     poller.register(handle, EventedId(id), H::INTERESTS, PollOption::Level)
/// }
///
/// let mut poller = Poller::new()?;
/// let (mut sender, mut receiver) = new_pipe()?;
/// watch(&mut poller, 1, &mut sender)?;
/// watch(&mut poller, 2, &mut receiver)?;
/// # Ok::<(), mio_st::Error>(())
/// ```
pub trait AsSource {
    /// The interests that the handle is usually registered with (default: `BOTH`).
    const INTERESTS: Interests = Interests::BOTH;

    /// What the source owns.
    type Descriptor: Descriptor;

    /// Returns the source.
    fn as_source(&mut self) -> &mut Source<Self::Descriptor>;
}

/// Implements [`AsSource`] for a handle that contains a source in the field `source`.
macro_rules! impl_as_source {
    ($Handle:ident, $Descriptor:ty) => {
        impl $crate::source::AsSource for $Handle {
            const INTERESTS: $crate::interests::Interests = $Handle::INTERESTS;

            type Descriptor = $Descriptor;

            fn as_source(&mut self) -> &mut $crate::source::Source<$Descriptor> {
                &mut self.source
            }
        }
    };
}
pub(crate) use impl_as_source;

impl<D> Source<D> {
    /// Takes over `descriptor`, not registered anywhere. `possible` is the union of the interests
    /// that it can be registered with; any other is refused as
    /// [`InvalidInput`](crate::Error::InvalidInput).
    ///
    /// The descriptor should be non-blocking, because an event may be spurious.
    #[inline]
    pub const fn new(descriptor: D, possible: Interests) -> Source<D> {
        Source { descriptor, registration: Registration::new(possible) }
    }

    /// Returns a reference to what the source owns.
    #[inline]
    pub const fn descriptor(&self) -> &D {
        &self.descriptor
    }

    /// Returns a mutable reference to what the source owns. Do not replace it by another descriptor
    /// while it is registered.
    #[inline]
    pub const fn descriptor_mut(&mut self) -> &mut D {
        &mut self.descriptor
    }

    /// Returns what the source owns, without deregistering it.
    #[inline]
    pub fn into_descriptor(self) -> D {
        self.descriptor
    }
}

impl<D: Descriptor> AsSource for Source<D> {
    type Descriptor = D;

    #[inline]
    fn as_source(&mut self) -> &mut Source<D> {
        self
    }
}

impl<T: AsSource> Evented for T {
    fn register(
        &mut self,
        registry: &mut Registry,
        id: EventedId,
        interests: Interests,
        opt: PollOption,
    ) -> Result<()> {
        let Source { descriptor, registration } = self.as_source();
        registration.check_possible(interests)?;
        let fd = descriptor.watched_fd()?;
        registration.check_new(registry)?;
        let subscription = Subscription::new(id, interests, opt);
        registry.register_as(fd, subscription)?;
        registration.record(registry, subscription);
        descriptor.watched_by(registry.raw_fd());
        Ok(())
    }

    fn reregister(
        &mut self,
        registry: &mut Registry,
        id: EventedId,
        interests: Interests,
        opt: PollOption,
    ) -> Result<()> {
        let Source { descriptor, registration } = self.as_source();
        registration.check_possible(interests)?;
        let fd = descriptor.watched_fd()?;
        registration.reregister(registry, fd, Subscription::new(id, interests, opt))
    }

    fn deregister(&mut self, registry: &mut Registry) -> Result<()> {
        let Source { descriptor, registration } = self.as_source();
        registration.deregister(registry, descriptor.watched_fd()?)
    }
}

impl Descriptor for OwnedFd {
    #[inline]
    fn watched_fd(&self) -> Result<RawFd> {
        Ok(self.as_raw_fd())
    }
}

impl<D: fmt::Debug> fmt::Debug for Source<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Source").field(&self.descriptor).finish()
    }
}

static_assertions::assert_not_impl_any!(Source: Send, Sync);
