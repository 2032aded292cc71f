//! Readiness.

use core::fmt;

/// The readiness of a source: a set of bits.
///
/// The accessors have one meaning on every system: an error or a hang-up makes both
/// [`is_readable`](Ready::is_readable) and [`is_writable`](Ready::is_writable) true, whatever the
/// interests are, because the next read or write returns the reason, and a program that waits for
/// either would hang otherwise. `contains` and the other set operations use the bits as they are.
///
/// `HUP`, `READ_CLOSED` and `WRITE_CLOSED` are hints: if one is set, it is true, but a direction
/// can be closed without it. `READ_CLOSED` is always set if the interests include `READABLE`.
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

// epoll's bits have epoll's values, so that on Linux an event is used as the kernel wrote it
// (asserted in `sys::epoll`). The others have values that epoll_ctl(2) does not use.
bitflags::bitflags! {
    impl Ready: u32 {
        /// Data can be read, or a connection accepted.
        const READABLE = 0x001;
        /// Urgent (out-of-band) data, or another exceptional condition. Reported only if the
        /// interests include it, and never as `READABLE`.
        const PRIORITY = 0x002;
        /// Data can be written, or a connection attempt has ended.
        const WRITABLE = 0x004;
        /// An error is pending: `take_error`, a read or a write returns it. On Linux it may be in
        /// the socket's error queue instead, if the socket uses `IP_RECVERR`, send timestamps or
        /// `MSG_ZEROCOPY`: then none of these calls returns it, and the flag stays set until the
        /// queue has been read, see [`QueuedError`](crate::unix::QueuedError).
        const ERROR = 0x008;
        /// Both directions are closed.
        const HUP = 0x010;
        /// The peer will send nothing more; what it sent may still be unread.
        const READ_CLOSED = 0x2000;
        /// Nothing more can be written.
        const WRITE_CLOSED = 0x4000;
        /// A timer has expired.
        const TIMER = 0x8000;
        /// For user-space events: the program defines its meaning, and that of the seven bits that
        /// follow.
        const USER_0 = 0x01_0000;
        /// The user's own.
        const USER_1 = 0x02_0000;
        /// The user's own.
        const USER_2 = 0x04_0000;
        /// The user's own.
        const USER_3 = 0x08_0000;
        /// The user's own.
        const USER_4 = 0x10_0000;
        /// The user's own.
        const USER_5 = 0x20_0000;
        /// The user's own.
        const USER_6 = 0x40_0000;
        /// The user's own.
        const USER_7 = 0x80_0000;
    }
}

impl Ready {
    const ANY_READABLE: u32 = Ready::READABLE.0 | Ready::ERROR.0 | Ready::HUP.0;
    const ANY_WRITABLE: u32 = Ready::WRITABLE.0 | Ready::ERROR.0 | Ready::HUP.0;
    const ANY_READ_CLOSED: u32 = Ready::READ_CLOSED.0 | Ready::HUP.0;
    const ANY_WRITE_CLOSED: u32 = Ready::WRITE_CLOSED.0 | Ready::HUP.0;

    /// Returns whether a read or an accept does not block: there is data, its end, or an error.
    #[inline]
    #[must_use]
    pub const fn is_readable(self) -> bool {
        self.0 & Ready::ANY_READABLE != 0
    }

    /// Returns whether a write does not block: there is buffer space, or an error.
    #[inline]
    #[must_use]
    pub const fn is_writable(self) -> bool {
        self.0 & Ready::ANY_WRITABLE != 0
    }

    /// Returns whether there is urgent data.
    #[inline]
    #[must_use]
    pub const fn is_priority(self) -> bool {
        self.0 & Ready::PRIORITY.0 != 0
    }

    /// Returns whether an error is pending.
    #[inline]
    #[must_use]
    pub const fn is_error(self) -> bool {
        self.0 & Ready::ERROR.0 != 0
    }

    /// Returns whether both directions are closed.
    #[inline]
    #[must_use]
    pub const fn is_hup(self) -> bool {
        self.0 & Ready::HUP.0 != 0
    }

    /// Returns whether the peer will send nothing more.
    #[inline]
    #[must_use]
    pub const fn is_read_closed(self) -> bool {
        self.0 & Ready::ANY_READ_CLOSED != 0
    }

    /// Returns whether nothing more can be written. epoll has no bit for it: on Linux it is true
    /// with a hang-up, and a pipe without a reader reports [`ERROR`](Ready::ERROR).
    #[inline]
    #[must_use]
    pub const fn is_write_closed(self) -> bool {
        self.0 & Ready::ANY_WRITE_CLOSED != 0
    }

    /// Returns whether a timer has expired.
    #[inline]
    #[must_use]
    pub const fn is_timer(self) -> bool {
        self.0 & Ready::TIMER.0 != 0
    }
}

impl fmt::Debug for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("(empty)");
        }
        bitflags::parser::to_writer(self, f)
    }
}

impl fmt::Display for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

static_assertions::assert_eq_size!(Ready, u32);
static_assertions::assert_impl_all!(Ready: Send, Sync, Unpin);
