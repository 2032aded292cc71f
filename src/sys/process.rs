//! How children end.

use super::signal::Signal;
use crate::error::{Error, Result};

/// How a process has ended. See wait(2).
///
/// ```
/// use mio_st::unix::{ExitStatus, Signal};
///
/// assert!(ExitStatus::Exited(0).is_success());
/// assert!(!ExitStatus::Killed(Signal::TERMINATE).is_success());
/// ```
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ExitStatus {
    /// It has exited with this code, 0 to 255.
    Exited(i32),
    /// A signal has ended it.
    Killed(Signal),
}

impl ExitStatus {
    /// It has exited with code 0.
    #[must_use]
    pub const fn is_success(self) -> bool {
        matches!(self, ExitStatus::Exited(0))
    }
}

/// Looks at a child that may have ended, and leaves it as it is: waitid(2).
///
/// `ECHILD` for what is no child of this process.
#[cfg(all(any(target_os = "linux", target_os = "android"), not(mio_st_backend = "kqueue")))]
pub(crate) fn look(kind: libc::idtype_t, id: libc::id_t) -> Result<()> {
    wait(kind, id, libc::WNOWAIT).map(drop)
}

/// Returns whether a child has ended and its status can be taken, and leaves it as it is: waitid(2).
///
/// `ECHILD` for what is no child of this process.
#[cfg(any(mio_st_backend = "kqueue", not(any(target_os = "linux", target_os = "android"))))]
pub(crate) fn has_ended(pid: libc::pid_t) -> Result<bool> {
    Ok(wait(libc::P_PID, pid as libc::id_t, libc::WNOWAIT)?.is_some())
}

/// Returns whether this child of the process sends `SIGCHLD` when it ends: one that was made by clone(2) may
/// not, and waitid(2) finds it only if asked for any child.
#[cfg(all(any(target_os = "linux", target_os = "android"), not(mio_st_backend = "kqueue")))]
pub(crate) fn sends_sigchld(pid: libc::pid_t) -> bool {
    let options = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
    let mut info = core::mem::MaybeUninit::<libc::siginfo_t>::zeroed();
    // SAFETY: the kernel writes one such structure.
    unsafe { libc::waitid(libc::P_PID, pid as libc::id_t, info.as_mut_ptr(), options) == 0 }
}

/// Takes the status of a child that has ended, which is then gone: waitid(2).
#[cfg(all(any(target_os = "linux", target_os = "android"), not(mio_st_backend = "kqueue")))]
pub(crate) fn reap(kind: libc::idtype_t, id: libc::id_t) -> Result<Option<ExitStatus>> {
    let Some(info) = wait(kind, id, 0)? else { return Ok(None) };
    // SAFETY: it tells of a child, and then has this field.
    let status = unsafe { info.si_status() };
    Ok(Some(match info.si_code {
        libc::CLD_EXITED => ExitStatus::Exited(status),
        _ => ExitStatus::Killed(Signal::from_raw(status)?),
    }))
}

fn wait(
    kind: libc::idtype_t,
    id: libc::id_t,
    options: core::ffi::c_int,
) -> Result<Option<libc::siginfo_t>> {
    let mut info = core::mem::MaybeUninit::<libc::siginfo_t>::zeroed();
    let options = options | libc::WEXITED | libc::WNOHANG | ANY_CHILD;
    // SAFETY: the kernel writes one such structure; it is of integers, so zeroes were a value already.
    let info = unsafe {
        super::fd::check(libc::waitid(kind, id, info.as_mut_ptr(), options))?;
        info.assume_init()
    };
    // SAFETY: it is zeroes, or tells of a child and then has this field.
    Ok((unsafe { info.si_pid() } != 0).then_some(info))
}

/// The same by number: waitpid(2).
#[cfg(any(mio_st_backend = "kqueue", not(any(target_os = "linux", target_os = "android"))))]
pub(crate) fn reap(pid: libc::pid_t) -> Result<Option<ExitStatus>> {
    let mut status = 0;
    // SAFETY: the kernel writes a number.
    if super::fd::check(unsafe { libc::waitpid(pid, &mut status, libc::WNOHANG | ANY_CHILD) })? == 0
    {
        return Ok(None);
    }
    Ok(Some(match libc::WIFEXITED(status) {
        true => ExitStatus::Exited(libc::WEXITSTATUS(status)),
        false => ExitStatus::Killed(Signal::from_raw(libc::WTERMSIG(status))?),
    }))
}

/// Waits also for children of clone(2) that end with another signal than `SIGCHLD`, or with none.
#[cfg(any(target_os = "linux", target_os = "android"))]
const ANY_CHILD: core::ffi::c_int = libc::__WALL;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const ANY_CHILD: core::ffi::c_int = 0;

/// The one error for what is not a child of this process, or no longer.
pub(crate) const NO_CHILD: Error = Error::Os(libc::ECHILD);
