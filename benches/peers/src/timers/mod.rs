//! The peers that keep deadlines, one adapter each.
//!
//! A timer is known by an id below the capacity, as a connection is; an adapter keeps its library's keys by
//! id, as the connection would. Deadlines are nanoseconds; where a library counts milliseconds, its adapter
//! rounds up.

mod btree;
mod delay_queue;
mod hash_wheel;
mod heap_of_indices;
mod lazy_heap;
mod nexus;
mod null;
mod timer_queue;
mod tm_wheel;
mod wheel;

pub use self::btree::Ordered;
pub use self::delay_queue::Delays;
pub use self::hash_wheel::HashWheel;
pub use self::heap_of_indices::HeapOfIndices;
pub use self::lazy_heap::{Bare, Dary, Heapless, Lazy, Std};
pub use self::nexus::Nexus;
pub use self::null::Null;
pub use self::timer_queue::TimerQueue;
pub use self::tm_wheel::TmWheel;
pub use self::wheel::{Wheel, WheelWakeup};

/// The time at which a contest begins: 10 s.
pub const START: u64 = 10_000_000_000;

/// Something that keeps deadlines.
pub trait Timers: 'static {
    const PEER: &'static str;

    /// Deadlines come out in order. (The contests that would fire out of order leave out who does.)
    const ORDERED: bool = true;

    /// `next` walks no long lists. (The large contests that ask for it leave out who does.)
    const QUICK_NEXT: bool = true;

    fn with_capacity(capacity: usize) -> Box<Self>;

    fn insert(&mut self, id: usize, deadline: u64);

    fn cancel(&mut self, id: usize);

    /// Moves a deadline: by this where the library has no such operation.
    #[inline]
    fn update(&mut self, id: usize, deadline: u64) {
        self.cancel(id);
        self.insert(id, deadline);
    }

    /// How long one may sleep.
    fn next(&mut self) -> Option<u64>;

    /// Hands out the ids of what is due, up to `room`.
    fn expire(&mut self, now: u64, room: usize, fire: impl FnMut(usize));
}

fn millis_rounded_up(nanos: u64) -> u64 {
    nanos.div_ceil(1_000_000)
}
