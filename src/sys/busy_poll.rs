//! Spinning on a network card's queue instead of waiting for its interrupt.

/// How a poller that has found nothing looks at the queue of the network card itself before it
/// sleeps: Linux 6.9, with a card whose driver has NAPI. It buys latency with a core's time, and
/// does nothing over loopback.
///
/// The default, all zero, is off. See `EPIOCSPARAMS` in ioctl_eventpoll(2), and the kernel's
/// Documentation/networking/napi.rst.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct BusyPoll {
    /// For how many microseconds to look, at most 2^31 - 1; 0 is off.
    pub usecs: u32,
    /// How many packets to take in one look at most; 0 is the system's default. More than 64 need
    /// the capability `CAP_NET_ADMIN`.
    pub budget: u16,
    /// Put the card's interrupts off for as long as the program keeps looking.
    pub prefer: bool,
}
