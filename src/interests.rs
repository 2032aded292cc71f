//! Which events a source is watched for, and how often it reports them.

use core::fmt;
use core::num::NonZeroU8;
use core::ops::{BitOr, BitOrAssign};

use crate::ready::{Ready, impl_operator};

/// The set of events to watch a source for.
///
/// It is never empty: to watch for nothing, deregister the source.
///
/// Errors and hang-ups are always reported, and the end of the read side if `READABLE` is asked
/// for.
///
/// ```
/// use mio_st::event::Interests;
///
/// let interests = Interests::READABLE | Interests::PRIORITY;
/// assert!(interests.is_readable() && !interests.is_writable());
/// assert_eq!(Interests::BOTH, Interests::READABLE | Interests::WRITABLE);
/// assert_eq!(format!("{interests:?}"), "READABLE | PRIORITY");
/// assert_eq!(interests.remove(Interests::READABLE), Some(Interests::PRIORITY));
/// assert_eq!(interests.remove(interests), None);
/// ```
#[doc(alias = "Interest")]
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct Interests(NonZeroU8);

impl Interests {
    /// Watches for [`Ready::READABLE`] and [`Ready::READ_CLOSED`].
    pub const READABLE: Interests = Interests::of(Ready::READABLE);
    /// Watches for [`Ready::PRIORITY`].
    pub const PRIORITY: Interests = Interests::of(Ready::PRIORITY);
    /// Watches for [`Ready::WRITABLE`].
    pub const WRITABLE: Interests = Interests::of(Ready::WRITABLE);
    /// `READABLE | WRITABLE`.
    pub const BOTH: Interests = Interests::READABLE.add(Interests::WRITABLE);

    /// Returns the interests for readiness bits: the lowest three bits of both types are the same.
    const fn of(ready: Ready) -> Interests {
        match NonZeroU8::new(ready.bits() as u8) {
            Some(bits) => Interests(bits),
            None => unreachable!(),
        }
    }

    /// Returns the union of both sets: `|`, in a `const`.
    #[inline]
    #[must_use]
    pub const fn add(self, other: Interests) -> Interests {
        // `NonZeroU8: BitOr` is not const yet.
        match NonZeroU8::new(self.0.get() | other.0.get()) {
            Some(bits) => Interests(bits),
            None => self,
        }
    }

    /// Returns the set without `other`, or `None` if nothing is left.
    #[inline]
    #[must_use]
    pub const fn remove(self, other: Interests) -> Option<Interests> {
        match NonZeroU8::new(self.0.get() & !other.0.get()) {
            Some(bits) => Some(Interests(bits)),
            None => None,
        }
    }

    /// Returns whether `READABLE` is in the set.
    #[inline]
    #[must_use]
    pub const fn is_readable(self) -> bool {
        self.0.get() & Interests::READABLE.0.get() != 0
    }

    /// Returns whether `WRITABLE` is in the set.
    #[inline]
    #[must_use]
    pub const fn is_writable(self) -> bool {
        self.0.get() & Interests::WRITABLE.0.get() != 0
    }

    /// Returns whether `PRIORITY` is in the set.
    #[inline]
    #[must_use]
    pub const fn is_priority(self) -> bool {
        self.0.get() & Interests::PRIORITY.0.get() != 0
    }

    /// Returns the readiness bits of the same names.
    #[inline]
    #[must_use]
    pub const fn as_ready(self) -> Ready {
        Ready::from_bits_retain(self.0.get() as u32)
    }
}

impl_operator!(Interests: add as BitOr bitor, BitOrAssign bitor_assign);

impl fmt::Debug for Interests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = [
            (Interests::READABLE, "READABLE"),
            (Interests::WRITABLE, "WRITABLE"),
            (Interests::PRIORITY, "PRIORITY"),
        ];
        let mut separator = "";
        for (interest, name) in names {
            if self.0.get() & interest.0.get() != 0 {
                write!(f, "{separator}{name}")?;
                separator = " | ";
            }
        }
        Ok(())
    }
}

/// The trigger mode of a registration: how often it reports a source that is ready.
///
/// The guide has [drawings](crate::guide::triggers).
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PollOption {
    /// Reports each change once: read or write until `WouldBlock` before waiting for the next
    /// event.
    ///
    /// A short read does not prove that nothing is left: a read stops at the mark of urgent data,
    /// and on Unix sockets at data that came with descriptors. A fast sender can keep a handler
    /// that reads until `WouldBlock` busy for ever: limit the work of one event, and return to the
    /// source after the others, as `examples/fair_server.rs` does. See epoll(7), "Starvation
    /// (edge-triggered)".
    Edge,
    /// Reports at each poll, for as long as the source is ready.
    ///
    /// Handle each event by one bounded step, such as one read and one write: the next poll reports
    /// what is left, together with the other sources. This is the simplest way to serve many
    /// clients so that none can delay the others.
    Level,
    /// Reports one event, and then nothing until `reregister`, not even in the other direction. The
    /// source stays registered.
    Oneshot,
}

static_assertions::assert_eq_size!(Interests, Option<Interests>, PollOption, u8);
static_assertions::assert_impl_all!(Interests: Send, Sync, Unpin);
static_assertions::assert_impl_all!(PollOption: Send, Sync, Unpin);
