//! Whether an event that was delivered still stands.

use super::entry::PERIODIC;
use super::{DeadlineKey, TimerWheel};

impl<const N: usize> TimerWheel<N> {
    /// Returns whether the deadline of `key` has fired, and was not changed since.
    ///
    /// * Of a single deadline: whether it is over, that is, not pending. (One that was cancelled is
    ///   over, too: its key is of no more use.)
    /// * Of an interval: whether it has ticked, and since its latest tick was neither cancelled nor
    ///   moved by [`update`](TimerWheel::update).
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
    /// assert!(!wheel.has_fired(key));
    /// wheel.expire(at(100), 1, |_, _| {});
    /// assert!(wheel.has_fired(key));
    /// wheel.update(key, at(900))?;
    /// assert!(!wheel.has_fired(key));
    /// # Ok::<(), mio_st::Error>(())
    /// ```
    #[must_use]
    pub fn has_fired(&self, key: DeadlineKey) -> bool {
        let periodic = key.generation.get() & PERIODIC != 0;
        match self.contains(key) {
            true => periodic && self.leaves.is_at_tick(key.leaf),
            false => !periodic,
        }
    }
}
