//! Signals as values, in processes with one thread.

#![allow(unsafe_code)]

mod support;

use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::process::{self, Command};
use std::thread;

use libc::c_int;

use mio_st::Error;
use mio_st::event::{EventedId, Interests, Ready};
use mio_st::poll::{PollOption, Poller};
use mio_st::unix::{Signal, SignalSet, Signals};

use self::support::unix::*;
use self::support::*;

const ONE: Signal = Signal::USER_1;
const TWO: Signal = Signal::USER_2;

fn watched(set: impl Into<SignalSet>, opt: PollOption) -> (Poller, Signals) {
    let mut poller = Poller::new().unwrap();
    let mut signals = Signals::new(set).unwrap();
    poller.register(&mut signals, EventedId(8), Signals::INTERESTS, opt).unwrap();
    (poller, signals)
}

fn heard() -> [(usize, Ready); 1] {
    [(8, Ready::READABLE)]
}

/// All that have come, in the order of their numbers.
fn receive_all(signals: &mut Signals) -> Vec<Signal> {
    let mut all: Vec<_> = core::iter::from_fn(|| signals.receive().unwrap()).collect();
    all.sort();
    all
}

#[test]
fn each_signal_of_the_set_is_an_event_and_a_value() {
    single_threaded("each_signal_of_the_set_is_an_event_and_a_value", || {
        for opt in [PollOption::Edge, PollOption::Level, PollOption::Oneshot] {
            let (mut poller, mut signals) = watched(ONE | TWO, opt);
            assert_eq!(signals.receive(), Ok(None));
            assert_silent(&mut poller);
            for signal in [ONE, TWO, ONE] {
                kill(process::id() as i32, signal.as_raw());
                assert_eq!(poll(&mut poller), heard());
                assert_eq!(signals.receive(), Ok(Some(signal)));
                assert_eq!(signals.receive(), Ok(None));
                assert_silent(&mut poller);
                if opt == PollOption::Oneshot {
                    let id = EventedId(8);
                    poller.reregister(&mut signals, id, Signals::INTERESTS, opt).unwrap();
                }
            }
            // To this thread alone, and before the poll.
            raise(libc::SIGUSR2);
            raise(libc::SIGUSR1);
            assert_eq!(poll(&mut poller), heard());
            assert_eq!(receive_all(&mut signals), [ONE, TWO]);
        }
    });
}

#[test]
fn what_is_not_received_keeps_a_level_registration_ready() {
    single_threaded("what_is_not_received_keeps_a_level_registration_ready", || {
        let (mut poller, mut signals) = watched(ONE | TWO, PollOption::Level);
        raise(libc::SIGUSR1);
        raise(libc::SIGUSR2);
        raise(libc::SIGUSR2);
        for _ in 0..2 {
            assert_eq!(poll(&mut poller), heard());
        }
        let first = signals.receive().unwrap().unwrap();
        assert_eq!(poll(&mut poller), heard());
        // Two of one number are one.
        let second = signals.receive().unwrap().unwrap();
        assert_eq!(SignalSet::of(&[first, second]), ONE | TWO);
        assert_eq!(signals.receive(), Ok(None));
        assert_silent(&mut poller);
    });
}

#[test]
fn what_was_blocked_and_pending_before_is_received() {
    single_threaded("what_was_blocked_and_pending_before_is_received", || {
        block(&[libc::SIGUSR1, libc::SIGTERM]);
        raise(libc::SIGTERM);
        let (mut poller, mut signals) = watched(ONE | Signal::TERMINATE, PollOption::Edge);
        assert_eq!(poll(&mut poller), heard());
        assert_eq!(receive_all(&mut signals), [Signal::TERMINATE]);
        assert_eq!(blocked_and_pending().1, []);
        // They were blocked before, and stay so.
        drop(signals);
        assert_eq!(blocked_and_pending().0, [libc::SIGUSR1, libc::SIGTERM]);
    });
}

fn block(signals: &[c_int]) {
    // SAFETY: the set is made before it is used.
    unsafe {
        let mut set = core::mem::zeroed();
        libc::sigemptyset(&mut set);
        for &signal in signals {
            libc::sigaddset(&mut set, signal);
        }
        assert_eq!(libc::pthread_sigmask(libc::SIG_BLOCK, &set, core::ptr::null_mut()), 0);
    }
}

static HANDLED: AtomicU32 = AtomicU32::new(0);

extern "C" fn count(_: c_int) {
    HANDLED.fetch_add(1, SeqCst);
}

