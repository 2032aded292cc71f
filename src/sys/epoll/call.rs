//! The one call that most polls make, in three ways.
//!
//! By number, and not by libc's `epoll_wait`: glibc's is a thread-cancellation point, which costs
//! some 4 % of a short poll in a process with threads, and nothing is lost without.
//!
//! Android's sandbox kills a process that calls `epoll_wait` on x86-64, and libc there has none but
//! `epoll_pwait`: it is what is called on Android, whatever the processor.
//!
//! With the feature `inline-syscall`, on x86-64 Linux, it is the bare instruction at the place of
//! the poll. What that saves is the return from libc's `syscall`: on kernels that guard against
//! Spectre, a system call makes the processor forget where the functions that are active will
//! return to, and each such return is then mispredicted. It is a fifth of a poll that finds
//! nothing. Off by default, where every call goes through libc; and not for x32, whose pointers
//! fill half of a register, and leave the other undefined.

use core::ffi::{c_int, c_long};

use super::RawEvent;
use crate::error::Result;
use crate::sys::fd::RawFd;

/// The number of milliseconds that never ends.
pub(super) const ENDLESS: c_int = -1;

/// epoll_wait(2). Returns the number of events that the kernel has written.
#[cfg(all(
    any(target_arch = "x86_64", target_arch = "x86", target_arch = "arm"),
    not(all(feature = "inline-syscall", target_arch = "x86_64", target_pointer_width = "64")),
    not(target_os = "android")
))]
#[inline]
pub(super) fn epoll_wait(epoll: RawFd, events: &mut [RawEvent], millis: c_int) -> Result<usize> {
    let (epoll, room, millis) = (c_long::from(epoll), events.len() as c_long, c_long::from(millis));
    // SAFETY: the kernel writes at most `room` events, of its own layout, to `events`.
    let count = crate::sys::fd::check(unsafe {
        libc::syscall(libc::SYS_epoll_wait, epoll, events.as_mut_ptr(), room, millis)
    })?;
    Ok(written(count, events))
}

/// epoll_pwait(2) without a signal mask: the newer architectures and Android have no other.
#[cfg(any(
    not(any(target_arch = "x86_64", target_arch = "x86", target_arch = "arm")),
    target_os = "android"
))]
#[inline]
pub(super) fn epoll_wait(epoll: RawFd, events: &mut [RawEvent], millis: c_int) -> Result<usize> {
    let (epoll, room, millis) = (c_long::from(epoll), events.len() as c_long, c_long::from(millis));
    let (list, no_mask, its_size) =
        (events.as_mut_ptr(), core::ptr::null::<libc::sigset_t>(), 8 as c_long);
    // SAFETY: the kernel writes at most `room` events, of its own layout, to `events`.
    let count = crate::sys::fd::check(unsafe {
        libc::syscall(libc::SYS_epoll_pwait, epoll, list, room, millis, no_mask, its_size)
    })?;
    Ok(written(count, events))
}

/// epoll_wait(2), as one instruction: see syscall(2) for the registers.
#[cfg(all(
    feature = "inline-syscall",
    target_arch = "x86_64",
    target_pointer_width = "64",
    not(target_os = "android")
))]
#[inline(always)]
pub(super) fn epoll_wait(epoll: RawFd, events: &mut [RawEvent], millis: c_int) -> Result<usize> {
    /// Unlike libc, which sets `errno`, the kernel returns the negated error number.
    #[cold]
    fn failed(result: c_long) -> crate::error::Error {
        crate::error::Error::from_raw_os_error(-result as i32)
    }

    let mut result = libc::SYS_epoll_wait;
    // SAFETY: the kernel writes at most as many events, of its own layout, to `events`. It keeps
    // all registers but those that are named, and does not touch the stack.
    unsafe {
        core::arch::asm!(
            "syscall",
            inlateout("rax") result,
            in("rdi") c_long::from(epoll),
            in("rsi") events.as_mut_ptr(),
            in("rdx") events.len(),
            in("r10") c_long::from(millis),
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack),
        );
    }
    if result < 0 { Err(failed(result)) } else { Ok(written(result, events)) }
}

/// Returns the number of events that the kernel says it has written.
#[inline]
pub(super) fn written(count: c_long, events: &[RawEvent]) -> usize {
    let count = count as usize;
    // SAFETY: the kernel writes no more than it is told that there are slots for, and has not
    // failed.
    unsafe { core::hint::assert_unchecked(count <= events.len()) };
    count
}
