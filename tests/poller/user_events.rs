//! Events from user space, through `Poller`.

use core::time::Duration;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;

use mio_st::Error;
use mio_st::event::{Event, EventedId, Events, Interests, Ready};
use mio_st::poll::{PollOption, Poller};
use mio_st::unix::EventedFd;

const NOW: Option<Duration> = Some(Duration::ZERO);

fn take<const N: usize>(events: &mut Events<N>) -> Vec<(usize, Ready)> {
    events.into_iter().map(|event: Event| (event.id().0, event.readiness())).collect()
}

#[test]
fn every_notification_is_one_event_in_order_identical_ones_too() {
    let mut poller = Poller::new().unwrap();
    let mut events = Events::new();
    let sent =
        [(1, Ready::READABLE), (1, Ready::READABLE), (0, Ready::USER_7), (usize::MAX, Ready::HUP)];
    for (id, ready) in sent {
        poller.notify(EventedId(id), ready).unwrap();
    }
    // No timeout: it must not wait.
    poller.poll(&mut events, None).unwrap();
    assert_eq!(take(&mut events), sent);
    poller.poll(&mut events, NOW).unwrap();
    assert!(events.is_empty());
}

#[test]
fn every_bit_pattern_is_delivered_as_it_is() {
    let mut poller = Poller::new().unwrap();
    let mut events = Events::new();
    let patterns = [0, 1, 0x00ff_0000, 0x8000_0000, u32::MAX].map(Ready::from_bits_retain);
    for ready in patterns {
        poller.notify(EventedId(5), ready).unwrap();
    }
    poller.poll_userspace(&mut events).unwrap();
    assert_eq!(take(&mut events), patterns.map(|ready| (5, ready)));
}

#[test]
fn a_pending_user_event_hides_no_kernel_event() {
    let mut poller = Poller::new().unwrap();
    let mut events = Events::new();
    let (mut here, there) = UnixStream::pair().unwrap();
    poller
        .register(
            &mut EventedFd(&there.as_raw_fd()),
            EventedId(1),
            Interests::READABLE,
            PollOption::Level,
        )
        .unwrap();
    here.write_all(b"x").unwrap();
    for _ in 0..10 {
        poller.notify(EventedId(2), Ready::USER_0).unwrap();
        poller.poll(&mut events, None).unwrap();
        let mut ids: Vec<_> = take(&mut events).into_iter().map(|(id, _)| id).collect();
        ids.sort_unstable();
        assert_eq!(ids, [1, 2]);
    }
    // And without the kernel there is no kernel event.
    poller.notify(EventedId(2), Ready::USER_0).unwrap();
    poller.poll_userspace(&mut events).unwrap();
    assert_eq!(take(&mut events), [(2, Ready::USER_0)]);
}

#[test]
fn sources_have_the_meaning_of_kernel_sources() {
    for opt in [PollOption::Edge, PollOption::Level, PollOption::Oneshot] {
        let mut poller = Poller::new().unwrap();
        let mut events = Events::new();
        let (mut here, there) = UnixStream::pair().unwrap();
        let fd = there.as_raw_fd();
        let mut kernel = EventedFd(&fd);
        poller.register(&mut kernel, EventedId(1), Interests::READABLE, opt).unwrap();
        let user = poller.add_source(EventedId(2), Interests::READABLE, opt).unwrap();
        let mut both_report = |poller: &mut Poller, expected: bool| {
            poller.poll(&mut events, NOW).unwrap();
            let mut seen = take(&mut events);
            seen.sort_unstable_by_key(|(id, _)| *id);
            let readable = [1, 2].map(|id| (id, Ready::READABLE));
            assert_eq!(seen, readable[..if expected { 2 } else { 0 }], "{opt:?}");
        };
        both_report(&mut poller, false);
        here.write_all(b"x").unwrap();
        poller.set_ready(user, Ready::READABLE).unwrap();
        both_report(&mut poller, true);
        // Not drained.
        both_report(&mut poller, opt == PollOption::Level);
        // Something new.
        here.write_all(b"x").unwrap();
        poller.set_ready(user, Ready::READABLE).unwrap();
        both_report(&mut poller, opt != PollOption::Oneshot);
        // Armed again, still ready.
        poller.reregister(&mut kernel, EventedId(1), Interests::READABLE, opt).unwrap();
        poller.rearm(user).unwrap();
        both_report(&mut poller, true);
        // Drained.
        let mut drain = &there;
        std::io::Read::read_exact(&mut drain, &mut [0; 2]).unwrap();
        poller.clear_ready(user, Ready::READABLE).unwrap();
        both_report(&mut poller, false);
        poller.deregister(&mut kernel).unwrap();
        poller.remove_source(user).unwrap();
        here.write_all(b"x").unwrap();
        assert_eq!(poller.set_ready(user, Ready::READABLE), Err(Error::StaleKey));
        both_report(&mut poller, false);
    }
}

