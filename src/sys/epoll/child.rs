//! A child's end by a pidfd, which is never another process's (pidfd_open(2)), or without one by
//! `SIGCHLD`.

use core::ffi::c_long;

use libc::pid_t;

use super::numbers;
use super::reap::{peek, reap, sends_sigchld};
use super::sigchld::Watch;
use super::watched::WatchedFd;
use crate::error::{Error, Result};
use crate::sys::fd::{OwnedFd, RawFd, check};
use crate::sys::missing::{is_missing, may_call};
use crate::sys::process::{ExitStatus, NO_CHILD, kill, no_child};
use crate::sys::signal::Signal;

#[derive(Debug)]
pub struct ChildWatch(Kind);

#[derive(Debug)]
enum Kind {
    Pidfd(WatchedFd),
    Sigchld {
        pid: pid_t,
        /// Dropped before the eventfd is closed.
        watch: Watch,
        eventfd: WatchedFd,
        /// The number may be another process's.
        reaped: bool,
    },
}

/// The level of Android's interface from which on pidfd_open(2) may be called.
const PIDFD_OPEN_LEVEL: u32 = 31;

impl ChildWatch {
    /// `pid` is positive.
    pub(crate) fn new(pid: pid_t) -> Result<ChildWatch> {
        match pidfd(pid)? {
            Some(pidfd) => Ok(ChildWatch(Kind::Pidfd(WatchedFd::new(pidfd)?))),
            None => ChildWatch::by_sigchld(pid),
        }
    }

    fn by_sigchld(pid: pid_t) -> Result<ChildWatch> {
        peek(libc::P_PID, pid as libc::id_t)?;
        if !sends_sigchld(pid) {
            return Err(Error::Unsupported);
        }
        let flags = libc::EFD_CLOEXEC | libc::EFD_NONBLOCK;
        // SAFETY: no memory is involved, and a descriptor made just now has no other owner.
        let eventfd = unsafe { OwnedFd::from_raw_fd(check(libc::eventfd(0, flags))?) };
        let eventfd = WatchedFd::new(eventfd)?;
        let watch = Watch::new(pid, eventfd.as_raw_fd())?;
        Ok(ChildWatch(Kind::Sigchld { pid, watch, eventfd, reaped: false }))
    }

    pub(crate) fn raw_fd(&self) -> Result<RawFd> {
        Ok(match &self.0 {
            Kind::Pidfd(pidfd) => pidfd.as_raw_fd(),
            Kind::Sigchld { eventfd, .. } => eventfd.as_raw_fd(),
        })
    }

    /// Remembers the epoll instance that watches it from now on.
    pub(crate) fn set_poller(&mut self, epoll: RawFd) {
        match &mut self.0 {
            Kind::Pidfd(fd) | Kind::Sigchld { eventfd: fd, .. } => fd.set_epoll(epoll),
        }
    }

    pub(crate) fn signal(&self, signal: Signal) -> Result<()> {
        match &self.0 {
            Kind::Pidfd(fd) | Kind::Sigchld { eventfd: fd, .. } if fd.check_fork().is_err() => {
                Err(NO_CHILD)
            }
            Kind::Pidfd(pidfd) => send_signal(pidfd.as_raw_fd(), signal),
            Kind::Sigchld { reaped: true, .. } => Err(NO_CHILD),
            Kind::Sigchld { pid, .. } => kill(*pid, signal),
        }
    }

    pub(crate) fn exit_status(&mut self) -> Result<Option<ExitStatus>> {
        match &mut self.0 {
            Kind::Pidfd(pidfd) => reap(libc::P_PIDFD, pidfd.as_raw_fd() as libc::id_t),
            Kind::Sigchld { eventfd, reaped, .. } if *reaped || eventfd.check_fork().is_err() => {
                Err(NO_CHILD)
            }
            Kind::Sigchld { pid, watch, reaped, .. } => {
                let status = reap(libc::P_PID, *pid as libc::id_t);
                if !matches!(status, Ok(None)) {
                    *reaped = true;
                    watch.report();
                }
                status
            }
        }
    }
}

/// pidfd_send_signal(2). Where pidfds can be opened and waited for, the call is there: it is older.
fn send_signal(pidfd: RawFd, signal: Signal) -> Result<()> {
    let (pidfd, signal) = (c_long::from(pidfd), c_long::from(signal.as_raw()));
    let (info, flags) = (core::ptr::null::<libc::siginfo_t>(), c_long::from(0));
    // SAFETY: no memory is involved.
    no_child(check(unsafe {
        libc::syscall(numbers::PIDFD_SEND_SIGNAL, pidfd, signal, info, flags)
    }))
}

/// Returns the child's pidfd, or `None` if this system has none.
fn pidfd(pid: pid_t) -> Result<Option<OwnedFd>> {
    if !may_call(PIDFD_OPEN_LEVEL) {
        return Ok(None);
    }
    let (pid, flags) = (c_long::from(pid), c_long::from(0));
    // SAFETY: no memory is involved; the answer fits a descriptor, one without another owner.
    let opened = check(unsafe { libc::syscall(numbers::PIDFD_OPEN, pid, flags) });
    let pidfd = match opened {
        // SAFETY: as above.
        Ok(fd) => unsafe { OwnedFd::from_raw_fd(fd as RawFd) },
        Err(error) if is_missing(error) => return Ok(None),
        // No such process, or only a thread of one.
        Err(Error::Os(libc::ESRCH | libc::EINVAL) | Error::NotFound) => return Err(NO_CHILD),
        Err(error) => return Err(error),
    };
    // Nothing reads it; but whatever holds it and waits by it (waitid(2)) should not wait.
    pidfd.set_nonblocking(true)?;
    match peek(libc::P_PIDFD, pidfd.as_raw_fd() as libc::id_t) {
        Ok(()) => Ok(Some(pidfd)),
        // Linux 5.3 opens pidfds and does not wait for them.
        Err(Error::Os(libc::EINVAL)) => Ok(None),
        Err(error) => Err(error),
    }
}
