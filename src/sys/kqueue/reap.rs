//! The status of a child, by its number.

use crate::error::Result;
use crate::sys::fd::check;
use crate::sys::process::{ANY_CHILD, ExitStatus, wait};
use crate::sys::signal::Signal;

/// Returns whether a child has ended and its status can be taken, and leaves it as it is:
/// waitid(2).
///
/// `ECHILD` for what is no child of this process.
pub(super) fn has_ended(pid: libc::pid_t) -> Result<bool> {
    Ok(wait(libc::P_PID, pid as libc::id_t, libc::WNOWAIT)?.is_some())
}

/// Takes the status of a child that has ended, which is then gone: waitpid(2).
pub(super) fn reap(pid: libc::pid_t) -> Result<Option<ExitStatus>> {
    let mut status = 0;
    // SAFETY: the kernel writes a number.
    if check(unsafe { libc::waitpid(pid, &mut status, libc::WNOHANG | ANY_CHILD) })? == 0 {
        return Ok(None);
    }
    Ok(Some(match libc::WIFEXITED(status) {
        true => ExitStatus::Exited(libc::WEXITSTATUS(status)),
        false => ExitStatus::Killed(Signal::from_raw(libc::WTERMSIG(status))?),
    }))
}
