//! Fixed-capacity storage whose keys stop resolving when their entry is gone.
//!
//! An event names its source by an id, and by the time the event is handled the source may be gone: the
//! handler of an earlier event in the same batch has closed it, a duplicate of its descriptor still
//! fires, a new connection has taken its place. A [`Slab`] gives every entry a [`Key`] that carries a
//! generation: use it as the id, look the event's id up, and an event for an entry that is gone resolves
//! to `None`, even when its slot has been used again.
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

use crate::error::{Error, Result};

pub use self::iter::{Drain, Iter, IterMut};
pub use self::key::Key;
use self::key::Split;

/// Room for `N` values of type `T`, each with a [`Key`]. Everything about one entry is O(1).
///
/// A slot takes `size_of::<T>() + 8` bytes, rounded up to the alignment of `T` or 4, and at least 12; the
/// slab adds 12. An empty slab is all zeros and [`new`](Slab::new) is `const`, so that a large one in a
/// `static` costs no space in the program file and no time at its start. No value is ever moved to another
/// slot, and a slot that was freed last is filled first, while it is still in the cache.
///
/// # Keys
///
/// A key is one word: the slot's index below, a generation above, which differs at each use of the slot.
/// Where `usize` has 64 bits each takes 32; where it is shorter, the index takes the bits that `N` needs and
/// the generation the rest. Generation 0 is never used, so *ids below 2^32 never resolve* (on shorter words
/// those below `N.next_power_of_two()`): they are free for constants of your own, such as a listener's id.
///
/// The generations of a slot go round: a key that was kept while its slot was emptied and filled
/// 2^32 - 1 times (2^b - 1 times where b bits are left for them) resolves again, to what is there then.
/// No other slot's use brings that nearer, and at a million times a second it takes 71 minutes.
///
/// Each slab begins at generations of its own, so that a key of another slab resolves to nothing either. That
/// is a guard against mistakes, and holds while two slots of the same index in two of n slabs have not been
/// used so differently often as the slabs began apart: 2^32 / 3n times at least.
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
        /// How much further than the next slot the free list goes on: in a new slab every slot is followed
        /// by its neighbour, so all zeros are a free list and nothing has to be initialised.
        link: u32,
    } = 0,
    Occupied {
        generation: u32,
        value: T,
    } = 1,
}

impl<T, const N: usize> Slab<T, N> {
    const SPLIT: Split = Split::new(N, usize::BITS);

    /// An empty slab. Does not compile for more than 2^32 - 2 slots.
    #[must_use]
    pub const fn new() -> Slab<T, N> {
        const { _ = Self::SPLIT };
        Slab {
            head: 0,
            len: 0,
            first: 0,
            slots: [const { Slot::Vacant { generation: 0, link: 0 } }; N],
        }
    }

    /// Makes an empty slab in `place`, never on the stack: for one that is too large for it.
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
        const { _ = Self::SPLIT };
        // SAFETY: zeros are what `new` makes: the integers are 0, and each slot is the variant numbered 0
        // by `repr(u32)`, with two integers that are 0. `place` is valid for writes, being borrowed.
        unsafe {
            place.as_mut_ptr().write_bytes(0, 1);
            place.assume_init_mut()
        }
    }

    /// Stores `value` and tells its key.
    ///
    /// # Errors
    ///
    /// Gives `value` back if the slab is full.
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

    /// Stores what `make` returns, which is told the key: such as a connection that is registered under it.
    /// Where that may fail, see [`vacant_entry`](Slab::vacant_entry).
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

    /// The slot that the next value will take, whose key is known already. Nothing is stored, and nothing
    /// has changed, unless the entry's [`insert`](VacantEntry::insert) is called.
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

    /// Takes the entry out. `None` if it is gone already.
    #[inline]
    pub fn remove(&mut self, key: impl Into<Key>) -> Option<T> {
        let (index, _) = self.find_mut(key.into())?;
        self.vacate(index)
    }

    /// The entry, to be changed. `None` if it is gone.
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
                if !keep(Self::SPLIT.key(index, *generation), value) {
                    self.vacate(index);
                }
            }
        }
    }

    /// Takes all entries out, with the keys they had. Those that the iterator has not reached when it is
    /// dropped are dropped.
    pub fn drain(&mut self) -> Drain<'_, T, N> {
        Drain::new(self)
    }

    /// Drops all entries. Their keys are stale.
    pub fn clear(&mut self) {
        self.drain();
    }

    /// The entries and their keys, in the order of the slots, to be changed.
    pub fn iter_mut(&mut self) -> IterMut<'_, T, N> {
        IterMut::new(self)
    }

    /// The entries and their keys, in the order of the slots. Takes a look at each slot up to the last that
    /// is filled.
    #[must_use]
    pub fn iter(&self) -> Iter<'_, T, N> {
        Iter::new(self)
    }

    /// The entry. `None` if it is gone.
    #[inline]
    pub fn get(&self, key: impl Into<Key>) -> Option<&T> {
        let key = key.into();
        match self.slots.get(Self::SPLIT.index(key)) {
            Some(Slot::Occupied { generation, value })
                if *generation as usize == Self::SPLIT.generation(key) =>
            {
                Some(value)
            }
            _ => None,
        }
    }

    /// The key's entry is there.
    #[inline]
    pub fn contains(&self, key: impl Into<Key>) -> bool {
        self.get(key).is_some()
    }

    /// How many entries there are.
    #[inline]
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len as usize
    }

    /// There are none.
    #[inline]
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// There are `N`.
    #[inline]
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.len as usize == N
    }

    /// `N`.
    #[inline]
    #[must_use]
    pub const fn capacity(&self) -> usize {
        N
    }

    /// The entry and its slot, for those who keep shorter links than keys.
    #[inline]
    pub(crate) fn find_mut(&mut self, key: Key) -> Option<(usize, &mut T)> {
        let index = Self::SPLIT.index(key);
        match self.slots.get_mut(index) {
            Some(Slot::Occupied { generation, value })
                if *generation as usize == Self::SPLIT.generation(key) =>
            {
                Some((index, value))
            }
            _ => None,
        }
    }

    /// What the slot holds.
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
            Self::SPLIT.next(generation)
        } else {
            if self.first == 0 {
                self.first = Self::SPLIT.first();
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

/// A slot that is about to be filled: see [`Slab::vacant_entry`].
pub struct VacantEntry<'a, T, const N: usize> {
    slot: &'a mut Slot<T>,
    head: &'a mut u32,
    len: &'a mut u32,
    next: u32,
    generation: u32,
    index: u32,
}

impl<'a, T, const N: usize> VacantEntry<'a, T, N> {
    /// Fills it.
    #[inline]
    pub fn insert(self, value: T) -> &'a mut T {
        *self.head = self.next;
        *self.len += 1;
        let generation = self.generation;
        *self.slot = Slot::Occupied { generation, value };
        match self.slot {
            Slot::Occupied { value, .. } => value,
            Slot::Vacant { .. } => unreachable!(),
        }
    }

    /// The key that the value will have.
    #[inline]
    #[must_use]
    pub fn key(&self) -> Key {
        Slab::<T, N>::SPLIT.key(self.index as usize, self.generation)
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
