//! tm-wheel: milliseconds, a lower bound for `next`, no order within an advance.

use tm_wheel::{TimerDriver, TimerHandle};

use super::{START, Timers, millis_rounded_up};

pub struct TmWheel {
    wheel: TimerDriver<usize, 6, 64>,
    keys: Vec<Option<TimerHandle>>,
}

impl Timers for TmWheel {
    const PEER: &'static str = "tm-wheel";
    const ORDERED: bool = false;

    fn with_capacity(capacity: usize) -> Box<Self> {
        let mut wheel = TimerDriver::default();
        wheel.reset(START / 1_000_000);
        wheel.reserve(capacity);
        Box::new(TmWheel { wheel, keys: (0..capacity).map(|_| None).collect() })
    }

    #[inline]
    fn insert(&mut self, id: usize, deadline: u64) {
        self.keys[id] = Some(self.wheel.insert(id, millis_rounded_up(deadline)));
    }

    #[inline]
    fn cancel(&mut self, id: usize) {
        self.wheel.remove(self.keys[id].take().unwrap());
    }

    #[inline]
    fn next(&mut self) -> Option<u64> {
        self.wheel.nearest_wakeup().map(|millis| millis.get() * 1_000_000)
    }

    /// All at once, whatever the room.
    #[inline]
    fn expire(&mut self, now: u64, _: usize, fire: impl FnMut(usize)) {
        self.wheel.advance_to(now / 1_000_000).for_each(fire);
    }
}