#[test]
fn dropping_restores_the_mask_and_what_was_not_received_acts_then() {
    single_threaded("dropping_restores_the_mask_and_what_was_not_received_acts_then", || {
        on_signal(libc::SIGUSR1, count);
        on_signal(libc::SIGUSR2, count);
        block(&[libc::SIGUSR2]);
        let mut signals = Signals::new(ONE | TWO).unwrap();
        assert_eq!(blocked_and_pending().0, [libc::SIGUSR1, libc::SIGUSR2]);
        raise(libc::SIGUSR1);
        raise(libc::SIGUSR2);
        assert_eq!(HANDLED.load(SeqCst), 0);
        assert_eq!(receive_all(&mut signals), [ONE, TWO]);
        raise(libc::SIGUSR1);
        assert_eq!(HANDLED.load(SeqCst), 0);
        drop(signals);
        assert_eq!(blocked_and_pending().0, [libc::SIGUSR2]);
        assert_eq!(HANDLED.load(SeqCst), 1);
        raise(libc::SIGUSR1);
        assert_eq!(HANDLED.load(SeqCst), 2);
    });
}

#[test]
fn dropping_ends_the_registration_even_if_a_forked_child_has_its_descriptor() {
    single_threaded(
        "dropping_ends_the_registration_even_if_a_forked_child_has_its_descriptor",
        || {
            for opt in [PollOption::Level, PollOption::Edge] {
                let (mut poller, signals) = watched(ONE, opt);
                beside_a_forked_child(|| {
                    drop(signals);
                    let mut others = Signals::new(ONE).unwrap();
                    raise(ONE.as_raw());
                    assert_silent(&mut poller);
                    assert_eq!(others.receive(), Ok(Some(ONE)));
                });
            }
        },
    );
}

#[test]
fn what_was_received_does_not_act_afterwards() {
    single_threaded("what_was_received_does_not_act_afterwards", || {
        default_action(libc::SIGTERM);
        for _ in 0..3 {
            let mut signals = Signals::new(Signal::TERMINATE).unwrap();
            kill(process::id() as i32, libc::SIGTERM);
            assert_eq!(receive_all(&mut signals), [Signal::TERMINATE]);
        }
        // And one that was not, does.
        assert_eq!(in_fork(term_unreceived), -1);
    });
}

fn term_unreceived() -> u8 {
    let signals = Signals::new(Signal::TERMINATE).unwrap();
    raise(libc::SIGTERM);
    drop(signals);
    5
}

#[test]
fn what_cannot_be_received_is_refused_and_changes_nothing() {
    single_threaded("what_cannot_be_received_is_refused_and_changes_nothing", || {
        let before = (settled_fds(), blocked_and_pending());
        let libc_s_own = Signal::from_raw(32).unwrap();
        let none = Signal::from_raw(127).unwrap();
        for wrong in [
            SignalSet::default(),
            Signal::KILL.into(),
            Signal::STOP.into(),
            ONE | Signal::KILL,
            SignalSet::of(&[Signal::STOP, TWO]),
            ONE | none,
        ] {
            assert_eq!(Signals::new(wrong).unwrap_err(), Error::InvalidInput, "{wrong:?}");
        }
        if cfg!(target_os = "linux") {
            assert_eq!(Signals::new(ONE | libc_s_own).unwrap_err(), Error::InvalidInput);
        }
        for number in [i32::MIN, -1, 0, 128, i32::MAX] {
            assert_eq!(Signal::from_raw(number), Err(Error::InvalidInput));
        }
        assert_eq!((settled_fds(), blocked_and_pending()), before);

        let (mut poller, mut signals) = watched(ONE, PollOption::Level);
        let (id, opt) = (EventedId(8), PollOption::Level);
        for wrong in [Interests::WRITABLE, Interests::BOTH, Interests::PRIORITY] {
            assert_eq!(poller.register(&mut signals, id, wrong, opt), Err(Error::InvalidInput));
            assert_eq!(poller.reregister(&mut signals, id, wrong, opt), Err(Error::InvalidInput));
        }
        let again = poller.register(&mut signals, id, Interests::READABLE, opt);
        assert_eq!(again, Err(Error::AlreadyExists));
        raise(libc::SIGUSR1);
        assert_eq!(poll(&mut poller), heard());
        poller.deregister(&mut signals).unwrap();
        assert_silent(&mut poller);
        assert_eq!(poller.deregister(&mut signals), Err(Error::NotFound));
        assert_eq!(signals.receive(), Ok(Some(ONE)));

        leave_room(0);
        let before = blocked_and_pending();
        assert_eq!(Signals::new(TWO).unwrap_err(), Error::Os(libc::EMFILE));
        assert_eq!(blocked_and_pending(), before);
    });
}

