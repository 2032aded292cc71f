//! What is off until it is asked for: spinning, a smaller timer slack, log lines.

mod support;

use core::time::Duration;
use std::io::Write;
use std::thread;

use mio_st::event::{EventedId, Events, Interests};
use mio_st::poll::{PollOption, Poller};
use mio_st::time::Instant;

use self::support::*;

#[test]
fn a_spinning_poll_finds_the_same_and_is_not_early() {
    let mut poller = Poller::new().unwrap();
    let mut events = Events::new();
    let (reader, mut writer) = pipe();
    register(&mut poller, &reader, 1, Interests::READABLE, PollOption::Edge);
    poller.registry().set_spin(Duration::from_micros(500));

    // Longer than the spin, shorter, with and without an end.
    for timeout in [Duration::from_millis(3), Duration::from_micros(100), Duration::ZERO] {
        let start = Instant::now();
        poller.poll(&mut events, Some(timeout)).unwrap();
        assert!(events.is_empty() && Instant::now() - start >= timeout);
    }
    for timeout in [None, Some(PATIENCE)] {
        for pause in [Duration::ZERO, Duration::from_micros(200), Duration::from_millis(5)] {
            thread::scope(|scope| {
                scope.spawn(|| {
                    thread::sleep(pause);
                    writer.write_all(b"x").unwrap();
                });
                poller.poll(&mut events, timeout).unwrap();
                assert!((&mut events).into_iter().map(|event| event.id()).eq([EventedId(1)]));
            });
        }
    }
    let deadline = Instant::now() + Duration::from_millis(2);
    poller.add_deadline(EventedId(2), deadline).unwrap();
    poller.poll(&mut events, None).unwrap();
    assert!(Instant::now() >= deadline && events.len() == 1);
}

/// The spin is part of the wait and not before it. A busy machine may be late now and then: a poll
/// that waits after the spin is late each time.
#[test]
fn a_spinning_poll_is_not_late() {
    const TIMEOUT: Duration = Duration::from_millis(50);
    let mut poller = Poller::new().unwrap();
    let mut events = Events::new();
    for spin in [TIMEOUT * 4 / 5, 2 * TIMEOUT] {
        poller.registry().set_spin(spin);
        let mut polls_in_time = || {
            let start = Instant::now();
            poller.poll(&mut events, Some(TIMEOUT)).unwrap();
            let took = Instant::now() - start;
            assert!(took >= TIMEOUT, "{took:?} with a spin of {spin:?}");
            took < TIMEOUT * 8 / 5
        };
        assert!(succeeds(&mut polls_in_time), "late by its spin of {spin:?}");
    }
}

/// The processor time of this process so far.
#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
fn cpu_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the kernel writes a `timespec` that is alive.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// A spin takes processor time, and without a spin a poll takes almost none.
#[cfg(target_os = "linux")]
#[test]
fn spinning_takes_the_time_it_is_given_and_no_more() {
    alone("spinning_takes_the_time_it_is_given_and_no_more", || {
        let mut poller = Poller::new().unwrap();
        let mut events = Events::new();
        let mut cost = |spin: Duration| {
            poller.registry().set_spin(spin);
            let before = cpu_time();
            poller.poll(&mut events, Some(Duration::from_millis(200))).unwrap();
            cpu_time() - before
        };
        let asleep = cost(Duration::ZERO);
        assert!(asleep < Duration::from_millis(30), "{asleep:?} without a spin");
        // Added up, because a busy machine may run other programs for most of a spin.
        let mut spun = Duration::ZERO;
        let polls = (0..50).take_while(|_| {
            spun += cost(Duration::from_millis(100));
            spun < Duration::from_millis(10)
        });
        assert!(polls.count() < 50, "only {spun:?} in 50 spins");
        let asleep = cost(Duration::ZERO);
        assert!(asleep < Duration::from_millis(30), "{asleep:?} after the spin was set to zero");
    });
}

#[cfg(target_os = "linux")]
#[test]
fn the_timer_slack_is_the_threads() {
    #[allow(unsafe_code)]
    fn slack() -> libc::c_int {
        // SAFETY: no memory is involved.
        unsafe { libc::prctl(libc::PR_GET_TIMERSLACK) }
    }

    let outside = slack();
    let own = thread::spawn(|| {
        mio_st::unix::set_timer_slack(Duration::from_nanos(1)).unwrap();
        let least = slack();
        // More than the kernel can count, and back to where it began.
        mio_st::unix::set_timer_slack(Duration::MAX).unwrap();
        mio_st::unix::set_timer_slack(Duration::ZERO).unwrap();
        (least, slack())
    });
    assert_eq!(own.join().unwrap(), (1, outside));
    assert_eq!(slack(), outside);
}

#[cfg(feature = "log")]
#[test]
fn registration_and_poll_leave_lines() {
    use std::os::fd::AsRawFd;
    use std::sync::Mutex;

    struct Lines(Mutex<Vec<String>>);

    impl log::Log for Lines {
        fn enabled(&self, _: &log::Metadata<'_>) -> bool {
            true
        }

        fn log(&self, record: &log::Record<'_>) {
            if record.target() == "mio_st" {
                self.0.lock().unwrap().push(record.args().to_string());
            }
        }

        fn flush(&self) {}
    }

    static LINES: Lines = Lines(Mutex::new(Vec::new()));
    log::set_logger(&LINES).unwrap();
    log::set_max_level(log::LevelFilter::Trace);

    let mut poller = Poller::new().unwrap();
    let (reader, _writer) = pipe();
    register(&mut poller, &reader, 4_711, Interests::READABLE, PollOption::Level);
    deregister(&mut poller, &reader).unwrap();
    assert!(deregister(&mut poller, &reader).is_err());
    poller.poll(&mut Events::new(), Some(Duration::ZERO)).unwrap();
    let (id, readable) = (EventedId(4_712), Interests::READABLE);
    // Not on kqueue.
    let exclusive = poller.registry().register_fd_exclusive(
        reader.as_raw_fd(),
        id,
        readable,
        PollOption::Level,
    );
    let lines = LINES.0.lock().unwrap().join("\n");
    for part in ["register: fd", "id 4711, READABLE, Level: Ok", "Err(NotFound)", "poll: Ok(()), 0"]
    {
        assert!(lines.contains(part), "no '{part}' in\n{lines}");
    }
    let line = format!("id 4712, READABLE, Level: {exclusive:?}");
    assert!(lines.contains(&line), "no '{line}' in\n{lines}");
}
