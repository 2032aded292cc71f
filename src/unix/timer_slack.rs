//! How late the kernel may be.

use core::time::Duration;

use crate::error::Result;
use crate::sys::clock;

/// Sets how late the kernel may wake the calling thread, so that it can wake several at once: 50 µs
/// at first on Linux. A timeout or a deadline then comes some 25 µs late instead of 75, and the
/// processor wakes more often.
///
/// It goes for all that this thread sleeps for from now on, and for the threads and processes that
/// it starts. Zero brings the first value back; 1 ns is the least.
///
/// See `PR_SET_TIMERSLACK` in prctl(2).
///
/// ```
/// # #[cfg(target_os = "linux")]
/// mio_st::unix::set_timer_slack(core::time::Duration::from_nanos(1))?;
/// # Ok::<(), mio_st::Error>(())
/// ```
///
/// # Errors
///
/// [`Unsupported`](crate::Error::Unsupported) where there is no such thing.
pub fn set_timer_slack(slack: Duration) -> Result<()> {
    clock::set_timer_slack(slack)
}
