//! The kernel half of a poller.

use core::fmt;
use core::marker::PhantomData;
use core::num::NonZeroU32;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use core::time::Duration;

use crate::error::Result;
use crate::events::{Batch, Events};
use crate::id::EventedId;
use crate::interests::{Interests, PollOption};
use crate::poller::attention::Attention;
use crate::poller::wait::{Timeout, Waiter};
use crate::subscription::Subscription;
use crate::sys::fd::RawFd;
use crate::sys::{Selector, Wait};
use crate::time::Instant;

/// The kernel's queue: registers sources and returns their events.
///
/// A [`Poller`](crate::poll::Poller) has one, and adds user-space events and timers. Use it alone
/// if you need kernel events only.
///
/// It belongs to one thread and to one process:
///
/// ```compile_fail
/// fn send<T: Send>(_: T) {}
/// send(mio_st::poll::Registry::new().unwrap());
/// ```
///
/// In a forked child every call to the kernel fails with [`Forked`](crate::Error::Forked) and
/// changes nothing. Dropping it there closes only the child's descriptor.
pub struct Registry {
    attention: Attention,
    pub(super) selector: Selector,
    pub(super) waiter: Waiter,
    instance: NonZeroU32,
    /// Not `Send`, not `Sync`.
    one_thread: PhantomData<*mut ()>,
}

impl Registry {
    /// Creates the kernel's queue, which takes one descriptor, close-on-exec.
    ///
    /// # Errors
    ///
    /// An OS error: out of descriptors (`EMFILE`, `ENFILE`) or memory. See epoll_create1(2),
    /// kqueue(2).
    pub fn new() -> Result<Registry> {
        Ok(Registry {
            attention: Attention::new()?,
            selector: Selector::new()?,
            waiter: Waiter::new(),
            instance: next_instance_id(),
            one_thread: PhantomData,
        })
    }

