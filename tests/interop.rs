//! Descriptors of other libraries: the example does what it says, and each keeps its meaning in a poller.
#![cfg(all(target_os = "linux", feature = "std"))]
#![allow(unsafe_code)]

mod support;

use core::time::Duration;
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::os::fd::{AsRawFd, FromRawFd};
use std::process::Command;
use std::time::Instant;

use mio_st::event::{Interests, Ready};
use mio_st::poll::{PollOption, Poller};

use self::support::*;

#[test]
fn the_example_hears_of_all() {
    let output = Command::new(example("interop")).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.matches("inotify: created made-at-tick-").count() >= 2, "{text}");
    assert!(text.contains("timerfd: "), "{text}");
    let tun = ["tun: a datagram: hello, TUN\n", "tun: not permitted here: "];
    assert_eq!(tun.iter().filter(|line| text.contains(*line)).count(), 1, "{text}");
}

fn adopt(fd: i32) -> File {
    assert!(fd >= 0);
    // SAFETY: it was made just now, and nobody else has it.
    unsafe { File::from_raw_fd(fd) }
}

/// Expires after `first`, and then after each `then` unless it is zero.
fn timer(first: Duration, then: Duration) -> File {
    let time = |duration: Duration| libc::timespec {
        tv_sec: duration.as_secs() as _,
        tv_nsec: duration.subsec_nanos() as _,
    };
    let time = libc::itimerspec { it_value: time(first), it_interval: time(then) };
    // SAFETY: the kernel reads times that are alive.
    unsafe {
        let timer = adopt(libc::timerfd_create(libc::CLOCK_MONOTONIC, libc::TFD_NONBLOCK));
        let (fd, old) = (timer.as_raw_fd(), core::ptr::null_mut());
        assert_eq!(libc::timerfd_settime(fd, 0, &time, old), 0);
        timer
    }
}

#[test]
fn a_timer_is_readable_when_its_time_has_come_and_not_before() {
    const FIRST: Duration = Duration::from_millis(30);
    let mut poller = Poller::new().unwrap();
    let begun = Instant::now();
    let mut timer = timer(FIRST, Duration::ZERO);
    register(&mut poller, &timer, 1, Interests::READABLE, PollOption::Level);
    assert_eq!(poll(&mut poller), [(1, Ready::READABLE)]);
    assert!(begun.elapsed() >= FIRST);
    // Under `Level` until it is read, which tells how often.
    assert_eq!(poll(&mut poller), [(1, Ready::READABLE)]);
    let mut count = [0; 8];
    timer.read_exact(&mut count).unwrap();
    assert_eq!(u64::from_ne_bytes(count), 1);
    assert_silent(&mut poller);
    deregister(&mut poller, &timer).unwrap();
    assert_works(&mut poller);
}

#[test]
fn a_timer_under_oneshot_is_heard_once_for_each_arming() {
    let mut poller = Poller::new().unwrap();
    let mut timer = timer(Duration::from_millis(1), Duration::from_millis(1));
    register(&mut poller, &timer, 1, Interests::READABLE, PollOption::Oneshot);
    for _ in 0..3 {
        assert_eq!(poll(&mut poller), [(1, Ready::READABLE)]);
        assert_silent(&mut poller);
        timer.read_exact(&mut [0; 8]).unwrap();
        reregister(&mut poller, &timer, 1, Interests::READABLE, PollOption::Oneshot);
    }
}

#[test]
fn each_change_of_a_folder_is_heard_of() {
    let folder = std::env::temp_dir().join(format!("mio-st-inotify-{}", std::process::id()));
    fs::create_dir(&folder).unwrap();
    let path = std::ffi::CString::new(folder.to_str().unwrap()).unwrap();
    // SAFETY: the kernel reads a path that ends with a NUL.
    let mut inotify = unsafe {
        let inotify = adopt(libc::inotify_init1(libc::IN_NONBLOCK));
        let events = libc::IN_CREATE | libc::IN_DELETE;
        assert!(libc::inotify_add_watch(inotify.as_raw_fd(), path.as_ptr(), events) >= 0);
        inotify
    };
    let mut poller = Poller::new().unwrap();
    register(&mut poller, &inotify, 1, Interests::READABLE, PollOption::Edge);
    assert_silent(&mut poller);
    for name in ["one", "two"] {
        let file = folder.join(name);
        File::create(&file).unwrap();
        assert_eq!(poll(&mut poller), [(1, Ready::READABLE)]);
        assert_silent(&mut poller);
        // Unread as the first is, the second is an edge all the same.
        fs::remove_file(&file).unwrap();
        assert_eq!(poll(&mut poller), [(1, Ready::READABLE)]);

        let mut buffer = [0; 4096];
        let length = inotify.read(&mut buffer).unwrap();
        assert_eq!(buffer[..length].windows(3).filter(|part| *part == name.as_bytes()).count(), 2);
        assert_eq!(inotify.read(&mut buffer).unwrap_err().kind(), ErrorKind::WouldBlock);
    }
    fs::remove_dir_all(&folder).unwrap();
}
