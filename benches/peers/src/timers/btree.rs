//! std's `BTreeMap`, as async-io uses it: a count of the insertions tells equal deadlines apart, and is the key.

use std::collections::BTreeMap;

use super::Timers;

pub struct Ordered {
    timers: BTreeMap<(u64, usize), usize>,
    count: usize,
    /// By id.
    keys: Vec<(u64, usize)>,
}

impl Timers for Ordered {
    const PEER: &'static str = "BTreeMap";

    fn with_capacity(capacity: usize) -> Box<Self> {
        Box::new(Ordered { timers: BTreeMap::new(), count: 0, keys: vec![(0, 0); capacity] })
    }

    #[inline]
    fn insert(&mut self, id: usize, deadline: u64) {
        self.count += 1;
        self.keys[id] = (deadline, self.count);
        self.timers.insert(self.keys[id], id);
    }

    #[inline]
    fn cancel(&mut self, id: usize) {
        self.timers.remove(&self.keys[id]).unwrap();
    }

    #[inline]
    fn next(&mut self) -> Option<u64> {
        self.timers.first_key_value().map(|(&(deadline, _), _)| deadline)
    }

    #[inline]
    fn expire(&mut self, now: u64, room: usize, mut fire: impl FnMut(usize)) {
        for _ in 0..room {
            match self.timers.first_entry() {
                Some(first) if first.key().0 <= now => fire(first.remove()),
                _ => break,
            }
        }
    }
}
