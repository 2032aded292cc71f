//! orx-priority-queue: a 4-ary heap that knows where each id is.

use orx_priority_queue::{PriorityQueue, PriorityQueueDecKey, QuaternaryHeapOfIndices};

use super::Timers;

pub struct HeapOfIndices(QuaternaryHeapOfIndices<usize, u64>);

impl Timers for HeapOfIndices {
    const PEER: &'static str = "orx, 4";

    fn with_capacity(capacity: usize) -> Box<Self> {
        Box::new(HeapOfIndices(QuaternaryHeapOfIndices::with_index_bound(capacity)))
    }

    #[inline]
    fn insert(&mut self, id: usize, deadline: u64) {
        self.0.push(id, deadline);
    }

    #[inline]
    fn cancel(&mut self, id: usize) {
        self.0.remove(&id);
    }

    #[inline]
    fn update(&mut self, id: usize, deadline: u64) {
        self.0.update_key(&id, deadline);
    }

    #[inline]
    fn next(&mut self) -> Option<u64> {
        self.0.peek().map(|&(_, deadline)| deadline)
    }

    #[inline]
    fn expire(&mut self, now: u64, room: usize, mut fire: impl FnMut(usize)) {
        for _ in 0..room {
            match self.0.peek() {
                Some(&(id, deadline)) if deadline <= now => {
                    self.0.pop();
                    fire(id);
                }
                _ => break,
            }
        }
    }
}
