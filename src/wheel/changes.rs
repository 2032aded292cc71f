//! Adding, moving and taking out.

use core::time::Duration;

use super::store::{Node, PERIODIC};
use super::{DeadlineKey, TimerWheel, UNKNOWN};
use crate::error::{Error, Result};
use crate::id::EventedId;
use crate::time::Instant;

impl<const N: usize> TimerWheel<N> {
    /// Adds a deadline. When it has passed, [`expire`](TimerWheel::expire) delivers `id`, once.
    ///
    /// # Errors
    ///
    /// [`Error::Full`] if all `N` places are taken. Nothing has changed then.
    #[inline]
    pub fn insert(&mut self, deadline: Instant, id: EventedId) -> Result<DeadlineKey> {
        match self.store.take_used() {
            Some(node) => Ok(self.admit(node, deadline, id.0, 0)),
            None => self.insert_fresh(deadline, id),
        }
    }

    /// Adds a periodic deadline: `first`, and then every `period`, until it is cancelled.
    ///
    /// It does not drift: the next tick is due one period after the last one was *due*. Where one or more
    /// ticks have been missed by the time they are asked for, they are delivered as one, and the next tick is
    /// the first one after now that lies on the grid. The key is good for all ticks. An
    /// [`update`](TimerWheel::update) moves the next tick, and with it the grid.
    ///
    /// It takes two of the `N` places, and counts as one deadline.
    ///
    /// ```
    /// use core::time::Duration;
    /// use mio_st::event::EventedId;
    /// use mio_st::time::Instant;
    /// use mio_st::timer::TimerWheel;
    ///
    /// let mut wheel = TimerWheel::<2>::new();
    /// let at = Instant::from_nanos;
    /// let key = wheel.insert_interval(at(100), Duration::from_nanos(100), EventedId(1))?;
    /// assert_eq!(wheel.expire(at(350), 16, |_, _| {}), 1);
    /// assert_eq!(wheel.deadline(key), Some(at(400)));
    /// # Ok::<(), mio_st::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Full`] unless two places are free; [`Error::InvalidInput`] if the period is zero. Nothing has
    /// changed then.
    pub fn insert_interval(
        &mut self,
        first: Instant,
        period: Duration,
        id: EventedId,
    ) -> Result<DeadlineKey> {
        let period = Instant::ZERO.saturating_add(period).as_nanos();
        if period == 0 {
            return Err(Error::InvalidInput);
        }
        if self.len as usize + self.periodic as usize + 2 > N {
            return Err(Error::Full);
        }
        let (Some(node), Some(second)) = (self.take(), self.take()) else {
            return Err(Error::Full);
        };
        self.store.fill_second(second, period, id.0);
        self.periodic += 1;
        Ok(self.admit(node, first, second as usize, PERIODIC))
    }

    /// Moves a deadline. To move it further away is the cheapest thing that a wheel does: made for a timeout
    /// that each byte of a connection pushes back.
    ///
    /// # Errors
    ///
    /// [`Error::StaleKey`] if the deadline has fired or was cancelled, or never was in this wheel.
    #[inline]
    pub fn update(&mut self, key: DeadlineKey, deadline: Instant) -> Result<()> {
        let Some((node, old)) = self.store.find(key) else {
            return Err(Error::StaleKey);
        };
        let deadline = deadline.as_nanos();
        if deadline < old {
            self.bring_forward(node, deadline);
            return Ok(());
        }
        self.store.set_deadline(node, deadline);
        if old <= self.horizon && deadline != old {
            self.push_back_early(node, deadline);
        }
        Ok(())
    }

    /// Takes a deadline out: it will not fire.
    ///
    /// # Errors
    ///
    /// [`Error::StaleKey`] if the deadline has fired or was cancelled, or never was in this wheel.
    #[inline]
    pub fn cancel(&mut self, key: DeadlineKey) -> Result<()> {
        let Some((node, _)) = self.store.find(key) else {
            return Err(Error::StaleKey);
        };
        self.unlink(node);
        self.release(node);
        Ok(())
    }

    /// Takes the earliest deadline of an id out, and says whether there was one. It looks through all of
    /// them: who keeps the key is better served by [`cancel`](TimerWheel::cancel).
    pub fn remove(&mut self, id: EventedId) -> bool {
        let first = self.store.first_live(|node| self.id(node) == id);
        first.and_then(|(_, node)| self.store.key(node)).is_some_and(|key| self.cancel(key).is_ok())
    }

    /// Adds a deadline to a wheel that is fuller than ever before.
    #[inline(never)]
    fn insert_fresh(&mut self, deadline: Instant, id: EventedId) -> Result<DeadlineKey> {
        let node = self.take().ok_or(Error::Full)?;
        Ok(self.admit(node, deadline, id.0, 0))
    }

    /// Takes a node that nobody uses.
    fn take(&mut self) -> Option<Node> {
        if self.store.is_untouched() {
            self.store.choose_stamps();
            self.forget_first();
        }
        self.store.take_used().or_else(|| self.store.take_fresh())
    }

    /// Fills a node in and files it.
    #[inline]
    fn admit(&mut self, node: Node, deadline: Instant, id: usize, flags: u32) -> DeadlineKey {
        let deadline = deadline.as_nanos();
        let key = self.store.name(node, deadline, id, flags);
        self.len += 1;
        if self.is_early(deadline) {
            return self.admit_early(key, deadline);
        }
        self.file(node, deadline);
        key
    }

    #[inline(never)]
    fn admit_early(&mut self, key: DeadlineKey, deadline: u64) -> DeadlineKey {
        self.file_again(key.node, deadline);
        key
    }

    /// Gives the node of a timer back that is in no slot any more.
    #[inline]
    pub(super) fn release(&mut self, node: Node) {
        if self.store.stamp(node) & PERIODIC != 0 {
            return self.release_both(node);
        }
        self.release_one(node);
    }

    /// Gives both nodes of a periodic timer back.
    #[cold]
    #[inline(never)]
    fn release_both(&mut self, node: Node) {
        self.store.give_back(self.store.id(node) as Node);
        self.periodic -= 1;
        self.release_one(node);
    }

    #[inline]
    fn release_one(&mut self, node: Node) {
        self.store.give_back(node);
        self.len -= 1;
        if self.earliest == node {
            self.earliest = UNKNOWN;
        }
        if self.len == 0 {
            self.forget_first();
        }
    }

    #[inline(never)]
    fn bring_forward(&mut self, node: Node, deadline: u64) {
        self.store.set_deadline(node, deadline);
        self.unlink(node);
        self.file_again(node, deadline);
    }
}
