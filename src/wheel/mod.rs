//! The hashed timing wheel.

mod batch;
mod expire;
mod flat;
mod geometry;
mod key;
mod next;
mod open;
mod slots;
mod store;
#[cfg(test)]
mod tests;

use core::fmt;
use core::mem::MaybeUninit;
use core::time::Duration;

pub use self::key::DeadlineKey;

use self::geometry::{Geometry, Slot};
use self::slots::Occupied;
use self::store::{Node, PERIODIC, Store};
use crate::error::{Error, Result};
use crate::id::EventedId;
use crate::ready::Ready;
use crate::time::Instant;

/// `earliest`: nothing is known.
const UNKNOWN: Node = store::NONE;
/// `earliest`: nothing is known, and `bound` shall do.
const COARSE: Node = Node::MAX;
/// `opening`: none. (No slot on level 0 is ever opened.)
const NO_SLOT: Slot = 0;

/// Slots with at most as many timers are never opened but sorted when they are due.
const SMALL: usize = if cfg!(test) { 2 } else { 8 };
/// Up to as many timers the next deadline is always determined exactly.
const FEW: u32 = if cfg!(test) { 3 } else { 64 };
/// How many timers one search for a bound looks at.
const SCAN: u32 = if cfg!(test) { 2 } else { 32 };
/// How many timers one search for a bound puts where they belong.
const REPAIRS: u32 = if cfg!(test) { 2 } else { 128 };
/// How many timers one `expire` moves besides those it fires.
const WORK: u32 = if cfg!(test) { 3 } else { 1024 };
/// How many timers one `expire` moves when nothing is due.
const BACKGROUND: u32 = if cfg!(test) { 1 } else { 32 };
/// Unless the clock has moved on by as many bits, the pivot need not follow it.
const LAG: u32 = if cfg!(test) { 1 } else { 18 };

/// Up to `N` deadlines, in order.
#[repr(C)]
pub struct TimerWheel<const N: usize> {
    /// No deadline is earlier. Meaningless in an empty wheel.
    bound: u64,
    /// A timer whose deadline is `bound`, or `UNKNOWN`, or `COARSE`.
    earliest: Node,
    /// How many timers are pending.
    len: u32,
    /// What deadlines are compared with to find their slots: any time at all.
    pivot: u64,
    /// The slot being opened, or `NO_SLOT`.
    opening: Slot,
    /// How many timers are periodic.
    periodic: u32,
    occupied: Occupied,
    store: Store<N>,
}

impl<const N: usize> TimerWheel<N> {
    const GEOMETRY: Geometry = Store::<N>::GEOMETRY;

    const POSSIBLE: () = assert!(N <= 1 << 24, "TimerWheel<N>: N is at most 16,777,216");

    /// An empty wheel. All its bytes are zero.
    #[must_use]
    pub const fn new() -> Self {
        let () = Self::POSSIBLE;
        TimerWheel {
            bound: 0,
            earliest: UNKNOWN,
            len: 0,
            pivot: 0,
            opening: NO_SLOT,
            periodic: 0,
            occupied: Occupied::new(),
            store: Store::new(),
        }
    }

    /// Makes an empty wheel in place.
    #[allow(unsafe_code)]
    pub fn init_in(slot: &mut MaybeUninit<Self>) -> &mut Self {
        let () = Self::POSSIBLE;
        // SAFETY: a wheel consists of integers alone, for which zero bytes are a value; they are the
        // value that `new` makes.
        unsafe {
            slot.as_mut_ptr().write_bytes(0, 1);
            slot.assume_init_mut()
        }
    }

    /// Adds a deadline.
    ///
    /// # Errors
    ///
    /// [`Error::Full`] if `N` places are taken. Nothing has changed then.
    #[inline]
    pub fn insert(&mut self, deadline: Instant, id: EventedId) -> Result<DeadlineKey> {
        let Some(node) = self.store.take() else {
            return Err(Error::Full);
        };
        Ok(self.admit(node, deadline, id.0, 0))
    }

    /// Adds a periodic deadline: `first`, and then every `period`.
    ///
    /// # Errors
    ///
    /// [`Error::Full`] unless two places are free; [`Error::InvalidInput`] if the period is zero.
    pub fn insert_interval(
        &mut self,
        first: Instant,
        period: Duration,
        id: EventedId,
    ) -> Result<DeadlineKey> {
        let period = Instant::ZERO.saturating_add(period).as_nanos();
        if period == 0 {
            return Err(Error::InvalidInput);
        }
        if self.len as usize + self.periodic as usize + 2 > N {
            return Err(Error::Full);
        }
        let (Some(node), Some(second)) = (self.store.take(), self.store.take()) else {
            return Err(Error::Full);
        };
        self.store.fill(second, period, id.0);
        self.periodic += 1;
        Ok(self.admit(node, first, second as usize, PERIODIC))
    }

    /// Moves a deadline.
    ///
    /// # Errors
    ///
    /// [`Error::StaleKey`]
    #[inline]
    pub fn update(&mut self, key: DeadlineKey, deadline: Instant) -> Result<()> {
        let Some((node, old)) = self.store.find(key) else {
            return Err(Error::StaleKey);
        };
        let deadline = deadline.as_nanos();
        if deadline < old {
            self.bring_forward(node, deadline);
            return Ok(());
        }
        self.store.set_deadline(node, deadline);
        if self.earliest == node && deadline != old {
            self.earliest = UNKNOWN;
        }
        Ok(())
    }

