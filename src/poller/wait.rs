//! Waiting for the kernel: probe, spin, sleep, and go on after a signal.

use core::time::Duration;

use super::Registry;
use super::probe::ProbeBackoff;
use crate::error::{Error, Result};
use crate::events::Batch;
use crate::sys::{KernelTimer, Wait, clock};
use crate::time::{Instant, nanos};

/// How long a poll may wait, in nanoseconds. It is converted once, where the poll begins, and
/// becomes a point in time once, before the poll waits.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) struct Timeout(u64);

impl Timeout {
    const ENDLESS: Timeout = Timeout(u64::MAX);

    #[inline]
    pub(super) fn new(timeout: Option<Duration>) -> Timeout {
        timeout.map_or(Timeout::ENDLESS, |timeout| Timeout(nanos(timeout)))
    }

    #[inline]
    pub(super) fn is_zero(self) -> bool {
        self.0 == 0
    }

    #[inline]
    pub(super) fn is_endless(self) -> bool {
        self == Timeout::ENDLESS
    }

    /// Returns the timeout that ends at `end`, if it is `now`.
    fn between(now: Instant, end: Instant) -> Timeout {
        match end {
            Instant::MAX => Timeout::ENDLESS,
            end => Timeout(end.as_nanos().saturating_sub(now.as_nanos())),
        }
    }

    /// Returns when it ends, if it begins `now`: `Instant::MAX` is never.
    fn end(self, now: Instant) -> Instant {
        after(now, self.0)
    }
}

/// Returns the point in time `nanos` nanoseconds after `start`, or `Instant::MAX` if that is beyond
/// it.
fn after(start: Instant, nanos: u64) -> Instant {
    Instant::from_nanos(start.as_nanos().saturating_add(nanos))
}

/// How a sleep has ended.
pub(super) struct Woken {
    /// The time, or that before the sleep if there are events.
    pub(super) now: Instant,
    /// What is left of the timeout at that time.
    pub(super) left: Timeout,
}

/// What a signal does that interrupts a poll while it sleeps.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum OnSignal {
    /// The poll goes on.
    Retry,
    /// The poll returns `EINTR`.
    Return,
}

/// How a poll waits, and what it remembers from one poll to the next.
#[derive(Debug)]
pub(super) struct Waiter {
    backoff: ProbeBackoff,
    /// For how long a poll spins before it sleeps, in nanoseconds.
    spin: u64,
    on_signal: OnSignal,
    /// What wakes a poll in place of the system call's timeout: see [`Registry::set_precise`].
    timer: Option<KernelTimer>,
}

impl Waiter {
    pub(super) const fn new() -> Waiter {
        let (backoff, on_signal) = (ProbeBackoff::new(), OnSignal::Retry);
        Waiter { backoff, spin: 0, on_signal, timer: None }
    }

    pub(super) fn set_spin(&mut self, spin: Duration) {
        self.spin = nanos(spin);
    }

    pub(super) fn spins(&self) -> bool {
        self.spin != 0
    }

    pub(super) fn set_on_signal(&mut self, on_signal: OnSignal) {
        self.on_signal = on_signal;
    }

    /// Lets the polls that sleep be woken by this timer of the kernel, if there is one.
    pub(super) fn set_timer(&mut self, timer: Option<KernelTimer>) {
        self.timer = timer;
    }

    pub(super) fn has_timer(&self) -> bool {
        self.timer.is_some()
    }

    /// Returns whether the poll is to ask the kernel without waiting, before it calls
    /// [`Registry::sleep`]. To be asked once in each poll that has a timeout or a deadline.
    #[inline]
    pub(super) fn should_probe(&mut self) -> bool {
        self.backoff.should_probe()
    }

    /// Makes nothing of an error that is an interruption by a signal, unless the call has `waited`
    /// and the poll is to return then.
    #[cold]
    pub(super) fn ignore_signal(&self, error: Error, waited: bool) -> Result<()> {
        let ignored = !waited || self.on_signal == OnSignal::Retry;
        if ignored && error == Error::Os(libc::EINTR) { Ok(()) } else { Err(error) }
    }
}

