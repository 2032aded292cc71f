//! The bits, and what they mean.

use super::Ready;

// epoll's bits have epoll's values, so that on Linux an event is used as the kernel wrote it
// (asserted in `sys::epoll`). The others have values that epoll_ctl(2) does not use.
impl Ready {
    /// Data can be read, or a connection accepted.
    pub const READABLE: Ready = Ready(0x001);
    /// Urgent (out-of-band) data, or another exceptional condition. Reported only if the
    /// interests include it, and never as `READABLE`.
    pub const PRIORITY: Ready = Ready(0x002);
    /// Data can be written, or a connection attempt has ended.
    pub const WRITABLE: Ready = Ready(0x004);
    /// An error is pending: `take_error`, a read or a write returns it. On Linux it may be in
    /// the socket's error queue instead, if the socket uses `IP_RECVERR`, send timestamps or
    /// `MSG_ZEROCOPY`: then none of these calls returns it, and the flag stays set until the
    /// queue has been read, see [`QueuedError`](crate::unix::QueuedError).
    pub const ERROR: Ready = Ready(0x008);
    /// Both directions are closed.
    pub const HUP: Ready = Ready(0x010);
    /// The peer will send nothing more; what it sent may still be unread.
    pub const READ_CLOSED: Ready = Ready(0x2000);
    /// Nothing more can be written.
    pub const WRITE_CLOSED: Ready = Ready(0x4000);
    /// A timer has expired.
    pub const TIMER: Ready = Ready(0x8000);
    /// For user-space events: the program defines its meaning, and that of the seven bits that
    /// follow.
    pub const USER_0: Ready = Ready(0x01_0000);
    /// For user-space events.
    pub const USER_1: Ready = Ready(0x02_0000);
    /// For user-space events.
    pub const USER_2: Ready = Ready(0x04_0000);
    /// For user-space events.
    pub const USER_3: Ready = Ready(0x08_0000);
    /// For user-space events.
    pub const USER_4: Ready = Ready(0x10_0000);
    /// For user-space events.
    pub const USER_5: Ready = Ready(0x20_0000);
    /// For user-space events.
    pub const USER_6: Ready = Ready(0x40_0000);
    /// For user-space events.
    pub const USER_7: Ready = Ready(0x80_0000);

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
