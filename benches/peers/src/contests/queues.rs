//! The slab and the ready queue, against what a program would take instead.

use std::collections::{HashMap, VecDeque};
use std::hint::black_box;

use mio_st::event::{EventedId, Interests, Ready, ReadyQueue};
use mio_st::poll::PollOption;
use mio_st::slab::Slab;

use crate::measure::{Contest, Run, measure};
use crate::random::Random;

const CAPACITY: usize = 4096;
const TURNS: usize = 4096;

pub fn contests() -> Vec<Contest> {
    let slabs = |name, work: Work| {
        Contest::new("slab", name)
            .with("slab crate", move || slab_run::<slab::Slab<u64>>(work))
            .with("mio-st", move || slab_run::<Slab<u64, CAPACITY>>(work))
            .with("HashMap", move || slab_run::<(usize, HashMap<usize, u64>)>(work))
    };
    let queues = |name, burst| {
        Contest::new("ready queue", name)
            .with("VecDeque", move || queue_run::<VecDeque<(usize, u32)>>(burst))
            .with("mio-st", move || queue_run::<ReadyQueue<CAPACITY>>(burst))
            .with("heapless", move || queue_run::<heapless::Deque<(usize, u32), CAPACITY>>(burst))
    };
    vec![
        slabs("insert", Work::Insert),
        slabs("get", Work::Get),
        slabs("remove", Work::Remove),
        slabs("remove and insert", Work::Churn),
        queues("in, out", 1),
        queues("64 in, 64 out", 64),
        queues("4096 in, 4096 out", CAPACITY),
        Contest::new("ready queue", "source: set, out, clear").with("mio-st", sources),
    ]
}

#[derive(Copy, Clone, PartialEq)]
enum Work {
    Insert,
    Get,
    Remove,
    Churn,
}

trait Store: 'static {
    type Key: Copy;
    fn make() -> Box<Self>;
    fn insert(&mut self, value: u64) -> Self::Key;
    fn get(&self, key: Self::Key) -> Option<u64>;
    fn remove(&mut self, key: Self::Key) -> u64;
}

impl Store for Slab<u64, CAPACITY> {
    type Key = mio_st::slab::Key;

    fn make() -> Box<Self> {
        Box::new(Slab::new())
    }

    fn insert(&mut self, value: u64) -> Self::Key {
        Slab::insert(self, value).unwrap()
    }

    fn get(&self, key: Self::Key) -> Option<u64> {
        Slab::get(self, key).copied()
    }

    fn remove(&mut self, key: Self::Key) -> u64 {
        Slab::remove(self, key).unwrap()
    }
}

/// Without generations: a key of what has gone names what came after it.
impl Store for slab::Slab<u64> {
    type Key = usize;

    fn make() -> Box<Self> {
        Box::new(slab::Slab::with_capacity(CAPACITY))
    }

    fn insert(&mut self, value: u64) -> usize {
        slab::Slab::insert(self, value)
    }

    fn get(&self, key: usize) -> Option<u64> {
        slab::Slab::get(self, key).copied()
    }

    fn remove(&mut self, key: usize) -> u64 {
        slab::Slab::remove(self, key)
    }
}

/// With ids that are never used again.
impl Store for (usize, HashMap<usize, u64>) {
    type Key = usize;

    fn make() -> Box<Self> {
        Box::new((0, HashMap::with_capacity(CAPACITY)))
    }

    fn insert(&mut self, value: u64) -> usize {
        self.0 += 1;
        self.1.insert(self.0, value);
        self.0
    }

    fn get(&self, key: usize) -> Option<u64> {
        self.1.get(&key).copied()
    }

    fn remove(&mut self, key: usize) -> u64 {
        self.1.remove(&key).unwrap()
    }
}

fn slab_run<S: Store>(work: Work) -> Run {
    let (mut store, mut random) = (S::make(), Random::new(3));
    let mut keys = Vec::with_capacity(CAPACITY);
    Box::new(move || {
        let order: Vec<usize> =
            (0..TURNS).map(|_| random.below(CAPACITY as u64) as usize).collect();
        if work != Work::Insert {
            keys.extend((0..CAPACITY as u64).map(|value| store.insert(value)));
        }
        if work == Work::Remove {
            random.shuffle(&mut keys);
        }
        let sample = measure(TURNS, || match work {
            Work::Insert => keys.extend((0..TURNS as u64).map(|value| store.insert(value))),
            Work::Get => assert!(order.iter().all(|&at| store.get(keys[at]).is_some())),
            Work::Remove => keys.drain(..).for_each(|key| {
                black_box(store.remove(key));
            }),
            Work::Churn => {
                for &at in &order {
                    let value = store.remove(keys[at]);
                    keys[at] = store.insert(value + 1);
                }
            }
        });
        keys.drain(..).for_each(|key| {
            store.remove(key);
        });
        sample
    })
}

trait Queue: 'static {
    fn make() -> Box<Self>;
    fn push(&mut self, id: usize, ready: u32);
    fn pop_all(&mut self);
}

impl Queue for ReadyQueue<CAPACITY> {
    fn make() -> Box<Self> {
        Box::new(ReadyQueue::new())
    }

    fn push(&mut self, id: usize, ready: u32) {
        self.notify(EventedId(id), Ready::from_bits_retain(ready)).unwrap();
    }

    fn pop_all(&mut self) {
        self.begin_round();
        while let Some(event) = self.pop() {
            black_box(event);
        }
    }
}

impl Queue for VecDeque<(usize, u32)> {
    fn make() -> Box<Self> {
        Box::new(VecDeque::with_capacity(CAPACITY))
    }

    fn push(&mut self, id: usize, ready: u32) {
        self.push_back((id, ready));
    }

    fn pop_all(&mut self) {
        while let Some(event) = self.pop_front() {
            black_box(event);
        }
    }
}

impl Queue for heapless::Deque<(usize, u32), CAPACITY> {
    fn make() -> Box<Self> {
        Box::new(heapless::Deque::new())
    }

    fn push(&mut self, id: usize, ready: u32) {
        self.push_back((id, ready)).unwrap();
    }

    fn pop_all(&mut self) {
        while let Some(event) = self.pop_front() {
            black_box(event);
        }
    }
}

fn queue_run<Q: Queue>(burst: usize) -> Run {
    let mut queue = Q::make();
    Box::new(move || {
        measure(TURNS, || {
            for _ in 0..TURNS / burst {
                for id in 0..burst {
                    queue.push(id, 1);
                }
                queue.pop_all();
            }
        })
    })
}

fn sources() -> Run {
    let mut queue: Box<ReadyQueue<CAPACITY>> = Box::new(ReadyQueue::new());
    let keys: Vec<_> = (0..CAPACITY)
        .map(|id| queue.add_source(EventedId(id), Interests::READABLE, PollOption::Level).unwrap())
        .collect();
    Box::new(move || {
        measure(CAPACITY, || {
            for &key in &keys {
                queue.set_ready(key, Ready::READABLE).unwrap();
            }
            queue.begin_round();
            while let Some((id, _)) = queue.pop() {
                queue.clear_ready(keys[id.0], Ready::READABLE).unwrap();
            }
        })
    })
}