    /// Takes a deadline out.
    ///
    /// # Errors
    ///
    /// [`Error::StaleKey`]
    #[inline]
    pub fn cancel(&mut self, key: DeadlineKey) -> Result<()> {
        let Some((node, _)) = self.store.find(key) else {
            return Err(Error::StaleKey);
        };
        if key.stamp.get() & PERIODIC != 0 {
            self.give_back_second(self.store.id(node) as Node);
        }
        self.unlink(node);
        self.store.give_back(node);
        self.len -= 1;
        if self.earliest == node {
            self.earliest = UNKNOWN;
        }
        Ok(())
    }

    /// Takes the earliest deadline of an id out.
    pub fn remove(&mut self, id: EventedId) -> bool {
        let (_, node) = self.store.first_live(|node| self.id(node) == id);
        node != UNKNOWN && self.store.key(node).is_some_and(|key| self.cancel(key).is_ok())
    }

    /// The earliest deadline.
    #[inline]
    pub fn next_deadline(&mut self) -> Option<Instant> {
        if self.is_empty() {
            return None;
        }
        if self.earliest == UNKNOWN || self.earliest == COARSE {
            self.settle(true);
        }
        Some(Instant::from_nanos(self.bound))
    }

    /// A time not after the earliest deadline.
    #[inline]
    pub fn next_wakeup(&mut self) -> Option<Instant> {
        if self.is_empty() {
            return None;
        }
        if self.earliest == UNKNOWN {
            self.settle(false);
        }
        Some(Instant::from_nanos(self.bound))
    }

    /// Delivers what is due.
    #[inline]
    pub fn expire(
        &mut self,
        now: Instant,
        room: usize,
        mut deliver: impl FnMut(EventedId, Ready),
    ) -> usize {
        if N == 0 {
            return 0;
        }
        let now = now.as_nanos();
        if self.len == 0 || now < self.bound {
            if self.opening != NO_SLOT || now >> LAG > self.pivot >> LAG {
                self.tidy(now);
            }
            return 0;
        }
        if room == 0 {
            return 0;
        }
        let mut left = room;
        if let Some(id) = self.fire_earliest(now) {
            left -= 1;
            deliver(id, Ready::TIMER);
        }
        let mut work = WORK;
        let mut fired = [EventedId(0); SMALL];
        while left != 0 && self.len != 0 && now >= self.bound {
            let count = self.fire_some(now, left, &mut work, &mut fired);
            if count == 0 {
                break;
            }
            left -= count;
            for &id in &fired[..count] {
                deliver(id, Ready::TIMER);
            }
        }
        room - left
    }

    /// How many deadlines are pending. A periodic one counts as one.
    #[inline]
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether no deadline is pending.
    #[inline]
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        N == 0 || self.len == 0
    }

    /// `N`.
    #[inline]
    #[must_use]
    pub const fn capacity(&self) -> usize {
        N
    }

    /// Whether a key names a pending deadline.
    #[inline]
    #[must_use]
    pub fn contains(&self, key: DeadlineKey) -> bool {
        self.store.find(key).is_some()
    }

    /// The deadline that a key names.
    #[inline]
    #[must_use]
    pub fn deadline(&self, key: DeadlineKey) -> Option<Instant> {
        let (_, deadline) = self.store.find(key)?;
        Some(Instant::from_nanos(deadline))
    }

    /// All pending deadlines, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = (DeadlineKey, Instant, EventedId)> {
        self.store.live().filter_map(|(deadline, node)| {
            Some((self.store.key(node)?, Instant::from_nanos(deadline), self.id(node)))
        })
    }

    /// Fills a node in and files it.
    #[inline]
    fn admit(&mut self, node: Node, deadline: Instant, id: usize, flags: u32) -> DeadlineKey {
        let deadline = deadline.as_nanos();
        let key = self.store.name(node, deadline, id, flags);
        self.len += 1;
        if self.len == 1 {
            self.bound = u64::MAX;
        }
        self.file(node, deadline);
        key
    }

    /// Puts a timer into its slot.
    #[inline]
    fn file(&mut self, node: Node, deadline: u64) {
        self.append(node, deadline);
        if deadline < self.bound {
            (self.bound, self.earliest) = (deadline, node);
        }
    }

    #[inline(never)]
    fn bring_forward(&mut self, node: Node, deadline: u64) {
        self.store.set_deadline(node, deadline);
        self.unlink(node);
        self.file(node, deadline);
    }

    #[cold]
    fn give_back_second(&mut self, second: Node) {
        self.store.give_back(second);
        self.periodic -= 1;
    }

    fn id(&self, node: Node) -> EventedId {
        let id = self.store.id(node);
        let periodic = self.store.stamp(node) & PERIODIC != 0;
        EventedId(if periodic { self.store.id(id as Node) } else { id })
    }
}

impl<const N: usize> Default for TimerWheel<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> fmt::Debug for TimerWheel<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TimerWheel")
            .field("len", &self.len)
            .field("capacity", &N)
            .finish_non_exhaustive()
    }
}
