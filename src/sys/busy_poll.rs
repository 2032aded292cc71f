//! Spinning on a network card's queue instead of waiting for its interrupt.

/// Busy polling of the network card's queue, instead of waiting for its interrupt.
///
/// A poller that has found nothing processes the card's queue itself before it sleeps. That lowers
/// the latency, at the cost of a core's time. It needs Linux 6.9 and a card whose driver uses NAPI,
/// and does nothing for loopback.
///
/// The default, all zero, is off. See `EPIOCSPARAMS` in ioctl_eventpoll(2), and the kernel's
/// Documentation/networking/napi.rst.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct BusyPoll {
    /// How long to busy-poll, in microseconds: at most 2^31 - 1; 0 is off.
    pub usecs: u32,
    /// The most packets to process in one attempt; 0 is the system's default. More than 64 need the
    /// capability `CAP_NET_ADMIN`.
    pub budget: u16,
    /// Whether the card's interrupts stay off for as long as the program keeps polling.
    pub prefer: bool,
}
