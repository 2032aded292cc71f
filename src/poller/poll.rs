//! A poll, in the order in which it runs.

use core::time::Duration;

use super::Poller;
use super::wait::{OnSignal, Timeout};
use crate::error::Result;
use crate::events::{Batch, Events};
use crate::sys::clock;
use crate::time::Instant;

/// What is left to do when expired timers and user events are in the batch.
#[derive(Copy, Clone, PartialEq, Eq)]
enum Next {
    /// To ask the kernel as if there were no other source of events.
    KernelOnly,
    /// To ask the kernel, without waiting, if there are slots left.
    Last,
    /// The same, and then to fill what is left: more is pending than the shares were.
    Fill,
    /// The same, and then to wait, unless the kernel has reported an event.
    ProbeAndWait,
    /// To wait.
    Wait,
}

impl<const USER: usize, const TIMERS: usize> Poller<USER, TIMERS> {
    /// Clears `events` and fills it. If nothing is pending, it blocks until there is an event, or
    /// until `timeout` has passed: never shorter, and longer by the kernel's timer slack and
    /// scheduling delay. `Some(Duration::ZERO)` returns at once. `None` blocks until there is at
    /// least one event. Signals do not interrupt it.
    ///
    /// The slack of the kernel's timers is 50 µs by default on Linux, and 0.1 % of long timeouts.
    /// [`Registry::set_precise`](crate::poll::Registry::set_precise) takes it away for this poller,
    /// [`set_timer_slack`](crate::unix::set_timer_slack) makes it smaller for a whole thread;
    /// [`Registry::set_spin`](crate::poll::Registry::set_spin) trades processor time for latency.
    ///
    /// # Errors
    ///
    /// [`Forked`](crate::Error::Forked), and nothing has changed; or an OS error: see
    /// epoll_wait(2), kevent(2), clock_gettime(2). After an error, `events` may contain user events
    /// and timers that were taken before it: handle them, because they are not reported again.
    // Inlined as far as the system call: after one, the processor mispredicts the return from each
    // function that was entered before it.
    #[inline(always)]
    pub fn poll<const N: usize>(
        &mut self,
        events: &mut Events<N>,
        timeout: Option<Duration>,
    ) -> Result<()> {
        let (batch, timeout) = (events.batch(), Timeout::new(timeout));
        let next = match self.registry.is_calm() {
            true => Some(Next::KernelOnly),
            false if self.user.has_pending() => None,
            false => self.nothing_yet(batch, timeout),
        };
        let next = match next {
            Some(next) => Ok(next),
            None => self.before_kernel(batch, timeout),
        };
        let result = match next {
            Ok(Next::KernelOnly) => self.registry.poll_kernel(batch, timeout),
            Ok(next) => match self.registry.collect(batch, next != Next::Wait) {
                Ok(_) if next == Next::Last => Ok(()),
                Ok(true) if next == Next::ProbeAndWait => Ok(()),
                Ok(reported) => self.after_kernel(batch, timeout, next, reported),
                Err(error) => Err(error),
            },
            Err(error) => Err(error),
        };
        batch.rewind();
        trace!("poll: {result:?}, {} events", events.len());
        result
    }

    /// Returns what is next if there is no user event, unless a timer may have expired.
    #[inline(never)]
    fn nothing_yet(&mut self, batch: &mut Batch, timeout: Timeout) -> Option<Next> {
        batch.clear();
        let nothing = self.registry.check_fork().is_ok() && !self.may_be_due();
        nothing.then(|| self.next_of_kernel(timeout))
    }

    /// Appends expired timers and user events, each up to its share of the batch.
    #[inline(never)]
    fn before_kernel(&mut self, batch: &mut Batch, timeout: Timeout) -> Result<Next> {
        batch.clear();
        self.registry.check_fork()?;
        let shares = self.rotation.shares(batch.capacity());
        // Without a user event `nothing_yet` was asked, and a timer may be due.
        let may_be_due = !self.user.has_pending() || self.may_be_due();
        let mut more = may_be_due && self.expire(batch, shares.timers, None)?;
        self.user.begin_round();
        self.deliver(batch, shares.user);
        more |= self.user.has_pending();
        if !more && batch.is_empty() {
            // The timer that is near has not expired yet.
            return Ok(self.next_of_kernel(timeout));
        }
        self.settle();
        Ok(if more { Next::Fill } else { Next::Last })
    }

    /// Returns how the kernel is asked if there is no event yet.
    #[inline]
    fn next_of_kernel(&mut self, timeout: Timeout) -> Next {
        if self.settle() || timeout.is_zero() {
            Next::KernelOnly
        } else if self.registry.waiter.should_probe() {
            Next::ProbeAndWait
        } else {
            Next::Wait
        }
    }

