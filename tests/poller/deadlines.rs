//! Deadlines, through `Poller`, against the real clock: order and never-early strictly, lateness loosely.

use core::time::Duration;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;

use mio_st::Error;
use mio_st::event::{Event, EventedId, Events, Interests, Ready};
use mio_st::poll::{PollOption, Poller};
use mio_st::time::Instant;
use mio_st::unix::EventedFd;

use crate::support::Rng;

const NOW: Option<Duration> = Some(Duration::ZERO);
/// So late that only a fault explains it.
const FAR_TOO_LATE: Duration = Duration::from_secs(60);

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn ids<const N: usize>(events: &mut Events<N>) -> Vec<usize> {
    events
        .into_iter()
        .map(|event| {
            assert_eq!(event.readiness(), Ready::TIMER);
            event.id().0
        })
        .collect()
}

#[test]
fn deadlines_come_in_order_and_never_early() {
    let mut poller = Poller::new().unwrap();
    let mut events = Events::new();
    let start = Instant::now();
    let mut waiting = Vec::new();
    for index in 0..50_usize {
        let deadline = start + Duration::from_micros((index as u64 * 7_919) % 30_000);
        poller.add_deadline(EventedId(index), deadline).unwrap();
        waiting.push((deadline, index));
    }
    waiting.sort_unstable();
    let mut fired = Vec::new();
    while fired.len() < 50 {
        poller.poll(&mut events, None).unwrap();
        let now = Instant::now();
        assert!(!events.is_empty(), "a poll without timeout came back empty-handed");
        for id in ids(&mut events) {
            let deadline = waiting[fired.len()].0;
            assert!(deadline <= now, "early by {:?}", deadline - now);
            assert!(now - deadline < FAR_TOO_LATE);
            fired.push(id);
        }
    }
    assert!(fired.into_iter().eq(waiting.into_iter().map(|(_, id)| id)));
    assert_eq!(poller.next_deadline(), None);
}

#[test]
fn the_sleep_ends_at_the_deadline_or_at_the_timeout_whichever_is_first() {
    let mut poller = Poller::new().unwrap();
    let mut events = Events::new();
    // The timeout first.
    let key = poller.add_timeout(EventedId(1), FAR_TOO_LATE).unwrap();
    for timeout in [Duration::from_micros(50), Duration::from_micros(1_300), millis(20)] {
        let start = Instant::now();
        poller.poll(&mut events, Some(timeout)).unwrap();
        assert!(events.is_empty() && Instant::now() - start >= timeout);
    }
    // The deadline first.
    let deadline = Instant::now() + millis(5);
    poller.update_deadline(key, deadline).unwrap();
    poller.poll(&mut events, Some(FAR_TOO_LATE)).unwrap();
    assert!(Instant::now() >= deadline && Instant::now() - deadline < FAR_TOO_LATE);
    assert_eq!(ids(&mut events), [1]);
    // Neither waits where there is no time.
    poller.add_timeout(EventedId(2), FAR_TOO_LATE).unwrap();
    poller.poll(&mut events, NOW).unwrap();
    assert!(events.is_empty());
}

#[test]
fn a_timeout_of_zero_finds_what_is_due() {
    let mut poller = Poller::new().unwrap();
    let mut events = Events::new();
    for _ in 0..100 {
        poller.add_deadline(EventedId(1), Instant::now()).unwrap();
        poller.poll(&mut events, NOW).unwrap();
        assert_eq!(ids(&mut events), [1]);
        poller.add_deadline(EventedId(2), Instant::ZERO).unwrap();
        poller.poll_userspace(&mut events).unwrap();
        assert_eq!(ids(&mut events), [2]);
    }
}

