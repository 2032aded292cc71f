//! What not every kernel offers.

use super::Registry;
use crate::error::Result;
use crate::id::EventedId;
use crate::interests::{Interests, PollOption};
use crate::subscription::Subscription;
use crate::sys::BusyPoll;
use crate::sys::fd::RawFd;

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
