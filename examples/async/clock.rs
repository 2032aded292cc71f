//! The clock of crates that use `embassy-time`, as `edge-nal` does for its timeouts.

use core::cell::RefCell;
use core::task::{Context, Poll, Waker};

use embassy_time_driver::{Driver, TICK_HZ, time_driver_impl};
use heapless::Vec;
use mio_st::time::Instant;

use super::io::Alarm;
use super::reactor::Reactor;

const TICK: u64 = 1_000_000_000 / TICK_HZ;

/// How many tasks can wait for the clock at once.
const CALLS: usize = 8;

std::thread_local! {
    static CALLER: RefCell<Caller> =
        const { RefCell::new(Caller { reactor: None, calls: Vec::new() }) };
}

/// Wakes the tasks of its thread.
struct Caller {
    reactor: Option<&'static Reactor>,
    calls: Vec<Call, CALLS>,
}

/// A task that will be woken.
struct Call {
    at: Instant,
    waker: Waker,
    alarm: Alarm<'static>,
}

/// Lets the reactor wake the tasks of this thread.
pub fn use_reactor(reactor: &'static Reactor) {
    CALLER.with_borrow_mut(|caller| caller.reactor = Some(reactor));
}

struct Clock;

time_driver_impl!(static CLOCK: Clock = Clock);

impl Driver for Clock {
    fn now(&self) -> u64 {
        Instant::now().as_nanos() / TICK
    }

    fn schedule_wake(&self, at: u64, waker: &Waker) {
        let at = Instant::from_nanos(at.saturating_mul(TICK));
        if CALLER.with_borrow_mut(|caller| caller.call(at, waker)).is_none() {
            // The task is woken too early, again and again.
            waker.wake_by_ref();
        }
    }
}

impl Caller {
    /// Wakes the task at this time or before. It has one call, the earliest: when it is woken, it
    /// asks again for the others. `None` if there are too many tasks, or no reactor.
    fn call(&mut self, at: Instant, waker: &Waker) -> Option<()> {
        if let Some(place) = self.calls.iter().position(|call| call.waker.will_wake(waker)) {
            let its_own = &self.calls[place];
            if its_own.at <= at && its_own.poll().is_pending() {
                return Some(());
            }
            self.calls.swap_remove(place);
        }
        if self.calls.is_full() {
            self.calls.retain(|call| call.poll().is_pending());
        }
        let call = Call { at, waker: waker.clone(), alarm: Alarm::new(self.reactor?, at).ok()? };
        let _ = call.poll();
        self.calls.push(call).ok()
    }
}

impl Call {
    /// Returns `Ready` if the task has been woken.
    fn poll(&self) -> Poll<()> {
        self.alarm.poll(&mut Context::from_waker(&self.waker))
    }
}
