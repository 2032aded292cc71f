//! std's `BTreeMap`, as async-io uses it.

use std::collections::BTreeMap;

use super::Timers;

pub struct Ordered {
    timers: BTreeMap<(u64, u32), ()>,
    deadlines: Vec<u64>,
}

impl Timers for Ordered {
    const PEER: &'static str = "BTreeMap";

    fn with_capacity(capacity: usize) -> Box<Self> {
        Box::new(Ordered { timers: BTreeMap::new(), deadlines: vec![0; capacity] })
    }

    #[inline]
    fn insert(&mut self, id: usize, deadline: u64) {
        self.deadlines[id] = deadline;
        self.timers.insert((deadline, id as u32), ());
    }

    #[inline]
    fn cancel(&mut self, id: usize) {
        self.timers.remove(&(self.deadlines[id], id as u32));
    }

    #[inline]
    fn next(&mut self) -> Option<u64> {
        self.timers.first_key_value().map(|(&(deadline, _), ())| deadline)
    }

    #[inline]
    fn expire(&mut self, now: u64, room: usize, mut fire: impl FnMut(usize)) {
        for _ in 0..room {
            match self.timers.first_entry() {
                Some(first) if first.key().0 <= now => fire(first.remove_entry().0.1 as usize),
                _ => break,
            }
        }
    }
}