#[test]
fn what_the_handling_of_a_batch_adds_and_cancels_counts_for_the_next_poll() {
    let mut poller = Poller::new().unwrap();
    let mut events = Events::<3>::sized();
    let past = |n| Instant::from_nanos(n);
    let keys = [1, 2, 3].map(|n| poller.add_deadline(EventedId(n), past(n as u64)).unwrap());
    poller.poll(&mut events, None).unwrap();
    assert_eq!(ids(&mut events), [1, 2, 3]);
    // What lies in `Events` is over.
    for key in keys {
        assert_eq!(poller.cancel_deadline(key), Err(Error::StaleKey));
        assert_eq!(poller.update_deadline(key, Instant::MAX), Err(Error::StaleKey));
    }
    let keys = [4, 5, 6].map(|n| poller.add_deadline(EventedId(n), past(n as u64)).unwrap());
    poller.cancel_deadline(keys[0]).unwrap();
    poller.update_deadline(keys[1], Instant::now() + FAR_TOO_LATE).unwrap();
    poller.add_deadline(EventedId(7), past(0)).unwrap();
    poller.poll(&mut events, None).unwrap();
    assert_eq!(ids(&mut events), [7, 6]);
    poller.poll(&mut events, NOW).unwrap();
    assert!(events.is_empty());
    assert!(poller.next_deadline().is_some());
}

#[test]
fn a_due_deadline_hides_no_kernel_event() {
    let mut poller = Poller::new().unwrap();
    let mut events = Events::new();
    let (mut here, there) = UnixStream::pair().unwrap();
    let fd = there.as_raw_fd();
    poller
        .register(&mut EventedFd(&fd), EventedId(1), Interests::READABLE, PollOption::Level)
        .unwrap();
    here.write_all(b"x").unwrap();
    poller.add_deadline(EventedId(2), Instant::ZERO).unwrap();
    poller.poll(&mut events, None).unwrap();
    let mut seen: Vec<_> = (&mut events).into_iter().map(|event| event.id().0).collect();
    seen.sort_unstable();
    assert_eq!(seen, [1, 2]);
}

#[test]
fn far_away_is_never_and_no_panic() {
    let mut poller = Poller::new().unwrap();
    let mut events = Events::new();
    poller.add_timeout(EventedId(1), Duration::MAX).unwrap();
    poller.add_deadline(EventedId(2), Instant::MAX).unwrap();
    poller.add_interval(EventedId(3), Duration::MAX).unwrap();
    poller.poll(&mut events, Some(millis(2))).unwrap();
    assert!(events.is_empty());
    poller.add_deadline(EventedId(4), Instant::ZERO).unwrap();
    poller.poll(&mut events, None).unwrap();
    assert_eq!(ids(&mut events), [4]);
}

#[test]
fn full_leaves_every_other_deadline_as_it_is() {
    let mut poller = Poller::<0, 3>::sized().unwrap();
    let mut events = Events::new();
    for n in 1..=3 {
        poller.add_deadline(EventedId(n as usize), Instant::from_nanos(n)).unwrap();
    }
    assert_eq!(poller.add_deadline(EventedId(9), Instant::ZERO), Err(Error::Full));
    assert_eq!(poller.add_timeout(EventedId(9), Duration::ZERO), Err(Error::Full));
    assert_eq!(poller.next_deadline(), Some(Instant::from_nanos(1)));
    poller.poll(&mut events, None).unwrap();
    assert_eq!(ids(&mut events), [1, 2, 3]);
}

#[test]
fn an_interval_does_not_drift_and_skips_what_it_missed() {
    let mut poller = Poller::new().unwrap();
    let mut events = Events::new();
    let before = Instant::now();
    let key = poller.add_interval(EventedId(1), millis(4)).unwrap();
    let after = Instant::now();
    for tick in 1..=5 {
        poller.poll(&mut events, None).unwrap();
        assert_eq!(ids(&mut events), [1], "tick {tick}");
        // The grid began between the two readings, wherever the machine was slow since.
        let next = poller.next_deadline().unwrap();
        let (from, to) = (next - before, next - after);
        let period = millis(4).as_nanos();
        assert!(from.as_nanos() / period >= to.as_nanos() / period);
        assert!(from.as_nanos() % period <= (after - before).as_nanos());
    }
    // Asleep for several periods: one event, and the next is ahead again.
    std::thread::sleep(millis(30));
    poller.poll(&mut events, None).unwrap();
    assert_eq!(ids(&mut events), [1]);
    poller.cancel_deadline(key).unwrap();
    assert_eq!(poller.cancel_deadline(key), Err(Error::StaleKey));
    assert_eq!(poller.next_deadline(), None);
    assert_eq!(poller.add_interval(EventedId(1), Duration::ZERO), Err(Error::InvalidInput));
}

