//! A few timers, sorted.

use super::SMALL;
use super::store::{NONE, Node};

/// Up to `SMALL` timers in order of deadline, equal ones in order of `tie`, then of coming.
pub(super) struct Batch {
    timers: [Due; SMALL],
    len: usize,
}

#[derive(Copy, Clone)]
pub(super) struct Due {
    pub deadline: u64,
    pub tie: u32,
    pub node: Node,
}

impl Batch {
    #[inline]
    pub fn new() -> Self {
        Batch {
            timers: [Due {
                deadline: 0,
                tie: 0,
                node: NONE,
            }; SMALL],
            len: 0,
        }
    }

    /// Sorts a timer in. False, and nothing changed, if there is no room.
    #[inline]
    pub fn insert(&mut self, due: Due) -> bool {
        if self.len == SMALL {
            return false;
        }
        self.len += 1;
        self.settle(due);
        true
    }

    /// Sorts a timer in; without room for it the last of them all goes, and comes back.
    #[inline]
    pub fn insert_or_swap(&mut self, due: Due) -> Option<Due> {
        if self.insert(due) {
            return None;
        }
        let last = self.timers[SMALL - 1];
        if !last.is_after(&due) {
            return Some(due);
        }
        self.settle(due);
        Some(last)
    }

    /// The step of an insertion sort: the last place is free.
    #[inline]
    fn settle(&mut self, due: Due) {
        let mut place = self.len - 1;
        while place > 0 && self.timers[place - 1].is_after(&due) {
            self.timers[place] = self.timers[place - 1];
            place -= 1;
        }
        self.timers[place] = due;
    }

    /// In order.
    #[inline]
    pub fn as_slice(&self) -> &[Due] {
        &self.timers[..self.len]
    }
}

impl Due {
    #[inline]
    fn is_after(&self, other: &Due) -> bool {
        (self.deadline, self.tie) > (other.deadline, other.tie)
    }
}
