//! Signals by a kqueue of their own, which becomes readable, as a signalfd does.
//!
//! The filter records each attempt to deliver a signal, also of one that is blocked. Such a signal
//! is pending besides, and what was received here is taken there too; otherwise it would come a
//! second time when it is no longer blocked. The filter says how often: to be told once, as by
//! Linux, leaves no count to keep, and the descriptor readable for exactly as long as there is
//! something to receive.

use super::abi;
use super::change::change;
use super::queue::Queue;
use crate::error::Result;
use crate::sys::fd::{RawFd, check};
use crate::sys::signal::{Signal, SignalSet, check_errno, is_member};

#[derive(Debug)]
pub struct SignalQueue {
    kqueue: Queue,
}

impl SignalQueue {
    pub(crate) fn new(set: SignalSet) -> Result<SignalQueue> {
        // For its error.
        set.to_raw()?;
        let kqueue = Queue::new()?;
        for signal in set.iter() {
            let flags = abi::EV_ADD | abi::EV_CLEAR;
            kqueue.change_one(change(signal.as_raw() as usize, abi::EVFILT_SIGNAL, flags))?;
            // What is pending already was not recorded: have it come again.
            if take_pending(signal)? {
                // SAFETY: no memory is involved.
                check(unsafe { libc::kill(libc::getpid(), signal.as_raw()) })?;
            }
        }
        Ok(SignalQueue { kqueue })
    }

    pub(crate) fn raw_fd(&self) -> Result<RawFd> {
        self.kqueue.check_fork()?;
        Ok(self.kqueue.as_raw_fd())
    }

    pub(crate) fn receive(&self) -> Result<Option<Signal>> {
        self.kqueue.check_fork()?;
        let Some(event) = self.kqueue.take_one()? else { return Ok(None) };
        let signal = Signal::from_raw(event.ident as i32)?;
        take_pending(signal)?;
        Ok(Some(signal))
    }
}

/// Takes a signal that is pending because it is blocked, as its delivery would. Returns whether
/// there was one. Nothing else may wait for it.
fn take_pending(signal: Signal) -> Result<bool> {
    let raw = SignalSet::from(signal).to_raw()?;
    let (mut pending, mut taken) = (SignalSet::default().to_raw()?, 0);
    // SAFETY: the sets and the number are alive.
    unsafe {
        check(libc::sigpending(&mut pending))?;
        if !is_member(&pending, signal) {
            return Ok(false);
        }
        // One that is pending is taken at once.
        check_errno(libc::sigwait(&raw, &mut taken))?;
    }
    Ok(true)
}
