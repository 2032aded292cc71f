//! tokio-util's `DelayQueue`: milliseconds, and always the real clock.

use tokio::runtime::Runtime;
use tokio::time::{Duration, Instant};
use tokio_util::time::DelayQueue;
use tokio_util::time::delay_queue::Key;

use super::{START, Timers};

pub struct Delays {
    queue: DelayQueue<usize>,
    keys: Vec<Option<Key>>,
    /// The instant that `START` stands for.
    start: Instant,
    runtime: Runtime,
}

impl Delays {
    #[inline]
    fn at(&self, nanos: u64) -> Instant {
        self.start + Duration::from_nanos(nanos - START)
    }
}

impl Timers for Delays {
    const PEER: &'static str = "DelayQueue";
    const ORDERED: bool = false;
    const QUICK_NEXT: bool = false; // 0.2 ms, where 65,536 are due at much the same time

    fn with_capacity(capacity: usize) -> Box<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let queue = DelayQueue::with_capacity(capacity);
        let start = Instant::now();
        Box::new(Delays { queue, keys: vec![None; capacity], start, runtime })
    }

    #[inline]
    fn insert(&mut self, id: usize, deadline: u64) {
        // The first one makes a timer of the runtime's.
        let _inside = self.queue.is_empty().then(|| self.runtime.enter());
        let when = self.at(deadline);
        self.keys[id] = Some(self.queue.insert_at(id, when));
    }

    #[inline]
    fn cancel(&mut self, id: usize) {
        self.queue.remove(&self.keys[id].take().unwrap());
    }

    #[inline]
    fn update(&mut self, id: usize, deadline: u64) {
        let when = self.at(deadline);
        self.queue.reset_at(&self.keys[id].unwrap(), when);
    }

    #[inline]
    fn next(&mut self) -> Option<u64> {
        let first = self.queue.peek()?;
        Some(START + (self.queue.deadline(&first) - self.start).as_nanos() as u64)
    }

    /// The clock of the contests is not the real one.
    #[inline]
    fn expire(&mut self, _: u64, _: usize, _: impl FnMut(usize)) {}
}
