//! How children end; what each kernel's way of watching them has in common.

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
    /// Returns whether the process has exited with code 0.
    #[must_use]
    pub const fn is_success(self) -> bool {
        matches!(self, ExitStatus::Exited(0))
    }
}

/// Returns the status of a child that has ended, by waitid(2); `None` if it has not ended. `ECHILD`
/// if it is no child of this process.
pub(super) fn wait(
    kind: libc::idtype_t,
    id: libc::id_t,
    options: core::ffi::c_int,
) -> Result<Option<libc::siginfo_t>> {
    let mut info = core::mem::MaybeUninit::<libc::siginfo_t>::zeroed();
    let options = options | libc::WEXITED | libc::WNOHANG | ANY_CHILD;
    // SAFETY: the kernel writes one such structure; it is of integers, so zeroes were a value
    // already.
    let info = unsafe {
        super::fd::done(libc::waitid(kind, id, info.as_mut_ptr(), options))?;
        info.assume_init()
    };
    // SAFETY: it is zeroes, or tells of a child and then has this field.
    Ok((unsafe { info.si_pid() } != 0).then_some(info))
}

/// Waits also for children of clone(2) that end with another signal than `SIGCHLD`, or with none.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) const ANY_CHILD: core::ffi::c_int = libc::__WALL;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) const ANY_CHILD: core::ffi::c_int = 0;

/// Sends a signal by number: kill(2). The caller knows that the number still is the child's.
pub(crate) fn kill(pid: libc::pid_t, signal: Signal) -> Result<()> {
    // SAFETY: no memory is involved.
    no_child(super::fd::check(unsafe { libc::kill(pid, signal.as_raw()) }))
}

/// Converts the result of a call that sends a signal.
pub(crate) fn no_child<T>(result: Result<T>) -> Result<()> {
    match result {
        Err(Error::Os(libc::ESRCH)) => Err(NO_CHILD),
        result => result.map(drop),
    }
}

/// The one error for what is not a child of this process, or no longer.
pub(crate) const NO_CHILD: Error = Error::Os(libc::ECHILD);
