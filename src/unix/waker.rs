//! Ending a poll from elsewhere.

use core::sync::atomic::Ordering::{Relaxed, SeqCst};
use core::sync::atomic::{AtomicBool, fence};

use crate::error::Result;
use crate::id::EventedId;
use crate::poller::Registry;
use crate::sys::set_once::SetOnce;
use crate::sys::{self, task};

/// Ends a poll from another thread, or from a signal handler.
///
/// It is the only type of this library that can be shared by threads.
///
/// A wake is an event with the waker's id that [`is_readable`](crate::event::Ready::is_readable).
/// Wakes that come before it is delivered are that one event; one that comes later, even while the
/// event is being handled, is another. What was written to shared memory before a wake can be read
/// after its event. A wake that comes before the poll makes the poll return at once.
///
/// A poller can have any number of them. Share one with other threads by reference, in an `Arc` or
/// in a `static`, and keep it until its event has come: dropping it removes its registration, and
/// with it a wake that was not delivered.
///
/// ```
/// use std::thread;
///
/// use mio_st::event::{EventedId, Events};
/// use mio_st::poll::Poller;
/// use mio_st::unix::Waker;
///
/// let mut poller = Poller::new()?;
/// let mut events = Events::new();
/// let waker = Waker::new(poller.registry(), EventedId(9))?;
///
/// thread::scope(|scope| {
///     scope.spawn(|| waker.wake());
///     poller.poll(&mut events, None)
/// })?;
/// assert!(events.iter().all(|event| event.id() == EventedId(9)));
/// # Ok::<(), mio_st::Error>(())
/// ```
///
/// Waking is one system call; receiving the event takes none besides the poll. It is an eventfd on
/// Linux, edge-triggered and never read, and a user filter on kqueue (on old systems without one, a
/// pipe). See eventfd(2), kqueue(2).
///
/// # In a `static`
///
/// [`unregistered`](Waker::unregistered) makes a waker before there is a poller, so that it can be
/// in a `static`, where signal handlers and `core::task::Waker`s find it.
///
/// ```
/// use mio_st::event::{EventedId, Events};
/// use mio_st::poll::Poller;
/// use mio_st::unix::Waker;
///
/// static WAKER: Waker = Waker::unregistered();
///
/// WAKER.wake()?; // not lost: it is delivered when the waker has been registered
///
/// let mut poller = Poller::new()?;
/// let mut events = Events::new();
/// WAKER.register(poller.registry(), EventedId(9))?;
/// poller.poll(&mut events, None)?;
/// assert_eq!(events.len(), 1);
///
/// // For an executor: a waker without an allocation.
/// let task_waker = WAKER.task_waker();
/// task_waker.wake();
/// poller.poll(&mut events, None)?;
/// assert_eq!(events.len(), 1);
/// # Ok::<(), mio_st::Error>(())
/// ```
#[derive(Debug)]
pub struct Waker {
    inner: SetOnce<sys::Waker>,
    /// A wake has come before the registration.
    early: AtomicBool,
}

impl Waker {
    /// Creates a waker of this registry: [`Poller::registry`](crate::poll::Poller::registry). It
    /// takes one descriptor.
    ///
    /// # Errors
    ///
    /// [`Forked`](crate::Error::Forked), or an OS error: out of descriptors (`EMFILE`, `ENFILE`)
    /// or memory.
    pub fn new(registry: &mut Registry, id: EventedId) -> Result<Waker> {
        let inner = SetOnce::full(sys::Waker::new(registry.selector()?, id)?);
        Ok(Waker { inner, early: AtomicBool::new(false) })
    }

    /// Creates a waker that belongs to no poller yet. It makes no system call.
    #[must_use]
    pub const fn unregistered() -> Waker {
        Waker { inner: SetOnce::empty(), early: AtomicBool::new(false) }
    }

    /// Registers a waker that was made by [`unregistered`](Waker::unregistered), once and for all.
    /// If it was woken before, an event is pending now.
    ///
    /// # Errors
    ///
    /// [`AlreadyExists`](crate::Error::AlreadyExists) if it is registered already, with this or
    /// another poller; and as [`new`](Waker::new), after which it can be tried again.
    pub fn register(&self, registry: &mut Registry, id: EventedId) -> Result<()> {
        let selector = registry.selector()?;
        let inner = self.inner.set(|| sys::Waker::new(selector, id))?;
        // Either this sees that `wake` has come first, or `wake` sees what was set.
        fence(SeqCst);
        match self.early.load(Relaxed) {
            true => inner.wake(),
            false => Ok(()),
        }
    }

    /// Makes the poll that is under way, or else the next, return with an event.
    ///
    /// May be called from a signal handler, and leaves `errno` as it was. When the poller has been
    /// dropped, it does nothing.
    ///
    /// # Errors
    ///
    /// [`Forked`](crate::Error::Forked): in a forked child it would wake the parent. Other errors
    /// are not known to happen.
    #[inline]
    pub fn wake(&self) -> Result<()> {
        match self.inner.get() {
            Some(inner) => inner.wake(),
            None => self.wake_early(),
        }
    }

    #[cold]
    fn wake_early(&self) -> Result<()> {
        self.early.store(true, Relaxed);
        fence(SeqCst);
        match self.inner.get() {
            Some(inner) => inner.wake(),
            None => Ok(()),
        }
    }

    /// Returns a `core::task::Waker` that wakes the poller, for executors. Nothing is allocated,
    /// which is why the waker must be in a `static`, or leaked.
    ///
    /// An executor for one thread polls its futures after the event. All of its futures may share
    /// one waker, which [`will_wake`](core::task::Waker::will_wake) reports to be the same.
    #[must_use]
    pub fn task_waker(&'static self) -> core::task::Waker {
        task::waker_of(self)
    }
}

impl task::Wake for Waker {
    fn wake(&self) {
        // In a forked child there is nothing to wake.
        let _ = Waker::wake(self);
    }
}

static_assertions::assert_impl_all!(Waker: Send, Sync, Unpin);
