//! The search for the earliest timer.

use super::few::Few;
use super::geometry::Slot;
use super::store::{Node, Store, Timer};
use super::{BACKGROUND, COARSE, CROWD, FEW, REPAIRS, SCAN, TimerWheel, UNKNOWN, WORK};
use crate::time::Instant;

/// How much a search may do.
pub(super) struct Effort {
    /// Slots that start until then are opened if they hold more timers than `scan`; those that cannot be
    /// opened are looked through to the end.
    open_until: Option<u64>,
    /// How many timers of a slot it looks at.
    scan: u32,
    /// How many timers it moves.
    work: u32,
    /// What `earliest` shall be if that is not enough.
    otherwise: Node,
    /// Slots that end until then are taken out whole if they hold a few timers only.
    take_until: Option<u64>,
    /// These timers, in order. (Then `earliest` is not known.)
    pub taken: Few,
}

impl Effort {
    /// Whatever it takes.
    fn exact() -> Effort {
        Effort {
            open_until: Some(u64::MAX),
            scan: CROWD,
            work: u32::MAX,
            otherwise: UNKNOWN,
            take_until: None,
            taken: Few::new(),
        }
    }

    /// As much as a bound is worth.
    fn bound() -> Effort {
        Effort { open_until: None, scan: SCAN, work: REPAIRS, otherwise: COARSE, ..Effort::exact() }
    }

    /// A beginning, with what starts at `start` and is not due yet.
    pub fn ahead(start: u64) -> Effort {
        Effort { open_until: Some(start), scan: CROWD, work: BACKGROUND, ..Effort::bound() }
    }

    /// Enough for what is due, over some calls.
    #[inline]
    pub fn until(now: u64) -> Effort {
        Effort { open_until: Some(now), work: WORK, take_until: Some(now), ..Effort::exact() }
    }
}

/// How a look at a slot's timers ended.
enum Look {
    /// The first is known.
    Found,
    /// None is left: all had been pushed back out of the slot.
    Empty,
    /// There are more. Of those seen this is the first deadline.
    Crowded(u64),
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
        if !self.is_settled() {
            if self.is_empty() {
                return None;
            }
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
        if !self.is_settled() {
            if self.is_empty() {
                return None;
            }
            self.settle(false);
        }
        Some(Instant::from_nanos(self.bound))
    }

    /// Whether the earliest timer is known. Then there is one.
    #[inline]
    pub(super) const fn is_settled(&self) -> bool {
        N != 0 && self.earliest > COARSE
    }

    /// Finds the earliest timer, at any price or at a limited one.
    #[cold]
    #[inline(never)]
    fn settle(&mut self, exact: bool) {
        if exact || self.earliest != COARSE {
            let exact = exact || self.len <= FEW;
            self.search(&mut if exact { Effort::exact() } else { Effort::bound() });
        }
    }

    /// Determines `earliest` and `bound`; if the effort does not suffice, as much as is known of `bound`.
    #[inline(never)]
    pub(super) fn search(&mut self, effort: &mut Effort) {
        if Self::GEOMETRY.is_flat() {
            return self.store.first().into_iter().for_each(|first| self.found(first));
        }
        if self.follow_front() {
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
            let last = Self::GEOMETRY.last(slot, self.pivot);
            if Some(last) <= effort.take_until && self.take_whole(slot, last, &mut effort.taken) {
                return;
            }
            let can_open = Self::GEOMETRY.can_open(slot);
            let all = !can_open && Some(start) <= effort.open_until;
            match self.look(slot, start, if all { u32::MAX } else { effort.scan }, effort) {
                Look::Found => return,
                Look::Empty => {}
                Look::Crowded(first) if can_open && Some(start) <= effort.open_until => {
                    self.open(slot, first);
                }
                Look::Crowded(_) | Look::Tired => return self.settle_for(start, effort),
            }
        }
    }

    /// Takes all timers of a slot out, if they are few and all in the slot where they belong.
    fn take_whole(&mut self, slot: Slot, last: u64, taken: &mut Few) -> bool {
        let sentinel = Store::<N>::link_of(slot);
        let mut node = self.store.next(sentinel);
        while node != sentinel {
            let deadline = self.store.deadline(node);
            if deadline > last || taken.is_full() {
                taken.clear();
                return false;
            }
            taken.insert((deadline, node));
            node = self.store.next(node);
        }
        self.vacate(slot);
        true
    }

    /// Makes do with the start of a slot.
    fn settle_for(&mut self, start: u64, effort: &Effort) {
        self.bound = self.bound.max(start);
        self.earliest = effort.otherwise;
        self.leave_front();
    }

    /// The earliest timer, without a front.
    fn found(&mut self, first: Timer) {
        (self.bound, self.earliest) = first;
        self.leave_front();
    }

    /// Looks through the first `limit` timers of a slot for the earliest of them.
    ///
    /// A timer that was pushed back beyond the slot is put where it now belongs instead: `effort.work` counts
    /// these. It happens at most once for each time that a timer is put into a slot, however often it is
    /// pushed back.
    #[inline]
    fn look(&mut self, slot: Slot, start: u64, limit: u32, effort: &mut Effort) -> Look {
        let last = Self::GEOMETRY.last(slot, self.pivot);
        // Nothing is earlier than that.
        let floor = self.bound.max(start);
        let mut few = Few::new();
        let mut room = limit;
        let sentinel = Store::<N>::link_of(slot);
        let mut node = self.store.next(sentinel);
        while node != sentinel {
            let next = self.store.next(node);
            let deadline = self.store.deadline(node);
            if deadline > last {
                if effort.work == 0 {
                    return Look::Tired;
                }
                effort.work -= 1;
                self.file_anew(node, deadline);
            } else if deadline <= floor {
                self.found((deadline, node));
                if few.timers().is_empty() {
                    // The head of the list: what is behind it and equal is in order.
                    self.front = slot + 1;
                }
                return Look::Found;
            } else if room == 0 {
                return Look::Crowded(few.timers().first().map_or(start, |first| first.0));
            } else {
                room -= 1;
                few.insert((deadline, node));
            }
            node = next;
        }
        if few.timers().is_empty() {
            return Look::Empty;
        }
        self.lead(slot, &few);
        Look::Found
    }

    /// Puts a timer from one slot into another.
    #[cold]
    #[inline(never)]
    fn file_anew(&mut self, node: Node, deadline: u64) {
        self.unlink(node);
        self.append(node, deadline);
    }
}
