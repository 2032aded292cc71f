//! Waiting for the kernel: probe, spin, sleep, and go on after a signal.

use core::time::Duration;

use super::probe::ProbeBackoff;
use crate::error::{Error, Result};
use crate::events::Batch;
use crate::sys::{Selector, Wait, clock};
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
    pub(super) fn between(now: Instant, end: Instant) -> Timeout {
        match end {
            Instant::MAX => Timeout::ENDLESS,
            end => Timeout(end.as_nanos().saturating_sub(now.as_nanos())),
        }
    }

    /// Reads the clock, and returns when it ends.
    pub(super) fn span(self) -> Result<Span> {
        let now = clock::now()?;
        Ok(Span { now, end: after(now, self.0) })
    }
}

/// Returns the point in time `nanos` nanoseconds after `start`, or `Instant::MAX` if that is beyond
/// it.
fn after(start: Instant, nanos: u64) -> Instant {
    Instant::from_nanos(start.as_nanos().saturating_add(nanos))
}

/// From the latest reading of the clock until a poll is to return.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) now: Instant,
    /// `Instant::MAX`: never.
    pub(super) end: Instant,
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
}

impl Waiter {
    pub(super) const fn new() -> Waiter {
        Waiter { backoff: ProbeBackoff::new(), spin: 0, on_signal: OnSignal::Retry }
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

    /// Returns whether the poll is to ask the kernel without waiting, before it calls
    /// [`sleep`](Waiter::sleep). To be asked once in each poll that has a timeout or a deadline.
    #[inline]
    pub(super) fn should_probe(&mut self) -> bool {
        self.backoff.should_probe()
    }

    /// Waits for kernel events for as long as `timeout`, first spinning, if that is set. It asks
    /// the kernel once at least. Returns its latest reading of the clock, which is not before the
    /// end if there is no event.
    ///
    /// `probed` says that a probe of this poll has found nothing.
    ///
    /// Out of line, since each poll of a program has a call of it. The instant is part of the
    /// result although some callers do not need it: a result in registers costs the polls that do
    /// not sleep five instructions.
    #[inline(never)]
    pub(super) fn sleep(
        &mut self,
        selector: &Selector,
        batch: &mut Batch,
        timeout: Timeout,
        probed: bool,
    ) -> Result<Instant> {
        let Span { mut now, end } = timeout.span()?;
        if probed {
            self.backoff.found_nothing();
        }
        let endless = end == Instant::MAX;
        let end_of_spin = end.min(after(now, self.spin));
        loop {
            let spinning = now < end_of_spin;
            let selected = if spinning || endless {
                let wait = if spinning { Wait::No } else { Wait::Endless };
                selector.select(batch.spare(), wait)
            } else {
                selector.select_for(batch.spare(), end.as_nanos().saturating_sub(now.as_nanos()))
            };
            match selected {
                Ok(count) => batch.grow(count),
                Err(error) => self.ignore_signal(error, !spinning)?,
            }
            if !batch.is_empty() {
                return Ok(now);
            }
            if spinning || !endless {
                now = clock::now()?;
                if now >= end {
                    return Ok(now);
                }
            }
        }
    }

    /// Makes nothing of an error that is an interruption by a signal, unless the call has `waited`
    /// and the poll is to return then.
    #[cold]
    pub(super) fn ignore_signal(&self, error: Error, waited: bool) -> Result<()> {
        let ignored = !waited || self.on_signal == OnSignal::Retry;
        if ignored && error == Error::Os(libc::EINTR) { Ok(()) } else { Err(error) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::Events;

    fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn a_timeout_becomes_a_point_in_time() {
        assert!(Timeout::new(None).is_endless());
        assert!(Timeout::new(Some(Duration::MAX)).is_endless());
        assert!(Timeout::new(Some(Duration::ZERO)).is_zero());
        assert_eq!(Timeout::new(None).span().unwrap().end, Instant::MAX);
        for timeout in [Duration::ZERO, millis(7), Duration::MAX - millis(1)] {
            let before = Instant::now();
            let Span { now, end } = Timeout::new(Some(timeout)).span().unwrap();
            assert!(before <= now && now <= Instant::now());
            assert_eq!(end, now + timeout);
        }
    }

    #[test]
    fn a_sleep_ends_no_earlier_than_asked_with_and_without_spinning() {
        let selector = Selector::new().unwrap();
        let mut events = Events::<4>::sized();
        let batch = events.batch();
        for spin in [Duration::ZERO, millis(1), millis(9)] {
            let mut waiter = Waiter::new();
            waiter.set_spin(spin);
            for timeout in [Duration::ZERO, Duration::from_nanos(1), millis(3)] {
                let span = Timeout::new(Some(timeout)).span().unwrap();
                let now = waiter
                    .sleep(&selector, batch, Timeout::between(span.now, span.end), false)
                    .unwrap();
                assert!(batch.is_empty() && now >= span.end && Instant::now() >= now);
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
