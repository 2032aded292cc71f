//! Adding, moving and taking out.

use core::hint::select_unpredictable;
use core::time::Duration;

use super::entry::{GENERATION_STEP, Leaf, OCCUPIED, PERIODIC, entry, is_timer, priority};
use super::hash::TOLERANCE_IF_EMPTY;
use super::tree::NODE_LEAVES;
use super::{DeadlineKey, TimerWheel};
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
        let deadline = deadline.as_nanos();
        match self.alloc_near(deadline) {
            Some(leaf) => Ok(self.insert_at(leaf, deadline, id, 0)),
            None => self.insert_anywhere(deadline, id),
        }
    }

    /// Inserts a timer whose slot was not used yet, or is full and no leaf is spare.
    // Only calls at the end of a function that is inlined: it has no registers to save.
    #[cold]
    #[inline(never)]
    fn insert_anywhere(&mut self, deadline: u64, id: EventedId) -> Result<DeadlineKey> {
        let leaf = self.alloc(deadline).ok_or(Error::Full)?;
        Ok(self.insert_at(leaf, deadline, id, 0))
    }

    /// Adds a periodic deadline: `first`, and then every `period`, until it is cancelled.
    ///
    /// It does not drift: the next tick is due one period after the last one was *due*. If one or
    /// more ticks have been missed by the time they are asked for, they are delivered as one, and
    /// the next tick is the first one after now that lies on the grid. The key is good for all
    /// ticks. An [`update`](TimerWheel::update) moves the next tick, and with it the grid.
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
    /// [`Error::Full`] unless two places are free; [`Error::InvalidInput`] if the period is zero.
    /// Nothing has changed then.
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
        let deadline = first.as_nanos();
        let (Some(leaf), Some(period_leaf)) = (self.alloc(deadline), self.alloc(deadline)) else {
            return Err(Error::Full);
        };
        self.leaves.write_period(leaf, period_leaf, period);
        self.periodic += 1;
        Ok(self.insert_at(leaf, deadline, id, PERIODIC))
    }

    /// Moves a deadline. Postponing one is the cheapest operation of a wheel, made for timeouts
    /// that each byte of a connection pushes back.
    ///
    /// # Errors
    ///
    /// [`Error::StaleKey`] if the deadline has fired or was cancelled, or never was in this wheel.
    #[inline]
    pub fn update(&mut self, key: DeadlineKey, deadline: Instant) -> Result<()> {
        let old = self.leaves.find(key).ok_or(Error::StaleKey)?;
        let new = priority(deadline.as_nanos());
        self.leaves.set_priority(key.leaf, new);
        if new > old {
            self.bring_forward(key, new);
        } else if new < old && self.first == key.leaf {
            self.exact = false;
        }
        Ok(())
    }

    /// Cancels a deadline: it will not fire.
    ///
    /// # Errors
    ///
    /// [`Error::StaleKey`] if the deadline has fired or was cancelled, or never was in this wheel.
    #[inline]
    pub fn cancel(&mut self, key: DeadlineKey) -> Result<()> {
        self.leaves.find(key).ok_or(Error::StaleKey)?;
        if key.generation.get() & PERIODIC != 0 {
            self.cancel_periodic(key.leaf);
        } else {
            self.release(key.leaf);
        }
        Ok(())
    }

    /// Cancels the earliest deadline of an id. Returns whether there was one. It searches all of
    /// them: prefer [`cancel`](TimerWheel::cancel) if you have the key.
    pub fn remove(&mut self, id: EventedId) -> bool {
        let wanted = self.live().filter(|&leaf| self.leaves.id(leaf) == id.0);
        let first = wanted.max_by_key(|&leaf| self.leaves.entry(leaf));
        first.is_some_and(|leaf| self.cancel(self.key(leaf)).is_ok())
    }

    /// Stores a timer in a leaf, and enters it.
    #[inline(always)]
    fn insert_at(&mut self, leaf: Leaf, deadline: u64, id: EventedId, flags: u32) -> DeadlineKey {
        let priority = priority(deadline);
        let generation = OCCUPIED | self.generation.wrapping_sub(GENERATION_STEP);
        self.generation = generation.get();
        let generation = generation | flags;
        let key = DeadlineKey { leaf, generation };
        self.leaves.write(key, priority, id.0);
        self.len += 1;
        self.enter(key, priority)
    }

    /// Enters a timer which is new or has become earlier. Returns its key.
    #[inline(always)]
    fn enter(&mut self, key: DeadlineKey, priority: u64) -> DeadlineKey {
        let leaf = key.leaf;
        let new = entry(priority, key.generation.get(), leaf);
        if Self::SLOTS == 1 {
            // Whether it is the first of so few cannot be predicted: no branch.
            let leads = priority > self.bound;
            self.first = select_unpredictable(leads, leaf, self.first);
            self.bound = self.bound.max(priority);
            self.exact |= leads;
            self.tree.raise(leaf, new);
        } else if self.tree.raise_in_node(leaf, new)
            || priority > self.bound
            || Self::is_sample(key.generation.get())
        {
            return self.enter_above(key, priority);
        }
        key
    }

    /// Enters a timer that is the first of its node, as far as the tree remembers, or of all.
    #[inline(never)]
    fn enter_above(&mut self, key: DeadlineKey, priority: u64) -> DeadlineKey {
        let leaf = key.leaf;
        if Self::is_sample(key.generation.get()) {
            self.sample(priority);
        }
        let other_slot = Self::slot(leaf) != Self::slot(self.first);
        let other_node = leaf / NODE_LEAVES != self.first / NODE_LEAVES;
        if priority > self.bound {
            // A runner-up that equals the bound stands for one that is not known: it is found when
            // it matters. It is not known of a slot or node that has just become the first, and
            // stays unknown if it was.
            if other_slot || self.slot_runner_up >= self.bound {
                self.slot_runner_up = priority;
            }
            if other_node || self.node_runner_up >= self.bound {
                self.node_runner_up = priority;
            }
            (self.bound, self.first, self.exact) = (priority, leaf, true);
        } else {
            if other_slot {
                self.slot_runner_up = self.slot_runner_up.max(priority);
            }
            if other_node {
                self.node_runner_up = self.node_runner_up.max(priority);
            }
        }
        self.tree.raise(leaf, entry(priority, key.generation.get(), leaf));
        key
    }

    #[inline(never)]
    fn bring_forward(&mut self, key: DeadlineKey, priority: u64) {
        self.enter(key, priority);
    }

    /// Frees a timer's leaf. What the tree remembers of it is found to be stale when it matters.
    #[inline(always)]
    pub(super) fn release(&mut self, leaf: Leaf) {
        self.free_leaf(leaf);
        if self.first == leaf {
            self.exact = false;
        }
        self.len -= 1;
        if self.len == 0 {
            self.reset();
        }
    }

    /// Notes that no timer is pending.
    #[inline(never)]
    fn reset(&mut self) {
        if Self::SLOTS > 1 {
            self.adjust(TOLERANCE_IF_EMPTY);
        }
        (self.bound, self.node_runner_up, self.slot_runner_up) = (0, 0, 0);
    }

    #[cold]
    #[inline(never)]
    fn cancel_periodic(&mut self, leaf: Leaf) {
        self.release_period_leaf(leaf);
        self.release(leaf);
    }

    /// Frees the second leaf of a periodic timer.
    #[cold]
    #[inline(never)]
    pub(super) fn release_period_leaf(&mut self, leaf: Leaf) {
        self.free_leaf(self.leaves.period_leaf(leaf));
        self.periodic -= 1;
    }

    /// Returns the leaves of all timers, in no particular order.
    pub(super) fn live(&self) -> impl Iterator<Item = Leaf> {
        // With one slot nothing is skipped: the root is all that is above it.
        let has_timers = |slot: &usize| {
            Self::SLOTS == 1 || is_timer(self.tree.slot_entry((*slot as Leaf) << Self::SLOT_BITS))
        };
        let slots = (0..Self::SLOTS).filter(has_timers);
        let leaves = slots.flat_map(|slot| {
            let first = (slot as Leaf) << Self::SLOT_BITS;
            first..first + Self::size(slot)
        });
        leaves.filter(|&leaf| is_timer(self.leaves.entry(leaf)))
    }

    /// Returns the key of a timer.
    pub(super) fn key(&self, leaf: Leaf) -> DeadlineKey {
        DeadlineKey { leaf, generation: OCCUPIED | self.leaves.generation(leaf) }
    }
}
