//! Heaps that cannot remove: what is cancelled stays inside and is skipped when it comes up. So that it is paid
//! for, and so that memory is bounded, a cancellation after which more than half of the heap is garbage rebuilds
//! it: a constant amount of work for each. At most that takes 48 bytes for each timer.
//!
//! Around the heap is what makes a queue of timers of it, one that does what this library's wheel does: several
//! timers with any id, equal deadlines in order, keys that turn stale: [`Slots`]. [`Bare`] does without.

use std::cmp::Reverse;

use super::Timers;

/// The earliest first: deadline, two numbers that tell who it is.
type Item = (u64, u32, u32);

trait Heap: 'static {
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

/// Who is pending.
trait Ledger: 'static {
    const BARE: bool;
    fn with_capacity(capacity: usize) -> Self;
    /// Enters a new timer, and returns what its item says.
    fn enter(&mut self, id: usize) -> (u32, u32);
    fn cancel(&mut self, id: usize);
    fn has(&self, item: Item) -> bool;
    /// Takes the timer of an item out, which it has.
    fn fire(&mut self, item: Item) -> usize;
}

/// What a queue of timers needs: slots, which hold any id, and keys.
pub struct Slots {
    slots: Vec<Slot>,
    free: usize,
    stamp: u32,
    /// By id, as the connections would keep them.
    keys: Vec<Key>,
}

struct Slot {
    /// Which insertion this was.
    stamp: u32,
    /// Where no timer is, the next slot to use.
    id: usize,
}

#[derive(Copy, Clone)]
struct Key {
    stamp: u32,
    slot: u32,
}

/// The stamp of a slot in which no timer is.
const FREE: u32 = 0;

impl Ledger for Slots {
    const BARE: bool = false;

    fn with_capacity(capacity: usize) -> Self {
        Slots {
            slots: (1..=capacity).map(|next| Slot { stamp: FREE, id: next }).collect(),
            free: 0,
            stamp: FREE,
            keys: vec![Key { stamp: FREE, slot: 0 }; capacity],
        }
    }

    #[inline]
    fn enter(&mut self, id: usize) -> (u32, u32) {
        self.stamp += 1;
        let key = Key { stamp: self.stamp, slot: self.free as u32 };
        let slot = &mut self.slots[self.free];
        self.free = std::mem::replace(slot, Slot { stamp: key.stamp, id }).id;
        self.keys[id] = key;
        (key.stamp, key.slot)
    }

    #[inline]
    fn cancel(&mut self, id: usize) {
        let Key { stamp, slot } = self.keys[id];
        assert!(self.has((0, stamp, slot)));
        self.fire((0, stamp, slot));
    }

    #[inline]
    fn has(&self, (_, stamp, slot): Item) -> bool {
        self.slots[slot as usize].stamp == stamp
    }

    #[inline]
    fn fire(&mut self, (_, _, slot): Item) -> usize {
        let next = std::mem::replace(&mut self.free, slot as usize);
        std::mem::replace(&mut self.slots[slot as usize], Slot { stamp: FREE, id: next }).id
    }
}

/// The least that one can do: an id is a number below the capacity and has one timer, and who cancels knows that
/// it is pending. So there are no slots and no keys, but 4 bytes a timer: odd while it is pending.
pub struct Generations(Vec<u32>);

impl Ledger for Generations {
    const BARE: bool = true;

    fn with_capacity(capacity: usize) -> Self {
        Generations(vec![0; capacity])
    }

    #[inline]
    fn enter(&mut self, id: usize) -> (u32, u32) {
        self.0[id] += 1;
        (id as u32, self.0[id])
    }

    #[inline]
    fn cancel(&mut self, id: usize) {
        self.0[id] += 1;
    }

    #[inline]
    fn has(&self, (_, id, generation): Item) -> bool {
        self.0[id as usize] == generation
    }

    #[inline]
    fn fire(&mut self, (_, id, _): Item) -> usize {
        self.0[id as usize] += 1;
        id as usize
    }
}

pub struct Lazy<H, L = Slots> {
    heap: Box<H>,
    /// How many are pending.
    live: usize,
    ledger: L,
}

pub type Bare<H> = Lazy<H, Generations>;

#[allow(private_bounds)]
impl<H: Heap, L: Ledger> Timers for Lazy<H, L> {
    const PEER: &'static str = if L::BARE { H::BARE } else { H::PEER };

    fn with_capacity(capacity: usize) -> Box<Self> {
        let ledger = L::with_capacity(capacity);
        Box::new(Lazy { heap: H::with_capacity(capacity), live: 0, ledger })
    }

    #[inline]
    fn insert(&mut self, id: usize, deadline: u64) {
        let (high, low) = self.ledger.enter(id);
        self.live += 1;
        self.heap.push((deadline, high, low));
    }

    #[inline]
    fn cancel(&mut self, id: usize) {
        self.ledger.cancel(id);
        self.live -= 1;
        if self.heap.len() > 2 * self.live + 1 {
            let ledger = &self.ledger;
            self.heap.retain(|item| ledger.has(item));
        }
    }

    #[inline]
    fn next(&mut self) -> Option<u64> {
        while let Some(item) = self.heap.peek() {
            if self.ledger.has(item) {
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
            if self.ledger.has(item) {
                self.live -= 1;
                left -= 1;
                fire(self.ledger.fire(item));
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
