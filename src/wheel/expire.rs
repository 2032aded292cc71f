//! Firing what is due.

use super::entry::{Leaf, PERIODIC, deadline, priority};
use super::{EXPIRE_REPAIR_LIMIT, TimerWheel};
use crate::id::EventedId;
use crate::ready::Ready;
use crate::time::Instant;

impl<const N: usize> TimerWheel<N> {
    /// Delivers deadlines that are due at `now`, with [`Ready::TIMER`], in order: at most `room`.
    /// Returns how many that was. The others stay, and can still be cancelled or moved.
    ///
    /// The work of one call is bounded. So it may deliver fewer than `room`, or none, although more
    /// are due; then [`next_wakeup`](TimerWheel::next_wakeup) is not after `now`, and the next call
    /// goes on.
    ///
    /// A call when nothing is due costs next to nothing.
    #[inline]
    pub fn expire(
        &mut self,
        now: Instant,
        room: usize,
        mut deliver: impl FnMut(EventedId, Ready),
    ) -> usize {
        let now = priority(now.as_nanos());
        let mut fired = 0;
        let mut work = EXPIRE_REPAIR_LIMIT;
        while fired < room && self.is_due(now, &mut work) {
            let id = self.fire(now);
            fired += 1;
            // The wheel is in order whatever the caller's code does.
            deliver(id, Ready::TIMER);
        }
        fired
    }

    /// Takes the earliest deadline, if it is due at `now`. Returns its id, or `None`.
    ///
    /// It is [`expire`](TimerWheel::expire) with room for one, without a closure: the wheel is not
    /// borrowed while the timer is handled, so the handler may set another one. Two calls in a row
    /// return deadlines in the same order. An interval moves to its next tick.
    ///
    /// ```
    /// use core::time::Duration;
    /// use mio_st::event::EventedId;
    /// use mio_st::time::Instant;
    /// use mio_st::timer::TimerWheel;
    ///
    /// let mut wheel = TimerWheel::<8>::new();
    /// wheel.insert(Instant::from_nanos(100), EventedId(1))?;
    /// wheel.insert(Instant::from_nanos(200), EventedId(2))?;
    ///
    /// let now = Instant::from_nanos(250);
    /// while let Some(id) = wheel.pop_expired(now) {
    ///     // Again, 50 ns from now.
    ///     wheel.insert(now + Duration::from_nanos(50), id)?;
    /// }
    /// assert_eq!((wheel.len(), wheel.next_deadline()), (2, Some(Instant::from_nanos(300))));
    /// # Ok::<(), mio_st::Error>(())
    /// ```
    ///
    /// A loop that inserts deadlines which are due, as above with a delay of zero, does not end.
    ///
    /// The work of one call is bounded. So it may return `None` although a deadline is due; then
    /// [`next_wakeup`](TimerWheel::next_wakeup) is not after `now`, and the next call goes on.
    #[inline]
    pub fn pop_expired(&mut self, now: Instant) -> Option<EventedId> {
        let now = priority(now.as_nanos());
        let mut work = EXPIRE_REPAIR_LIMIT;
        self.is_due(now, &mut work).then(|| self.fire(now))
    }

    /// Returns whether the first timer is due, and known; finds it with as many repairs as are
    /// left.
    #[inline]
    fn is_due(&mut self, now: u64, repairs: &mut u32) -> bool {
        if self.is_empty() || self.bound < now {
            return false;
        }
        if self.is_exact() {
            return true;
        }
        *repairs = self.find_first(*repairs);
        self.is_exact() && self.bound >= now
    }

    /// Takes the first timer, which is known, out; moves a periodic one to its next tick.
    #[inline]
    fn fire(&mut self, now: u64) -> EventedId {
        let leaf = self.first;
        let id = EventedId(self.leaves.id(leaf));
        if self.leaves.generation(leaf) & PERIODIC != 0 {
            self.rearm(leaf, now);
        } else {
            self.release(leaf);
        }
        if self.len != 0 {
            self.repair(leaf);
        }
        id
    }

    /// Moves the first timer, which is periodic, to its next tick, or takes it out at the end of
    /// time.
    #[cold]
    #[inline(never)]
    fn rearm(&mut self, leaf: Leaf, now: u64) {
        let period = self.leaves.period(self.leaves.period_leaf(leaf));
        match next_tick(deadline(self.bound), period, deadline(now)) {
            Some(tick) => self.leaves.set_tick(leaf, priority(tick)),
            None => {
                self.release_period_leaf(leaf);
                self.release(leaf);
            }
        }
    }
}

/// Returns the first tick after `now` on the grid that `deadline` lies on; `None` at the end of
/// time.
fn next_tick(deadline: u64, period: u64, now: u64) -> Option<u64> {
    let late = now.saturating_sub(deadline);
    let missed = if late < period { 0 } else { late / period * period };
    deadline.checked_add(missed)?.checked_add(period)
}

#[cfg(test)]
mod tests {
    use super::next_tick;

    #[test]
    fn ticks_keep_to_their_grid() {
        assert_eq!(next_tick(100, 10, 100), Some(110));
        assert_eq!(next_tick(100, 10, 109), Some(110));
        assert_eq!(next_tick(100, 10, 110), Some(120));
        assert_eq!(next_tick(103, 10, 1_000_000_000), Some(1_000_000_003));
        assert_eq!(next_tick(0, 1, u64::MAX - 1), Some(u64::MAX));
        assert_eq!(next_tick(0, 1, u64::MAX), None);
        assert_eq!(next_tick(5, u64::MAX, 5), None);
        assert_eq!(next_tick(0, u64::MAX, 5), Some(u64::MAX));
    }
}
