//! A clock that fails: this program's own `clock_gettime` stands in for libc's, in the poller and in `std`.
#![cfg(all(target_os = "linux", feature = "std", not(target_env = "musl")))]
#![allow(unsafe_code)]

use core::cell::Cell;
use core::time::Duration;
use std::fs;

use libc::{c_int, clockid_t, timespec};
use mio_st::Error;
use mio_st::event::{EventedId, Events};
use mio_st::poll::Poller;
use mio_st::time::Instant;

thread_local! {
    /// Which of the next readings of each clock fail on this thread: the lowest bit is the next one.
    static MONOTONIC: Cell<u32> = const { Cell::new(0) };
    static COARSE: Cell<u32> = const { Cell::new(0) };
    /// How often this thread has read the first.
    static READINGS: Cell<u32> = const { Cell::new(0) };
}

const ALWAYS: u32 = u32::MAX;

/// # Safety
///
/// As clock_gettime(2).
#[unsafe(no_mangle)]
unsafe extern "C" fn clock_gettime(clock: clockid_t, time: *mut timespec) -> c_int {
    let failures = match clock {
        libc::CLOCK_MONOTONIC => {
            READINGS.set(READINGS.get() + 1);
            &MONOTONIC
        }
        libc::CLOCK_MONOTONIC_COARSE => &COARSE,
        // SAFETY: the caller's promise.
        _ => return unsafe { libc::syscall(libc::SYS_clock_gettime, clock, time) as c_int },
    };
    let pattern = failures.get();
    failures.set(if pattern == ALWAYS { ALWAYS } else { pattern >> 1 });
    if pattern & 1 == 0 {
        // SAFETY: the caller's promise.
        return unsafe { libc::syscall(libc::SYS_clock_gettime, clock, time) as c_int };
    }
    // SAFETY: the pointer to the thread's own `errno` is always valid.
    unsafe { *libc::__errno_location() = libc::EPERM };
    -1
}

/// This system's, not the one that fails: for how long a call took.
fn uptime() -> f64 {
    let text = fs::read_to_string("/proc/uptime").unwrap();
    text.split_once(' ').unwrap().0.parse().unwrap()
}

#[test]
fn without_a_coarse_clock_a_due_deadline_is_delivered_by_every_kind_of_poll() {
    let mut poller = Poller::new().unwrap();
    let mut events = Events::new();
    COARSE.set(ALWAYS);
    for timeout in [Some(Duration::ZERO), Some(Duration::from_secs(9)), None] {
        poller.add_deadline(EventedId(1), Instant::now()).unwrap();
        poller.poll(&mut events, timeout).unwrap();
        assert_eq!(events.len(), 1, "{timeout:?}");
    }
    poller.add_deadline(EventedId(1), Instant::now()).unwrap();
    poller.poll_userspace(&mut events).unwrap();
    assert_eq!(events.len(), 1);
    COARSE.set(0);
}

/// Whatever reading fails, a poll returns in time: with an error or with what it was asked for.
#[test]
fn a_reading_that_fails_makes_no_poll_long_and_no_deadline_early() {
    for failing in (0..8).map(|reading| 1 << reading) {
        for spin in [Duration::ZERO, Duration::from_nanos(1)] {
            let mut poller = Poller::new().unwrap();
            poller.registry().set_spin(spin);
            let mut events = Events::new();
            let wanted = Instant::now() + Duration::from_millis(20);
            poller.add_deadline(EventedId(1), wanted).unwrap();
            let before = uptime();
            MONOTONIC.set(failing);
            let result = poller.poll(&mut events, Some(Duration::from_millis(40)));
            MONOTONIC.set(0);
            assert!(matches!(result, Ok(()) | Err(Error::Os(libc::EPERM))), "{result:?}");
            assert!(events.is_empty() || Instant::now() >= wanted);
            assert!(uptime() - before < 60.0, "{failing:b}");
        }
    }
}

#[test]
fn without_a_clock_timeouts_are_errors_and_now_is_never() {
    let mut poller = Poller::new().unwrap();
    let mut events = Events::new();
    MONOTONIC.set(ALWAYS);
    let now = Instant::now();
    let timeout = poller.add_timeout(EventedId(1), Duration::ZERO);
    let interval = poller.add_interval(EventedId(1), Duration::from_millis(1));
    let polled = poller.poll(&mut events, Some(Duration::from_nanos(1)));
    MONOTONIC.set(0);
    assert_eq!(now, Instant::MAX);
    let refused = Error::Os(libc::EPERM);
    assert_eq!((timeout, interval, polled), (Err(refused), Err(refused), Err(refused)));
    assert_eq!(poller.next_deadline(), None);
}

/// The coarse clock, which costs a quarter of it, is not counted. (The shim of kqueue reads it, too.)
#[cfg(not(mio_st_backend = "kqueue"))]
#[test]
fn the_clock_is_read_only_to_sleep_for_some_time_and_to_expire_what_may_be_due() {
    use std::io::Write;
    use std::os::fd::AsRawFd;

    use mio_st::event::Interests;
    use mio_st::poll::PollOption;
    use mio_st::unix::EventedFd;

    let nanos = |nanos| Some(Duration::from_nanos(nanos));
    for deadline in [false, true] {
        let mut poller = Poller::new().unwrap();
        let mut events = Events::new();
        let (reader, mut writer) = std::io::pipe().unwrap();
        let mut source = EventedFd(&reader.as_raw_fd());
        poller.register(&mut source, EventedId(1), Interests::READABLE, PollOption::Edge).unwrap();
        if deadline {
            poller.add_timeout(EventedId(2), Duration::from_secs(3_600)).unwrap();
        }
        let mut readings = |timeout, events_and_readings| {
            let before = READINGS.get();
            poller.poll(&mut events, timeout).unwrap();
            assert_eq!((events.len(), READINGS.get() - before), events_and_readings, "{timeout:?}");
        };
        for timeout in [None, nanos(0), nanos(1)] {
            writer.write_all(b"x").unwrap();
            readings(timeout, (1, 0));
        }
        readings(nanos(0), (0, 0));
        // When it begins, and when it ends: the wheel is told that time.
        readings(nanos(1), (0, 2));
        // An event that ends a sleep needs no other reading than the first.
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(30));
                writer.write_all(b"x").unwrap();
            });
            readings(Some(Duration::from_secs(60)), (1, 1));
        });
    }
    // A timer that has expired when the poll begins, and one that ends its sleep.
    for (wait, readings) in [(Duration::ZERO, 1), (Duration::from_millis(100), 2)] {
        let (mut poller, mut events) = (Poller::new().unwrap(), Events::new());
        poller.add_timeout(EventedId(2), wait).unwrap();
        let before = READINGS.get();
        poller.poll(&mut events, None).unwrap();
        assert_eq!((events.len(), READINGS.get() - before), (1, readings), "{wait:?}");
    }
}
