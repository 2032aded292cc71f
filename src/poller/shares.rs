//! How many slots of a batch each class of events gets: fairness, as arithmetic.
//!
//! There are three classes: expired timers, user events and kernel events. What is not set aside
//! for the first two is the kernel's.

/// The slots that are set aside.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) struct Shares {
    pub(super) timers: usize,
    pub(super) user: usize,
}

/// Gives each class its turn if there are fewer slots than classes.
///
/// `poll` and `poll_userspace` rotate independently: with one counter, calls that alternate could
/// skip the same class every time.
#[derive(Debug, Default)]
pub(super) struct Rotation {
    poll: u8,
    userspace: bool,
}

impl Rotation {
    /// Returns the shares of a poll: a third for each class at least; of one or two slots, each
    /// class gets one in every three polls at least.
    #[inline]
    pub(super) fn shares(&mut self, slots: usize) -> Shares {
        let third = slots / 3;
        if third != 0 {
            return Shares { timers: third, user: third };
        }
        self.poll = (self.poll + 1) % 3;
        let (timers, user) = match (slots, self.poll) {
            (1, 0) => (1, 0),
            (1, 1) => (0, 1),
            (1, _) => (0, 0),
            (_, 0) => (1, 1),
            (_, 1) => (1, 0),
            (_, _) => (0, 1),
        };
        Shares { timers, user }
    }

    /// Returns the share of the timers in a poll of user space only: a half. The odd slot goes to
    /// each class in turn.
    pub(super) fn timers_in_userspace(&mut self, slots: usize) -> usize {
        self.userspace = !self.userspace;
        (slots + usize::from(self.userspace)) / 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_has_a_third() {
        for slots in 3..300 {
            let Shares { timers, user } = Rotation::default().shares(slots);
            assert_eq!((timers, user), (slots / 3, slots / 3));
            assert!(slots - timers - user >= slots / 3);
        }
    }

    #[test]
    fn of_one_or_two_slots_every_class_has_one_in_three_polls() {
        for slots in 1..3 {
            let mut rotation = Rotation::default();
            for _ in 0..10 {
                let three = [(); 3].map(|()| rotation.shares(slots));
                assert!(three.iter().any(|shares| shares.timers == 1));
                assert!(three.iter().any(|shares| shares.user == 1));
                assert!(three.iter().any(|shares| shares.timers + shares.user < slots));
            }
        }
    }

    #[test]
    fn without_the_kernel_the_odd_slot_goes_to_each_in_turn() {
        let mut rotation = Rotation::default();
        let shares = [5, 5, 1, 1, 4].map(|slots| rotation.timers_in_userspace(slots));
        assert_eq!(shares, [3, 2, 1, 0, 2]);
    }
}
