//! The search for the earliest timer.

use super::geometry::Slot;
use super::store::{NO_TIMER, Node, Timer};
use super::{BACKGROUND, COARSE, FEW, NO_SLOT, REPAIRS, SCAN, SMALL, TimerWheel, UNKNOWN, WORK};
use crate::time::Instant;

/// How much a search may do.
pub(super) struct Effort {
    /// Slots that start until then are opened if they hold more timers than `scan`; those that cannot be
    /// opened are looked through to the end.
    open_until: Option<u64>,
    /// How many timers of a slot it looks at.
    scan: u32,
    /// How many timers it moves.
    pub work: u32,
    /// What `earliest` shall be if that is not enough.
    otherwise: Node,
    /// The slot of the earliest timer, if it was seen to hold more timers, but not more than `SMALL`.
    pub few: Slot,
}

impl Effort {
    /// Whatever it takes.
    const EXACT: Effort = Effort {
        open_until: Some(u64::MAX),
        scan: SMALL,
        work: u32::MAX,
        otherwise: UNKNOWN,
        few: NO_SLOT,
    };

    /// As much as a bound is worth.
    const BOUND: Effort =
        Effort { open_until: None, scan: SCAN, work: REPAIRS, otherwise: COARSE, few: NO_SLOT };

    /// A beginning, with what starts at `start` and is not due yet.
    pub fn ahead(start: u64) -> Effort {
        Effort { open_until: Some(start), work: BACKGROUND, scan: SMALL, ..Effort::BOUND }
    }

    /// Enough for what is due, over some calls.
    pub fn until(now: u64) -> Effort {
        Effort { open_until: Some(now), scan: SMALL, work: WORK, otherwise: UNKNOWN, few: NO_SLOT }
    }
}

/// How a look at a slot's timers ended.
#[derive(PartialEq, Eq)]
enum Look {
    /// As many were seen: all.
    All(u32),
    /// No other can be earlier.
    Enough,
    /// There are more.
    Crowded,
    /// Too much had to be put in order on the way.
    Tired,
}

impl<const N: usize> TimerWheel<N> {
    /// The earliest deadline, exactly. `None` if none is pending.
    ///
    /// A single call may have to go through many deadlines to find it. For a sleep
    /// [`next_wakeup`](TimerWheel::next_wakeup) is as good, and never does.
    #[inline]
    pub fn next_deadline(&mut self) -> Option<Instant> {
        if self.is_empty() {
            return None;
        }
        if !self.is_settled() {
            self.settle(true);
        }
        Some(Instant::from_nanos(self.bound))
    }

    /// When to call [`expire`](TimerWheel::expire) next: never after the earliest deadline, and with few
    /// exceptions exactly then. `None` if none is pending.
    ///
    /// It is earlier than the earliest deadline only where more than 64 are pending and more than 32 of them
    /// share the first slot, or were pushed back out of it. `expire` then puts that right, and delivers
    /// nothing.
    #[inline]
    pub fn next_wakeup(&mut self) -> Option<Instant> {
        if self.is_empty() {
            return None;
        }
        if self.earliest == UNKNOWN {
            self.settle(false);
        }
        Some(Instant::from_nanos(self.bound))
    }

    /// Whether the earliest timer is known.
    #[inline]
    pub(super) const fn is_settled(&self) -> bool {
        self.earliest != UNKNOWN && self.earliest != COARSE
    }

    /// Finds the earliest timer, at any price or at a limited one.
    #[cold]
    #[inline(never)]
    fn settle(&mut self, exact: bool) {
        let exact = exact || self.len <= FEW;
        self.search(&mut if exact { Effort::EXACT } else { Effort::BOUND });
    }

    /// Determines `earliest` and `bound`; if the effort does not suffice, as much as is known of `bound`.
    #[inline(never)]
    pub(super) fn search(&mut self, effort: &mut Effort) {
        if Self::GEOMETRY.is_flat() {
            (self.bound, self.earliest) = self.store.first();
            return;
        }
        while let Some(slot) = self.first() {
            if self.blocked() {
                let start = Self::GEOMETRY.start(self.opening, self.pivot);
                if Some(start) > effort.open_until || !self.sift(&mut effort.work) {
                    return self.settle_for(start, effort);
                }
                continue;
            }
            let start = Self::GEOMETRY.start(slot, self.pivot);
            let can_open = Self::GEOMETRY.can_open(slot);
            let all = !can_open && Some(start) <= effort.open_until;
            let limit = if all { u32::MAX } else { effort.scan };
            match self.look(slot, start, limit, &mut effort.work) {
                // All had been pushed back out of the slot.
                (Look::All(0), _) => {}
                (Look::All(2..=SMALL), first) => {
                    effort.few = slot;
                    (self.bound, self.earliest) = first;
                    return;
                }
                (Look::All(_) | Look::Enough, first) => {
                    (self.bound, self.earliest) = first;
                    return;
                }
                (Look::Crowded, first) if can_open && Some(start) <= effort.open_until => {
                    self.open(slot, first.0);
                }
                _ => return self.settle_for(start, effort),
            }
        }
    }

    /// Makes do with the start of a slot.
    fn settle_for(&mut self, start: u64, effort: &Effort) {
        self.bound = self.bound.max(start);
        self.earliest = effort.otherwise;
    }

    /// Looks through the first `limit` timers of a slot for the earliest of them.
    ///
    /// A timer that was pushed back beyond the slot is put where it now belongs instead: `work` counts
    /// these. It happens at most once for each time that a timer is put into a slot, however often it is
    /// pushed back.
    #[inline]
    fn look(&mut self, slot: Slot, start: u64, limit: u32, work: &mut u32) -> (Look, Timer) {
        let last = Self::GEOMETRY.last(slot, self.pivot);
        // Nothing is earlier than that.
        let floor = self.bound.max(start);
        let mut first = NO_TIMER;
        let mut room = limit;
        let mut node = self.store.next(slot);
        while node != slot {
            let next = self.store.next(node);
            let deadline = self.store.deadline(node);
            if deadline > last {
                if *work == 0 {
                    return (Look::Tired, first);
                }
                *work -= 1;
                self.file_anew(node, deadline);
            } else if room == 0 {
                return (Look::Crowded, first);
            } else {
                room -= 1;
                if deadline <= floor {
                    return (Look::Enough, (deadline, node));
                }
                if deadline < first.0 {
                    first = (deadline, node);
                }
            }
            node = next;
        }
        if room != limit && first == NO_TIMER {
            // All of them are at the end of time, and that is not less than `NO_TIMER`.
            first.1 = self.store.next(slot);
        }
        (Look::All(limit - room), first)
    }

    /// Puts a timer from one slot into another.
    #[cold]
    #[inline(never)]
    fn file_anew(&mut self, node: Node, deadline: u64) {
        self.unlink(node);
        self.append(node, deadline);
    }
}
