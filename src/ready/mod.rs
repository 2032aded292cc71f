//! Readiness.

// In the order of the documentation, which lists the methods of a type by module.
mod bits;

mod set;

mod names;

pub use self::names::ReadyIter;
pub(crate) use self::set::impl_operator;

/// The readiness of a source: a set of bits.
///
/// The accessors have one meaning on every system: an error or a hang-up makes both
/// [`is_readable`](Ready::is_readable) and [`is_writable`](Ready::is_writable) true, whatever the
/// interests are, because the next read or write returns the reason, and a program that waits for
/// either would hang otherwise. `contains` and the other set operations use the bits as they are.
///
/// `HUP`, `READ_CLOSED` and `WRITE_CLOSED` are hints: if one is set, it is true, but a direction
/// can be closed without it. [`is_read_closed`](Ready::is_read_closed) is always true of the end of
/// the data if the interests include `READABLE`.
///
/// ```
/// use mio_st::event::Ready;
///
/// let ready = Ready::READABLE | Ready::READ_CLOSED;
/// assert!(ready.is_readable() && !ready.is_writable());
/// assert!(Ready::ERROR.is_writable());
/// assert_eq!(format!("{ready:?}"), "READABLE | READ_CLOSED");
/// ```
#[derive(Copy, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct Ready(u32);

static_assertions::assert_eq_size!(Ready, u32);
static_assertions::assert_impl_all!(Ready: Send, Sync, Unpin);
