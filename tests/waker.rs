//! Wakers: from threads, from signal handlers, before, during and after polls.

#![allow(unsafe_code)]

mod support;

use core::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, Ordering::SeqCst};
use core::time::Duration;
use std::sync::{Arc, OnceLock, mpsc};
use std::thread;

use libc::c_int;

use mio_st::Error;
use mio_st::event::{EventedId, Events, Ready};
use mio_st::poll::{Poller, Registry};
use mio_st::unix::Waker;

use self::support::unix::*;
use self::support::*;

fn waker(poller: &mut Poller, id: usize) -> Waker {
    Waker::new(poller.registry(), EventedId(id)).unwrap()
}

/// What an event of a waker looks like.
fn woken(id: usize) -> (usize, Ready) {
    (id, Ready::READABLE)
}

#[test]
fn a_thread_ends_a_poll_that_is_under_way() {
    let mut poller = Poller::new().unwrap();
    let waker = waker(&mut poller, 7);
    for _ in 0..3 {
        let polling = thread_id();
        thread::scope(|scope| {
            scope.spawn(|| {
                wait_until_it_sleeps(polling);
                waker.wake().unwrap();
            });
            assert_eq!(poll(&mut poller), [woken(7)]);
        });
        assert_silent(&mut poller);
    }
}

#[test]
fn a_wake_before_the_poll_ends_it_at_once() {
    let mut poller = Poller::new().unwrap();
    let waker = waker(&mut poller, usize::MAX);
    waker.wake().unwrap();
    assert_eq!(poll(&mut poller), [woken(usize::MAX)]);
    waker.wake().unwrap();
    assert_eq!(poll_for(&mut poller, Duration::ZERO), [woken(usize::MAX)]);
    assert_silent(&mut poller);
}

#[test]
fn many_wakes_are_one_event_and_a_later_one_is_another() {
    let mut poller = Poller::new().unwrap();
    let waker = waker(&mut poller, 1);
    for round in 0..3 {
        for _ in 0..1_000 {
            waker.wake().unwrap();
        }
        assert_eq!(poll(&mut poller), [woken(1)], "round {round}");
        assert_eq!(poll_for(&mut poller, Duration::ZERO), []);
    }
    // While the event is in hand.
    let mut events = Events::new();
    waker.wake().unwrap();
    poller.poll(&mut events, Some(PATIENCE)).unwrap();
    for _ in &mut events {
        waker.wake().unwrap();
    }
    assert_eq!(poll(&mut poller), [woken(1)]);
    assert_silent(&mut poller);
}

#[test]
fn wakers_of_one_poller_are_told_apart() {
    let (mut poller, mut other) = (Poller::new().unwrap(), Poller::new().unwrap());
    let (one, two) = (waker(&mut poller, 1), waker(&mut poller, 2));
    let same_id = waker(&mut poller, 2);
    let elsewhere = waker(&mut other, 1);
    one.wake().unwrap();
    assert_eq!(poll(&mut poller), [woken(1)]);
    two.wake().unwrap();
    assert_eq!(poll(&mut poller), [woken(2)]);
    two.wake().unwrap();
    one.wake().unwrap();
    same_id.wake().unwrap();
    let mut expected = vec![woken(1), woken(2), woken(2)];
    if reports_in_parts() {
        expected.dedup(); // The parts of one id are merged.
    }
    assert_eq!(poll(&mut poller), expected);
    assert_silent(&mut other);
    elsewhere.wake().unwrap();
    assert_eq!(poll(&mut other), [woken(1)]);
    assert_silent(&mut poller);
}

#[test]
fn a_registry_by_itself_has_wakers_too() {
    let mut registry = Registry::new().unwrap();
    let waker = Waker::new(&mut registry, EventedId(3)).unwrap();
    waker.wake().unwrap();
    let mut events = Events::<2>::sized();
    registry.poll(&mut events, None).unwrap();
    assert!(events.iter().all(|event| (event.id().0, event.readiness()) == woken(3)));
    assert_eq!(events.len(), 1);
}

