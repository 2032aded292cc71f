//! Who gets which places of a batch.
//!
//! A poll goes in three steps, the middle one being the only system call:
//!
//! 1. `begin`: due deadlines and user events, each up to its share;
//! 2. the kernel writes into what is left, a share at least;
//! 3. `finish`, only where something is left to do: fill the rest, or sleep.

use heapless::VecView;

use super::Poller;
use crate::error::Result;
use crate::sys::{FOREVER, RawEvent, append, clock};
use crate::time::Instant;

/// What `begin` leaves for the rest of the poll.
#[derive(Copy, Clone)]
pub(super) struct Plan {
    /// Sleep no longer than until then; `ZERO`: do not sleep.
    pub(super) wakeup: Instant,
    /// There is more that is due, if there is room.
    pub(super) more: bool,
}

/// Counts polls, so that classes take turns where there are fewer places than classes. Each kind of poll counts
/// for itself: in a count of both, who mixes them could skip the same class each time.
#[derive(Debug, Default)]
pub(super) struct Turn {
    poll: u8,
    userspace: bool,
}

/// How many places are set aside.
struct Shares {
    deadlines: usize,
    user: usize,
}

impl Turn {
    /// What is not set aside for deadlines or user events is the kernel's: a third at least, or, in turns, a
    /// place of the one or two that there are.
    #[inline]
    fn shares(&mut self, places: usize) -> Shares {
        let third = places / 3;
        if third != 0 {
            return Shares { deadlines: third, user: third };
        }
        self.poll = (self.poll + 1) % 3;
        let (deadlines, user) = match (places, self.poll) {
            (1, 0) => (1, 0),
            (1, 1) => (0, 1),
            (1, _) => (0, 0),
            (_, 0) => (1, 1),
            (_, 1) => (1, 0),
            (_, _) => (0, 1),
        };
        Shares { deadlines, user }
    }
}

impl<const USER: usize, const TIMERS: usize> Poller<USER, TIMERS> {
    /// The first step. Kept out of the caller's loop: many polls have no user events and no deadlines.
    #[inline(never)]
    pub(super) fn begin(&mut self, events: &mut VecView<RawEvent>) -> Result<Plan> {
        let mut wakeup = self.wakeup();
        if wakeup != Instant::ZERO && !self.user.has_pending() {
            return Ok(Plan { wakeup, more: false });
        }
        let shares = self.turn.shares(events.capacity());
        if wakeup == Instant::ZERO {
            wakeup = self.fire(events, shares.deadlines)?;
        }
        self.user.begin_round();
        self.deliver(events, shares.user);
        let more = self.user.has_pending() || wakeup == Instant::ZERO;
        Ok(Plan { wakeup: if more || !events.is_empty() { Instant::ZERO } else { wakeup }, more })
    }

    /// The last step.
    #[inline(never)]
    pub(super) fn finish(
        &mut self,
        events: &mut VecView<RawEvent>,
        timeout: u64,
        plan: Plan,
        mut kernel: bool,
        retry: bool,
    ) -> Result<()> {
        let (mut timeout, mut wakeup) = (timeout, plan.wakeup);
        loop {
            if wakeup == Instant::ZERO {
                // Timers come before kernel events: further ones only where the kernel has brought nothing.
                if !kernel {
                    wakeup = self.fire(events, room(events))?;
                }
                self.deliver(events, room(events));
                // A wheel with much to put right does so in steps, between which the kernel has its turn.
                if events.is_empty() && wakeup == Instant::ZERO {
                    self.registry.glance(events, 0, wakeup, retry)?;
                    kernel = !events.is_empty();
                    continue;
                }
            }
            if !events.is_empty() || timeout == 0 {
                return Ok(());
            }
            let end = self.registry.sleep(events, timeout, wakeup, retry)?;
            if !events.is_empty() || self.timers.is_empty() {
                return Ok(());
            }
            let now = clock::now()?;
            if timeout != FOREVER {
                timeout = end.as_nanos().saturating_sub(now.as_nanos());
            }
            if now >= wakeup {
                wakeup = Instant::ZERO;
            }
        }
    }

    /// A whole poll without the kernel.
    #[inline(never)]
    pub(super) fn take_userspace(&mut self, events: &mut VecView<RawEvent>) -> Result<()> {
        let mut wakeup = self.wakeup();
        if wakeup == Instant::ZERO {
            // Half and half; the odd place goes to each in turn.
            self.turn.userspace = !self.turn.userspace;
            let share = (events.capacity() + usize::from(self.turn.userspace)) / 2;
            wakeup = self.fire(events, share)?;
        }
        self.user.begin_round();
        self.deliver(events, room(events));
        while wakeup == Instant::ZERO && room(events) > 0 {
            wakeup = self.fire(events, room(events))?;
        }
        Ok(())
    }

    /// Moves user events of this round to the batch.
    #[inline]
    fn deliver(&mut self, events: &mut VecView<RawEvent>, room: usize) {
        if self.user.has_queued_sources() {
            return self.deliver_each(events, room);
        }
        append(events, |places| {
            let (first, second) = self.user.take(room);
            places.extend(first);
            places.extend(second);
        });
    }

    /// The same, one by one.
    #[inline(never)]
    fn deliver_each(&mut self, events: &mut VecView<RawEvent>, room: usize) {
        append(events, |places| {
            self.user.deliver(room, |id, ready| places.push(id, ready));
        });
    }

    /// Moves due deadlines to the batch, and says when the next may be due: `ZERO` where more are due already.
    #[inline(never)]
    fn fire(&mut self, events: &mut VecView<RawEvent>, room: usize) -> Result<Instant> {
        if self.timers.is_empty() {
            return Ok(Instant::MAX);
        }
        let now = clock::now()?;
        append(events, |places| {
            self.timers.expire(now, room, |id, ready| places.push(id, ready));
        });
        Ok(match self.timers.next_wakeup() {
            Some(wakeup) if wakeup <= now => Instant::ZERO,
            Some(wakeup) => wakeup,
            None => Instant::MAX,
        })
    }

    /// When the next deadline may be due, for a few nanoseconds where it is not near: `ZERO`, perhaps now.
    #[inline]
    fn wakeup(&mut self) -> Instant {
        if self.timers.is_empty() { Instant::MAX } else { self.estimated_wakeup() }
    }

    fn estimated_wakeup(&mut self) -> Instant {
        let Some(wakeup) = self.timers.next_wakeup() else { return Instant::MAX };
        match clock::coarse() {
            Some(now) if wakeup > now + clock::SLOWEST_TICK => wakeup,
            _ => Instant::ZERO,
        }
    }
}

#[inline]
fn room(events: &VecView<RawEvent>) -> usize {
    events.capacity() - events.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_has_its_share() {
        for places in 3..300 {
            let shares = Turn::default().shares(places);
            let kernel = places - shares.deadlines - shares.user;
            assert!(
                shares.deadlines == places / 3 && shares.user == places / 3 && kernel >= places / 3
            );
        }
        for places in 1..3 {
            let mut turn = Turn::default();
            let (mut deadlines, mut user, mut kernel) = (0, 0, 0);
            for _ in 0..3 {
                let shares = turn.shares(places);
                deadlines += shares.deadlines;
                user += shares.user;
                kernel += places - shares.deadlines - shares.user;
            }
            assert!(deadlines >= 1 && user >= 1 && kernel >= 1);
        }
    }
}