#[test]
fn an_error_or_a_hang_up_is_readable_and_writable_whatever_was_asked() {
    let mut poller = Poller::new().unwrap();
    let mut events = Events::new();
    for interests in [Interests::READABLE, Interests::WRITABLE, Interests::PRIORITY] {
        for ready in [Ready::ERROR, Ready::HUP] {
            let key = poller.add_source(EventedId(1), interests, PollOption::Edge).unwrap();
            poller.set_ready(key, ready).unwrap();
            poller.poll(&mut events, None).unwrap();
            let event = events.into_iter().next().unwrap();
            assert!(event.readiness().is_readable() && event.readiness().is_writable());
            assert!(!event.readiness().is_priority());
            poller.remove_source(key).unwrap();
        }
    }
}

#[test]
fn sources_and_notifications_of_a_batch_may_be_changed_while_it_is_handled() {
    let mut poller = Poller::<4, 0>::sized().unwrap();
    let mut events = Events::<2>::sized();
    let keys = [1, 2, 3].map(|id| {
        let key = poller.add_source(EventedId(id), Interests::BOTH, PollOption::Edge).unwrap();
        poller.set_ready(key, Ready::WRITABLE).unwrap();
        key
    });
    poller.poll(&mut events, None).unwrap();
    let mut seen = Vec::new();
    let mut removed = false;
    while let Some(event) = (&mut events).into_iter().next() {
        seen.push(event.id().0);
        if !removed {
            removed = true;
            // The third waits for its turn and is gone before.
            poller.remove_source(keys[2]).unwrap();
            poller.notify(EventedId(9), Ready::USER_0).unwrap();
        }
    }
    while let Ok(()) = poller.poll_userspace(&mut events) {
        if events.is_empty() {
            break;
        }
        seen.extend((&mut events).into_iter().map(|event| event.id().0));
    }
    assert_eq!(seen, [1, 2, 9]);
}

#[test]
fn the_capacity_is_exact_and_full_changes_nothing() {
    let mut poller = Poller::<4, 3>::sized().unwrap();
    let mut events = Events::new();
    let key = poller.add_source(EventedId(0), Interests::BOTH, PollOption::Level).unwrap();
    for id in 1..4 {
        poller.notify(EventedId(id), Ready::USER_0).unwrap();
    }
    assert_eq!(poller.notify(EventedId(9), Ready::USER_0), Err(Error::Full));
    let refused = poller.add_source(EventedId(9), Interests::BOTH, PollOption::Edge);
    assert_eq!(refused, Err(Error::Full));
    // Deadlines have their own room.
    for id in 0..3 {
        poller.add_timeout(EventedId(id), Duration::MAX).unwrap();
    }
    assert_eq!(poller.add_timeout(EventedId(9), Duration::ZERO), Err(Error::Full));
    poller.set_ready(key, Ready::WRITABLE).unwrap();
    poller.poll(&mut events, None).unwrap();
    let ids: Vec<_> = take(&mut events).into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids, [1, 2, 3, 0]);
    // What was delivered makes room.
    for id in 1..4 {
        poller.notify(EventedId(id), Ready::USER_0).unwrap();
    }
    assert_eq!(poller.notify(EventedId(9), Ready::USER_0), Err(Error::Full));
}

#[test]
fn room_for_nothing_costs_nothing_and_refuses_everything() {
    let mut poller = Poller::<0, 0>::sized().unwrap();
    // Parts begin at cache lines: a kqueue's own 24 bytes more may cost one.
    assert!(size_of::<Poller<0, 0>>() <= 320, "{}", size_of::<Poller<0, 0>>());
    assert_eq!(poller.notify(EventedId(1), Ready::USER_0), Err(Error::Full));
    let source = poller.add_source(EventedId(1), Interests::BOTH, PollOption::Edge);
    assert_eq!(source, Err(Error::Full));
    assert_eq!(poller.add_timeout(EventedId(1), Duration::ZERO), Err(Error::Full));
    assert_eq!(poller.add_interval(EventedId(1), Duration::from_secs(1)), Err(Error::Full));
    assert_eq!(poller.next_deadline(), None);
    poller.poll_userspace(&mut Events::new()).unwrap();
    poller.poll(&mut Events::new(), NOW).unwrap();
}

#[test]
fn keys_of_another_poller_are_refused() {
    let mut one = Poller::new().unwrap();
    let mut other = Poller::new().unwrap();
    let key = one.add_source(EventedId(1), Interests::BOTH, PollOption::Edge).unwrap();
    other.add_source(EventedId(2), Interests::BOTH, PollOption::Edge).unwrap();
    assert_eq!(other.set_ready(key, Ready::READABLE), Err(Error::StaleKey));
    assert_eq!(other.clear_ready(key, Ready::READABLE), Err(Error::StaleKey));
    assert_eq!(other.rearm(key), Err(Error::StaleKey));
    assert_eq!(other.remove_source(key), Err(Error::StaleKey));
    one.remove_source(key).unwrap();
    assert_eq!(one.remove_source(key), Err(Error::StaleKey));
}

#[test]
fn pollers_keep_their_promised_size() {
    assert!(size_of::<Poller<16, 8>>() <= 1536, "{}", size_of::<Poller<16, 8>>());
}
