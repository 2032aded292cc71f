//! Signals, received as values.

use core::fmt;

use crate::error::{Error, Result};
use crate::interests::Interests;
use crate::source::{AsSource, Descriptor, Source};
use crate::sys::SignalQueue;
use crate::sys::fd::RawFd;
use crate::sys::signal::{self, Signal, SignalSet};

/// Receives signals as values, between polls, where everything may be called.
///
/// The signals are **blocked** in the thread that makes it, and only there, so that they wait to be
/// received and do not act. It works for signals that *every* thread blocks: with one that does
/// not, the system gives it the signal, which acts there. So make it before any other thread is
/// started, since threads inherit the mask; or block the signals first with pthread_sigmask(3).
/// Child processes inherit it too, also those of `std::process::Command`, and would not hear a
/// `TERMINATE` either: give them an empty mask before exec(2), which is what `pre_exec` is for.
///
/// Signals of one number that come before they are received may come as one, as signals always did;
/// only on Linux do those above `SIGRTMIN` queue. Do not count them: on `CHILD`, look at all
/// children.
///
/// Dropping it unblocks what it blocked. A signal that has come and was not received acts then, as
/// if it had come just now. Let no two of them that live at once have a signal in common: each
/// would take some.
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

    /// Begins to receive these signals, instead of whatever they would do.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](Error::InvalidInput) for a set with `KILL` or `STOP` in it, with a number
    /// that is no signal's here, or with nothing; the mask is as it was then. Or the system's: out
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

    /// Takes the next signal, or `None` where none has come. Under
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

impl AsSource for Signals {
    type Descriptor = SignalQueue;

    fn as_source(&mut self) -> &mut Source<SignalQueue> {
        &mut self.source
    }
}

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
