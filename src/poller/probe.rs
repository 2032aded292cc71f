//! When to ask the kernel without waiting, before a poll waits.

/// Decides whether a poll with a timeout first makes a system call without one: a *probe*.
///
/// Any positive timeout makes the kernel set up a timer, a third of a short poll's cost, even if
/// events are there already. A probe costs a system call only if it finds nothing. So a poll probes
/// if the latest probe found something; after one that did not, 1, 2, 4 … 64 polls go without.
#[derive(Debug)]
pub(super) struct ProbeBackoff {
    /// How many polls are still to go without a probe.
    skip: u8,
    /// How many went without after the latest probe, if that found nothing.
    pause: u8,
    /// The same of the probe before.
    pause_before: u8,
}

const LONGEST_PAUSE: u8 = 64;

impl ProbeBackoff {
    pub(super) const fn new() -> ProbeBackoff {
        ProbeBackoff { skip: 0, pause: 0, pause_before: 0 }
    }

    /// Returns whether this poll is to probe; to be asked once in each poll. The probe counts as
    /// one that finds something, unless [`found_nothing`](ProbeBackoff::found_nothing) is called.
    ///
    /// `pause` is 0 from a probe until it is known that it has found nothing, and only then.
    #[inline]
    pub(super) fn should_probe(&mut self) -> bool {
        if self.skip != 0 {
            self.skip -= 1;
            return false;
        }
        self.pause_before = self.pause;
        self.pause = 0;
        true
    }

    /// Notes that the probe of this poll, if there was one, has found nothing.
    pub(super) fn found_nothing(&mut self) {
        if self.pause == 0 {
            self.pause = (self.pause_before * 2).clamp(1, LONGEST_PAUSE);
            self.skip = self.pause;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_poller_always_probes_and_an_idle_one_ever_more_rarely() {
        let mut backoff = ProbeBackoff::new();
        for _ in 0..10 {
            assert!(backoff.should_probe());
        }
        for pause in [1, 2, 4, 8, 16, 32, 64, 64, 64] {
            assert!(backoff.should_probe());
            backoff.found_nothing();
            assert!((0..pause).all(|_| !backoff.should_probe()));
        }
        assert!(backoff.should_probe());
        assert!(backoff.should_probe(), "the probe before has found something");
        backoff.found_nothing();
        backoff.found_nothing();
        assert!(!backoff.should_probe() && backoff.should_probe(), "the pauses begin anew");
    }
}
