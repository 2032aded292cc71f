//! What a source is ready for.

use core::fmt;

/// What a source is ready for: a set of bits.
///
/// The accessors give one meaning on every system: an error or a hang-up makes both
/// [`is_readable`](Ready::is_readable) and [`is_writable`](Ready::is_writable) true, whatever was asked
/// for, since the read or the write is what then tells the reason; a waiter for either would hang
/// otherwise. `contains` and the other set operations look at the bare bits.
///
/// `HUP`, `READ_CLOSED` and `WRITE_CLOSED` are hints: true when set, and possibly absent. Dependable is
/// `READ_CLOSED` where `READABLE` was asked for.
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

// The bits that epoll has are where epoll has them, so that on Linux an event is read as it was written
// (asserted in `sys::epoll`); the rest lies where epoll_ctl(2) uses nothing.
bitflags::bitflags! {
    impl Ready: u32 {
        /// Something can be read, or accepted.
        const READABLE = 0x001;
        /// Urgent (out-of-band) data, or what a source calls exceptional. Only when asked for, and never
        /// merged into `READABLE`.
        const PRIORITY = 0x002;
        /// Something can be written, or a connection attempt has ended.
        const WRITABLE = 0x004;
        /// An error is pending: `take_error`, a read or a write returns it. On Linux it may be in the socket's
        /// error queue instead, if the socket has `IP_RECVERR`, times of sending or `MSG_ZEROCOPY`: then none of
        /// these returns it, and the flag stays until the queue has been read, see
        /// [`QueuedError`](crate::unix::QueuedError).
        const ERROR = 0x008;
        /// Both directions are closed.
        const HUP = 0x010;
        /// The peer will send nothing more; what it sent may still be unread.
        const READ_CLOSED = 0x2000;
        /// Nothing more can be written.
        const WRITE_CLOSED = 0x4000;
        /// A deadline has passed.
        const TIMER = 0x8000;
        /// The user's own meaning, for events from user space: this and the seven bits that follow.
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
    const BROKEN: u32 = Ready::ERROR.bits() | Ready::HUP.bits();

    /// A read or an accept will not block: data, the end of the data, or an error.
    #[inline]
    #[must_use]
    pub const fn is_readable(self) -> bool {
        self.0 & (Ready::READABLE.bits() | Ready::BROKEN) != 0
    }

    /// A write will not block: room, or an error.
    #[inline]
    #[must_use]
    pub const fn is_writable(self) -> bool {
        self.0 & (Ready::WRITABLE.bits() | Ready::BROKEN) != 0
    }

    /// There is urgent data.
    #[inline]
    #[must_use]
    pub const fn is_priority(self) -> bool {
        self.0 & Ready::PRIORITY.bits() != 0
    }

    /// An error is pending.
    #[inline]
    #[must_use]
    pub const fn is_error(self) -> bool {
        self.0 & Ready::ERROR.bits() != 0
    }

    /// Both directions are closed.
    #[inline]
    #[must_use]
    pub const fn is_hup(self) -> bool {
        self.0 & Ready::HUP.bits() != 0
    }

    /// The peer will send nothing more.
    #[inline]
    #[must_use]
    pub const fn is_read_closed(self) -> bool {
        self.0 & (Ready::READ_CLOSED.bits() | Ready::HUP.bits()) != 0
    }

    /// Nothing more can be written. epoll has no bit for it: on Linux it comes with a hang-up, and a
    /// pipe whose reader has gone shows [`ERROR`](Ready::ERROR).
    #[inline]
    #[must_use]
    pub const fn is_write_closed(self) -> bool {
        self.0 & (Ready::WRITE_CLOSED.bits() | Ready::HUP.bits()) != 0
    }

    /// A deadline has passed.
    #[inline]
    #[must_use]
    pub const fn is_timer(self) -> bool {
        self.0 & Ready::TIMER.bits() != 0
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
