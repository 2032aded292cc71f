//! Batches that are smaller than what is ready: no direction of a source is lost for lack of room.

use core::time::Duration;
use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::net::UnixStream;

use mio_st::event::{EventedId, Events, Interests, Ready};
use mio_st::poll::{PollOption, Poller};

use crate::support::*;

const BOTH: Ready = Ready::READABLE.union(Ready::WRITABLE);

/// Sources that are readable and writable, each with its peer, watched for both.
fn sources(poller: &mut Poller, count: usize, opt: PollOption) -> Vec<(UnixStream, UnixStream)> {
    (0..count)
        .map(|id| {
            let (here, mut there) = unix_pair();
            there.write_all(b"x").unwrap();
            register(poller, &here, id, Interests::BOTH, opt);
            (here, there)
        })
        .collect()
}

/// Polls until nothing comes; the events of each source.
fn poll_all<const N: usize>(poller: &mut Poller, most: usize) -> BTreeMap<usize, Vec<Ready>> {
    let (mut events, mut seen) = (Events::<N>::sized(), BTreeMap::new());
    for _ in 0..most {
        poller.poll(&mut events, Some(Duration::ZERO)).unwrap();
        if events.is_empty() {
            break;
        }
        for event in &mut events {
            seen.entry(event.id().0).or_insert_with(Vec::new).push(event.readiness());
        }
    }
    seen
}

fn oneshot_reports_both_directions<const N: usize>() {
    for count in [1, 2, 3, 5, 30] {
        let mut poller = Poller::new().unwrap();
        let pairs = sources(&mut poller, count, PollOption::Oneshot);
        for round in 0..3 {
            let seen = poll_all::<N>(&mut poller, 1000);
            assert_eq!(seen.len(), count, "N = {N}, round {round}");
            assert!(seen.values().all(|events| events[..] == [BOTH]), "N = {N}: {seen:?}");
            for (id, (here, _)) in pairs.iter().enumerate() {
                reregister(&mut poller, here, id, Interests::BOTH, PollOption::Oneshot);
            }
        }
        // And only what is so.
        for (id, (here, _)) in pairs.iter().enumerate() {
            drain(here);
            reregister(&mut poller, here, id, Interests::BOTH, PollOption::Oneshot);
        }
        let seen = poll_all::<N>(&mut poller, 1000);
        assert_eq!(seen.len(), count);
        assert!(seen.values().all(|events| events[..] == [Ready::WRITABLE]), "N = {N}: {seen:?}");
    }
}

#[test]
fn a_oneshot_event_has_both_directions_whatever_the_room() {
    for_each_size!(oneshot_reports_both_directions of 1 2 3 7 64);
}

#[test]
fn user_events_that_leave_little_room_cost_no_direction() {
    let mut poller = Poller::new().unwrap();
    let _pairs = sources(&mut poller, 4, PollOption::Oneshot);
    let mut events = Events::<3>::sized();
    let mut seen = BTreeMap::new();
    for _ in 0..200 {
        while poller.notify(EventedId(99), Ready::READABLE).is_ok() {}
        poller.poll(&mut events, Some(Duration::ZERO)).unwrap();
        for event in (&mut events).into_iter().filter(|event| event.id() != EventedId(99)) {
            seen.entry(event.id().0).or_insert_with(Vec::new).push(event.readiness());
        }
    }
    assert_eq!(seen.len(), 4);
    assert!(seen.values().all(|events| events[..] == [BOTH]), "{seen:?}");
}

fn edges_are_all_reported<const N: usize>() {
    for count in [1, 2, 3, 5, 30] {
        let mut poller = Poller::new().unwrap();
        let _pairs = sources(&mut poller, count, PollOption::Edge);
        let seen = poll_all::<N>(&mut poller, 1000);
        assert_eq!(seen.len(), count, "N = {N}");
        let all = |events: &Vec<Ready>| events.iter().fold(Ready::empty(), |all, &one| all | one);
        assert!(seen.values().all(|events| all(events) == BOTH), "N = {N}: {seen:?}");
    }
}

#[test]
fn an_edge_is_reported_in_both_directions_whatever_the_room() {
    for_each_size!(edges_are_all_reported of 1 3 7);
}

/// Full is what the kernel has filled, however many events have become of it.
#[test]
fn a_batch_is_full_if_more_may_wait() {
    let mut poller = Poller::new().unwrap();
    let _pairs = sources(&mut poller, 10, PollOption::Edge);
    let mut events = Events::<4>::sized();
    let (mut ids, mut polls) = (Vec::new(), 0);
    loop {
        poller.poll(&mut events, Some(Duration::ZERO)).unwrap();
        ids.extend((&mut events).into_iter().map(|event| event.id().0));
        polls += 1;
        // A queue that returns less than is ready says nothing by it.
        let more = events.is_full() || (is_spurious_fine() && polls < 100);
        if !more {
            break;
        }
    }
    ids.sort_unstable();
    ids.dedup();
    assert!(ids.into_iter().eq(0..10));
    // With room to spare it is not.
    let mut events = Events::<64>::sized();
    let mut poller = Poller::new().unwrap();
    let _pairs = sources(&mut poller, 10, PollOption::Level);
    poller.poll(&mut events, None).unwrap();
    assert!(!events.is_full() && !events.is_empty());
    (&mut events).into_iter().for_each(drop);
    assert!(!events.is_full());
}
