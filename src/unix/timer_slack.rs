//! How late the kernel may be.

use core::time::Duration;

use crate::error::Result;
use crate::sys::clock;

/// Sets how late the kernel may wake the calling thread (on Linux 50 µs by default).
///
/// The kernel uses this slack to wake several threads at once. With a slack of 1 ns a timeout or a
/// timer is some 25 µs late instead of 75, and the processor wakes more often.
///
/// It applies to all later waits of this thread, and to the threads and processes that it starts.
/// Zero restores the initial value; the minimum is 1 ns.
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