#[test]
fn sets_are_sets() {
    let mut set = SignalSet::default();
    assert!(set.is_empty());
    let mut rng = Rng::new(3);
    let mut model = std::collections::BTreeSet::new();
    for _ in 0..200 {
        let signal = Signal::from_raw(1 + rng.below(127) as i32).unwrap();
        set |= signal;
        model.insert(signal);
        assert!(set.iter().eq(model.iter().copied()));
        assert!(
            (1..=127)
                .map(|n| Signal::from_raw(n).unwrap())
                .all(|s| set.contains(s) == model.contains(&s))
        );
        assert_eq!(set, model.iter().copied().collect());
    }
    assert_eq!(ONE | TWO | ONE, SignalSet::of(&[TWO, ONE]));
    assert_eq!((ONE | TWO) | (TWO | Signal::HANGUP), SignalSet::of(&[ONE, TWO, Signal::HANGUP]));
    assert_eq!(
        format!("{:?}", Signal::HANGUP | Signal::from_raw(100).unwrap()),
        "{HANGUP, Signal(100)}"
    );
}

#[test]
fn two_with_nothing_in_common_live_side_by_side() {
    single_threaded("two_with_nothing_in_common_live_side_by_side", || {
        let (mut poller, mut first) = watched(ONE, PollOption::Edge);
        let mut second = Signals::new(TWO).unwrap();
        poller.register(&mut second, EventedId(9), Signals::INTERESTS, PollOption::Edge).unwrap();
        raise(libc::SIGUSR2);
        assert_eq!(poll(&mut poller), [(9, Ready::READABLE)]);
        assert_eq!((first.receive(), second.receive()), (Ok(None), Ok(Some(TWO))));
        drop(first);
        assert_eq!(blocked_and_pending().0, [libc::SIGUSR2]);
        raise(libc::SIGUSR2);
        assert_eq!(poll(&mut poller), [(9, Ready::READABLE)]);
        assert_eq!(second.receive(), Ok(Some(TWO)));
    });
}

#[test]
fn a_signal_from_another_process_ends_a_poll() {
    single_threaded("a_signal_from_another_process_ends_a_poll", || {
        let (mut poller, mut signals) =
            watched(Signal::TERMINATE | Signal::HANGUP, PollOption::Edge);
        for (name, signal) in [("HUP", Signal::HANGUP), ("TERM", Signal::TERMINATE)] {
            let line = format!("sleep 0.02; kill -{name} {}", process::id());
            let mut shell = Command::new("sh").args(["-c", &line]).spawn().unwrap();
            assert_eq!(poll(&mut poller), heard());
            assert_eq!(receive_all(&mut signals), [signal]);
            assert!(shell.wait().unwrap().success());
        }
    });
}

#[test]
fn threads_made_afterwards_block_too() {
    single_threaded("threads_made_afterwards_block_too", || {
        let (mut poller, mut signals) = watched(ONE, PollOption::Edge);
        thread::scope(|scope| {
            scope.spawn(|| {
                assert_eq!(blocked_and_pending().0, [libc::SIGUSR1]);
                kill(process::id() as i32, libc::SIGUSR1);
            });
            assert_eq!(poll(&mut poller), heard());
        });
        assert_eq!(receive_all(&mut signals), [ONE]);
    });
}

#[test]
fn a_forked_child_is_refused_and_its_signals_are_its_own() {
    single_threaded("a_forked_child_is_refused_and_its_signals_are_its_own", || {
        let (mut poller, mut signals) = watched(ONE, PollOption::Level);
        let child = in_fork(|| {
            raise(libc::SIGUSR1);
            let refused = signals.receive() == Err(Error::Forked)
                && poller.deregister(&mut signals) == Err(Error::Forked);
            let mut own = Signals::new(ONE).unwrap();
            u8::from(refused && own.receive() == Ok(Some(ONE)) && own.receive() == Ok(None))
        });
        assert_eq!(child, 1);
        assert_silent(&mut poller);
        raise(libc::SIGUSR1);
        assert_eq!(poll(&mut poller), heard());
        assert_eq!(receive_all(&mut signals), [ONE]);
    });
}

#[test]
fn nothing_leaks_in_5000_cycles() {
    single_threaded("nothing_leaks_in_5000_cycles", || {
        let mut poller = Poller::new().unwrap();
        let before = (settled_fds(), blocked_and_pending());
        let new = flags_of_new(|| Signals::new(ONE | TWO).unwrap());
        assert!(!new.is_empty() && new.iter().all(|&(_, cloexec)| cloexec), "{new:?}");
        for round in 0..5_000 {
            let mut signals = Signals::new(ONE | TWO).unwrap();
            poller
                .register(&mut signals, EventedId(1), Signals::INTERESTS, PollOption::Edge)
                .unwrap();
            if round % 10 == 0 {
                raise(libc::SIGUSR2);
                assert_eq!(poll(&mut poller), [(1, Ready::READABLE)]);
                assert_eq!(signals.receive(), Ok(Some(TWO)));
            }
        }
        assert_eq!((settled_fds(), blocked_and_pending()), before);
        assert_silent(&mut poller);
    });
}
