//! Heaps that cannot remove: what is cancelled stays inside and is skipped when it comes up. So that it is paid
//! for, and so that memory is bounded, a cancellation after which more than half of the heap is garbage rebuilds
//! it: a constant amount of work for each. At most that takes 48 bytes for each timer.
//!
//! Around the heap is what makes a queue of timers of it, one that does what this library's wheel does: several
//! timers with any id, equal deadlines in order, keys that turn stale. [`Bare`] does without.

use std::cmp::Reverse;

use super::Timers;

/// The earliest first: deadline, two numbers that tell who it is.
type Item = (u64, u32, u32);

pub trait Heap: 'static {
    const PEER: &'static str;
    const BARE: &'static str;
    fn with_capacity(capacity: usize) -> Box<Self>;
    fn len(&self) -> usize;
    fn push(&mut self, item: Item);
    fn retain(&mut self, live: impl Fn(Item) -> bool);
    fn peek(&self) -> Option<Item>;
    fn pop(&mut self);
}

pub type Std = std::collections::BinaryHeap<Reverse<Item>>;
pub type Dary = dary_heap::QuaternaryHeap<Reverse<Item>>;
pub type Heapless<const ROOM: usize> =
    heapless::binary_heap::BinaryHeap<Item, heapless::binary_heap::Min, ROOM>;

/// The stamp of a slot in which no timer is.
const FREE: u32 = 0;

struct Slot {
    /// Which insertion this was.
    stamp: u32,
    /// Where no timer is, the next slot to use.
    id: usize,
}

#[derive(Copy, Clone)]
struct Key {
    slot: u32,
    stamp: u32,
}

pub struct Lazy<H> {
    heap: Box<H>,
    /// How many are pending.
    live: usize,
    slots: Vec<Slot>,
    free: usize,
    stamp: u32,
    /// By id, as the connections would keep them.
    keys: Vec<Key>,
}

impl<H: Heap> Lazy<H> {
    fn is_live(slots: &[Slot], (_, stamp, slot): Item) -> bool {
        slots[slot as usize].stamp == stamp
    }

    /// Takes a live timer out of its slot.
    #[inline]
    fn release(&mut self, slot: u32) -> usize {
        let Slot { stamp, id } = &mut self.slots[slot as usize];
        *stamp = FREE;
        self.live -= 1;
        std::mem::replace(id, std::mem::replace(&mut self.free, slot as usize))
    }
}

impl<H: Heap> Timers for Lazy<H> {
    const PEER: &'static str = H::PEER;

    fn with_capacity(capacity: usize) -> Box<Self> {
        Box::new(Lazy {
            heap: H::with_capacity(capacity),
            live: 0,
            slots: (1..=capacity).map(|next| Slot { stamp: FREE, id: next }).collect(),
            free: 0,
            stamp: FREE,
            keys: vec![Key { slot: 0, stamp: FREE }; capacity],
        })
    }

    #[inline]
    fn insert(&mut self, id: usize, deadline: u64) {
        let slot = self.free as u32;
        self.stamp += 1;
        let taken = std::mem::replace(&mut self.slots[self.free], Slot { stamp: self.stamp, id });
        self.free = taken.id;
        self.live += 1;
        self.heap.push((deadline, self.stamp, slot));
        self.keys[id] = Key { slot, stamp: self.stamp };
    }

    #[inline]
    fn cancel(&mut self, id: usize) {
        let key = self.keys[id];
        assert_eq!(self.slots[key.slot as usize].stamp, key.stamp);
        self.release(key.slot);
        if self.heap.len() > 2 * self.live + 1 {
            let slots = &self.slots;
            self.heap.retain(|item| Self::is_live(slots, item));
        }
    }

    #[inline]
    fn next(&mut self) -> Option<u64> {
        while let Some(item) = self.heap.peek() {
            if Self::is_live(&self.slots, item) {
                return Some(item.0);
            }
            self.heap.pop();
        }
        None
    }

    #[inline]
    fn expire(&mut self, now: u64, room: usize, mut fire: impl FnMut(usize)) {
        let mut left = room;
        while let Some(item) = self.heap.peek()
            && left > 0
            && item.0 <= now
        {
            self.heap.pop();
            if Self::is_live(&self.slots, item) {
                left -= 1;
                fire(self.release(item.2));
            }
        }
    }
}

/// The least that one can do: an id is a number below the capacity and has one timer, and who cancels knows that
/// it is pending. So there are no slots and no keys, but 4 bytes a timer.
pub struct Bare<H> {
    heap: Box<H>,
    /// How many are pending.
    live: usize,
    /// By id; odd while the timer is pending.
    generations: Vec<u32>,
}

impl<H: Heap> Timers for Bare<H> {
    const PEER: &'static str = H::BARE;

    fn with_capacity(capacity: usize) -> Box<Self> {
        Box::new(Bare { heap: H::with_capacity(capacity), live: 0, generations: vec![0; capacity] })
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
    ($Heap:ty, $peer:literal, $bare:literal) => {
        impl Heap for $Heap {
            const PEER: &'static str = $peer;
            const BARE: &'static str = $bare;

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

growing_heap!(Std, "BinaryHeap", "BinaryHeap, bare");
growing_heap!(Dary, "dary_heap, 4", "dary_heap, 4, bare");

impl<const ROOM: usize> Heap for Heapless<ROOM> {
    const PEER: &'static str = "heapless";
    const BARE: &'static str = "heapless, bare";

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
