//! `set_precise`: the same polls, woken by a timer of the kernel.

mod support;

use core::time::Duration;
use std::io::Write;
use std::time::Instant;

use mio_st::event::{EventedId, Events, Interests, Ready};
use mio_st::poll::{PollOption, Poller};
use mio_st::{Error, time};

use self::support::*;

const TIMEOUTS: [Duration; 6] = [
    Duration::ZERO,
    Duration::from_nanos(1),
    Duration::from_micros(50),
    Duration::from_micros(999),
    Duration::from_micros(1_300),
    Duration::from_millis(20),
];

/// Returns a poller with the option, or says that this system has none.
fn precise() -> Option<Poller> {
    let mut poller = Poller::new().unwrap();
    match poller.registry().set_precise(true) {
        Ok(()) => Some(poller),
        Err(error) => {
            assert!(KQUEUE && error == Error::Unsupported, "{error:?}");
            assert_works(&mut poller);
            skip("kqueue has no such timer");
            None
        }
    }
}

fn wait_in_vain(poller: &mut Poller, timeout: Duration) {
    let (mut events, begun) = (Events::new(), Instant::now());
    poller.poll(&mut events, Some(timeout)).unwrap();
    let took = begun.elapsed();
    assert!(events.is_empty() && took >= timeout, "{timeout:?} took {took:?}");
    assert!(took < timeout + PATIENCE, "{timeout:?} took {took:?}");
}

#[test]
fn timeouts_end_and_are_never_early() {
    let Some(mut poller) = precise() else { return };
    // Longer and shorter ones in turn: the timer is armed for an earlier time, a later one, or the
    // past.
    for timeout in TIMEOUTS.into_iter().chain(TIMEOUTS.into_iter().rev()) {
        for _ in 0..4 {
            wait_in_vain(&mut poller, timeout);
            poller.registry().poll(&mut Events::<1>::sized(), Some(timeout)).unwrap();
        }
    }
    poller.registry().set_precise(false).unwrap();
    wait_in_vain(&mut poller, Duration::from_micros(1_300));
    poller.registry().set_precise(true).unwrap();
    wait_in_vain(&mut poller, Duration::from_micros(1_300));
}

#[test]
fn deadlines_come_in_order_and_the_timers_own_event_never() {
    let Some(mut poller) = precise() else { return };
    // One slot: the event of the timer would take the place of each.
    let mut events = Events::<1>::sized();
    let start = time::Instant::now();
    let deadline = |index: usize| start + Duration::from_micros((index as u64 * 7_919) % 20_000);
    let mut waiting: Vec<_> = (0..40).map(|index| (deadline(index), index)).collect();
    for &(deadline, index) in &waiting {
        poller.add_deadline(EventedId(index), deadline).unwrap();
    }
    waiting.sort_unstable();
    for (deadline, index) in waiting {
        while poller.poll(&mut events, Some(PATIENCE)).is_ok() && events.is_empty() {}
        let event = (&mut events).into_iter().next().unwrap();
        assert_eq!((event.id(), event.readiness()), (EventedId(index), Ready::TIMER));
        assert!(deadline <= time::Instant::now());
    }
    poller.poll(&mut events, Some(Duration::from_millis(5))).unwrap();
    assert!(events.is_empty());
}

#[test]
fn deadlines_that_are_moved_come_when_they_are_due() {
    let Some(mut poller) = precise() else { return };
    let mut events = Events::new();
    let key = poller.add_timeout(EventedId(1), PATIENCE).unwrap();
    // The timer stays armed for the time that was: it wakes the poll, which goes on.
    wait_in_vain(&mut poller, Duration::from_millis(1));
    let later = time::Instant::now() + Duration::from_millis(60);
    poller.update_deadline(key, later).unwrap();
    poller.poll(&mut events, None).unwrap();
    assert!(events.len() == 1 && time::Instant::now() >= later);

    // An earlier one is not slept through, nor one that is past.
    poller.add_timeout(EventedId(1), Duration::from_secs(3_600)).unwrap();
    wait_in_vain(&mut poller, Duration::from_millis(1));
    for timeout in [Duration::from_millis(2), Duration::ZERO] {
        poller.add_timeout(EventedId(2), timeout).unwrap();
        poller.poll(&mut events, None).unwrap();
        assert_eq!((&mut events).into_iter().map(|event| event.id().0).collect::<Vec<_>>(), [2]);
    }
    poller.add_deadline(EventedId(3), time::Instant::from_nanos(u64::MAX - 1)).unwrap();
    wait_in_vain(&mut poller, Duration::from_millis(2));
}

