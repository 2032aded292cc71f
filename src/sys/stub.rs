//! The contract of a backend, and a backend without a kernel: the template for the next one.
//!
//! `--cfg mio_st_backend="stub"` selects it, on any system; CI compiles it. It has all that the
//! library uses of a backend, with what is asked of it, and every call is
//! [`Unsupported`](Error::Unsupported). To add a backend, copy this file to `sys/NAME/mod.rs`, NAME
//! being the kernel's interface, select it in `sys/mod.rs`, and fill it in. `tests/conformance.rs`
//! says what events each system reports.
//!
//! epoll and kqueue keep the state of each source in the kernel. A backend for an interface that
//! does not needs a table of its sources in the [`Selector`], of a fixed capacity, with an error if
//! it is full:
//!
//! * *Event ports* forget a source when they report it. What is watched, and how, must be kept, and
//!   a source of the option `Level` or `Edge` be associated again before the next wait.
//! * *io_uring* reports by completions, which may arrive after a poll was cancelled. The user data
//!   of each poll needs the slot and a generation of it, so that a late completion is recognised; a
//!   source of the option `Level` must be polled again after each event. Its rings are mapped once,
//!   by `Selector::new`, and changes are submitted by `select`. A forked child must not touch them.

#[path = "lacking.rs"]
mod lacking;
#[path = "no_latest.rs"]
mod no_latest;

use core::ffi::c_int;

use libc::pid_t;

pub(crate) use self::lacking::KernelTimer;
pub(crate) use self::no_latest::LatestRegistration;

use super::Wait;
use super::fd::RawFd;
use super::process::ExitStatus;
use super::signal::{Signal, SignalSet};
use crate::error::{Error, Result};
use crate::id::EventedId;
use crate::interests::Interests;
use crate::ready::Ready;
use crate::subscription::Subscription;

/// The longest lingering of a socket that is closed, in seconds, that the system keeps as it is
/// given.
pub(crate) const MAX_LINGER: c_int = c_int::MAX;

/// One event exactly as the kernel writes it, so that a batch is never copied. All zeros are a
/// value.
#[derive(Copy, Clone)]
pub(crate) struct RawEvent {
    id: EventedId,
    ready: Ready,
}

impl RawEvent {
    /// Makes an event that is not the kernel's: user events and timers are in the same batch.
    #[inline]
    pub(crate) const fn new(id: EventedId, ready: Ready) -> RawEvent {
        RawEvent { id, ready }
    }

    #[inline]
    pub(crate) const fn id(&self) -> EventedId {
        self.id
    }

    #[inline]
    pub(crate) const fn ready(&self) -> Ready {
        self.ready
    }

    /// Returns the error number that the kernel reports with an event.
    #[inline]
    pub(crate) const fn os_error(&self) -> Option<i32> {
        None
    }

    /// Returns whether the kernel may have had more events than slots, though there are slots left
    /// behind this event.
    #[inline]
    pub(crate) const fn was_cut(&self) -> bool {
        false
    }
}

/// The kernel's queue. Dropping it closes its descriptor, in a forked child as well.
#[derive(Debug)]
pub(crate) struct Selector;

impl Selector {
    /// Returns whether the kernel is asked for these interests, now; if not, a change of a
    /// registration to them is `Unsupported` and changes nothing.
    #[inline]
    pub(crate) const fn can_watch_for(_: Interests) -> bool {
        false
    }

    /// Creates a queue whose descriptor is close-on-exec.
    pub(crate) fn new() -> Result<Selector> {
        Err(Error::Unsupported)
    }

    /// Returns a descriptor that is readable while events are pending.
    #[inline]
    pub(crate) fn raw_fd(&self) -> RawFd {
        -1
    }

    /// Starts watching a descriptor. A failed call changes nothing.
    ///
    /// `AlreadyExists` if it is watched already, unless the kernel replaces a registration (see
    /// `LatestRegistration`); `Unsupported` for a descriptor that cannot be watched, such as a
    /// regular file's or the queue's own.
    pub(crate) fn register(&self, _: RawFd, _: Subscription) -> Result<()> {
        Err(Error::Unsupported)
    }

    /// Changes how a descriptor is watched, and arms a source of the option `Oneshot` again. What
    /// is ready is reported again.
    ///
    /// `NotFound` if it is not watched. A failed call changes nothing, unless the kernel replaces a
    /// registration: then it may end it.
    pub(crate) fn reregister(&self, _: RawFd, _: Subscription) -> Result<()> {
        Err(Error::Unsupported)
    }

    /// Stops watching a descriptor; `NotFound` if it is not watched.
    pub(crate) fn deregister(&self, _: RawFd) -> Result<()> {
        Err(Error::Unsupported)
    }

    /// Writes events to the slice, which is not empty, from its beginning, and returns how many: in
    /// one system call, which waits not at all or without end. An interruption is `EINTR`.
    ///
    /// It is inlined into the poll, so it should be small.
    #[inline]
    pub(crate) fn select(&self, _: &mut [RawEvent], _: Wait) -> Result<usize> {
        Err(Error::Unsupported)
    }

    /// The same, waiting for so many nanoseconds at most. It may return early and without an event,
    /// if the kernel cannot wait for so long: the caller reads the clock and calls again.
    pub(crate) fn select_for(&self, _: &mut [RawEvent], _nanos: u64) -> Result<usize> {
        Err(Error::Unsupported)
    }
}

/// Wakes a selector from another thread, or from a signal handler.
#[derive(Debug)]
pub(crate) struct Waker;

impl Waker {
    pub(crate) fn new(_: &Selector, _: EventedId) -> Result<Waker> {
        Err(Error::Unsupported)
    }

    /// Makes the selector report the id as readable, once for any number of calls before it does.
    /// It leaves `errno` alone, and does nothing if the selector was dropped.
    pub(crate) fn wake(&self) -> Result<()> {
        Err(Error::Unsupported)
    }
}

/// Receives signals, which are blocked, as a descriptor that is readable while there are any.
#[derive(Debug)]
pub struct SignalQueue;

impl SignalQueue {
    pub(crate) fn new(_: SignalSet) -> Result<SignalQueue> {
        Err(Error::Unsupported)
    }

    pub(crate) fn raw_fd(&self) -> Result<RawFd> {
        Err(Error::Unsupported)
    }

    /// Takes one of the signals that have arrived. `Forked` in a forked child.
    pub(crate) fn receive(&self) -> Result<Option<Signal>> {
        Err(Error::Unsupported)
    }
}

/// Waits for the end of a child, as a descriptor that is readable from then on.
#[derive(Debug)]
pub struct ChildWatch;

impl ChildWatch {
    pub(crate) fn new(_: pid_t) -> Result<ChildWatch> {
        Err(Error::Unsupported)
    }

    pub(crate) fn raw_fd(&self) -> Result<RawFd> {
        Err(Error::Unsupported)
    }

    /// Notes which selector watches it, for a kernel whose registrations outlive the descriptor.
    pub(crate) fn set_poller(&mut self, _: RawFd) {}

    /// Sends a signal, to this process for certain and not to another with its number.
    pub(crate) fn signal(&self, _: Signal) -> Result<()> {
        Err(Error::Unsupported)
    }

    /// Takes the status of the child if it has ended, and `ECHILD` from then on.
    pub(crate) fn exit_status(&mut self) -> Result<Option<ExitStatus>> {
        Err(Error::Unsupported)
    }
}
