//! Signals, received as values.

use core::fmt;

use crate::error::{Error, Result};
use crate::interests::Interests;
use crate::source::{Descriptor, Source, impl_as_source};
use crate::sys::SignalQueue;
use crate::sys::fd::RawFd;
use crate::sys::signal::{self, Signal, SignalSet};

/// Receives signals as events, so that handling them is not limited to async-signal-safe functions.
///
/// Creating it **blocks** the signals in the calling thread, so that they stay pending instead of
/// acting. *Every* thread must block them: a signal is delivered to any thread that does not, and
/// acts there as if there were no `Signals`. So create it before other threads are started, because
/// threads inherit the mask, or block the signals first with pthread_sigmask(3). Child processes
/// inherit the mask as well, including those of `std::process::Command`, and would ignore a
/// `TERMINATE`: give them an empty mask before exec(2), in `pre_exec`.
///
/// Signals of one number that arrive before they are received may be merged into one; only Linux
/// queues those from `SIGRTMIN` on. Therefore do not count them: on `CHILD`, look at all children.
///
/// Dropping it unblocks the signals that it blocked, and those that are pending then act. Two
/// `Signals` that exist at the same time must not share a signal: each would receive a part of
/// them.
///
/// ```
/// # // To this thread only: other threads of the test do not block it.
/// # fn kill_myself() { unsafe { libc::raise(libc::SIGUSR1) }; }
/// use mio_st::event::{EventedId, Events};
/// use mio_st::poll::{PollOption, Poller};
/// use mio_st::unix::{Signal, SignalSet, Signals};
///
/// const SIGNALS: SignalSet = SignalSet::of(&[Signal::TERMINATE, Signal::USER_1]);
///
/// let mut poller = Poller::new()?;
/// let mut events = Events::new();
/// let mut signals = Signals::new(SIGNALS)?;
/// poller.register(&mut signals, EventedId(1), Signals::INTERESTS, PollOption::Edge)?;
///
/// kill_myself(); // by SIGUSR1
/// poller.poll(&mut events, None)?;
/// while let Some(signal) = signals.receive()? {
///     assert_eq!(signal, Signal::USER_1);
/// }
/// # Ok::<(), mio_st::Error>(())
/// ```
///
/// Underneath is a signalfd on Linux, and a kqueue of its own elsewhere. See signalfd(2),
/// kqueue(2).
pub struct Signals {
    source: Source<SignalQueue>,
    set: SignalSet,
    /// What of it was not blocked before.
    blocked: SignalSet,
}

impl Signals {
    /// `READABLE`.
    pub const INTERESTS: Interests = Interests::READABLE;

    /// Blocks these signals in the calling thread and starts receiving them.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](Error::InvalidInput) for a set with `KILL` or `STOP` in it, with a number
    /// that is no signal's here, or with nothing; the mask is as it was then. Or an OS error: out
    /// of descriptors.
    pub fn new(set: impl Into<SignalSet>) -> Result<Signals> {
        let set = set.into();
        if set.is_empty() || set.contains(Signal::KILL) || set.contains(Signal::STOP) {
            return Err(Error::InvalidInput);
        }
        let queue = SignalQueue::new(set)?;
        let blocked = signal::block(set)?;
        Ok(Signals { source: Source::new(queue, Signals::INTERESTS), set, blocked })
    }

    /// Returns the next signal, or `None` if none is pending. Under
    /// [`Edge`](crate::poll::PollOption::Edge) go on to the `None`.
    ///
    /// # Errors
    ///
    /// [`Forked`](Error::Forked): a child makes its own.
    pub fn receive(&mut self) -> Result<Option<Signal>> {
        self.source.descriptor_mut().receive()
    }

    /// Returns the signals that it receives.
    #[must_use]
    pub fn set(&self) -> SignalSet {
        self.set
    }
}

impl Descriptor for SignalQueue {
    fn watched_fd(&self) -> Result<RawFd> {
        self.raw_fd()
    }
}

impl_as_source!(Signals, SignalQueue);

static_assertions::assert_not_impl_any!(Signals: Send, Sync);

impl Drop for Signals {
    fn drop(&mut self) {
        // It cannot fail for a set that could be blocked.
        let _ = signal::unblock(self.blocked);
    }
}

impl fmt::Debug for Signals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Signals").field(&self.set).finish()
    }
}