    /// Fills the slots that are left with what is pending beyond the shares, or waits until there
    /// is an event or `timeout` ends. `reported` says that the batch has kernel events.
    #[inline(never)]
    fn after_kernel(
        &mut self,
        batch: &mut Batch,
        mut timeout: Timeout,
        next: Next,
        mut reported: bool,
    ) -> Result<()> {
        let (mut due, mut now) = (next == Next::Fill, None);
        loop {
            // Timers come before kernel events: there are further ones only if the kernel reported
            // nothing.
            due = due && !reported && self.expire(batch, batch.free_slots(), now.take())?;
            self.deliver(batch, batch.free_slots());
            if due && batch.is_empty() {
                // A wheel in which many timers were moved goes through them in steps. Between two
                // of them the kernel is asked.
                reported = self.registry.collect(batch, true)?;
                continue;
            }
            if !batch.is_empty() || timeout.is_zero() {
                return Ok(());
            }
            let wakeup = self.timers.next_wakeup().unwrap_or(Instant::MAX);
            let woken = self.registry.sleep(batch, timeout, wakeup)?;
            if !batch.is_empty() {
                return Ok(());
            }
            (timeout, now, due) = (woken.left, Some(woken.now), true);
        }
    }

    /// Appends up to `limit` expired timers. Returns whether more may be due. It reads the clock
    /// unless it is given the time.
    #[inline(never)]
    fn expire(&mut self, batch: &mut Batch, limit: usize, now: Option<Instant>) -> Result<bool> {
        if self.timers.is_empty() {
            return Ok(false);
        }
        let now = now.map_or_else(clock::now, Ok)?;
        self.timers.expire(now, limit, |id, ready| batch.push(id, ready));
        Ok(self.timers.wakeup_bound() <= now)
    }

    /// Appends up to `limit` user events of this round.
    #[inline]
    fn deliver(&mut self, batch: &mut Batch, limit: usize) {
        if self.user.has_queued_sources() {
            return self.deliver_each(batch, limit);
        }
        let (first, second) = self.user.take_slices(limit);
        batch.extend(first);
        if !second.is_empty() {
            batch.extend(second);
        }
    }

    /// The same, one by one.
    #[inline(never)]
    fn deliver_each(&mut self, batch: &mut Batch, limit: usize) {
        for _ in 0..limit {
            let Some((id, ready)) = self.user.pop() else { return };
            batch.push(id, ready);
        }
    }

    /// Returns whether a timer may be due, in a few nanoseconds if none is near.
    #[inline]
    fn may_be_due(&self) -> bool {
        let wakeup = self.timers.wakeup_bound();
        wakeup != Instant::MAX
            && clock::coarse().is_none_or(|now| wakeup <= now + clock::SLOWEST_TICK)
    }

    /// Returns whether only the kernel can have events. Then the next poll knows it at once.
    #[inline]
    fn settle(&mut self) -> bool {
        let settled = self.timers.is_empty() && !self.user.has_pending();
        settled && self.registry.settle()
    }

    /// Polls as [`poll`](Poller::poll) does, but returns if a signal interrupts the wait.
    ///
    /// A signal that is delivered just before the call does not. To avoid that race use
    /// [`Signals`](crate::unix::Signals), or call a [`Waker`](crate::unix::Waker) from the handler.
    ///
    /// # Errors
    ///
    /// `Os(EINTR)` if a signal's handler has run, or on Linux if the process was stopped and
    /// continued (see signal(7)), and as `poll`.
    pub fn poll_interruptible<const N: usize>(
        &mut self,
        events: &mut Events<N>,
        timeout: Option<Duration>,
    ) -> Result<()> {
        self.registry.waiter.set_on_signal(OnSignal::Return);
        let result = self.poll(events, timeout);
        self.registry.waiter.set_on_signal(OnSignal::Retry);
        result
    }

    /// Fills `events` with user events and expired timers only, without waiting, and without a
    /// system call (reading the clock, if there are timers, is none on most systems).
    ///
    /// # Errors
    ///
    /// [`Forked`](crate::Error::Forked), or the error of clock_gettime(2).
    #[inline]
    pub fn poll_userspace<const N: usize>(&mut self, events: &mut Events<N>) -> Result<()> {
        let batch = events.batch();
        batch.clear();
        if self.registry.is_calm() {
            return Ok(());
        }
        self.userspace_only(batch)
    }

    #[inline(never)]
    fn userspace_only(&mut self, batch: &mut Batch) -> Result<()> {
        self.registry.check_fork()?;
        let mut due = self.may_be_due();
        if due {
            let share = self.rotation.timers_in_userspace(batch.capacity());
            due = self.expire(batch, share, None)?;
        }
        self.user.begin_round();
        self.deliver(batch, batch.free_slots());
        while due && !batch.is_full() {
            due = self.expire(batch, batch.free_slots(), None)?;
        }
        trace!("poll_userspace: {} events", batch.len());
        Ok(())
    }
}
