//! How long a poll waits.

mod support;

use core::time::Duration;
use std::io::Write;
use std::time::Instant;

use libc::c_int;
use mio_st::Error;
use mio_st::event::{Events, Interests, Ready};
use mio_st::poll::{PollOption, Poller};

use self::support::*;

const TIMEOUTS: [Duration; 4] = [
    Duration::ZERO,
    Duration::from_micros(50),
    Duration::from_micros(1_300),
    Duration::from_millis(20),
];

/// Timeouts that no clock ever reaches, and that overflow one type or another on the way to the kernel.
const ENDLESS: [Duration; 8] = [
    Duration::MAX,
    Duration::from_secs(u64::MAX),
    Duration::from_secs(i64::MAX as u64),
    Duration::from_nanos(u64::MAX),
    Duration::from_nanos(u64::MAX - 1),
    Duration::from_millis(1 << 40),
    // Beyond the longest timeout of epoll_wait(2), by little.
    Duration::from_millis(c_int::MAX as u64 + 1),
    Duration::new(c_int::MAX as u64 / 1_000, 1),
];

/// Polls with nothing to come. Late by seconds would be a hang, not load.
fn wait_in_vain(poller: &mut Poller, timeout: Duration) {
    let mut events = Events::new();
    let start = Instant::now();
    poller.poll(&mut events, Some(timeout)).unwrap();
    let took = start.elapsed();
    assert!(events.is_empty());
    assert!(took >= timeout, "{timeout:?} took {took:?}");
    assert!(took < timeout + PATIENCE, "{timeout:?} took {took:?}");
}

fn never_early(poller: &mut Poller) {
    for timeout in TIMEOUTS {
        // Often enough for polls with and without a look before.
        for _ in 0..12 {
            wait_in_vain(poller, timeout);
        }
    }
    for micros in [1, 999, 1_000, 1_001, 2_500] {
        wait_in_vain(poller, Duration::from_micros(micros));
    }
    wait_in_vain(poller, Duration::from_nanos(1));
}

/// Polls without end, until another thread writes, which it does when this one sleeps.
fn endless(poller: &mut Poller, timeout: Option<Duration>) {
    let (reader, mut writer) = pipe();
    register(poller, &reader, 1, Interests::READABLE, PollOption::Edge);
    let thread = when_it_sleeps(move || {
        writer.write_all(b"x").unwrap();
        writer
    });
    let mut events = Events::new();
    poller.poll(&mut events, timeout).unwrap();
    let event = (&mut events).into_iter().next().expect("came back empty-handed");
    assert_eq!((event.id().0, event.readiness()), (1, Ready::READABLE), "{timeout:?}");
    drop(thread.join().unwrap());
    deregister(poller, &reader).unwrap();
}

fn all_endless(poller: &mut Poller) {
    endless(poller, None);
    for timeout in ENDLESS {
        endless(poller, Some(timeout));
    }
}

#[test]
fn a_poll_never_returns_early() {
    never_early(&mut Poller::new().unwrap());
}

#[test]
fn a_huge_timeout_neither_fails_nor_ends() {
    all_endless(&mut Poller::new().unwrap());
}

#[test]
fn what_is_ready_ends_a_poll_of_any_length() {
    let mut poller = Poller::new().unwrap();
    let (reader, mut writer) = pipe();
    register(&mut poller, &reader, 1, Interests::READABLE, PollOption::Level);
    writer.write_all(b"x").unwrap();
    for timeout in TIMEOUTS.into_iter().chain(ENDLESS) {
        assert_eq!(poll_for(&mut poller, timeout), [(1, Ready::READABLE)], "{timeout:?}");
    }
}

#[test]
fn a_registry_alone_waits_in_the_same_way() {
    let mut poller = Poller::new().unwrap();
    let registry = poller.registry();
    let mut events = Events::<1>::sized();
    for timeout in TIMEOUTS {
        let start = Instant::now();
        registry.poll(&mut events, Some(timeout)).unwrap();
        assert!(events.is_empty() && start.elapsed() >= timeout);
    }
}

#[test]
fn signals_do_not_end_a_poll_early_nor_draw_it_out() {
    alone("signals_do_not_end_a_poll_early_nor_draw_it_out", || {
        storm(Duration::from_micros(700));
        let mut poller = Poller::new().unwrap();
        for timeout in TIMEOUTS {
            wait_in_vain(&mut poller, timeout);
        }
        // With the full timeout again after each signal this would never end.
        // On a busy machine many signals become one.
        let before = signals();
        while signals() < before + 10 {
            wait_in_vain(&mut poller, Duration::from_millis(50));
        }
        endless(&mut poller, None);
        endless(&mut poller, Some(Duration::MAX));
    });
}