#[test]
fn removing_by_id_takes_the_earliest() {
    let mut poller = Poller::new().unwrap();
    for n in [30, 10, 20] {
        poller.add_deadline(EventedId(7), Instant::from_nanos(n)).unwrap();
    }
    for expected in [Some(20), Some(30), None] {
        assert!(poller.remove_deadline(EventedId(7)));
        assert_eq!(poller.next_deadline(), expected.map(Instant::from_nanos));
    }
    assert!(!poller.remove_deadline(EventedId(7)));
}

#[cfg(feature = "std")]
#[test]
fn the_instant_of_std_is_a_deadline_and_not_early() {
    let mut poller = Poller::new().unwrap();
    let mut events = Events::new();
    for _ in 0..5 {
        let deadline = std::time::Instant::now() + millis(2);
        poller.add_deadline(EventedId(1), deadline).unwrap();
        poller.poll(&mut events, None).unwrap();
        assert!(std::time::Instant::now() >= deadline);
        assert_eq!(ids(&mut events), [1]);
    }
}

/// Connections that are readable and whose idle time has ended, in one batch: the expired timers come first, so
/// that a handler of a kernel event never meets a key that has fired without its event having been seen.
#[test]
fn in_a_batch_expired_timers_come_before_kernel_events() {
    fn readable_and_expired<const N: usize>(random: &mut Rng, readable: usize) {
        const CONNECTIONS: usize = 20;
        let mut poller = Poller::<16, { 2 * CONNECTIONS }>::sized().unwrap();
        let mut events = Events::<N>::sized();
        let mut connections: Vec<_> = (0..CONNECTIONS)
            .map(|index| {
                let (mut here, there) = UnixStream::pair().unwrap();
                if index < readable {
                    here.write_all(b"x").unwrap();
                }
                let (id, interests) = (EventedId(index), Interests::READABLE);
                let mut source = EventedFd(&there.as_raw_fd());
                poller.register(&mut source, id, interests, PollOption::Level).unwrap();
                let key = poller.add_deadline(id, Instant::ZERO).unwrap();
                (here, there, Some(key))
            })
            .collect();
        let mut mixed = 0;
        for _ in 0..60 {
            for _ in 0..random.below(3) {
                let _ = poller.notify(EventedId(usize::MAX), Ready::USER_0);
            }
            poller.poll(&mut events, NOW).unwrap();
            let mut kernel_events = 0;
            let mut timers = 0;
            for event in &mut events {
                let (id, readiness) = (event.id().0, event.readiness());
                if readiness.is_timer() {
                    assert_eq!(kernel_events, 0, "N = {N}: a timer after a kernel event");
                    timers += 1;
                    connections[id].2 = None;
                } else if readiness.is_readable() {
                    kernel_events += 1;
                    // What a server does at each byte.
                    if let Some(key) = connections[id].2 {
                        assert_eq!(poller.update_deadline(key, Instant::ZERO), Ok(()), "N = {N}");
                    }
                }
            }
            mixed += usize::from(timers > 0 && kernel_events > 0);
            for (index, (_, _, key)) in connections.iter_mut().enumerate() {
                if key.is_none() && random.below(2) == 0 {
                    *key = Some(poller.add_deadline(EventedId(index), Instant::ZERO).unwrap());
                }
            }
        }
        assert!(N == 1 || mixed >= 10, "N = {N}: only {mixed} batches had both");
    }
    let mut random = Rng::new(14);
    // Few are readable: slots of the batch are left when the kernel has written its events.
    for readable in [2, 20] {
        readable_and_expired::<1>(&mut random, readable);
        readable_and_expired::<2>(&mut random, readable);
        readable_and_expired::<3>(&mut random, readable);
        readable_and_expired::<8>(&mut random, readable);
        readable_and_expired::<64>(&mut random, readable);
    }
}

