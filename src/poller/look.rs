//! When to look before sleeping.

/// Decides whether a poll with a timeout first looks without one.
///
/// Any positive timeout makes the kernel set up a timer, a third of a short poll's cost, even when events
/// are there already. A look costs a system call only when it finds nothing. So: look where the last look found
/// something; after one that did not, leave out 1, 2, 4 … 64 polls.
#[derive(Debug)]
pub(crate) struct Look {
    /// How many polls are still to be left out.
    skip: u8,
    /// How many were left out after the last look that found nothing.
    pause: u8,
}

const LONGEST_PAUSE: u8 = 64;

impl Look {
    pub(crate) const fn new() -> Look {
        Look { skip: 0, pause: 0 }
    }

    /// To be asked once a poll.
    #[inline]
    pub(crate) fn is_due(&mut self) -> bool {
        let due = self.skip == 0;
        self.skip = self.skip.saturating_sub(1);
        due
    }

    /// What the look found.
    #[inline]
    pub(crate) fn found(&mut self, something: bool) {
        self.pause = if something { 0 } else { (self.pause * 2).clamp(1, LONGEST_PAUSE) };
        self.skip = self.pause;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_poller_always_looks_and_an_idle_one_ever_more_rarely() {
        let mut look = Look::new();
        for _ in 0..10 {
            assert!(look.is_due());
            look.found(true);
        }
        for pause in [1, 2, 4, 8, 16, 32, 64, 64, 64] {
            assert!(look.is_due());
            look.found(false);
            assert!((0..pause).all(|_| !look.is_due()));
        }
        assert!(look.is_due());
        look.found(true);
        assert!(look.is_due());
    }
}
