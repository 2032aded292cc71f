//! Keys: one word that holds the index of a slot and the generation of its entry.

use core::fmt;

use crate::id::EventedId;

/// Identifies one entry of a [`Slab`](super::Slab). It becomes stale when the entry is removed.
///
/// It is the same word as an [`EventedId`] and converts both ways, so that a source can be
/// registered with its key as its id and an event's id can be looked up as it is.
///
/// ```
/// use mio_st::event::EventedId;
/// use mio_st::slab::Slab;
///
/// let mut slab: Slab<&str, 4> = Slab::new();
/// let key = slab.insert("connection").unwrap();
/// let id = EventedId::from(key); // what to register with
/// assert_eq!(slab.get(id), Some(&"connection"));
/// ```
///
/// # Two sources in one entry
///
/// A proxy has two sockets in each entry, and a timer may need an id of its own.
/// [`second`](Key::second) returns another id that resolves to the same entry, for as long as the
/// key does:
///
/// ```
/// use mio_st::event::EventedId;
/// use mio_st::slab::{Key, Slab};
///
/// struct Session { client: &'static str, server: &'static str }
///
/// let mut sessions: Slab<Session, 4> = Slab::new();
/// let key = sessions.insert(Session { client: "client", server: "server" }).ok().unwrap();
/// for id in [EventedId::from(key), key.second()] {
///     let session = sessions.get(id).unwrap();
///     let source = if Key::is_second(id) { session.server } else { session.client };
/// # assert_eq!(source == "server", id == key.second());
/// }
/// ```
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct Key(usize);

/// The bit of an id that makes it the second one: bit 31, or the highest of a shorter word. No key
/// has it: of 64 bits it is the highest of the index, of 32 the highest of the generation.
const SECOND: usize = 1 << if usize::BITS >= 32 { 31 } else { usize::BITS - 1 };

impl Key {
    /// Returns the second id of the entry. `EventedId::from` returns the first.
    #[inline]
    #[must_use]
    pub const fn second(self) -> EventedId {
        EventedId(self.0 | SECOND)
    }

    /// Returns whether an id that a slab has issued is the second one of its entry.
    #[inline]
    #[must_use]
    pub const fn is_second(id: EventedId) -> bool {
        id.0 & SECOND != 0
    }
}

impl fmt::Debug for Key {
    /// Writes the index of the slot and the generation (of a shorter `usize` than one of 64 bits
    /// the word as it is, since how it is divided depends on the slab).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match usize::BITS {
            64 => write!(f, "Key({}, generation {})", self.0 as u32, self.0 as u64 >> 32),
            _ => write!(f, "Key({:#x})", self.0),
        }
    }
}

impl From<Key> for EventedId {
    #[inline]
    fn from(key: Key) -> EventedId {
        EventedId(key.0)
    }
}

impl From<EventedId> for Key {
    /// Converts any id; an id that the slab has not issued resolves to `None`. Both ids of an
    /// entry become its key.
    #[inline]
    fn from(id: EventedId) -> Key {
        Key(id.0 & !SECOND)
    }
}

/// How a key's word is divided: the index in the low bits, the generation above it.
#[derive(Copy, Clone)]
pub(super) struct KeyLayout {
    index_bits: u32,
    generation_bits: u32,
}

impl KeyLayout {
    /// Divides words of 64 bits in half; in shorter ones the index gets the bits that `capacity`
    /// needs, and the generation the rest but `SECOND`.
    pub(super) const fn new(capacity: usize, word_bits: u32) -> KeyLayout {
        let index_bits = if word_bits >= 64 {
            32
        } else {
            usize::BITS - capacity.saturating_sub(1).leading_zeros()
        };
        let fits = if word_bits >= 64 { capacity <= SECOND } else { index_bits + 1 < word_bits };
        assert!(fits, "N: more slots than a key can number");
        let generation_bits = if word_bits >= 64 { 32 } else { word_bits - index_bits - 1 };
        KeyLayout { index_bits, generation_bits }
    }

    #[inline]
    pub(super) const fn key(self, index: usize, generation: u32) -> Key {
        Key((generation as usize) << self.index_bits | index)
    }

    #[inline]
    pub(super) const fn index(self, key: Key) -> usize {
        key.0 & ((1 << self.index_bits) - 1)
    }

    #[inline]
    pub(super) const fn generation(self, key: Key) -> usize {
        key.0 >> self.index_bits
    }

    /// Returns the generation after `generation`. The last one is followed by 1: 0 is never used.
    #[inline]
    pub(super) const fn next(self, generation: u32) -> u32 {
        match generation.wrapping_add(1) & (u32::MAX >> (32 - self.generation_bits)) {
            0 => 1,
            next => next,
        }
    }

    /// Where the generations of a new slab begin: each slab elsewhere, so that a key of one means
    /// nothing to another.
    ///
    /// Multiples of the golden ratio keep about as far apart as so many points on a circle can
    /// (Knuth, The Art of Computer Programming, volume 3, section 6.4, theorem S).
    #[cold]
    pub(super) fn first(self) -> u32 {
        match number().wrapping_mul(0x9E37_79B9) >> (32 - self.generation_bits) {
            0 => 1,
            first => first,
        }
    }
}

/// Counts the slabs of this process.
#[cfg(target_has_atomic = "ptr")]
fn number() -> u32 {
    use core::sync::atomic::{AtomicUsize, Ordering};

    static SLABS: AtomicUsize = AtomicUsize::new(1);
    SLABS.fetch_add(1, Ordering::Relaxed) as u32
}

/// Where there is nothing to count with, all slabs begin alike.
#[cfg(not(target_has_atomic = "ptr"))]
fn number() -> u32 {
    1
}

static_assertions::assert_eq_size!(Key, EventedId, usize);
static_assertions::assert_impl_all!(Key: Send, Sync, Unpin);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_split_as_promised() {
        for capacity in [0, 1, 2, 3, 512, 513, 1 << 20] {
            let wide = KeyLayout::new(capacity, 64);
            assert_eq!((wide.index_bits, wide.generation_bits), (32, 32));
        }
        // (capacity, index bits) on 32 bits.
        for (capacity, bits) in
            [(0, 0), (1, 0), (2, 1), (3, 2), (4, 2), (5, 3), (512, 9), (513, 10), (1 << 20, 20)]
        {
            let narrow = KeyLayout::new(capacity, 32);
            assert_eq!((narrow.index_bits, narrow.generation_bits), (bits, 31 - bits));
        }
    }

    #[test]
    fn index_and_generation_survive_the_key() {
        for (capacity, word_bits) in [(1, 32), (2, 32), (300, 32), (300, 16), (300, 64)] {
            if word_bits > usize::BITS {
                continue;
            }
            let split = KeyLayout::new(capacity, word_bits);
            let last = u32::MAX >> (32 - split.generation_bits);
            for index in [0, capacity / 2, capacity - 1] {
                for generation in [1, 2, last / 2 + 1, last] {
                    let key = split.key(index, generation);
                    assert_eq!(split.index(key), index);
                    assert_eq!(split.generation(key), generation as usize);
                    assert!(key.0 >= capacity, "small ids are the user's");
                }
            }
        }
    }

    #[test]
    fn generations_skip_zero() {
        for bits in [1, 2, 7, 23, 31, 32] {
            let split = KeyLayout { index_bits: 0, generation_bits: bits };
            let last = u32::MAX >> (32 - bits);
            assert_eq!(split.next(last), 1);
            assert_eq!(split.next(last - 1), last);
            for _ in 0..20 {
                let first = split.first();
                assert!(1 <= first && first <= last);
            }
        }
    }
}