/// An event that lies in the batch says nothing of a deadline that was added, moved or cancelled since.
#[test]
fn an_event_of_a_deadline_can_be_checked_against_its_key() {
    let mut poller = Poller::<0, 8>::sized().unwrap();
    let mut events = Events::new();
    let hour = Duration::from_secs(3_600);
    let id = EventedId(1);
    fn event<const N: usize>(events: &mut Events<N>) -> Event {
        let event = events.into_iter().next().expect("no event");
        assert_eq!((event.id(), event.readiness()), (EventedId(1), Ready::TIMER));
        event
    }

    // A one-shot deadline: its own event, and not that of the deadline that replaces it.
    let old = poller.add_deadline(id, Instant::ZERO).unwrap();
    poller.poll(&mut events, NOW).unwrap();
    let fired = event(&mut events);
    assert_eq!(poller.update_deadline(old, Instant::MAX), Err(Error::StaleKey));
    let new = poller.add_timeout(id, hour).unwrap();
    assert!(poller.is_current(&fired, old));
    assert!(!poller.is_current(&fired, new));
    poller.cancel_deadline(new).unwrap();

    // Two of one id, of which one has passed.
    let (due, ahead) =
        (poller.add_deadline(id, Instant::ZERO).unwrap(), poller.add_timeout(id, hour).unwrap());
    poller.poll(&mut events, NOW).unwrap();
    let fired = event(&mut events);
    assert!(poller.is_current(&fired, due) && !poller.is_current(&fired, ahead));
    poller.cancel_deadline(ahead).unwrap();

    // An interval: as long as it is neither moved nor cancelled.
    let tick = |poller: &mut Poller<0, 8>, key| {
        poller.update_deadline(key, Instant::now() - Duration::from_nanos(1)).unwrap();
    };
    let interval = poller.add_interval(id, hour).unwrap();
    tick(&mut poller, interval);
    poller.poll(&mut events, NOW).unwrap();
    let ticked = event(&mut events);
    assert!(poller.is_current(&ticked, interval));
    poller.update_deadline(interval, Instant::now() + hour * 2).unwrap();
    assert!(!poller.is_current(&ticked, interval), "moved with its event in the batch");
    tick(&mut poller, interval);
    assert!(!poller.is_current(&ticked, interval), "moved, though it is due");
    poller.poll(&mut events, NOW).unwrap();
    let ticked = event(&mut events);
    assert!(poller.is_current(&ticked, interval));
    poller.cancel_deadline(interval).unwrap();
    assert!(!poller.is_current(&ticked, interval), "cancelled with its event in the batch");

    // The slot in use again, by one that has not ticked.
    let other = poller.add_interval(id, hour).unwrap();
    assert!(!poller.is_current(&ticked, interval) && !poller.is_current(&ticked, other));
    // What is no timer's event is no deadline's.
    assert!(!poller.is_current(&Event::new(id, Ready::READABLE), old));
}

/// Thousands that were pushed back must not hide the one that is due from a poll that does not wait, nor from one
/// without the kernel.
#[test]
fn a_poll_of_zero_finds_the_due_deadline_behind_thousands_pushed_back() {
    const MANY: usize = 20_000;
    for userspace in [false, true] {
        let mut slot = Box::new_uninit();
        let poller = Poller::<0, { MANY + 1 }>::init_in(&mut slot).unwrap();
        let mut events = Events::new();
        let past = |n: usize| Instant::from_nanos(n as u64);
        let keys: Vec<_> =
            (0..MANY).map(|n| poller.add_deadline(EventedId(n), past(n)).unwrap()).collect();
        assert_eq!(poller.next_deadline(), Some(Instant::ZERO));
        for key in keys {
            poller.update_deadline(key, Instant::now() + FAR_TOO_LATE * 100).unwrap();
        }
        poller.add_deadline(EventedId(MANY), past(MANY)).unwrap();
        match userspace {
            false => poller.poll(&mut events, NOW).unwrap(),
            true => poller.poll_userspace(&mut events).unwrap(),
        }
        assert_eq!(ids(&mut events), [MANY], "without the kernel: {userspace}");
    }
}

#[test]
fn a_poll_of_user_space_fills_the_batch_with_what_is_due() {
    let mut poller = Poller::<4, 12>::sized().unwrap();
    let mut events = Events::<12>::sized();
    for n in 0..12 {
        poller.add_deadline(EventedId(n), Instant::from_nanos(n as u64)).unwrap();
    }
    poller.poll_userspace(&mut events).unwrap();
    assert!(ids(&mut events).into_iter().eq(0..12));

    // With user events, each class has at least its half.
    for n in 0..4 {
        poller.notify(EventedId(100 + n), Ready::USER_0).unwrap();
    }
    for n in 0..12 {
        poller.add_deadline(EventedId(n), Instant::from_nanos(n as u64)).unwrap();
    }
    poller.poll_userspace(&mut events).unwrap();
    let timers = events.iter().filter(|event| event.readiness().is_timer()).count();
    assert_eq!((events.len(), timers), (12, 8));
}
