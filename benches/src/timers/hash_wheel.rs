//! hierarchical_hash_wheel_timer: milliseconds from now, tick by tick. It does not tell the next deadline, and
//! what is cancelled stays in its slot.

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
}

impl Timers for HashWheel {
    const PEER: &'static str = "hash wheel";
    const ORDERED: bool = false;

    fn with_capacity(_: usize) -> Box<Self> {
        Box::new(HashWheel { wheel: QuadWheelWithOverflow::new(), now: START / 1_000_000 })
    }

    #[inline]
    fn insert(&mut self, id: usize, deadline: u64) {
        let delay = Duration::from_nanos(deadline - self.now * 1_000_000);
        // Due at once is an error to it.
        let _ = self.wheel.insert_ref_with_delay(Rc::new(IdOnlyTimerEntry::new(id, delay)), delay);
    }

    #[inline]
    fn cancel(&mut self, id: usize) {
        let _ = self.wheel.cancel(&id);
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
                    self.wheel.tick().iter().for_each(|entry| fire(entry.id));
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
