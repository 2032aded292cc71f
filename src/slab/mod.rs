//! Fixed-capacity storage whose keys stop resolving when their entry is gone.
//!
//! An event carries the id of its source, and by the time the event is handled the source may be
//! gone: the handler of an earlier event of the same batch may have closed it, or a duplicate of
//! its descriptor is still open. A new connection may even have its slot. A [`Slab`] gives every
//! entry a [`Key`] that carries a generation. If keys are the ids of sources, an event of a removed
//! entry resolves to `None`, even if its slot is in use again.
//!
//! ```
//! use mio_st::event::EventedId;
//! use mio_st::slab::Slab;
//!
//! struct Connection { peer: Option<EventedId> }
//!
//! let mut connections: Slab<Connection, 256> = Slab::new();
//! let a = connections.insert(Connection { peer: None }).ok().unwrap();
//! let b = connections.insert(Connection { peer: Some(a.into()) }).ok().unwrap();
//!
//! // One batch holds an event for each. Handling the first closes the other.
//! let batch = [EventedId::from(b), EventedId::from(a)];
//! let mut handled = 0;
//! for id in batch {
//!     let Some(connection) = connections.get_mut(id) else { continue };
//!     handled += 1;
//!     if let Some(peer) = connection.peer {
//!         connections.remove(peer);
//!         // A new connection takes the slot. The event that waits is not for it.
//!         connections.insert(Connection { peer: None }).ok().unwrap();
//!     }
//! }
//! assert_eq!(handled, 1);
//! ```

mod iter;
mod key;

use core::fmt;
use core::mem::{self, MaybeUninit};
use core::ops::{Index, IndexMut};

use crate::error::{Error, Result};

pub use self::iter::{Drain, IntoIter, Iter, IterMut};
pub use self::key::Key;
use self::key::KeyLayout;

/// A fixed-capacity container for `N` values of type `T`, each with a [`Key`].
///
/// Every operation on one entry is O(1).
///
/// A slot takes `size_of::<T>() + 8` bytes, rounded up to the alignment of `T` or 4, and at least
/// 12; the slab adds 12. An empty slab is all zeros and [`new`](Slab::new) is `const`, so that a
/// large one in a `static` takes no space in the program file and no time at its start. No value is
/// ever moved to another slot, and the slot that was freed last is filled first, while it is still
/// in the cache.
///
/// # Keys
///
/// A key is one word: the slot's index in the low bits, and in the high bits a generation, which
/// differs at each use of the slot. If `usize` has 64 bits, each takes 32; if it is shorter, the
/// index takes the bits that `N` needs and the generation the rest. One bit is not used by keys: it
/// distinguishes [the two ids of an entry](Key::second). Generation 0 is never used, so
/// *ids below 2^32 never resolve* (with a shorter `usize`: ids below `N.next_power_of_two()`). Use
/// them for constants of your own, such as a listener's id.
///
/// Generations wrap around: a key that is kept while its slot is emptied and filled 2^32 - 1 times
/// (2^b - 1 times with b bits) resolves again, to the value that is there then. Only uses of the
/// same slot count; at a million per second this takes 71 minutes.
///
/// Each slab begins with another generation, so that the key of one slab does not resolve in
/// another. This catches mix-ups; it is not a guarantee. With n slabs, keys cannot collide until
/// two slots with the same index differ by at least 2^32 / 3n uses.
///
/// ```
/// use mio_st::event::EventedId;
/// use mio_st::slab::Slab;
///
/// let mut slab: Slab<String, 2> = Slab::new();
/// let hello = slab.insert("hello".into()).unwrap();
/// let world = slab.insert("world".into()).unwrap();
/// assert_eq!(slab.insert("!".into()), Err("!".into())); // full: the value comes back
///
/// assert_eq!(slab.remove(hello).as_deref(), Some("hello"));
/// assert_eq!(slab.remove(hello), None);
///
/// let again = slab.insert("again".into()).unwrap(); // in the same slot
/// assert_eq!(slab.get(hello), None);
/// assert_eq!(slab.get(EventedId::from(again)).unwrap(), "again");
/// assert_eq!(slab.get(EventedId(0)), None);
/// # let _ = world;
/// ```
pub struct Slab<T, const N: usize> {
    /// The first slot of the free list; `N` when there is none.
    head: u32,
    len: u32,
    /// The generation that a slot begins with; 0 until the first is used.
    first: u32,
    slots: [Slot<T>; N],
}

// Numbered, so that zeros are a vacant slot.
#[repr(u32)]
enum Slot<T> {
    Vacant {
        /// Of the value that was here last; 0 if there was none.
        generation: u32,
        /// The distance from the next slot to the successor in the free list. In a new slab every
        /// slot is followed by its neighbour, so that all zeros are a valid free list.
        link: u32,
    } = 0,
    Occupied {
        generation: u32,
        value: T,
    } = 1,
}

impl<T, const N: usize> Slab<T, N> {
    const LAYOUT: KeyLayout = KeyLayout::new(N, usize::BITS);

