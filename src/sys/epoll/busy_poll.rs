//! Busy polling: ioctl_eventpoll(2), Linux 6.9.

use super::Selector;
use crate::error::{Error, Result};
use crate::sys::BusyPoll;
use crate::sys::fd::done;
use crate::sys::missing::is_missing;

/// The kernel's `struct epoll_params`.
#[derive(Default)]
#[repr(C)]
struct Params {
    usecs: u32,
    budget: u16,
    prefer: u8,
    /// Must be zero.
    padding: u8,
}

#[cfg(not(target_os = "android"))]
use libc::{EPIOCGPARAMS, EPIOCSPARAMS};
/// The same on every architecture that Android has; the libc crate does not name them there.
#[cfg(target_os = "android")]
const EPIOCSPARAMS: core::ffi::c_int = 0x4008_8a01;
#[cfg(target_os = "android")]
const EPIOCGPARAMS: core::ffi::c_int = 0x8008_8a02_u32 as core::ffi::c_int;

impl Selector {
    pub(crate) fn busy_poll(&self) -> Result<BusyPoll> {
        let mut params = Params::default();
        // SAFETY: the kernel writes one such structure, of integers.
        done(unsafe { libc::ioctl(self.raw_fd(), EPIOCGPARAMS, &raw mut params) })
            .map_err(|error| unsupported(error, true))?;
        let Params { usecs, budget, prefer, .. } = params;
        Ok(BusyPoll { usecs, budget, prefer: prefer != 0 })
    }

    pub(crate) fn set_busy_poll(&self, busy_poll: BusyPoll) -> Result<()> {
        let BusyPoll { usecs, budget, prefer } = busy_poll;
        if usecs > i32::MAX as u32 {
            return Err(Error::InvalidInput);
        }
        let params = Params { usecs, budget, prefer: prefer.into(), padding: 0 };
        // SAFETY: the kernel reads one such structure.
        done(unsafe { libc::ioctl(self.raw_fd(), EPIOCSPARAMS, &raw const params) })
            .map_err(|error| unsupported(error, budget <= UNPRIVILEGED_BUDGET))
    }
}

/// More packets at once need the capability `CAP_NET_ADMIN`; without it the call itself gives
/// `EPERM`.
const UNPRIVILEGED_BUDGET: u16 = 64;

/// Maps the errors of kernels that know no such call on an epoll descriptor, or were built without
/// it. `allowed`: the caller needs no capability for what it asks, so that a refusal is a
/// sandbox's.
fn unsupported(error: Error, allowed: bool) -> Error {
    match error {
        Error::Os(libc::ENOTTY | libc::EOPNOTSUPP | libc::ENOSYS | libc::EINVAL) => {
            Error::Unsupported
        }
        error if allowed && is_missing(error) => Error::Unsupported,
        error => error,
    }
}

const _: () = assert!(size_of::<Params>() == 8);