    /// Starts watching a raw descriptor. [`EventedFd`](crate::unix::EventedFd) calls it.
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
        self.register_as(fd, Subscription::new(id, interests, opt))
    }

    #[inline]
    pub(crate) fn register_as(&mut self, fd: RawFd, subscription: Subscription) -> Result<()> {
        self.check_fork()?;
        let result = self.selector.register(fd, subscription);
        trace!("register: fd {fd}, {subscription:?}: {result:?}");
        result
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
        self.reregister_as(fd, Subscription::new(id, interests, opt))
    }

    pub(crate) fn reregister_as(&mut self, fd: RawFd, subscription: Subscription) -> Result<()> {
        self.check_fork()?;
        let result = self.selector.reregister(fd, subscription);
        trace!("reregister: fd {fd}, {subscription:?}: {result:?}");
        result
    }

    /// Stops watching a raw descriptor.
    ///
    /// # Errors
    ///
    /// As [`Evented::deregister`](crate::event::Evented::deregister).
    pub fn deregister_fd(&mut self, fd: RawFd) -> Result<()> {
        self.check_fork()?;
        let result = self.selector.deregister(fd);
        trace!("deregister: fd {fd}: {result:?}");
        result
    }

    /// Sets how long a poll busy-waits before it blocks (default: zero, off).
    ///
    /// Spinning saves the cost of blocking and waking, and keeps a core busy meanwhile. With 20 µs
    /// a loopback round trip between two cores takes about half of the time.
    ///
    /// A signal that arrives during the busy-waiting does not interrupt
    /// [`poll_interruptible`](crate::poll::Poller::poll_interruptible): only a blocking call is
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
        self.waiter.set_spin(spin);
        self.attention.request();
    }

    /// Waits for kernel events, for at most `timeout`: see
    /// [`Poller::poll`](crate::poll::Poller::poll).
    ///
    /// # Errors
    ///
    /// [`Forked`](crate::Error::Forked), or an OS error.
    #[inline(always)]
    pub fn poll<const N: usize>(
        &mut self,
        events: &mut Events<N>,
        timeout: Option<Duration>,
    ) -> Result<()> {
        let (batch, timeout) = (events.batch(), Timeout::new(timeout));
        let done = match self.is_calm() {
            true => Ok(false),
            false => self.poll_attentively(batch, timeout),
        };
        let result = match done {
            Ok(false) => self.poll_kernel(batch, timeout),
            Ok(true) => Ok(()),
            Err(error) => Err(error),
        };
        batch.rewind();
        trace!("poll: {result:?}, {} events", events.len());
        result
    }

    /// Returns the descriptor of the kernel's queue. It is readable while events are pending, so
    /// that one poller can watch another.
    #[inline]
    #[must_use]
    pub fn raw_fd(&self) -> RawFd {
        self.selector.raw_fd()
    }

    /// Returns the kernel's queue, or an error in a forked child.
    pub(crate) fn selector(&self) -> Result<&Selector> {
        self.check_fork()?;
        Ok(&self.selector)
    }

    /// Returns the instance id, which no other registry of the process has.
    #[inline]
    pub(crate) fn instance_id(&self) -> NonZeroU32 {
        self.instance
    }

    #[inline]
    pub(crate) fn check_fork(&self) -> Result<()> {
        self.attention.check_fork()
    }

    /// Returns whether only the kernel can have events, and this process is the one that may ask
    /// it.
    #[inline]
    pub(super) fn is_calm(&self) -> bool {
        self.attention.is_calm()
    }

    /// Notes that something besides the kernel may need attention.
    #[inline]
    pub(super) fn request_attention(&mut self) {
        self.attention.request();
    }

    /// Notes that nothing else does, unless polls spin. Returns whether that is so.
    #[inline]
    pub(super) fn settle(&mut self) -> bool {
        let settled = !self.waiter.spins();
        if settled {
            self.attention.settle();
        }
        settled
    }

    /// Makes a whole poll of the kernel only, if nothing else needs attention: mostly one system
    /// call.
    #[inline(always)]
    pub(super) fn poll_kernel(&mut self, batch: &mut Batch, timeout: Timeout) -> Result<()> {
        let endless = timeout.is_endless();
        // For any other timeout the kernel sets up a timer, even if there are events already.
        let ask = endless || timeout.is_zero() || self.waiter.should_probe();
        if ask {
            let wait = if endless { Wait::Endless } else { Wait::No };
            match self.selector.select(batch.slots(), wait) {
                Ok(count) => batch.set_len(count),
                Err(error) => {
                    batch.clear();
                    self.waiter.ignore_signal(error, endless)?;
                }
            }
            if !batch.is_empty() || timeout.is_zero() {
                return Ok(());
            }
        } else {
            batch.clear();
        }
        self.sleep(batch, timeout, Instant::MAX)?;
        Ok(())
    }

    /// Makes a poll that spins first, if that is set. Returns whether it did: if not, the poll is
    /// as any other.
    #[inline(never)]
    fn poll_attentively(&mut self, batch: &mut Batch, timeout: Timeout) -> Result<bool> {
        batch.clear();
        self.check_fork()?;
        if !self.waiter.spins() || timeout.is_zero() {
            return Ok(false);
        }
        self.sleep(batch, timeout, Instant::MAX)?;
        Ok(true)
    }

    /// Appends the kernel events that are there to `batch`, if it is not full, and if the kernel is
    /// to be asked. Returns whether there were any.
    #[inline(always)]
    pub(super) fn collect(&mut self, batch: &mut Batch, ask: bool) -> Result<bool> {
        if !ask || batch.is_full() {
            return Ok(false);
        }
        match self.selector.select(batch.spare(), Wait::No) {
            Ok(count) => {
                batch.grow(count);
                Ok(count != 0)
            }
            Err(error) => self.waiter.ignore_signal(error, false).map(|()| false),
        }
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").field("fd", &self.raw_fd()).finish_non_exhaustive()
    }
}

fn next_instance_id() -> NonZeroU32 {
    static IDS: AtomicU32 = AtomicU32::new(1);
    loop {
        if let Some(id) = NonZeroU32::new(IDS.fetch_add(1, Relaxed)) {
            return id;
        }
    }
}