    /// Creates an empty slab. Does not compile for more than 2^31 slots.
    #[must_use]
    pub const fn new() -> Slab<T, N> {
        const { _ = Self::LAYOUT };
        Slab {
            head: 0,
            len: 0,
            first: 0,
            slots: [const { Slot::Vacant { generation: 0, link: 0 } }; N],
        }
    }

    /// Creates an empty slab in `place`, without a temporary on the stack.
    ///
    /// ```
    /// use mio_st::slab::Slab;
    ///
    /// let mut place: Box<_> = Box::new_uninit(); // 16 MB
    /// let slab: &mut Slab<u64, 1_000_000> = Slab::init_in(&mut place);
    /// assert!(slab.insert(7).is_ok());
    /// ```
    #[allow(unsafe_code)]
    pub fn init_in(place: &mut MaybeUninit<Self>) -> &mut Self {
        const { _ = Self::LAYOUT };
        // SAFETY: zeros are what `new` makes: the integers are 0, and each slot is the variant
        // numbered 0 by `repr(u32)`, with two integers that are 0. `place` is valid for writes,
        // being borrowed.
        unsafe {
            place.as_mut_ptr().write_bytes(0, 1);
            place.assume_init_mut()
        }
    }

    /// Stores `value` and returns its key.
    ///
    /// # Errors
    ///
    /// Returns `value` if the slab is full.
    #[inline]
    pub fn insert(&mut self, value: T) -> Result<Key, T> {
        match self.vacant() {
            Some(entry) => {
                let key = entry.key();
                entry.insert(value);
                Ok(key)
            }
            None => Err(value),
        }
    }

    /// Stores the value that `make` returns. `make` gets the key, so that a connection can be
    /// registered with it. If that can fail, use [`vacant_entry`](Slab::vacant_entry).
    ///
    /// # Errors
    ///
    /// [`Error::Full`]; `make` was not called.
    #[inline]
    pub fn insert_with(&mut self, make: impl FnOnce(Key) -> T) -> Result<Key> {
        let entry = self.vacant_entry()?;
        let key = entry.key();
        entry.insert(make(key));
        Ok(key)
    }

    /// Returns the slot that the next value will take, and with it the value's key. Nothing changes
    /// until the entry's [`insert`](VacantEntry::insert) is called.
    ///
    /// ```
    /// # use mio_st::event::EventedId;
    /// # use mio_st::slab::Slab;
    /// # fn register(id: EventedId) -> mio_st::Result<()> { Ok(()) }
    /// # let mut connections: Slab<&str, 4> = Slab::new();
    /// let entry = connections.vacant_entry()?;
    /// register(entry.key().into())?; // if this fails, the slab is as it was
    /// let connection = entry.insert("connection");
    /// # Ok::<(), mio_st::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Full`].
    #[inline]
    pub fn vacant_entry(&mut self) -> Result<VacantEntry<'_, T, N>> {
        self.vacant().ok_or(Error::Full)
    }

    /// Removes an entry and returns its value, or `None` if the key is stale.
    #[inline]
    pub fn remove(&mut self, key: impl Into<Key>) -> Option<T> {
        let (index, _) = self.find_mut(key.into())?;
        self.vacate(index)
    }

    /// Returns a mutable reference to an entry, or `None` if the key is stale.
    #[inline]
    pub fn get_mut(&mut self, key: impl Into<Key>) -> Option<&mut T> {
        self.find_mut(key.into()).map(|(_, value)| value)
    }

    /// Keeps the entries for which `keep` returns `true` and drops the others.
    pub fn retain(&mut self, mut keep: impl FnMut(Key, &mut T) -> bool) {
        let mut left = self.len;
        for index in 0..N {
            if left == 0 {
                break;
            }
            if let Some(Slot::Occupied { generation, value }) = self.slots.get_mut(index) {
                left -= 1;
                if !keep(Self::LAYOUT.key(index, *generation), value) {
                    self.vacate(index);
                }
            }
        }
    }

    /// Removes all entries and returns an iterator over them and their keys. Entries that the
    /// iterator has not reached when it is dropped are dropped.
    pub fn drain(&mut self) -> Drain<'_, T, N> {
        Drain::new(self)
    }

    /// Drops all entries. Their keys become stale.
    pub fn clear(&mut self) {
        self.drain();
    }

    /// Returns an iterator over keys and mutable references to the entries, in the order of the
    /// slots.
    pub fn iter_mut(&mut self) -> IterMut<'_, T, N> {
        IterMut::new(self)
    }

    /// Returns an iterator over keys and entries, in the order of the slots. It visits each slot up
    /// to the last occupied one.
    #[must_use]
    pub fn iter(&self) -> Iter<'_, T, N> {
        Iter::new(self)
    }

    /// Returns a reference to an entry, or `None` if the key is stale.
    #[inline]
    pub fn get(&self, key: impl Into<Key>) -> Option<&T> {
        let key = key.into();
        match self.slots.get(Self::LAYOUT.index(key)) {
            Some(Slot::Occupied { generation, value })
                if *generation as usize == Self::LAYOUT.generation(key) =>
            {
                Some(value)
            }
            _ => None,
        }
    }

    /// Returns whether the key refers to an entry.
    #[inline]
    pub fn contains(&self, key: impl Into<Key>) -> bool {
        self.get(key).is_some()
    }

    /// Returns the number of entries.
    #[inline]
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len as usize
    }

    /// Returns whether there are no entries.
    #[inline]
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns whether there are `N` entries.
    #[inline]
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.len as usize == N
    }

    /// Returns the largest number of entries: `N`.
    #[inline]
    #[must_use]
    pub const fn capacity(&self) -> usize {
        N
    }

    /// Returns an entry and the index of its slot, for callers that store indices instead of keys.
    #[inline]
    pub(crate) fn find_mut(&mut self, key: Key) -> Option<(usize, &mut T)> {
        let index = Self::LAYOUT.index(key);
        match self.slots.get_mut(index) {
            Some(Slot::Occupied { generation, value })
                if *generation as usize == Self::LAYOUT.generation(key) =>
            {
                Some((index, value))
            }
            _ => None,
        }
    }

    /// Returns the entry in a slot.
    #[inline]
    pub(crate) fn at_mut(&mut self, index: usize) -> Option<&mut T> {
        match self.slots.get_mut(index) {
            Some(Slot::Occupied { value, .. }) => Some(value),
            _ => None,
        }
    }

    /// Empties a slot and puts it in front of the free list.
    #[inline]
    pub(crate) fn vacate(&mut self, index: usize) -> Option<T> {
        let slot = self.slots.get_mut(index)?;
        let Slot::Occupied { generation, .. } = *slot else {
            return None;
        };
        let next = index as u32 + 1;
        let link = self.head.wrapping_sub(next);
        match mem::replace(slot, Slot::Vacant { generation, link }) {
            Slot::Occupied { value, .. } => {
                self.head = index as u32;
                self.len -= 1;
                Some(value)
            }
            Slot::Vacant { .. } => None,
        }
    }

    #[inline]
    fn vacant(&mut self) -> Option<VacantEntry<'_, T, N>> {
        let index = self.head;
        let slot = self.slots.get_mut(index as usize)?;
        let Slot::Vacant { generation, link } = *slot else {
            return None;
        };
        let generation = if generation != 0 {
            Self::LAYOUT.next(generation)
        } else {
            if self.first == 0 {
                self.first = Self::LAYOUT.first();
            }
            self.first
        };
        Some(VacantEntry {
            slot,
            head: &mut self.head,
            len: &mut self.len,
            next: (index + 1).wrapping_add(link),
            generation,
            index,
        })
    }
}

