//! What a kernel may lack. A backend without these declares this file as its own module.

use super::{RawEvent, Selector};
use crate::error::{Error, Result};
use crate::subscription::Subscription;
use crate::sys::BusyPoll;
use crate::sys::fd::RawFd;
use crate::time::Instant;

impl Selector {
    /// Without it, an event wakes all pollers that watch.
    pub(crate) fn register_exclusive(&self, _: RawFd, _: Subscription) -> Result<()> {
        Err(Error::Unsupported)
    }

    pub(crate) fn busy_poll(&self) -> Result<BusyPoll> {
        Err(Error::Unsupported)
    }

    pub(crate) fn set_busy_poll(&self, _: BusyPoll) -> Result<()> {
        Err(Error::Unsupported)
    }
}

/// A timer without slack. kevent(2) takes its timeout in nanoseconds, and how late it ends differs
/// by system, as do the kernel's timers (`EVFILT_TIMER`).
#[derive(Debug)]
pub(crate) enum KernelTimer {}

impl KernelTimer {
    pub(crate) fn new() -> Result<KernelTimer> {
        Err(Error::Unsupported)
    }

    pub(crate) fn select_until(
        &mut self,
        _: &Selector,
        _: &mut [RawEvent],
        _now: Instant,
        _end: Instant,
    ) -> Result<usize> {
        match *self {}
    }
}
