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
use crate::sys::{FOREVER, RawEvent, Selector, clock};
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
/// In a forked child every call to the kernel fails with [`Forked`](Error::Forked) and changes nothing;
/// dropping it there closes the child's descriptor only.
#[derive(Debug)]
pub struct Registry {
    selector: Selector,
    fork: ForkGuard,
    look: Look,
    /// In nanoseconds.
    spin: u64,
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
            spin: 0,
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
        let answer = self.selector.register(fd, id, interests, opt);
        trace!("register: fd {fd}, id {id}, {interests:?}, {opt:?}: {answer:?}");
        answer
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
        let answer = self.selector.reregister(fd, id, interests, opt);
        trace!("reregister: fd {fd}, id {id}, {interests:?}, {opt:?}: {answer:?}");
        answer
    }

    /// Ends watching a raw descriptor.
    ///
    /// # Errors
    ///
    /// As [`Evented::deregister`](crate::event::Evented::deregister).
    pub fn deregister_fd(&mut self, fd: RawFd) -> Result<()> {
        self.fork.check()?;
        let answer = self.selector.deregister(fd);
        trace!("deregister: fd {fd}: {answer:?}");
        answer
    }

    /// Before it sleeps, a poll that has found nothing shall look again and again for as long as this: it
    /// buys the time that falling asleep and waking up take, a half of a round trip between two cores over
    /// loopback at some 20 µs, with a core that is busy meanwhile. Zero, which it is at first, is off.
    ///
    /// A signal's handler that runs meanwhile does not end a
    /// [`poll_interruptible`](crate::poll::Poller::poll_interruptible): only a call that sleeps is
    /// interrupted.
    ///
    /// ```
    /// use core::time::Duration;
    ///
    /// let mut poller = mio_st::Poller::new()?;
    /// poller.registry().set_spin(Duration::from_micros(20));
    /// # Ok::<(), mio_st::Error>(())
    /// ```
    pub fn set_spin(&mut self, spin: Duration) {
        self.spin = nanos(spin);
    }

    /// Waits for kernel events, for at most `timeout`: see [`Poller::poll`](crate::poll::Poller::poll).
    ///
    /// # Errors
    ///
    /// [`Forked`](Error::Forked), or the system's.
    #[inline(always)]
    pub fn poll<const N: usize>(
        &mut self,
        events: &mut Events<N>,
        timeout: Option<Duration>,
    ) -> Result<()> {
        self.check_fork()?;
        let answer = self.fill(events.refill(), timeout.map_or(FOREVER, nanos), true);
        events.rewind();
        trace!("poll: {answer:?}, {} events", events.len());
        answer
    }

    /// The kernel queue's descriptor: readable when events are waiting, so that one poller can watch another.
    #[inline]
    #[must_use]
    pub fn raw_fd(&self) -> RawFd {
        self.selector.raw_fd()
    }

    /// The kernel's queue, for what is no descriptor; not in a forked child.
    pub(crate) fn selector(&self) -> Result<&Selector> {
        self.fork.check()?;
        Ok(&self.selector)
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

    /// A whole poll of the kernel only.
    #[inline(always)]
    pub(crate) fn fill(
        &mut self,
        events: &mut VecView<RawEvent>,
        timeout: u64,
        retry: bool,
    ) -> Result<()> {
        self.glance(events, timeout, Instant::MAX, retry)?;
        if events.is_empty() && timeout != 0 {
            self.sleep(events, timeout, Instant::MAX, retry)?;
        }
        Ok(())
    }

    /// The one system call that most polls make, at the place of the call: appends kernel events to `events`,
    /// which has room. It is left out where a `sleep` will probably follow that finds as much.
    ///
    /// Inlined as far as it goes, since the processor, after a system call, mispredicts the return from
    /// each function that was entered before it.
    #[inline(always)]
    pub(crate) fn glance(
        &mut self,
        events: &mut VecView<RawEvent>,
        timeout: u64,
        wakeup: Instant,
        retry: bool,
    ) -> Result<()> {
        let no_time = timeout == 0 || wakeup == Instant::ZERO;
        let endless = timeout == FOREVER && wakeup == Instant::MAX;
        if no_time || endless {
            let wait = endless && self.spin == 0;
            return self
                .selector
                .glance(events, wait)
                .or_else(|error| pardon(error, retry || !wait));
        }
        // Any other timeout costs the kernel a timer, for nothing where events are there already.
        if self.look.is_due() {
            self.selector.glance(events, false).or_else(|error| pardon(error, true))?;
            self.look.found(!events.is_empty());
        }
        Ok(())
    }

    /// After a `glance` in vain: waits until there are events, for at most `timeout` from now, and not beyond
    /// `wakeup`. Returns when the timeout ends. It looks at the kernel once at least: the glance may have
    /// been left out, and `wakeup` may have passed meanwhile.
    #[inline(never)]
    pub(crate) fn sleep(
        &mut self,
        events: &mut VecView<RawEvent>,
        timeout: u64,
        wakeup: Instant,
        retry: bool,
    ) -> Result<Instant> {
        let endless = timeout == FOREVER && wakeup == Instant::MAX;
        let mut now = if endless { Instant::ZERO } else { clock::now()? };
        let timed_out = Instant::from_nanos(now.as_nanos().saturating_add(timeout));
        let end = timed_out.min(wakeup);
        if self.spin != 0 {
            self.spin(events, end)?;
            if !endless {
                now = clock::now()?;
            }
        }
        while events.is_empty() {
            let left =
                if endless { FOREVER } else { end.as_nanos().saturating_sub(now.as_nanos()) };
            match self.selector.select(events, left) {
                Ok(()) => {}
                Err(error) => pardon(error, retry)?,
            }
            if events.is_empty() && !endless {
                now = clock::now()?;
                if now >= end {
                    break;
                }
            }
        }
        Ok(timed_out)
    }

    /// Looks again and again for as long as `set_spin` said, but not beyond `end`.
    fn spin(&self, events: &mut VecView<RawEvent>, end: Instant) -> Result<()> {
        let enough = end.min(clock::now()? + Duration::from_nanos(self.spin));
        while events.is_empty() && clock::now()? < enough {
            // Only a call that sleeps is interrupted.
            self.selector.select(events, 0).or_else(|error| pardon(error, true))?;
        }
        Ok(())
    }
}

/// A signal need not end a poll, which then goes on to `sleep`.
#[cold]
fn pardon(error: Error, retry: bool) -> Result<()> {
    if retry && error == Error::Os(libc::EINTR) { Ok(()) } else { Err(error) }
}

fn next_number() -> NonZeroU32 {
    static NUMBERS: AtomicU32 = AtomicU32::new(1);
    loop {
        if let Some(number) = NonZeroU32::new(NUMBERS.fetch_add(1, Relaxed)) {
            return number;
        }
    }
}