/// Every value that was sent before a wake is there after its event, and no wake is lost, however
/// many threads there are.
#[test]
fn no_wake_is_lost_between_threads() {
    const THREADS: u64 = 3;
    const EACH: u64 = 5_000;
    let mut poller = Poller::new().unwrap();
    let waker = waker(&mut poller, 1);
    let (sender, receiver) = mpsc::channel();
    let (mut sum, mut polls) = (0, 0);
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (sender, waker) = (sender.clone(), &waker);
            scope.spawn(move || {
                for value in 0..EACH {
                    sender.send(thread * EACH + value).unwrap();
                    waker.wake().unwrap();
                }
            });
        }
        let mut left = THREADS * EACH;
        while left > 0 {
            assert_eq!(poll(&mut poller), [woken(1)]);
            polls += 1;
            while let Ok(value) = receiver.try_recv() {
                sum += value;
                left -= 1;
            }
        }
    });
    let all = THREADS * EACH;
    assert_eq!(sum, all * (all - 1) / 2);
    assert!(polls <= all);
}

#[test]
fn ping_and_pong_between_two_pollers() {
    let (mut here, there) = (Poller::new().unwrap(), OnceLock::new());
    let home = Arc::new(waker(&mut here, 1));
    let (there, home) = (&there, &home);
    thread::scope(|scope| {
        scope.spawn(move || {
            // Made here: a poller stays on its thread.
            let mut poller = Poller::new().unwrap();
            there.set(waker(&mut poller, 2)).unwrap();
            home.wake().unwrap();
            for _ in 0..1_000 {
                assert_eq!(poll(&mut poller), [woken(2)]);
                home.wake().unwrap();
            }
        });
        for _ in 0..1_000 {
            assert_eq!(poll(&mut here), [woken(1)]);
            there.get().unwrap().wake().unwrap();
        }
        assert_eq!(poll(&mut here), [woken(1)]);
    });
}

#[test]
fn when_the_poller_has_gone_a_wake_does_nothing() {
    alone("when_the_poller_has_gone_a_wake_does_nothing", || {
        let before = settled_fds();
        let mut poller = Poller::new().unwrap();
        let waker = waker(&mut poller, 1);
        drop(poller);
        // Whatever takes the number of the poller's descriptor.
        let mut next = Poller::new().unwrap();
        let (reader, _writer) = pipe();
        register(
            &mut next,
            &reader,
            2,
            mio_st::Interests::READABLE,
            mio_st::poll::PollOption::Edge,
        );
        let (one, other) = unix_pair();
        for _ in 0..3 {
            assert_eq!(waker.wake(), Ok(()));
        }
        assert_silent(&mut next);
        assert_eq!(drain(&one) + drain(&other), 0);
        drop(waker);
        assert_silent(&mut next);
        drop((next, reader, _writer, one, other));
        assert_eq!(settled_fds(), before);
    });
}

#[test]
fn dropping_a_waker_ends_its_registration() {
    let mut poller = Poller::new().unwrap();
    let (one, two) = (waker(&mut poller, 1), waker(&mut poller, 2));
    one.wake().unwrap();
    drop(one);
    assert_silent(&mut poller);
    // Its descriptor's number is used again.
    let three = waker(&mut poller, 3);
    three.wake().unwrap();
    two.wake().unwrap();
    assert_eq!(poll(&mut poller), [woken(2), woken(3)]);
}

#[test]
fn dropping_a_waker_ends_its_registration_even_if_a_forked_child_has_its_descriptor() {
    let mut poller = Poller::new().unwrap();
    let waker = waker(&mut poller, 1);
    beside_a_forked_child(|| {
        waker.wake().unwrap();
        drop(waker);
        assert_silent(&mut poller);
        assert_eq!(registrations(&poller), 0);
    });
}

/// How many descriptors the poller watches; 0 where the system does not tell. See proc(5).
fn registrations(poller: &Poller) -> usize {
    if KQUEUE {
        return 0;
    }
    let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{}", poller.raw_fd())).unwrap();
    info.lines().filter(|line| line.starts_with("tfd:")).count()
}

#[test]
fn a_waker_that_outlives_its_poller_leaves_the_next_poller_s_wakers_alone() {
    alone("a_waker_that_outlives_its_poller_leaves_the_next_poller_s_wakers_alone", || {
        let mut poller = Poller::new().unwrap();
        let (fd, old) = (poller.raw_fd(), waker(&mut poller, 1));
        drop(poller);
        let mut next = Poller::new().unwrap();
        assert_eq!(next.raw_fd(), fd);
        let waker = waker(&mut next, 2);
        drop(old);
        waker.wake().unwrap();
        assert_eq!(poll(&mut next), [woken(2)]);
    });
}

