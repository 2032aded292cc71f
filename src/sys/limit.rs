//! The limit of open descriptors: getrlimit(2), `RLIMIT_NOFILE`.

use super::fd::done;
use crate::error::Result;

/// Raises the soft limit of open descriptors to the hard limit.
///
/// Returns the new soft limit.
///
/// A server needs a descriptor for each connection, and many systems start a process with a soft
/// limit of 1,024 (macOS: 256). The limit belongs to the process and is inherited by programs that
/// it starts. Do not raise it in a program that uses select(2), which cannot handle a descriptor of
/// 1,024 or more.
///
/// ```
/// let limit = mio_st::unix::raise_descriptor_limit()?;
/// assert!(limit >= 3);
/// # Ok::<(), mio_st::Error>(())
/// ```
///
/// # Errors
///
/// An OS error, see getrlimit(2); the limit is then as before.
pub fn raise_descriptor_limit() -> Result<u64> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the kernel writes one such structure.
    done(unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) })?;
    if limit.rlim_cur < highest(&limit) {
        limit.rlim_cur = highest(&limit);
        // SAFETY: the kernel reads one such structure.
        done(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &limit) })?;
    }
    #[allow(clippy::unnecessary_cast)] // `rlim_t` is another integer on other systems.
    Ok(limit.rlim_cur as u64)
}

/// Returns the highest soft limit that the system accepts.
#[cfg(not(target_vendor = "apple"))]
fn highest(limit: &libc::rlimit) -> libc::rlim_t {
    limit.rlim_max
}

/// Apple's systems report an infinite hard limit and refuse more than `OPEN_MAX`; see setrlimit(2)
/// there.
#[cfg(target_vendor = "apple")]
fn highest(limit: &libc::rlimit) -> libc::rlim_t {
    const OPEN_MAX: libc::rlim_t = 10_240; // sys/syslimits.h
    limit.rlim_max.min(OPEN_MAX)
}
