//! What not every kernel offers.

use super::Registry;
use crate::error::Result;
use crate::id::EventedId;
use crate::interests::{Interests, PollOption};
use crate::subscription::Subscription;
use crate::sys::fd::RawFd;
use crate::sys::{BusyPoll, KernelTimer};

/// What not every kernel offers: otherwise it is [`Unsupported`](crate::Error::Unsupported).
impl Registry {
    /// Registers a raw descriptor that several pollers watch, such as a listener, so that an event
    /// wakes one of them instead of all (the kernel promises: at least one). All must register it
    /// in this way. Linux 4.5, `EPOLLEXCLUSIVE` in epoll_ctl(2).
    ///
    /// Such a registration cannot be changed, only removed: `reregister` is
    /// [`Unsupported`](crate::Error::Unsupported).
    /// [`READ_CLOSED`](crate::event::Ready::READ_CLOSED) is not reported.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](crate::Error::Unsupported) on kqueue,
    /// [`InvalidInput`](crate::Error::InvalidInput) for `PRIORITY` and for `Oneshot`, and as
    /// [`Evented::register`](crate::event::Evented::register).
    pub fn register_fd_exclusive(
        &mut self,
        fd: RawFd,
        id: EventedId,
        interests: Interests,
        opt: PollOption,
    ) -> Result<()> {
        let subscription = Subscription::new(id, interests, opt);
        let result = self.selector()?.register_exclusive(fd, subscription);
        trace!("register exclusive: fd {fd}, {subscription:?}: {result:?}");
        result
    }

    /// Sets whether polls end without the slack of the kernel's timeouts (default: no). Linux.
    ///
    /// A poll that sleeps is late by the kernel's slack: 50 µs, or a thousandth of a long timeout,
    /// which is more. If this is set, a timer without slack (timerfd_create(2)) wakes it: some
    /// 20 µs after a timeout or a deadline, most of which is the time to wake up. Unlike
    /// [`set_timer_slack`](crate::unix::set_timer_slack) it concerns this poller only, and long
    /// timeouts, too.
    ///
    /// It takes one descriptor. A poll that finds events costs nothing more; one that sleeps makes
    /// one more system call, and one to arm the timer if that is not armed for an earlier time:
    /// deadlines that are pushed back arm it again only when it has expired. Of pollers that share
    /// a source by [`register_fd_exclusive`](Registry::register_fd_exclusive), those that sleep in
    /// this way may be woken as well.
    ///
    /// ```
    /// let mut poller = mio_st::Poller::new()?;
    /// match poller.registry().set_precise(true) {
    ///     Ok(()) | Err(mio_st::Error::Unsupported) => {} // If not, timeouts are as they were.
    ///     Err(error) => return Err(error),
    /// }
    /// # Ok::<(), mio_st::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Unsupported`](crate::Error::Unsupported) on kqueue and in sandboxes without timerfd,
    /// [`Forked`](crate::Error::Forked), or an OS error: out of descriptors (`EMFILE`, `ENFILE`)
    /// or memory. Nothing has changed then.
    pub fn set_precise(&mut self, precise: bool) -> Result<()> {
        self.check_fork()?;
        if precise != self.waiter.has_timer() {
            self.waiter.set_timer(if precise { Some(KernelTimer::new()?) } else { None });
        }
        Ok(())
    }

    /// Returns how busy polling is set.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](crate::Error::Unsupported) if the kernel does not offer it.
    pub fn busy_poll(&self) -> Result<BusyPoll> {
        self.selector()?.busy_poll()
    }

    /// Sets busy polling for all sources that are registered here.
    ///
    /// ```
    /// use mio_st::poll::{BusyPoll, Poller};
    ///
    /// let mut poller = Poller::new()?;
    /// let wanted = BusyPoll { usecs: 50, budget: 16, prefer: false };
    /// match poller.registry().set_busy_poll(wanted) {
    ///     Ok(()) => assert_eq!(poller.registry().busy_poll()?, wanted),
    ///     Err(mio_st::Error::Unsupported) => {} // Linux before 6.9, or another system.
    ///     Err(error) => return Err(error),
    /// }
    /// # Ok::<(), mio_st::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Unsupported`](crate::Error::Unsupported) if the kernel does not offer it,
    /// [`InvalidInput`](crate::Error::InvalidInput) for too many microseconds, `Os(EPERM)` for too
    /// large a budget without the capability.
    pub fn set_busy_poll(&mut self, busy_poll: BusyPoll) -> Result<()> {
        self.selector()?.set_busy_poll(busy_poll)
    }
}
