//! The status of a child: waitid(2), by its number or its pidfd.

use crate::error::Result;
use crate::sys::process::{ExitStatus, wait};
use crate::sys::signal::Signal;

/// Checks that a child is there, and leaves it as it is: waitid(2).
///
/// `ECHILD` for what is no child of this process.
pub(super) fn peek(kind: libc::idtype_t, id: libc::id_t) -> Result<()> {
    wait(kind, id, libc::WNOWAIT).map(drop)
}

/// Returns whether this child of the process sends `SIGCHLD` when it ends: one that was made by
/// clone(2) may not, and waitid(2) finds it only if asked for any child.
pub(super) fn sends_sigchld(pid: libc::pid_t) -> bool {
    let options = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
    let mut info = core::mem::MaybeUninit::<libc::siginfo_t>::zeroed();
    // SAFETY: the kernel writes one such structure.
    unsafe { libc::waitid(libc::P_PID, pid as libc::id_t, info.as_mut_ptr(), options) == 0 }
}

/// Takes the status of a child that has ended, which is then gone: waitid(2).
pub(super) fn reap(kind: libc::idtype_t, id: libc::id_t) -> Result<Option<ExitStatus>> {
    let Some(info) = wait(kind, id, 0)? else { return Ok(None) };
    // SAFETY: it tells of a child, and then has this field.
    let status = unsafe { info.si_status() };
    Ok(Some(match info.si_code {
        libc::CLD_EXITED => ExitStatus::Exited(status),
        _ => ExitStatus::Killed(Signal::from_raw(status)?),
    }))
}