/// Returns the entry of a key that is known to be current: `slab[key]`.
///
/// # Panics
///
/// If the key is stale. [`get`](Slab::get) returns `None` instead; use it for the ids of events.
impl<T, K: Into<Key>, const N: usize> Index<K> for Slab<T, N> {
    type Output = T;

    #[inline]
    fn index(&self, key: K) -> &T {
        self.get(key).expect("the key is stale")
    }
}

impl<T, K: Into<Key>, const N: usize> IndexMut<K> for Slab<T, N> {
    #[inline]
    fn index_mut(&mut self, key: K) -> &mut T {
        self.get_mut(key).expect("the key is stale")
    }
}

impl<T, const N: usize> Default for Slab<T, N> {
    fn default() -> Self {
        Slab::new()
    }
}

impl<T: fmt::Debug, const N: usize> fmt::Debug for Slab<T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self).finish()
    }
}

/// A vacant slot, reserved by [`Slab::vacant_entry`].
pub struct VacantEntry<'a, T, const N: usize> {
    slot: &'a mut Slot<T>,
    head: &'a mut u32,
    len: &'a mut u32,
    next: u32,
    generation: u32,
    index: u32,
}

impl<'a, T, const N: usize> VacantEntry<'a, T, N> {
    /// Stores `value` in the slot and returns a reference to it.
    #[inline]
    pub fn insert(self, value: T) -> &'a mut T {
        *self.head = self.next;
        *self.len += 1;
        let generation = self.generation;
        // The slot is vacant: there is nothing to drop.
        mem::forget(mem::replace(self.slot, Slot::Occupied { generation, value }));
        match self.slot {
            Slot::Occupied { value, .. } => value,
            Slot::Vacant { .. } => unreachable!(),
        }
    }

    /// Returns the key that the value will have.
    #[inline]
    #[must_use]
    pub fn key(&self) -> Key {
        Slab::<T, N>::LAYOUT.key(self.index as usize, self.generation)
    }
}

impl<T, const N: usize> fmt::Debug for VacantEntry<'_, T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("VacantEntry").field(&self.key()).finish()
    }
}

static_assertions::assert_impl_all!(Slab<u64, 4>: Send, Sync, Unpin);

#[cfg(test)]
mod tests;
