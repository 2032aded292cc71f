//! timer-queue: a hierarchical wheel of 11 x 64 slots, exact in any unit; `next` is a lower bound.

use super::Timers;

pub struct TimerQueue {
    queue: timer_queue::TimerQueue<usize>,
    keys: Vec<Option<timer_queue::Timer>>,
}

impl Timers for TimerQueue {
    const PEER: &'static str = "timer-queue";

    fn with_capacity(capacity: usize) -> Box<Self> {
        let mut queue = timer_queue::TimerQueue::with_capacity(capacity);
        assert!(queue.poll(super::START).is_none());
        Box::new(TimerQueue { queue, keys: vec![None; capacity] })
    }

    #[inline]
    fn insert(&mut self, id: usize, deadline: u64) {
        self.keys[id] = Some(self.queue.insert(deadline, id));
    }

    #[inline]
    fn cancel(&mut self, id: usize) {
        self.queue.remove(self.keys[id].unwrap());
    }

    #[inline]
    fn update(&mut self, id: usize, deadline: u64) {
        self.queue.reset(self.keys[id].unwrap(), deadline);
    }

    #[inline]
    fn next(&mut self) -> Option<u64> {
        self.queue.next_timeout()
    }

    #[inline]
    fn expire(&mut self, now: u64, room: usize, mut fire: impl FnMut(usize)) {
        for _ in 0..room {
            match self.queue.poll(now) {
                Some(id) => fire(id),
                None => break,
            }
        }
    }
}
