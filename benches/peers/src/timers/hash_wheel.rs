//! hierarchical_hash_wheel_timer: milliseconds from now, tick by tick. It does not tell the next deadline, and
//! what is cancelled stays in its slot until the time comes, which no contest waits for. So that it is paid for,
//! and so that memory is bounded, the wheel is made anew once there is more garbage than pending timers.

use std::rc::Rc;
use std::time::Duration;

use hierarchical_hash_wheel_timer::IdOnlyTimerEntry;
use hierarchical_hash_wheel_timer::wheels::Skip;
use hierarchical_hash_wheel_timer::wheels::cancellable::QuadWheelWithOverflow;

use super::{START, Timers};

pub struct HashWheel {
    wheel: QuadWheelWithOverflow<IdOnlyTimerEntry<usize>>,
    /// In milliseconds.
    now: u64,
    /// By id; `NONE` where nothing is pending.
    deadlines: Vec<u64>,
    live: usize,
    garbage: usize,
}

const NONE: u64 = 0;

impl HashWheel {
    fn file(&mut self, id: usize) {
        let delay = Duration::from_nanos(self.deadlines[id] - self.now * 1_000_000);
        // Due at once is an error to it.
        let _ = self.wheel.insert_ref_with_delay(Rc::new(IdOnlyTimerEntry::new(id, delay)), delay);
    }

    fn make_anew(&mut self) {
        self.wheel = QuadWheelWithOverflow::new();
        self.garbage = 0;
        for id in 0..self.deadlines.len() {
            if self.deadlines[id] != NONE {
                self.file(id);
            }
        }
    }
}

impl Timers for HashWheel {
    const PEER: &'static str = "hash wheel";
    const ORDERED: bool = false;

    fn with_capacity(capacity: usize) -> Box<Self> {
        Box::new(HashWheel {
            wheel: QuadWheelWithOverflow::new(),
            now: START / 1_000_000,
            deadlines: vec![NONE; capacity],
            live: 0,
            garbage: 0,
        })
    }

    #[inline]
    fn insert(&mut self, id: usize, deadline: u64) {
        self.deadlines[id] = deadline;
        self.live += 1;
        self.file(id);
    }

    #[inline]
    fn cancel(&mut self, id: usize) {
        let _ = self.wheel.cancel(&id);
        self.deadlines[id] = NONE;
        self.live -= 1;
        self.garbage += 1;
        // An empty wheel is 1,024 slots to be made.
        if self.garbage > self.live + 1024 {
            self.make_anew();
        }
    }

    #[inline]
    fn next(&mut self) -> Option<u64> {
        match self.wheel.can_skip() {
            Skip::Empty => None,
            Skip::None => Some((self.now + 1) * 1_000_000),
            Skip::Millis(millis) => Some((self.now + u64::from(millis)) * 1_000_000),
        }
    }

    #[inline]
    fn expire(&mut self, now: u64, _: usize, mut fire: impl FnMut(usize)) {
        while self.now < now / 1_000_000 {
            let left = now / 1_000_000 - self.now;
            match self.wheel.can_skip() {
                Skip::Empty => return self.now = now / 1_000_000,
                Skip::None => {
                    self.now += 1;
                    for entry in self.wheel.tick() {
                        self.deadlines[entry.id] = NONE;
                        self.live -= 1;
                        fire(entry.id);
                    }
                }
                Skip::Millis(millis) => {
                    let millis = u64::from(millis).min(left);
                    self.wheel.skip(millis as u32);
                    self.now += millis;
                }
            }
        }
    }
}
