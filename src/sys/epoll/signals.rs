//! Signals by a signalfd. See signalfd(2).
//!
//! A signalfd reads pending signals. A signal is pending only if every thread blocks it.

use core::mem::MaybeUninit;

use libc::signalfd_siginfo;

use super::sigchld;
use crate::error::{Error, Result};
use crate::sys::fd::{OwnedFd, RawFd, check};
use crate::sys::fork::ForkGuard;
use crate::sys::signal::{Signal, SignalSet};

#[derive(Debug)]
pub struct SignalQueue {
    signalfd: OwnedFd,
    /// Not because it could not be used in a child, but because on kqueue it cannot.
    fork: ForkGuard,
}

impl SignalQueue {
    pub(crate) fn new(set: SignalSet) -> Result<SignalQueue> {
        let (fork, set) = (ForkGuard::new()?, set.to_raw()?);
        let flags = libc::SFD_CLOEXEC | libc::SFD_NONBLOCK;
        // SAFETY: the set is alive, and a descriptor made just now has no other owner.
        let signalfd = unsafe { OwnedFd::from_raw_fd(check(libc::signalfd(-1, &set, flags))?) };
        Ok(SignalQueue { signalfd, fork })
    }

    pub(crate) fn raw_fd(&self) -> Result<RawFd> {
        self.fork.check()?;
        Ok(self.signalfd.as_raw_fd())
    }

    pub(crate) fn receive(&self) -> Result<Option<Signal>> {
        self.fork.check()?;
        let mut info = MaybeUninit::<signalfd_siginfo>::zeroed();
        let length = size_of::<signalfd_siginfo>();
        // SAFETY: the kernel writes one such structure, of integers.
        match check(unsafe {
            libc::read(self.signalfd.as_raw_fd(), info.as_mut_ptr().cast(), length)
        }) {
            Ok(_) => {
                // SAFETY: as above, and zeroes were a value already.
                let number = unsafe { info.assume_init() }.ssi_signo as i32;
                if number == libc::SIGCHLD {
                    // Being received here, it does not come to the handler.
                    sigchld::report_all();
                }
                Ok(Some(Signal::from_raw(number)?))
            }
            Err(Error::Os(libc::EAGAIN)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// A forked child that has a copy of the descriptor keeps its registrations alive, with however
/// many pollers. With an empty set the signalfd is never readable again.
impl Drop for SignalQueue {
    fn drop(&mut self) {
        let Ok(nothing) = SignalSet::default().to_raw() else { return };
        if self.fork.check().is_ok() {
            // SAFETY: the set is alive, and the descriptor is a signalfd that is owned.
            unsafe { libc::signalfd(self.signalfd.as_raw_fd(), &nothing, 0) };
        }
    }
}