static WAKER: OnceLock<Waker> = OnceLock::new();
static HANDLED: AtomicU32 = AtomicU32::new(0);
static ERRNO: AtomicI32 = AtomicI32::new(0);
static FAILED: AtomicBool = AtomicBool::new(false);

extern "C" fn wake_from_handler(_: c_int) {
    let answer = WAKER.get().unwrap().wake();
    FAILED.fetch_or(answer.is_err(), SeqCst);
    HANDLED.fetch_add(1, SeqCst);
}

#[test]
fn a_signal_handler_may_wake() {
    alone("a_signal_handler_may_wake", || {
        let mut poller = Poller::new().unwrap();
        assert!(WAKER.set(waker(&mut poller, 5)).is_ok());
        on_signal(libc::SIGUSR1, wake_from_handler);
        // SAFETY: the number of the thread that runs this.
        let this = unsafe { libc::pthread_self() } as usize;
        let kill = move || {
            // SAFETY: the thread lives: the scope waits.
            assert_eq!(unsafe { libc::pthread_kill(this as libc::pthread_t, libc::SIGUSR1) }, 0);
        };

        // In this thread, outside of a poll.
        kill();
        assert_eq!(poll(&mut poller), [woken(5)]);
        assert_silent(&mut poller);
        // During a poll, which the wake ends and the signal does not.
        let polling = thread_id();
        for _ in 0..50 {
            thread::scope(|scope| {
                scope.spawn(|| {
                    wait_until_it_sleeps(polling);
                    kill();
                });
                assert_eq!(poll(&mut poller), [woken(5)]);
            });
        }
        // A storm, in the middle of whatever the thread does.
        storm_of_wakes(&mut poller);
        assert!(HANDLED.load(SeqCst) > 50 && !FAILED.load(SeqCst));
    });
}

fn storm_of_wakes(poller: &mut Poller) {
    let handled = HANDLED.load(SeqCst);
    on_signal(libc::SIGALRM, wake_from_handler);
    storm_with_handler(Duration::from_micros(300));
    let mut events = 0;
    while HANDLED.load(SeqCst) < handled + 100 {
        events += poll(poller).len();
    }
    storm_with_handler(Duration::ZERO);
    poll_for(poller, Duration::ZERO);
    assert!(events <= HANDLED.load(SeqCst) as usize);
}

/// As `storm`, and leaves the handler as it is.
fn storm_with_handler(period: Duration) {
    unsafe extern "C" {
        fn setitimer(which: c_int, new: *const libc::itimerval, old: *mut libc::itimerval)
        -> c_int;
    }
    let time = libc::timeval { tv_sec: 0, tv_usec: period.subsec_micros() as _ };
    let timer = libc::itimerval { it_interval: time, it_value: time };
    // SAFETY: the kernel reads an `itimerval` that is alive.
    assert_eq!(unsafe { setitimer(0, &timer, core::ptr::null_mut()) }, 0);
}

extern "C" fn wake_and_note_errno(_: c_int) {
    // SAFETY: the thread's own errno.
    unsafe {
        *errno() = 33;
        let answer = WAKER.get().unwrap().wake();
        FAILED.fetch_or(answer.is_err(), SeqCst);
        ERRNO.store(*errno(), SeqCst);
    }
}

#[cfg(any(target_os = "android", target_os = "netbsd", target_os = "openbsd"))]
use libc::__errno as errno;
#[cfg(any(target_os = "linux", target_os = "dragonfly"))]
use libc::__errno_location as errno;
#[cfg(any(target_os = "freebsd", target_vendor = "apple"))]
use libc::__error as errno;

#[test]
fn errno_is_left_alone() {
    alone("errno_is_left_alone", || {
        let mut poller = Poller::new().unwrap();
        assert!(WAKER.set(waker(&mut poller, 5)).is_ok());
        on_signal(libc::SIGUSR1, wake_and_note_errno);
        raise(libc::SIGUSR1);
        assert_eq!(ERRNO.load(SeqCst), 33);
        assert!(!FAILED.load(SeqCst));
    });
}

