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
        let Some(node) = self.store.take() else {
            return Err(Error::Full);
        };
        Ok(self.admit(node, deadline, id.0, 0))
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
        let (Some(node), Some(second)) = (self.store.take(), self.store.take()) else {
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
        if self.earliest == node && deadline != old {
            self.earliest = UNKNOWN;
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
        if key.stamp.get() & PERIODIC != 0 {
            self.give_back_second(self.store.id(node) as Node);
        }
        self.unlink(node);
        self.store.give_back(node);
        self.len -= 1;
        if self.earliest == node {
            self.earliest = UNKNOWN;
        }
        Ok(())
    }

    /// Takes the earliest deadline of an id out, and says whether there was one. It looks through all of
    /// them: who keeps the key is better served by [`cancel`](TimerWheel::cancel).
    pub fn remove(&mut self, id: EventedId) -> bool {
        let (_, node) = self.store.first_live(|node| self.id(node) == id);
        node != UNKNOWN && self.store.key(node).is_some_and(|key| self.cancel(key).is_ok())
    }

    /// Fills a node in and files it.
    #[inline]
    fn admit(&mut self, node: Node, deadline: Instant, id: usize, flags: u32) -> DeadlineKey {
        let deadline = deadline.as_nanos();
        let key = self.store.name(node, deadline, id, flags);
        self.len += 1;
        if self.len == 1 {
            self.bound = u64::MAX;
        }
        self.file(node, deadline);
        key
    }

    /// Puts a timer into its slot.
    #[inline]
    pub(super) fn file(&mut self, node: Node, deadline: u64) {
        self.append(node, deadline);
        if deadline < self.bound {
            (self.bound, self.earliest) = (deadline, node);
        }
    }

    #[inline(never)]
    fn bring_forward(&mut self, node: Node, deadline: u64) {
        self.store.set_deadline(node, deadline);
        self.unlink(node);
        self.file(node, deadline);
    }

    #[cold]
    pub(super) fn give_back_second(&mut self, second: Node) {
        self.store.give_back(second);
        self.periodic -= 1;
    }
}
