//! Ending a poll from elsewhere.

use crate::error::Result;
use crate::id::EventedId;
use crate::poller::Registry;
use crate::sys;

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
#[derive(Debug)]
pub struct Waker {
    inner: sys::Waker,
}

impl Waker {
    /// Makes a waker of this registry: [`Poller::registry`](crate::poll::Poller::registry). It
    /// takes one descriptor.
    ///
    /// # Errors
    ///
    /// [`Forked`](crate::Error::Forked), or the system's: out of descriptors (`EMFILE`, `ENFILE`)
    /// or memory.
    pub fn new(registry: &mut Registry, id: EventedId) -> Result<Waker> {
        Ok(Waker { inner: sys::Waker::new(registry.selector()?, id)? })
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
        self.inner.wake()
    }
}

static_assertions::assert_impl_all!(Waker: Send, Sync, Unpin);
