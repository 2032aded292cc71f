//! This library, asked for the exact next deadline or, as `Poller` does, for the next wake-up.

use mio_st::event::EventedId;
use mio_st::time::Instant;
use mio_st::timer::{DeadlineKey, TimerWheel};

use super::Timers;

pub struct Wheel<const N: usize> {
    wheel: Box<TimerWheel<N>>,
    keys: Vec<Option<DeadlineKey>>,
}

impl<const N: usize> Timers for Wheel<N> {
    const PEER: &'static str = "mio-st";

    fn with_capacity(capacity: usize) -> Box<Self> {
        let mut wheel = Box::new_uninit();
        TimerWheel::init_in(&mut wheel);
        // SAFETY: `init_in` has initialised it.
        let wheel = unsafe { wheel.assume_init() };
        Box::new(Wheel { wheel, keys: vec![None; capacity] })
    }

    #[inline]
    fn insert(&mut self, id: usize, deadline: u64) {
        let key = self.wheel.insert(Instant::from_nanos(deadline), EventedId(id)).unwrap();
        self.keys[id] = Some(key);
    }

    #[inline]
    fn cancel(&mut self, id: usize) {
        self.wheel.cancel(self.keys[id].unwrap()).unwrap();
    }

    #[inline]
    fn update(&mut self, id: usize, deadline: u64) {
        self.wheel.update(self.keys[id].unwrap(), Instant::from_nanos(deadline)).unwrap();
    }

    #[inline]
    fn next(&mut self) -> Option<u64> {
        self.wheel.next_deadline().map(Instant::as_nanos)
    }

    #[inline]
    fn expire(&mut self, now: u64, room: usize, mut fire: impl FnMut(usize)) {
        self.wheel.expire(Instant::from_nanos(now), room, |id, _| fire(id.0));
    }
}

pub struct WheelWakeup<const N: usize>(Box<Wheel<N>>);

impl<const N: usize> Timers for WheelWakeup<N> {
    const PEER: &'static str = "mio-st, wake-up";

    fn with_capacity(capacity: usize) -> Box<Self> {
        Box::new(WheelWakeup(Wheel::with_capacity(capacity)))
    }

    #[inline]
    fn insert(&mut self, id: usize, deadline: u64) {
        self.0.insert(id, deadline);
    }

    #[inline]
    fn cancel(&mut self, id: usize) {
        self.0.cancel(id);
    }

    #[inline]
    fn update(&mut self, id: usize, deadline: u64) {
        self.0.update(id, deadline);
    }

    #[inline]
    fn next(&mut self) -> Option<u64> {
        self.0.wheel.next_wakeup().map(Instant::as_nanos)
    }

    #[inline]
    fn expire(&mut self, now: u64, room: usize, fire: impl FnMut(usize)) {
        self.0.expire(now, room, fire);
    }
}
