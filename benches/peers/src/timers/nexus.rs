//! nexus-timer: milliseconds, rounded *down* (so it fires early), a lower bound for `next`, no order within a
//! poll.

use std::time::{Duration, Instant};

use nexus_timer::{BoundedWheel, TimerHandle};

use super::{START, Timers};

pub struct Nexus {
    wheel: BoundedWheel<usize>,
    handles: Vec<Option<TimerHandle<usize>>>,
    fired: Vec<usize>,
    /// The instant that `START` stands for.
    start: Instant,
}

impl Nexus {
    #[inline]
    fn at(&self, nanos: u64) -> Instant {
        self.start + Duration::from_nanos(nanos - START)
    }
}

impl Timers for Nexus {
    const PEER: &'static str = "nexus-timer";
    const ORDERED: bool = false;

    fn with_capacity(capacity: usize) -> Box<Self> {
        let start = Instant::now();
        Box::new(Nexus {
            wheel: BoundedWheel::bounded(capacity, start),
            handles: (0..capacity).map(|_| None).collect(),
            fired: Vec::with_capacity(capacity),
            start,
        })
    }

    #[inline]
    fn insert(&mut self, id: usize, deadline: u64) {
        let deadline = self.at(deadline);
        self.handles[id] = self.wheel.try_schedule(deadline, id).ok();
    }

    #[inline]
    fn cancel(&mut self, id: usize) {
        self.wheel.cancel(self.handles[id].take().unwrap());
    }

    #[inline]
    fn update(&mut self, id: usize, deadline: u64) {
        let deadline = self.at(deadline);
        let handle = self.handles[id].take().unwrap();
        self.handles[id] = Some(self.wheel.reschedule(handle, deadline));
    }

    #[inline]
    fn next(&mut self) -> Option<u64> {
        self.wheel.next_deadline().map(|next| START + (next - self.start).as_nanos() as u64)
    }

    #[inline]
    fn expire(&mut self, now: u64, room: usize, mut fire: impl FnMut(usize)) {
        let now = self.at(now);
        self.wheel.poll_and_rebalance_with_limit(now, room, &mut self.fired);
        for id in self.fired.drain(..) {
            self.wheel.cancel(self.handles[id].take().unwrap());
            fire(id);
        }
    }
}

impl Drop for Nexus {
    /// A handle must go back to its wheel.
    fn drop(&mut self) {
        for handle in self.handles.drain(..).flatten() {
            self.wheel.cancel(handle);
        }
    }
}
