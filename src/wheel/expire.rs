//! Firing what is due.

use super::few::Few;
use super::next::Effort;
use super::store::{Node, PERIODIC, Timer};
use super::{BACKGROUND, COARSE, LAG, NO_SLOT, TimerWheel, UNKNOWN};
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
    /// To call it when nothing is due costs next to nothing and keeps the wheel tidy.
    #[inline]
    pub fn expire(
        &mut self,
        now: Instant,
        room: usize,
        deliver: impl FnMut(EventedId, Ready),
    ) -> usize {
        if N == 0 {
            return 0;
        }
        let now = now.as_nanos();
        if self.len != 0 && now >= self.bound {
            let fired = self.expire_due(now, room, deliver);
            if fired != 0 {
                return fired;
            }
        }
        if self.opening != NO_SLOT || now >> LAG > self.pivot >> LAG {
            self.tidy(now);
        }
        0
    }

    /// Delivers what is due, in order, as far as `room` and the work of one call go.
    fn expire_due(
        &mut self,
        now: u64,
        room: usize,
        mut deliver: impl FnMut(EventedId, Ready),
    ) -> usize {
        let mut effort = Effort::until(now);
        let mut fired = 0;
        while fired < room && self.len != 0 {
            if !self.is_settled() && !self.follow_front() {
                self.search(&mut effort);
                if !effort.taken.timers().is_empty() {
                    let mut taken = Taken { wheel: self, timers: &mut effort.taken, place: 0 };
                    while fired < room
                        && let Some(timer) = taken.next()
                    {
                        let id = taken.wheel.fire(timer, now);
                        fired += 1;
                        deliver(id, Ready::TIMER);
                    }
                    continue;
                }
            }
            if self.bound > now || !self.is_settled() {
                break;
            }
            let first = (self.bound, self.earliest);
            self.unlink(first.1);
            let id = self.fire(first, now);
            fired += 1;
            // The wheel is in order whatever the caller's code does.
            deliver(id, Ready::TIMER);
        }
        fired
    }

    /// Lets a timer go that was taken out of its slot, or files it anew if it is periodic.
    #[inline]
    fn fire(&mut self, (deadline, node): Timer, now: u64) -> EventedId {
        let id = self.store.id(node);
        if self.store.stamp(node) & PERIODIC != 0 {
            return self.fire_periodic((deadline, node), now, id as Node);
        }
        self.release(node);
        EventedId(id)
    }

    /// Files a periodic timer for its next tick. `second` is the node where its period and its id are.
    #[cold]
    #[inline(never)]
    fn fire_periodic(&mut self, (deadline, node): Timer, now: u64, second: Node) -> EventedId {
        let id = EventedId(self.store.id(second));
        if let Some(tick) = next_tick(deadline, self.store.period(second), now) {
            self.earliest = UNKNOWN;
            self.store.set_deadline(node, tick);
            self.file_again(node, tick);
        } else {
            // The end of time: it has fired for the last time.
            self.release(node);
        }
        id
    }

    /// Keeps the slots for the near future short, when nothing is due.
    #[cold]
    #[inline(never)]
    fn tidy(&mut self, now: u64) {
        if Self::GEOMETRY.is_flat() {
            return;
        }
        if self.len == 0 {
            self.vacate_all();
            self.pivot = now;
        } else if self.opening != NO_SLOT {
            if self.sift(&mut { BACKGROUND }) && self.earliest == COARSE {
                self.earliest = UNKNOWN;
            }
        } else if let Some(slot) = self.first() {
            let start = Self::GEOMETRY.start(slot, self.pivot);
            if now < start {
                // All slots lie after now, which is after the pivot: seen from now they are the same slots.
                debug_assert!(self.pivot < now && self.level_below().is_none());
                self.pivot = now;
            }
            // A crowded slot is opened before it is due, to have less to do then.
            let soon = start.saturating_sub(now) < Self::GEOMETRY.width(slot);
            if soon && self.earliest == COARSE {
                self.search(&mut Effort::ahead(start));
            }
        }
    }
}

/// Timers that were taken out of their slot to be fired. Those that are not are put back, even where the
/// caller's code panics.
struct Taken<'a, const N: usize> {
    wheel: &'a mut TimerWheel<N>,
    timers: &'a mut Few,
    place: usize,
}

impl<const N: usize> Taken<'_, N> {
    #[inline]
    fn next(&mut self) -> Option<Timer> {
        let timer = self.timers.timers().get(self.place).copied();
        self.place += usize::from(timer.is_some());
        timer
    }
}

impl<const N: usize> Drop for Taken<'_, N> {
    #[inline]
    fn drop(&mut self) {
        while let Some((deadline, node)) = self.next() {
            self.wheel.file_again(node, deadline);
        }
        self.timers.clear();
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