#[test]
fn errno_is_left_alone_by_a_wake_that_fails() {
    alone("errno_is_left_alone_by_a_wake_that_fails", || {
        let mut poller = Poller::new().unwrap();
        let closed: Vec<c_int> = (0..64).filter(|&fd| !is_open(fd)).collect();
        assert!(WAKER.set(waker(&mut poller, 5)).is_ok());
        // What the waker writes to is closed behind its back.
        for fd in closed.into_iter().filter(|&fd| is_open(fd)) {
            // SAFETY: the waker, which lives for ever, is the only one that has it.
            unsafe { libc::close(fd) };
        }
        on_signal(libc::SIGUSR1, wake_and_note_errno);
        raise(libc::SIGUSR1);
        assert!(FAILED.load(SeqCst));
        assert_eq!(ERRNO.load(SeqCst), 33);
    });
}

#[test]
fn a_forked_child_is_refused_and_disturbs_nobody() {
    let mut poller = Poller::new().unwrap();
    let first = waker(&mut poller, 1);
    let mut second = Some(waker(&mut poller, 2));
    let child = in_fork(|| {
        let refused = first.wake() == Err(Error::Forked)
            && matches!(Waker::new(poller.registry(), EventedId(3)), Err(Error::Forked));
        second = None;
        u8::from(refused)
    });
    assert_eq!(child, 1);
    assert_silent(&mut poller);
    let second = second.unwrap();
    second.wake().unwrap();
    assert_eq!(poll(&mut poller), [woken(2)]);
    first.wake().unwrap();
    assert_eq!(poll(&mut poller), [woken(1)]);
}

#[test]
fn its_descriptor_is_closed_on_exec_and_none_leaks_in_5000_cycles() {
    alone("its_descriptor_is_closed_on_exec_and_none_leaks_in_5000_cycles", || {
        let mut poller = Poller::new().unwrap();
        let before = open_fds();
        let new = flags_of_new(|| waker(&mut poller, 1));
        assert!(!new.is_empty() && new.iter().all(|&(_, cloexec)| cloexec), "{new:?}");
        for round in 0..5_000 {
            let waker = waker(&mut poller, round);
            waker.wake().unwrap();
            if round % 2 == 0 {
                assert_eq!(poll(&mut poller), [woken(round)]);
            }
        }
        assert_eq!(open_fds(), before);
        assert_silent(&mut poller);

        leave_room(0);
        let error = Waker::new(poller.registry(), EventedId(1)).unwrap_err();
        assert_eq!(error, Error::Os(libc::EMFILE));
    });
}

/// Between two calls that nobody else makes, a process under strace makes exactly these.
#[cfg(all(target_os = "linux", not(mio_st_backend = "kqueue")))]
#[test]
fn waking_is_one_system_call_and_hearing_of_it_none_beyond_the_poll() {
    const NAME: &str = "waking_is_one_system_call_and_hearing_of_it_none_beyond_the_poll";
    const ROUNDS: usize = 20;
    // SAFETY: there is no such descriptor.
    let mark = || assert_eq!(unsafe { libc::close(-77) }, -1);
    if is_child(NAME) {
        let mut poller = Poller::new().unwrap();
        let mut events = Events::<4>::sized();
        let waker = waker(&mut poller, 1);
        mark();
        for _ in 0..ROUNDS {
            waker.wake().unwrap();
            waker.wake().unwrap();
            poller.poll(&mut events, None).unwrap();
            assert_eq!(events.len(), 1);
        }
        mark();
        return;
    }
    let program = myself(NAME);
    let mut strace = std::process::Command::new("strace");
    strace
        .args(["-f", "-qq", "-o", "!cat >&2"])
        .arg(program.get_program())
        .args(program.get_args());
    strace.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = match strace.output() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return skip("strace is missing");
        }
        output => output.unwrap(),
    };
    let trace = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{trace}");
    let between = trace.split("close(-77)").nth(1).expect("two marks");
    let calls: Vec<_> = between
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(' ')?.1.trim_start().split_once('('))
        .map(|(call, _)| call)
        .collect();
    let expected = ["write", "write", "epoll_wait"].repeat(ROUNDS);
    let same = |(seen, wanted): (&&str, &&str)| seen == wanted || *seen == "epoll_pwait";
    assert!(calls.len() == expected.len() && calls.iter().zip(&expected).all(same), "{calls:?}");
}
