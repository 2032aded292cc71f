//! The id of a source.

use core::fmt;

/// The id of an event source: a number that the program chooses, and that every event of the source
/// carries.
///
/// Every `usize` is legal, none is reserved, and ids need not be unique: the library only returns
/// them with events. [`Slab`](crate::slab::Slab) issues ids that stop resolving when their entry is
/// removed.
///
/// ```
/// use mio_st::event::EventedId;
///
/// const LISTENER: EventedId = EventedId(0);
/// assert_eq!(LISTENER, EventedId::from(0));
/// assert_eq!(LISTENER.to_string(), "0");
/// ```
#[doc(alias = "Token")]
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct EventedId(pub usize);

impl From<usize> for EventedId {
    fn from(id: usize) -> Self {
        EventedId(id)
    }
}

impl From<EventedId> for usize {
    fn from(id: EventedId) -> Self {
        id.0
    }
}

impl fmt::Display for EventedId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

static_assertions::assert_eq_size!(EventedId, usize);
static_assertions::assert_impl_all!(EventedId: Send, Sync, Unpin);
