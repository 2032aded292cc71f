//! The search for the earliest timer.

use super::entry::{Place, deadline, place_of, urgency_of};
use super::tournament::BATCH;
use super::{FAR, REPAIRS, TimerWheel};
use crate::time::Instant;

impl<const N: usize> TimerWheel<N> {
    /// The earliest deadline, exactly. `None` if none is pending.
    ///
    /// A single call may have to go through many deadlines that are gone or were pushed back. For a sleep
    /// [`next_wakeup`](TimerWheel::next_wakeup) is as good, and never does.
    #[inline]
    pub fn next_deadline(&mut self) -> Option<Instant> {
        self.next_within(u32::MAX)
    }

    /// When to call [`expire`](TimerWheel::expire) next: never after the earliest deadline, and with few
    /// exceptions exactly then. `None` if none is pending.
    ///
    /// It is earlier than the earliest deadline only where many earlier ones are gone or were pushed back, 64
    /// or more, and no call has come across them yet. `expire` then delivers nothing, and the next call goes
    /// on.
    #[inline]
    pub fn next_wakeup(&mut self) -> Option<Instant> {
        self.next_within(REPAIRS)
    }

    /// Returns a time that is not after the earliest deadline, and mostly exact: without any work, while
    /// [`next_wakeup`](TimerWheel::next_wakeup) improves it if it is not. `Instant::MAX` if none is pending.
    #[inline]
    pub(crate) fn wakeup_bound(&self) -> Instant {
        if self.is_empty() { Instant::MAX } else { Instant::from_nanos(deadline(self.bound)) }
    }

    #[inline]
    fn next_within(&mut self, repairs: u32) -> Option<Instant> {
        if !self.is_settled() {
            if self.is_empty() {
                return None;
            }
            self.settle(repairs);
        }
        Some(Instant::from_nanos(deadline(self.bound)))
    }

    /// Whether the earliest timer is known. Then there is one.
    #[inline]
    pub(super) const fn is_settled(&self) -> bool {
        N != 0 && self.settled
    }

    /// Finds the earliest timer, or as good a bound as so many repairs allow. Returns how many are left.
    #[inline(never)]
    pub(super) fn settle(&mut self, mut repairs: u32) -> u32 {
        self.catch_up(self.places.used());
        while !self.settled && repairs > 0 {
            repairs -= 1;
            self.repair(self.earliest);
        }
        repairs
    }

    /// Enters what was put into new places, up to this one, since the last time: one batch at most.
    #[inline]
    pub(super) fn catch_up(&mut self, end: Place) {
        if self.entered < end {
            self.enter_up_to(end);
        }
    }

    #[inline(never)]
    fn enter_up_to(&mut self, end: Place) {
        if end - self.entered == BATCH {
            debug_assert!(self.entered.is_multiple_of(BATCH));
            let heat = |heat: Place| self.places.winner_around(self.entered + 4 * heat);
            let heats = [heat(0), heat(1), heat(2), heat(3)];
            self.tournament.enter_group(self.entered, heats);
            self.entered = end;
        }
        while self.entered < end {
            // The heat may have been entered in part.
            let place = self.entered & !3;
            self.tournament.enter(place, self.places.winner_around(place));
            self.entered = end.min(place + 4);
        }
    }

    /// Has a place's timer, as it is now, play again, and notes who wins then. If that timer is still as it
    /// was when it played, it is the earliest. If not, no timer is earlier all the same.
    ///
    /// The place is that of `earliest`, and all new places have been entered.
    // Out of line: in a loop compilers make branches of comparisons that nothing can foresee.
    #[inline(never)]
    pub(super) fn repair(&mut self, place: Place) {
        let mut winner = self.places.winner_around(place);
        winner = self.tournament.replay_group(place, winner);
        // Who comes next often lies beside: then the groups above need not know.
        if !Self::KEEPS_RIVAL || urgency_of(winner) <= self.rival {
            let soon;
            (winner, soon) = self.tournament.replay_above(place, winner);
            if N >= FAR {
                self.places.prefetch(soon);
                self.tournament.prefetch(soon);
            }
            if Self::KEEPS_RIVAL {
                // Who wins elsewhere is the best of the others.
                self.rival = if place_of(winner) / BATCH == place / BATCH {
                    self.tournament.others(place)
                } else {
                    urgency_of(winner)
                };
            }
        }
        self.bound = urgency_of(winner);
        self.earliest = place_of(winner);
        if self.places.entry(self.earliest) == winner {
            self.settled = true;
        } else {
            self.unsettle();
        }
    }

    // Out of line, so that it is a branch: nothing that follows waits for the comparison then.
    #[cold]
    #[inline(never)]
    fn unsettle(&mut self) {
        self.settled = false;
    }
}
