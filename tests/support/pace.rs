//! Conditions in place of time: when another thread sleeps, and what a slow machine explains.

use core::time::Duration;
use std::thread::{self, JoinHandle};
use std::time::Instant;

#[cfg(not(target_os = "linux"))]
use super::A_WHILE;
use super::PATIENCE;

/// Runs `act` in another thread as soon as the calling thread sleeps in the kernel, in a poll for
/// example.
pub fn when_it_sleeps<T: Send + 'static>(
    act: impl FnOnce() -> T + Send + 'static,
) -> JoinHandle<T> {
    let thread = thread_id();
    thread::spawn(move || {
        wait_until_it_sleeps(thread);
        act()
    })
}

/// The number of the calling thread, for `wait_until_it_sleeps`.
pub fn thread_id() -> i32 {
    #[cfg(target_os = "linux")]
    // SAFETY: no memory is involved.
    return unsafe { libc::gettid() };
    #[cfg(not(target_os = "linux"))]
    0
}

/// Waits until a thread of this process sleeps, but not for a lock; where the system does not tell,
/// for a while.
#[cfg(target_os = "linux")]
pub fn wait_until_it_sleeps(thread: i32) {
    let begun = Instant::now();
    while !sleeps_now(thread) {
        assert!(begun.elapsed() < PATIENCE, "the thread does not sleep");
        thread::sleep(Duration::from_micros(200));
    }
}

#[cfg(not(target_os = "linux"))]
pub fn wait_until_it_sleeps(_: i32) {
    thread::sleep(A_WHILE);
}

/// See proc(5). A thread that a tracer has stopped is not asleep.
#[cfg(target_os = "linux")]
fn sleeps_now(thread: i32) -> bool {
    let read = |name| std::fs::read_to_string(format!("/proc/self/task/{thread}/{name}"));
    let is_lock = |call: &str| call.split(' ').next() == Some(&libc::SYS_futex.to_string());
    let stat = read("stat").unwrap();
    let state = stat.rsplit_once(") ").map(|(_, rest)| rest.as_bytes()[0]);
    state == Some(b'S') && !read("syscall").is_ok_and(|call| is_lock(&call))
}

/// Lets a client speak, by `speak`, for twice the time after which a server closes those that are
/// silent. Returns when it spoke last; `None` if it was closed because this machine was so slow
/// that it had been silent for too long.
#[track_caller]
pub fn stay_busy(idle: Duration, mut speak: impl FnMut() -> bool) -> Option<Instant> {
    let begun = Instant::now();
    let mut last = begun;
    while begun.elapsed() < 2 * idle {
        thread::sleep(idle / 8);
        let now = Instant::now();
        if !speak() {
            // A server may have read its clock some time before it read what it was sent.
            assert!(last.elapsed() >= idle / 2, "a busy client is closed");
            return None;
        }
        last = now;
    }
    Some(last)
}

/// Returns whether `attempt` succeeds in the end.
pub fn succeeds(mut attempt: impl FnMut() -> bool) -> bool {
    let begun = Instant::now();
    while !attempt() {
        if begun.elapsed() >= PATIENCE {
            return false;
        }
        thread::sleep(Duration::from_millis(1));
    }
    true
}
