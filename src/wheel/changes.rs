//! Adding, moving and taking out.

use core::hint::select_unpredictable;
use core::time::Duration;

use super::entry::{PERIODIC, Place, entry, urgency};
use super::tournament::BATCH;
use super::{DeadlineKey, FEW, RESTART, TimerWheel};
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
        let urgency = urgency(deadline.as_nanos());
        if let Some(place) = self.places.take_used() {
            let key = self.admit(place, urgency, id, 0);
            self.enter(key, urgency);
            Ok(key)
        } else {
            // It is entered later, with its batch.
            let place = self.take_fresh().ok_or(Error::Full)?;
            let key = self.admit(place, urgency, id, 0);
            if N <= FEW {
                self.lead_few(place, urgency);
            } else {
                self.lead(place, urgency);
            }
            Ok(key)
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
        let (Some(place), Some(partner)) = (self.take(), self.take()) else {
            return Err(Error::Full);
        };
        self.places.join(place, partner, period);
        self.periodic += 1;
        let urgency = urgency(first.as_nanos());
        let key = self.admit(place, urgency, id, PERIODIC);
        self.enter(key, urgency);
        Ok(key)
    }

    /// Moves a deadline. To move it further away is the cheapest thing that a wheel does: made for a timeout
    /// that each byte of a connection pushes back.
    ///
    /// # Errors
    ///
    /// [`Error::StaleKey`] if the deadline has fired or was cancelled, or never was in this wheel.
    #[inline]
    pub fn update(&mut self, key: DeadlineKey, deadline: Instant) -> Result<()> {
        let old = self.places.find(key).ok_or(Error::StaleKey)?;
        let new = urgency(deadline.as_nanos());
        self.places.set_urgency(key.place, new);
        if new > old {
            self.bring_forward(key, new);
        } else if new < old && self.earliest == key.place {
            self.settled = false;
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
        self.places.find(key).ok_or(Error::StaleKey)?;
        if key.stamp.get() & PERIODIC != 0 {
            self.release_partner(key.place);
        }
        self.release(key.place);
        Ok(())
    }

    /// Takes the earliest deadline of an id out, and says whether there was one. It looks through all of
    /// them: who keeps the key is better served by [`cancel`](TimerWheel::cancel).
    pub fn remove(&mut self, id: EventedId) -> bool {
        let wanted = self.places.live().filter(|&place| self.places.id(place) == id.0);
        let first = wanted.max_by_key(|&place| self.places.entry(place));
        first.is_some_and(|place| self.cancel(self.places.key(place)).is_ok())
    }

    /// Takes a place that nobody uses.
    #[inline]
    fn take(&mut self) -> Option<Place> {
        self.places.take_used().or_else(|| self.take_fresh())
    }

    #[inline]
    fn take_fresh(&mut self) -> Option<Place> {
        let place = self.places.take_fresh()?;
        if place.is_multiple_of(BATCH) {
            self.begin(place);
        }
        Some(place)
    }

    /// Prepares a batch of places, from this one on, that were not used since the restart: enters the timers
    /// of those before, and clears what is remembered from before the restart.
    #[inline(never)]
    fn begin(&mut self, place: Place) {
        self.places.choose_stamps();
        self.catch_up(place);
        self.tournament.clear(place);
    }

    /// Puts a timer into a place.
    #[inline]
    fn admit(&mut self, place: Place, urgency: u64, id: EventedId, flags: u32) -> DeadlineKey {
        let key = self.places.fill(place, urgency, id.0, flags);
        self.len += 1;
        key
    }

    /// Notes a timer's urgency, which has grown.
    #[inline]
    fn lead(&mut self, place: Place, urgency: u64) {
        if urgency > self.bound {
            if Self::KEEPS_RIVAL {
                self.rival = self.bound;
            }
            (self.bound, self.earliest, self.settled) = (urgency, place, true);
        } else if Self::KEEPS_RIVAL && urgency > self.rival {
            self.rival = urgency;
        }
    }

    /// The same without a branch, and without a rival.
    #[inline]
    fn lead_few(&mut self, place: Place, urgency: u64) {
        const { assert!(!TimerWheel::<FEW>::KEEPS_RIVAL) }
        let leads = urgency > self.bound;
        self.earliest = select_unpredictable(leads, place, self.earliest);
        self.bound = self.bound.max(urgency);
        self.settled |= leads;
    }

    #[inline(never)]
    fn bring_forward(&mut self, key: DeadlineKey, urgency: u64) {
        self.enter(key, urgency);
    }

    /// Has a timer play whose urgency has grown.
    #[inline(always)]
    fn enter(&mut self, key: DeadlineKey, urgency: u64) {
        self.lead(key.place, urgency);
        self.tournament.enter(key.place, entry(urgency, key.stamp.get(), key.place));
    }

    /// Gives a timer's place back. What the tournament knows of it is found to be stale when it matters.
    #[inline]
    pub(super) fn release(&mut self, place: Place) {
        self.places.give_back(place);
        self.len -= 1;
        if self.earliest == place {
            self.settled = false;
        }
        if self.len == 0 {
            self.restart();
        }
    }

    /// Gives the second place of a periodic timer back.
    #[cold]
    #[inline(never)]
    pub(super) fn release_partner(&mut self, place: Place) {
        self.places.give_back(self.places.partner(place));
        self.periodic -= 1;
    }

    /// The wheel is empty. Where much was used, it begins at the first place again, and forgets all that is stale
    /// at once: a *restart*.
    #[inline]
    fn restart(&mut self) {
        // The earliest is looked for from this place on: one that will be used.
        (self.bound, self.earliest, self.rival) = (0, 0, 0);
        if self.places.used() > RESTART {
            self.places.forget_used();
            self.entered = 0;
        }
    }
}
