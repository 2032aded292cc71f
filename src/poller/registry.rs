//! The kernel half of a poller.

use core::marker::PhantomData;
use core::num::NonZeroU32;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use core::time::Duration;

use heapless::VecView;

use crate::error::{Error, Result};
use crate::events::Events;
use crate::id::EventedId;
use crate::interests::{Interests, PollOption};
use crate::poller::look::Look;
use crate::sys::fd::RawFd;
use crate::sys::fork::ForkGuard;
use crate::sys::{FOREVER, RawEvent, Selector};
use crate::time::{Instant, nanos};

/// The kernel's queue: what is watched, and how events come out.
///
/// A [`Poller`](crate::poll::Poller) has one and adds user-space events and deadlines. By itself it serves
/// whoever needs the kernel's events only.
///
/// It belongs to one thread and to one process:
///
/// ```compile_fail
/// fn send<T: Send>(_: T) {}
/// send(mio_st::poll::Registry::new().unwrap());
/// ```
///
/// In a forked child every call fails with [`Forked`](Error::Forked) and changes nothing; dropping it there
/// closes the child's descriptor only.
#[derive(Debug)]
pub struct Registry {
    selector: Selector,
    fork: ForkGuard,
    look: Look,
    number: NonZeroU32,
    /// Not `Send`, not `Sync`.
    one_thread: PhantomData<*mut ()>,
}

impl Registry {
    /// Makes the kernel's queue, which takes one descriptor, close-on-exec.
    ///
    /// # Errors
    ///
    /// The system's: out of descriptors (`EMFILE`, `ENFILE`) or memory. See epoll_create1(2), kqueue(2).
    pub fn new() -> Result<Registry> {
        Ok(Registry {
            fork: ForkGuard::new()?,
            selector: Selector::new()?,
            look: Look::new(),
            number: next_number(),
            one_thread: PhantomData,
        })
    }

    /// Watches a raw descriptor: what [`EventedFd`](crate::unix::EventedFd) calls.
    ///
    /// # Errors
    ///
    /// As [`Evented::register`](crate::event::Evented::register).
    pub fn register_fd(
        &mut self,
        fd: RawFd,
        id: EventedId,
        interests: Interests,
        opt: PollOption,
    ) -> Result<()> {
        self.fork.check()?;
        self.selector.register(fd, id, interests, opt)
    }

    /// Changes how a raw descriptor is watched.
    ///
    /// # Errors
    ///
    /// As [`Evented::reregister`](crate::event::Evented::reregister).
    pub fn reregister_fd(
        &mut self,
        fd: RawFd,
        id: EventedId,
        interests: Interests,
        opt: PollOption,
    ) -> Result<()> {
        self.fork.check()?;
        self.selector.reregister(fd, id, interests, opt)
    }

    /// Ends watching a raw descriptor.
    ///
    /// # Errors
    ///
    /// As [`Evented::deregister`](crate::event::Evented::deregister).
    pub fn deregister_fd(&mut self, fd: RawFd) -> Result<()> {
        self.fork.check()?;
        self.selector.deregister(fd)
    }

    /// Waits for kernel events, for at most `timeout`: see [`Poller::poll`](crate::poll::Poller::poll).
    ///
    /// # Errors
    ///
    /// [`Forked`](Error::Forked), or the system's.
    pub fn poll<const N: usize>(
        &mut self,
        events: &mut Events<N>,
        timeout: Option<Duration>,
    ) -> Result<()> {
        self.check_fork()?;
        self.wait(events.refill(), &mut Wait::new(timeout, true), Instant::MAX)
    }

    /// The kernel queue's descriptor: readable when events are waiting, so that one poller can watch another.
    #[inline]
    #[must_use]
    pub fn raw_fd(&self) -> RawFd {
        self.selector.raw_fd()
    }

    /// Tells this registry from every other of the process.
    #[inline]
    pub(crate) fn number(&self) -> NonZeroU32 {
        self.number
    }

    #[inline]
    pub(crate) fn check_fork(&self) -> Result<()> {
        self.fork.check()
    }

    /// Appends kernel events to `events`, which has room. Where there are none, it waits until there are, or
    /// until the end of `wait`, or until `wakeup`, whichever comes first.
    #[inline]
    pub(crate) fn wait(
        &mut self,
        events: &mut VecView<RawEvent>,
        wait: &mut Wait,
        wakeup: Instant,
    ) -> Result<()> {
        if wait.timeout == 0 {
            return self.selector.select(events, 0);
        }
        self.block(events, wait, wakeup)
    }

    fn block(
        &mut self,
        events: &mut VecView<RawEvent>,
        wait: &mut Wait,
        wakeup: Instant,
    ) -> Result<()> {
        let before = events.len();
        if wait.timeout == FOREVER && wakeup == Instant::MAX {
            while events.len() == before {
                wait.pardon(self.selector.select(events, FOREVER))?;
            }
            return Ok(());
        }
        if self.look.is_due() {
            self.selector.select(events, 0)?;
            self.look.found(events.len() > before);
            if events.len() > before {
                return Ok(());
            }
        }
        let mut now = Instant::now();
        let end = wait.end(now).min(wakeup);
        while now < end && events.len() == before {
            wait.pardon(self.selector.select(events, end.as_nanos() - now.as_nanos()))?;
            if events.len() == before {
                now = Instant::now();
            }
        }
        Ok(())
    }
}

/// How long a poll may wait, and what of signals.
#[derive(Debug)]
pub(crate) struct Wait {
    /// In nanoseconds, from when the poll began.
    timeout: u64,
    /// When that is. The clock is read only by who has to sleep.
    end: Option<Instant>,
    /// A signal's handler has run: go on waiting, rather than return `EINTR`.
    retry: bool,
}

impl Wait {
    #[inline]
    pub(crate) fn new(timeout: Option<Duration>, retry: bool) -> Wait {
        let timeout = timeout.map_or(FOREVER, nanos);
        Wait { timeout, end: None, retry }
    }

    /// When the poll has to return, empty-handed or not.
    #[inline]
    pub(crate) fn end(&mut self, now: Instant) -> Instant {
        *self.end.get_or_insert(Instant::from_nanos(now.as_nanos().saturating_add(self.timeout)))
    }

    /// Forgives the interruption by a signal, if that is wanted.
    #[inline]
    fn pardon(&self, answer: Result<()>) -> Result<()> {
        match answer {
            Err(Error::Os(libc::EINTR)) if self.retry => Ok(()),
            answer => answer,
        }
    }
}

fn next_number() -> NonZeroU32 {
    static NUMBERS: AtomicU32 = AtomicU32::new(1);
    loop {
        if let Some(number) = NonZeroU32::new(NUMBERS.fetch_add(1, Relaxed)) {
            return number;
        }
    }
}