impl Registry {
    /// Waits for kernel events for as long as `timeout`, but not beyond `wakeup`, first spinning,
    /// if that is set. It asks the kernel once at least.
    ///
    /// Out of line, since each poll of a program has a call of it. It returns more than some
    /// callers need: a result in registers costs the polls that do not sleep five instructions.
    #[inline(never)]
    pub(super) fn sleep(
        &mut self,
        batch: &mut Batch,
        timeout: Timeout,
        wakeup: Instant,
    ) -> Result<Woken> {
        let Registry { waiter, selector, .. } = self;
        let mut now = clock::now()?;
        let end = timeout.end(now);
        let wakeup = end.min(wakeup);
        let endless = wakeup == Instant::MAX;
        if !endless {
            waiter.backoff.found_nothing();
        }
        let end_of_spin = wakeup.min(after(now, waiter.spin));
        loop {
            let spinning = now < end_of_spin;
            let selected = if spinning || endless {
                let wait = if spinning { Wait::No } else { Wait::Endless };
                selector.select(batch.spare(), wait)
            } else if let Some(timer) = &mut waiter.timer {
                timer.select_until(selector, batch.spare(), now, wakeup)
            } else {
                selector.select_for(batch.spare(), wakeup.as_nanos().saturating_sub(now.as_nanos()))
            };
            match selected {
                Ok(count) => batch.grow(count),
                Err(error) => waiter.ignore_signal(error, !spinning)?,
            }
            if !batch.is_empty() {
                return Ok(Woken { now, left: Timeout::between(now, end) });
            }
            if spinning || !endless {
                // The kernel may have returned early.
                now = clock::now()?;
                if now >= wakeup {
                    return Ok(Woken { now, left: Timeout::between(now, end) });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::Events;
    use crate::id::EventedId;
    use crate::interests::{Interests, PollOption};
    use crate::sys::io;
    use crate::sys::pipe::pipe;

    fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn a_timeout_becomes_a_point_in_time() {
        assert!(Timeout::new(None).is_endless());
        assert!(Timeout::new(Some(Duration::MAX)).is_endless());
        assert!(Timeout::new(Some(Duration::ZERO)).is_zero());
        let now = Instant::now();
        assert_eq!(Timeout::new(None).end(now), Instant::MAX);
        for timeout in [Duration::ZERO, millis(7), Duration::MAX - millis(1)] {
            assert_eq!(Timeout::new(Some(timeout)).end(now), now + timeout);
        }
        for timeout in [None, Some(Duration::ZERO), Some(millis(7))] {
            let timeout = Timeout::new(timeout);
            assert_eq!(Timeout::between(now, timeout.end(now)), timeout);
        }
    }

    #[test]
    fn a_sleep_ends_no_earlier_than_asked_with_and_without_spinning() {
        let mut registry = Registry::new().unwrap();
        let mut events = Events::<4>::sized();
        let batch = events.batch();
        for spin in [Duration::ZERO, millis(1), millis(9)] {
            registry.set_spin(spin);
            for nanos in [0, 1, 3_000_000] {
                let (begun, long) = (Instant::now(), Timeout::new(Some(millis(60_000))));
                let wakeup = after(begun, nanos);
                for (timeout, wakeup) in [(Timeout(nanos), Instant::MAX), (long, wakeup)] {
                    let Woken { now, left } = registry.sleep(batch, timeout, wakeup).unwrap();
                    assert!(now >= after(begun, nanos));
                    assert!(batch.is_empty() && Instant::now() >= after(begun, nanos));
                    assert_eq!(left.is_zero(), timeout != long);
                }
            }
        }
    }

    #[test]
    fn an_event_ends_a_sleep_of_any_length_with_and_without_spinning() {
        let (reader, writer) = pipe().unwrap();
        io::write(writer.as_raw_fd(), b"x").unwrap();
        let mut registry = Registry::new().unwrap();
        let (id, level) = (EventedId(5), PollOption::Level);
        registry.register_fd(reader.as_raw_fd(), id, Interests::READABLE, level).unwrap();
        for spin in [Duration::ZERO, millis(60_000)] {
            registry.set_spin(spin);
            for timeout in [None, Some(millis(60_000)), Some(Duration::from_nanos(1))] {
                for wakeup in [Instant::MAX, Instant::now() + millis(60_000)] {
                    let mut events = Events::<4>::sized();
                    registry.sleep(events.batch(), Timeout::new(timeout), wakeup).unwrap();
                    assert!(
                        events.iter().map(|event| event.id()).eq([id]),
                        "{timeout:?}, {wakeup:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn only_a_call_that_has_waited_is_interrupted() {
        let (interrupted, broken) = (Error::Os(libc::EINTR), Error::Os(libc::EBADF));
        let mut waiter = Waiter::new();
        for (on_signal, waited, result) in [
            (OnSignal::Retry, false, Ok(())),
            (OnSignal::Retry, true, Ok(())),
            (OnSignal::Return, false, Ok(())),
            (OnSignal::Return, true, Err(interrupted)),
        ] {
            waiter.set_on_signal(on_signal);
            assert_eq!(waiter.ignore_signal(interrupted, waited), result);
            assert_eq!(waiter.ignore_signal(broken, waited), Err(broken));
        }
    }
}
