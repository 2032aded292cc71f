//! The clock of crates that use `embassy-time`, as `edge-nal` does for its timeouts.

use core::cell::Cell;
use core::task::Waker;

use embassy_time_driver::{Driver, TICK_HZ, time_driver_impl};
use mio_st::time::Instant;

use super::reactor::Reactor;

const TICK: u64 = 1_000_000_000 / TICK_HZ;

std::thread_local! {
    /// What wakes the tasks of this thread.
    static REACTOR: Cell<Option<&'static Reactor>> = const { Cell::new(None) };
}

/// Lets the reactor wake the tasks of this thread.
pub fn use_reactor(reactor: &'static Reactor) {
    REACTOR.set(Some(reactor));
}

struct Clock;

time_driver_impl!(static CLOCK: Clock = Clock);

impl Driver for Clock {
    fn now(&self) -> u64 {
        Instant::now().as_nanos() / TICK
    }

    fn schedule_wake(&self, at: u64, waker: &Waker) {
        let at = Instant::from_nanos(at.saturating_mul(TICK));
        match REACTOR.get() {
            Some(reactor) => reactor.wake_at(at, waker),
            // There is nothing that could wake the task later.
            None => waker.wake_by_ref(),
        }
    }
}
