//! Heaps that cannot remove: what is cancelled stays inside and is skipped when it comes up. So that it is paid
//! for, and so that memory is bounded, a cancellation after which more than half of the heap is garbage rebuilds
//! it: a constant amount of work for each. At most that takes 32 bytes for each timer, as this library's wheel
//! does.

use std::cmp::Reverse;

use super::Timers;

/// The earliest first. (deadline, id, generation)
type Item = (u64, u32, u32);

trait Heap: 'static {
    const PEER: &'static str;
    fn with_capacity(capacity: usize) -> Box<Self>;
    fn len(&self) -> usize;
    fn push(&mut self, item: Item);
    fn retain(&mut self, live: impl Fn(Item) -> bool);
    fn peek(&self) -> Option<Item>;
    fn pop(&mut self);
}

pub struct Lazy<H> {
    heap: Box<H>,
    /// How many are pending.
    live: usize,
    /// By id; odd while the timer is pending.
    generations: Vec<u32>,
}

pub type StdHeap = Lazy<std::collections::BinaryHeap<Reverse<Item>>>;
pub type DaryHeap = Lazy<dary_heap::QuaternaryHeap<Reverse<Item>>>;
pub type HeaplessHeap<const ROOM: usize> =
    Lazy<heapless::binary_heap::BinaryHeap<Item, heapless::binary_heap::Min, ROOM>>;

#[allow(private_bounds)]
impl<H: Heap> Timers for Lazy<H> {
    const PEER: &'static str = H::PEER;

    fn with_capacity(capacity: usize) -> Box<Self> {
        Box::new(Lazy { heap: H::with_capacity(capacity), live: 0, generations: vec![0; capacity] })
    }

    #[inline]
    fn insert(&mut self, id: usize, deadline: u64) {
        self.generations[id] += 1;
        self.live += 1;
        self.heap.push((deadline, id as u32, self.generations[id]));
    }

    #[inline]
    fn cancel(&mut self, id: usize) {
        self.generations[id] += 1;
        self.live -= 1;
        if self.heap.len() > 2 * self.live + 1 {
            let generations = &self.generations;
            self.heap.retain(|(_, id, generation)| generations[id as usize] == generation);
        }
    }

    #[inline]
    fn next(&mut self) -> Option<u64> {
        while let Some((deadline, id, generation)) = self.heap.peek() {
            if self.generations[id as usize] == generation {
                return Some(deadline);
            }
            self.heap.pop();
        }
        None
    }

    #[inline]
    fn expire(&mut self, now: u64, room: usize, mut fire: impl FnMut(usize)) {
        let mut left = room;
        while let Some((deadline, id, generation)) = self.heap.peek()
            && left > 0
            && deadline <= now
        {
            self.heap.pop();
            if self.generations[id as usize] == generation {
                self.generations[id as usize] += 1;
                self.live -= 1;
                left -= 1;
                fire(id as usize);
            }
        }
    }
}

macro_rules! growing_heap {
    ($Heap:ty, $peer:literal) => {
        impl Heap for $Heap {
            const PEER: &'static str = $peer;

            fn with_capacity(capacity: usize) -> Box<Self> {
                Box::new(<$Heap>::with_capacity(2 * capacity))
            }

            #[inline]
            fn len(&self) -> usize {
                self.len()
            }

            #[inline]
            fn push(&mut self, item: Item) {
                self.push(Reverse(item));
            }

            fn retain(&mut self, live: impl Fn(Item) -> bool) {
                self.retain(|&Reverse(item)| live(item));
            }

            #[inline]
            fn peek(&self) -> Option<Item> {
                self.peek().map(|&Reverse(item)| item)
            }

            #[inline]
            fn pop(&mut self) {
                self.pop();
            }
        }
    };
}

growing_heap!(std::collections::BinaryHeap<Reverse<Item>>, "BinaryHeap");
growing_heap!(dary_heap::QuaternaryHeap<Reverse<Item>>, "dary_heap, 4");

impl<const ROOM: usize> Heap
    for heapless::binary_heap::BinaryHeap<Item, heapless::binary_heap::Min, ROOM>
{
    const PEER: &'static str = "heapless";

    fn with_capacity(_: usize) -> Box<Self> {
        let heap = Box::<Self>::new_zeroed();
        // SAFETY: it is a length, for which zeros are a value, and room for items that are not there yet.
        unsafe { heap.assume_init() }
    }

    #[inline]
    fn len(&self) -> usize {
        self.iter().len()
    }

    #[inline]
    fn push(&mut self, item: Item) {
        self.push(item).unwrap();
    }

    fn retain(&mut self, live: impl Fn(Item) -> bool) {
        let items: Vec<Item> = self.iter().copied().filter(|&item| live(item)).collect();
        self.clear();
        items.into_iter().for_each(|item| self.push(item).unwrap());
    }

    #[inline]
    fn peek(&self) -> Option<Item> {
        self.peek().copied()
    }

    #[inline]
    fn pop(&mut self) {
        self.pop();
    }
}
