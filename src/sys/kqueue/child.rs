//! A child's end by a kqueue of its own, which becomes readable, as a pidfd does. The event stays in it: it
//! is readable from then on.

use libc::pid_t;

use super::abi;
use super::change::change;
use super::queue::Queue;
use crate::error::{Error, Result};
use crate::sys::fd::{Fd, RawFd};
use crate::sys::fork::ForkGuard;
use crate::sys::pipe::pipe;
use crate::sys::process::{ExitStatus, NO_CHILD, look, reap};

#[derive(Debug)]
pub struct ChildWatch {
    pid: pid_t,
    fork: ForkGuard,
    end: End,
    /// The number may be another process's.
    reaped: bool,
}

#[derive(Debug)]
enum End {
    /// It will be readable.
    Watched(Queue),
    /// It has come already: a pipe without a writer is readable.
    Come(Fd),
}

impl ChildWatch {
    /// `pid` is positive.
    pub(crate) fn new(pid: pid_t) -> Result<ChildWatch> {
        let fork = ForkGuard::new()?;
        look(libc::P_PID, pid as libc::id_t)?;
        let kqueue = Queue::new()?;
        let mut exit = change(pid as usize, abi::EVFILT_PROC, abi::EV_ADD);
        exit.fflags = abi::NOTE_EXIT;
        let end = match kqueue.change_one(exit) {
            Ok(()) => End::Watched(kqueue),
            // Some systems do not watch what has ended, though it still is a child.
            Err(Error::Os(libc::ESRCH)) => End::Come(pipe()?.0),
            Err(error) => return Err(error),
        };
        Ok(ChildWatch { pid, fork, end, reaped: false })
    }

    pub(crate) fn raw_fd(&self) -> Result<RawFd> {
        self.fork.check()?;
        Ok(match &self.end {
            End::Watched(kqueue) => kqueue.raw(),
            End::Come(pipe) => pipe.raw(),
        })
    }

    /// A forked child inherits no kqueue, and closing a descriptor ends its registration.
    pub(crate) fn set_poller(&mut self, _selector: RawFd) {}

    pub(crate) fn exit_status(&mut self) -> Result<Option<ExitStatus>> {
        if self.reaped || self.fork.check().is_err() {
            return Err(NO_CHILD);
        }
        let status = reap(self.pid);
        self.reaped = !matches!(status, Ok(None));
        status
    }
}