#[test]
fn what_becomes_ready_ends_the_wait() {
    let Some(mut poller) = precise() else { return };
    poller.add_timeout(EventedId(9), Duration::from_secs(3_600)).unwrap();
    let (reader, mut writer) = pipe();
    register(&mut poller, &reader, 1, Interests::READABLE, PollOption::Edge);
    for spin in [Duration::ZERO, Duration::from_micros(100)] {
        poller.registry().set_spin(spin);
        for timeout in [None, Some(PATIENCE), Some(Duration::MAX)] {
            let thread = when_it_sleeps(move || {
                writer.write_all(b"x").unwrap();
                writer
            });
            let mut events = Events::new();
            poller.poll(&mut events, timeout).unwrap();
            assert_eq!((&mut events).into_iter().next().unwrap().id(), EventedId(1));
            writer = thread.join().unwrap();
        }
    }
    assert_works(&mut poller);
}

#[test]
fn signals_interrupt_only_what_may_be_interrupted() {
    alone("signals_interrupt_only_what_may_be_interrupted", || {
        let Some(mut poller) = precise() else { return };
        storm(Duration::from_micros(700));
        for timeout in TIMEOUTS.into_iter().chain([Duration::from_millis(100)]) {
            wait_in_vain(&mut poller, timeout);
        }
        poller.add_timeout(EventedId(9), Duration::from_secs(3_600)).unwrap();
        let mut events = Events::new();
        for timeout in [None, Some(PATIENCE)] {
            let result = poller.poll_interruptible(&mut events, timeout);
            assert_eq!(result, Err(Error::Os(libc::EINTR)));
            assert!(events.is_empty());
        }
        storm(Duration::ZERO);
    });
}

/// It takes one descriptor, which is close-on-exec, and gives it back.
#[cfg(target_os = "linux")]
#[test]
fn it_owns_one_descriptor() {
    alone("it_owns_one_descriptor", || {
        let before = open_fds();
        let Some(mut poller) = precise() else { return };
        poller.registry().set_precise(true).unwrap();
        assert_eq!(open_fds(), before + 2);
        poller.registry().set_precise(false).unwrap();
        assert_eq!(open_fds(), before + 1);
        poller.registry().set_precise(false).unwrap();
        let made = unix::flags_of_new(|| poller.registry().set_precise(true).unwrap());
        assert!(made.len() == 1 && made[0].0, "{made:?}");
        drop(poller);
        assert_eq!(open_fds(), before);
    });
}

#[cfg(target_os = "linux")]
#[test]
fn an_error_leaves_the_poller_as_it_was() {
    alone("an_error_leaves_the_poller_as_it_was", || {
        let Some(mut poller) = precise() else { return };
        poller.registry().set_precise(false).unwrap();
        unix::leave_room(0);
        assert_eq!(poller.registry().set_precise(true), Err(Error::Os(libc::EMFILE)));
        wait_in_vain(&mut poller, Duration::from_micros(1_300));
        assert_eq!(poller.registry().set_precise(false), Ok(()));
    });
}

#[test]
fn the_child_of_a_fork_has_no_part_in_it() {
    let Some(mut poller) = precise() else { return };
    let mut events = Events::new();
    // On a busy machine the timeout may have passed with the first poll.
    let mut is_ahead = || {
        poller.add_timeout(EventedId(1), Duration::from_millis(30)).unwrap();
        poller.poll(&mut events, Some(Duration::from_millis(1))).unwrap();
        events.is_empty()
    };
    assert!(succeeds(&mut is_ahead));
    let mut poller = Some(poller);
    let refused = in_fork(|| {
        let Some(mut poller) = poller.take() else { return 1 };
        for precise in [true, false] {
            if poller.registry().set_precise(precise) != Err(Error::Forked) {
                return 2;
            }
        }
        drop(poller);
        0
    });
    assert_eq!(refused, 0);
    // The parent's timer is armed as before.
    let mut poller = poller.unwrap();
    poller.poll(&mut events, Some(PATIENCE)).unwrap();
    assert_eq!((&mut events).into_iter().next().unwrap().id(), EventedId(1));
}
