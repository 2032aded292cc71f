//! Firing what is due.

use super::entry::{PERIODIC, Place, deadline, urgency};
use super::{TimerWheel, WORK};
use crate::id::EventedId;
use crate::ready::Ready;
use crate::time::Instant;

impl<const N: usize> TimerWheel<N> {
    /// Delivers what is due at `now`, with [`Ready::TIMER`], in order: as much as `room` allows, and returns
    /// how much that was. The rest stays, and can still be cancelled or moved.
    ///
    /// The work of one call is bounded. So less than `room` may be delivered although more is due, even
    /// nothing; then [`next_wakeup`](TimerWheel::next_wakeup) is not after `now`, and the next call goes on.
    ///
    /// To call it when nothing is due costs next to nothing.
    #[inline]
    pub fn expire(
        &mut self,
        now: Instant,
        room: usize,
        deliver: impl FnMut(EventedId, Ready),
    ) -> usize {
        let now = urgency(now.as_nanos());
        if self.is_empty() || self.bound < now {
            return 0;
        }
        self.expire_due(now, room, deliver)
    }

    /// Delivers what is at least as urgent as `now`.
    fn expire_due(
        &mut self,
        now: u64,
        room: usize,
        mut deliver: impl FnMut(EventedId, Ready),
    ) -> usize {
        self.catch_up(self.places.used());
        let mut fired = 0;
        let mut work = WORK;
        while fired < room && self.len != 0 {
            if !self.is_settled() {
                work = self.settle(work);
            }
            if self.bound < now || !self.is_settled() {
                break;
            }
            let id = self.fire(now);
            fired += 1;
            // The wheel is in order whatever the caller's code does.
            deliver(id, Ready::TIMER);
        }
        fired
    }

    /// Takes the earliest timer, which is known, out; a periodic one is put off to its next tick.
    #[inline]
    fn fire(&mut self, now: u64) -> EventedId {
        let place = self.earliest;
        let id = EventedId(self.places.id(place));
        if self.places.stamp(place) & PERIODIC != 0 {
            self.put_off(place, now);
        } else {
            self.release(place);
        }
        if self.len != 0 {
            self.repair(place);
        }
        id
    }

    /// Moves the earliest timer, which is periodic, to its next tick, or takes it out at the end of time.
    #[cold]
    #[inline(never)]
    fn put_off(&mut self, place: Place, now: u64) {
        let period = self.places.period(self.places.partner(place));
        match next_tick(deadline(self.bound), period, deadline(now)) {
            Some(tick) => self.places.set_tick(place, urgency(tick)),
            None => {
                self.release_partner(place);
                self.release(place);
            }
        }
    }
}

/// The first tick after `now` on the grid that `deadline` lies on; `None` at the end of time.
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
