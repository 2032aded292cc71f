//! The end of a child by a kqueue of its own, the inner queue, which becomes readable, as a pidfd
//! does.
//!
//! `NOTE_EXIT` alone does not do: OpenBSD and Apple's systems report it before the process is a
//! zombie, with no lock between, so that waitpid(2) may answer that there is nothing yet; and on
//! Apple's systems `EV_ADD` is `ESRCH` from the moment an exiting process gives up what it holds,
//! long before it is a zombie. An event that came then would come once, too early. So the inner
//! queue does not decide when it is readable:
//!
//! 1. It holds `EVFILT_PROC`; or, after `ESRCH`, a timer.
//! 2. When either fires, the outer queue reports the inner one to the selector, which calls
//!    `recheck` before the user sees an event.
//! 3. `recheck` takes the inner event and asks waitid(2). If there is nothing to wait for yet, it
//!    sets a timer, and there is no event. It never waits: the end of a session's leader may depend
//!    on this process. If the system has no timer left, it does 4 at once, and the selector asks
//!    again and again until the status is there.
//! 4. Otherwise it makes the inner queue readable for good, by a filter that stays: a user filter,
//!    or the end of a pipe that has no writer. The latter is for systems without user filters
//!    (NetBSD before 10, OpenBSD before 7.8), and for when none is left: OpenBSD allows a process
//!    1,024 of them and of timers (`kq_usereventsmax` in sys/kern/kern_event.c).

use core::ptr;

use libc::pid_t;

use super::abi::{self, Kevent};
use super::change::change;
use super::queue::{Queue, change_one_in, take_one_from};
use super::reap::{has_ended, reap};
use crate::error::{Error, Result};
use crate::sys::fd::{OwnedFd, RawFd};
use crate::sys::fork::ForkGuard;
use crate::sys::pipe::pipe;
use crate::sys::process::{ExitStatus, NO_CHILD, kill};
use crate::sys::signal::Signal;

/// Beside a descriptor's number: it is an inner queue. No descriptor has so large a number.
pub(super) const INNER: RawFd = 1 << 30;

/// How long after an exit that has not led to a zombie to look again, in milliseconds.
const SOON: isize = 1;

/// No process has this number.
const NO_PID: usize = 0;

#[derive(Debug)]
pub struct ChildWatch {
    pid: pid_t,
    fork: ForkGuard,
    inner: Queue,
    /// Readable for good, if the system has no user filters.
    _reader: Option<OwnedFd>,
    /// The number may be another process's.
    reaped: bool,
}

impl ChildWatch {
    /// `pid` is positive.
    pub(crate) fn new(pid: pid_t) -> Result<ChildWatch> {
        let fork = ForkGuard::new()?;
        let ended = has_ended(pid)?;
        let inner = Queue::new()?;
        let reader = prepare(&inner)?;
        let queue = inner.as_raw_fd();
        let stays = reader.as_ref().map_or(0, |reader| reader.as_raw_fd() as usize + 1);
        if ended {
            stay_readable(queue, NO_PID, stays)?;
        } else {
            watch_exit(queue, pid as usize, stays)?;
        }
        Ok(ChildWatch { pid, fork, inner, _reader: reader, reaped: false })
    }

    /// The inner queue, marked as one.
    pub(crate) fn raw_fd(&self) -> Result<RawFd> {
        self.fork.check()?;
        Ok(self.inner.as_raw_fd() | INNER)
    }

    /// A forked child inherits no kqueue, and closing a descriptor ends its registration.
    pub(crate) fn set_poller(&mut self, _selector: RawFd) {}

    pub(crate) fn signal(&self, signal: Signal) -> Result<()> {
        if self.reaped || self.fork.check().is_err() {
            return Err(NO_CHILD);
        }
        kill(self.pid, signal)
    }

    pub(crate) fn exit_status(&mut self) -> Result<Option<ExitStatus>> {
        if self.reaped || self.fork.check().is_err() {
            return Err(NO_CHILD);
        }
        let status = reap(self.pid);
        self.reaped = !matches!(status, Ok(None));
        status
    }
}

/// Gets ready what will make the inner queue readable for good, without doing so yet. Returns the
/// reading end of a pipe if it is not a user filter.
fn prepare(inner: &Queue) -> Result<Option<OwnedFd>> {
    match inner.change_one(change(0, abi::EVFILT_USER, abi::EV_ADD)) {
        Ok(()) => Ok(None),
        Err(Error::Os(libc::EINVAL | libc::ENOMEM)) => Ok(Some(pipe()?.0)),
        Err(error) => Err(error),
    }
}

/// `stays` is 0 for a user filter, or one more than the descriptor that is readable for good;
/// events of `pid` bring it along. What stays brings `pid`, if its status is still to come.
fn stay_readable(inner: RawFd, pid: usize, stays: usize) -> Result<()> {
    let mut change = match stays {
        0 => {
            let mut trigger = change(0, abi::EVFILT_USER, 0);
            trigger.fflags = abi::NOTE_TRIGGER;
            trigger
        }
        _ => change(stays - 1, abi::EVFILT_READ, abi::EV_ADD),
    };
    change.udata = ptr::without_provenance_mut(pid);
    change_one_in(inner, change)
}

fn watch_exit(inner: RawFd, pid: usize, stays: usize) -> Result<()> {
    let mut exit = change(pid, abi::EVFILT_PROC, abi::EV_ADD);
    exit.fflags = abi::NOTE_EXIT;
    exit.udata = ptr::without_provenance_mut(stays);
    match change_one_in(inner, exit) {
        Err(Error::Os(libc::ESRCH)) => look_again(inner, pid, stays),
        result => result,
    }
}

fn look_again(inner: RawFd, pid: usize, stays: usize) -> Result<()> {
    let mut timer = change(pid, abi::EVFILT_TIMER, abi::EV_ADD | abi::EV_ONESHOT);
    timer.data = SOON as _;
    timer.udata = ptr::without_provenance_mut(stays);
    match change_one_in(inner, timer) {
        Err(Error::Os(libc::ENOMEM)) => stay_readable(inner, pid, stays),
        result => result,
    }
}

/// Returns whether the child's status can be taken (or has been, by another), after the inner queue
/// has become readable. If not, the inner queue will become readable again.
pub(super) fn recheck(inner: RawFd) -> Result<bool> {
    let Some(Kevent { filter, ident, udata, .. }) = take_one_from(inner)? else {
        // Another outer queue was faster.
        return Ok(false);
    };
    let data = udata.addr();
    let has_no_status = |pid: usize| has_ended(pid as pid_t) == Ok(false);
    if filter != abi::EVFILT_PROC && filter != abi::EVFILT_TIMER {
        if data != NO_PID && has_no_status(data) {
            return Ok(false);
        }
        // From now on nobody asks: the number may become another child's.
        let stays = if filter == abi::EVFILT_USER { 0 } else { ident + 1 };
        stay_readable(inner, NO_PID, stays)?;
        return Ok(true);
    }
    if has_no_status(ident) {
        look_again(inner, ident, data)?;
        return Ok(false);
    }
    stay_readable(inner, NO_PID, data)?;
    Ok(true)
}