#[test]
fn a_signal_ends_an_interruptible_poll() {
    alone("a_signal_ends_an_interruptible_poll", || {
        let interrupted = Err(Error::Os(libc::EINTR));
        let mut poller = Poller::new().unwrap();
        let mut events = Events::new();
        // Nothing interrupts a poll that has no time to wait.
        storm(Duration::from_millis(1));
        assert_eq!(poller.poll_interruptible(&mut events, Some(Duration::ZERO)), Ok(()));
        for timeout in [None, Some(PATIENCE), Some(PATIENCE + Duration::from_nanos(1))] {
            for _ in 0..5 {
                assert_eq!(poller.poll_interruptible(&mut events, timeout), interrupted);
                assert!(events.is_empty());
            }
        }

        // An event that is there comes first.
        let (reader, mut writer) = pipe();
        register(&mut poller, &reader, 1, Interests::READABLE, PollOption::Level);
        writer.write_all(b"x").unwrap();
        for timeout in [None, Some(PATIENCE)] {
            assert_eq!(poller.poll_interruptible(&mut events, timeout), Ok(()));
            assert_eq!(events.len(), 1);
        }
        storm(Duration::ZERO);

        // Without a signal it waits like any other.
        deregister(&mut poller, &reader).unwrap();
        let start = Instant::now();
        let timeout = Duration::from_micros(1_300);
        assert_eq!(poller.poll_interruptible(&mut events, Some(timeout)), Ok(()));
        assert!(start.elapsed() >= timeout);
    });
}

/// It is an interruption to `poll_interruptible`, as signal(7) has it and the documentation says, and none to `poll`.
#[test]
fn a_stop_and_a_continuation_without_a_handler_interrupt_only_what_may_be_interrupted() {
    const NAME: &str =
        "a_stop_and_a_continuation_without_a_handler_interrupt_only_what_may_be_interrupted";
    alone(NAME, || {
        let mut poller = Poller::new().unwrap();
        let mut events = Events::new();
        // Until the other process has ended, the poll can end only by an interruption.
        let mut interrupted = 0;
        let is_interrupted = succeeds(|| {
            let mut stopper = stop_and_continue_often();
            while stopper.try_wait().unwrap().is_none() {
                match poller.poll_interruptible(&mut events, Some(Duration::from_millis(100))) {
                    Ok(()) => assert!(events.is_empty()),
                    Err(error) => {
                        assert_eq!(error, mio_st::Error::Os(libc::EINTR));
                        interrupted += 1;
                    }
                }
            }
            KQUEUE || interrupted > 0
        });
        assert!(is_interrupted);

        let mut stopper = stop_and_continue_often();
        while stopper.try_wait().unwrap().is_none() {
            let (begun, timeout) = (Instant::now(), Duration::from_millis(50));
            assert_eq!(poller.poll(&mut events, Some(timeout)), Ok(()));
            assert!(events.is_empty() && begun.elapsed() >= timeout);
        }
    });
}

/// Starts a process that stops this one and lets it go on, ten times.
fn stop_and_continue_often() -> std::process::Child {
    let line = "for i in 1 2 3 4 5 6 7 8 9 10; do kill -STOP $0; sleep 0.005; kill -CONT $0; sleep 0.01; done";
    let mut command = std::process::Command::new("sh");
    command.args(["-c", line, &std::process::id().to_string()]).spawn().unwrap()
}

/// Where epoll_pwait2(2) is missing.
#[cfg(all(target_os = "linux", not(mio_st_backend = "kqueue")))]
mod without_pwait2 {
    use super::*;

    fn behave_without(name: &str, errno: c_int) {
        alone(name, || {
            refuse(libc::SYS_epoll_pwait2, errno);
            let mut poller = Poller::new().unwrap();
            never_early(&mut poller);
            all_endless(&mut poller);

            // The rest of a millisecond is slept through: a poll that rounded it down would come back at
            // once, and ask again and again.
            let before = sleeps();
            for _ in 0..30 {
                wait_in_vain(&mut poller, Duration::from_micros(900));
            }
            assert!(sleeps() - before >= 20, "slept {} times", sleeps() - before);
        });
    }

    #[test]
    fn the_kernel_is_too_old_for_it() {
        behave_without("without_pwait2::the_kernel_is_too_old_for_it", libc::ENOSYS);
    }

    #[test]
    fn a_sandbox_forbids_it() {
        behave_without("without_pwait2::a_sandbox_forbids_it", libc::EPERM);
    }
}

/// A signal that comes while a poll spins is no error and ends no poll: only a call that sleeps is interrupted.
#[cfg(all(
    target_os = "linux",
    target_arch = "x86_64",
    not(feature = "inline-syscall"),
    not(mio_st_backend = "kqueue")
))]
#[test]
fn an_interrupted_spin_goes_on() {
    alone("an_interrupted_spin_goes_on", || {
        // What does not sleep calls epoll_wait, and a sleep that is no whole milliseconds epoll_pwait2.
        refuse(libc::SYS_epoll_wait, libc::EINTR);
        let mut poller = Poller::new().unwrap();
        poller.registry().set_spin(Duration::from_micros(300));
        let mut events = Events::new();
        let timeout = Duration::from_nanos(2_000_001);
        for _ in 0..4 {
            wait_in_vain(&mut poller, timeout);
            assert_eq!(poller.poll_interruptible(&mut events, Some(timeout)), Ok(()));
        }
        assert_eq!(poller.poll_interruptible(&mut events, Some(Duration::ZERO)), Ok(()));
    });
}
