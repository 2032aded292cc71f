//! System calls that are optional: an old kernel lacks them, or a sandbox refuses them.
//!
//! A kernel without a call answers `ENOSYS`. Sandboxes (seccomp(2)) whose list of calls is older
//! than the call answer `EPERM` or `EACCES`, as some container runtimes do. Android's sandbox kills
//! the process instead, so there the level of its interface (the "API level") is asked first.

// Apple's systems and NetBSD are asked for no such call.
#![cfg(not(any(target_vendor = "apple", target_os = "netbsd")))]

use crate::error::Error;

/// Returns whether this error means that the call itself is missing. It is asked only about calls
/// that give none of these errors by themselves.
pub(crate) const fn is_missing(error: Error) -> bool {
    matches!(error, Error::Os(libc::ENOSYS | libc::EPERM | libc::EACCES))
}

/// Maps the errors of a missing call to `Unsupported`.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) const fn unsupported(error: Error) -> Error {
    if is_missing(error) { Error::Unsupported } else { error }
}

/// Returns whether a call may be tried that Android allows from this level of its interface on.
#[cfg(target_os = "android")]
pub(crate) fn may_call(level: u32) -> bool {
    api_level() >= level
}

/// Other systems answer every call, if only with an error.
#[cfg(not(target_os = "android"))]
#[allow(dead_code)] // kqueue has no such call.
#[inline(always)]
pub(crate) const fn may_call(_level: u32) -> bool {
    true
}

/// Returns the level of the system that runs, or 0 if it is not known. It is read once.
#[cfg(target_os = "android")]
fn api_level() -> u32 {
    use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

    const UNREAD: u32 = u32::MAX;
    /// `PROP_VALUE_MAX`.
    const LONGEST_VALUE: usize = 92;

    static LEVEL: AtomicU32 = AtomicU32::new(UNREAD);

    let mut level = LEVEL.load(Relaxed);
    if level == UNREAD {
        let (name, mut value) = (c"ro.build.version.sdk", [0u8; LONGEST_VALUE]);
        // SAFETY: the name ends with a zero, and no value is longer than the buffer.
        let length =
            unsafe { libc::__system_property_get(name.as_ptr(), value.as_mut_ptr().cast()) };
        level = number(&value[..usize::try_from(length).unwrap_or(0).min(LONGEST_VALUE)]);
        LEVEL.store(level, Relaxed);
    }
    level
}

/// Returns the decimal number that `text` is, or 0 if it is none.
#[cfg(any(target_os = "android", test))]
fn number(text: &[u8]) -> u32 {
    core::str::from_utf8(text).ok().and_then(|text| text.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(any(target_os = "linux", target_os = "android"))]
    #[test]
    fn only_three_errors_mean_that_a_call_is_missing() {
        for errno in 1..134 {
            let error = Error::from_raw_os_error(errno);
            let missing = [libc::ENOSYS, libc::EPERM, libc::EACCES].contains(&errno);
            assert_eq!(is_missing(error), missing, "{error:?}");
            assert_eq!(unsupported(error), if missing { Error::Unsupported } else { error });
        }
    }

    #[test]
    fn a_level_is_a_decimal_number() {
        for (text, level) in [("29", 29), ("35", 35), ("", 0), ("R", 0), ("-1", 0)] {
            assert_eq!(number(text.as_bytes()), level);
        }
    }
}
