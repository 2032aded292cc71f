//! A timer of the kernel's: timerfd_create(2). A poller's own deadlines cost no system call and no
//! descriptor; this is for a timer that another library made.

use core::time::Duration;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::fd::AsRawFd;

use super::{check, new_file};

/// Ticks after each `period`.
pub fn every(period: Duration) -> io::Result<File> {
    // SAFETY: all zeroes are a value of it, and the kernel reads one that is alive.
    unsafe {
        let flags = libc::TFD_NONBLOCK | libc::TFD_CLOEXEC;
        let timer = new_file(libc::timerfd_create(libc::CLOCK_MONOTONIC, flags))?;
        let mut time: libc::itimerspec = core::mem::zeroed();
        time.it_value.tv_sec = period.as_secs() as _;
        time.it_value.tv_nsec = period.subsec_nanos() as _;
        time.it_interval = time.it_value;
        check(libc::timerfd_settime(timer.as_raw_fd(), 0, &time, core::ptr::null_mut()))?;
        Ok(timer)
    }
}

/// Returns how often it has ticked since the last call.
pub fn expirations(mut timer: &File) -> io::Result<u64> {
    let mut count = [0; 8];
    match timer.read_exact(&mut count) {
        // An event does not prove that it still has something to tell.
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(0),
        result => result.map(|()| u64::from_ne_bytes(count)),
    }
}
