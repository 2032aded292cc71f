//! A child's end by a pidfd, which is never another process's. See pidfd_open(2).

use core::ffi::c_long;

use libc::pid_t;

use super::watched::WatchedFd;
use crate::error::{Error, Result};
use crate::sys::fd::{Fd, RawFd, check};
use crate::sys::missing::{may_call, unsupported};
use crate::sys::process::{ExitStatus, NO_CHILD, look, reap};

#[derive(Debug)]
pub struct ChildWatch {
    pidfd: WatchedFd,
}

/// The same number on every architecture that Android has, where the libc crate does not name it.
#[cfg(target_os = "android")]
const SYS_PIDFD_OPEN: c_long = 434;
#[cfg(not(target_os = "android"))]
const SYS_PIDFD_OPEN: c_long = libc::SYS_pidfd_open;

/// The level of Android's interface from which on pidfd_open(2) may be called.
const PIDFD_OPEN_LEVEL: u32 = 31;

impl ChildWatch {
    /// `pid` is positive.
    pub(crate) fn new(pid: pid_t) -> Result<ChildWatch> {
        if !may_call(PIDFD_OPEN_LEVEL) {
            return Err(Error::Unsupported);
        }
        let (pid, flags) = (c_long::from(pid), c_long::from(0));
        // SAFETY: no memory is involved; the answer fits a descriptor, one without another owner.
        let opened = check(unsafe { libc::syscall(SYS_PIDFD_OPEN, pid, flags) });
        let pidfd = match opened {
            // SAFETY: as above.
            Ok(fd) => unsafe { Fd::adopt(fd as RawFd) },
            // No such process, or only a thread of one.
            Err(Error::Os(libc::ESRCH | libc::EINVAL) | Error::NotFound) => return Err(NO_CHILD),
            Err(error) => return Err(unsupported(error)),
        };
        // Nothing reads it; but whatever holds it and waits by it (waitid(2)) should not wait.
        pidfd.set_nonblocking(true)?;
        match look(libc::P_PIDFD, pidfd.raw() as libc::id_t) {
            Ok(()) => Ok(ChildWatch { pidfd: WatchedFd::new(pidfd)? }),
            // Linux 5.3 opens pidfds and does not wait for them.
            Err(Error::Os(libc::EINVAL)) => Err(Error::Unsupported),
            Err(error) => Err(error),
        }
    }

    pub(crate) fn raw_fd(&self) -> Result<RawFd> {
        Ok(self.pidfd.raw())
    }

    /// Remembers the epoll instance that watches it from now on.
    pub(crate) fn set_poller(&mut self, epoll: RawFd) {
        self.pidfd.set_epoll(epoll);
    }

    pub(crate) fn exit_status(&mut self) -> Result<Option<ExitStatus>> {
        reap(libc::P_PIDFD, self.pidfd.raw() as libc::id_t)
    }
}
