//! How often a source reports: edge, level and oneshot.

use core::time::Duration;
use std::io::{Read, Write};
use std::os::fd::AsRawFd;

use mio_st::Error;
use mio_st::event::{EventedId, Events, Interests, Ready};
use mio_st::poll::{PollOption, Poller};
use mio_st::unix::EventedFd;

use self::PollOption::{Edge, Level, Oneshot};
use self::Step::{Drain, MoreData, Reregister};
use crate::support::*;

const OPTIONS: [PollOption; 3] = [Edge, Level, Oneshot];

/// What is done after a first event, before the next poll.
#[derive(Copy, Clone, Debug)]
enum Step {
    Drain,
    MoreData,
    Reregister,
}

/// After the first event and these steps, does the next poll bring another?
const TABLE: [(PollOption, &[Step], bool); 18] = [
    (Edge, &[], false),
    (Edge, &[Drain], false),
    (Edge, &[Reregister], true),
    (Edge, &[Drain, Reregister], false),
    (Edge, &[MoreData], true),
    (Edge, &[Drain, MoreData], true),
    (Level, &[], true),
    (Level, &[Drain], false),
    (Level, &[Reregister], true),
    (Level, &[Drain, Reregister], false),
    (Level, &[MoreData], true),
    (Level, &[Drain, MoreData], true),
    (Oneshot, &[], false),
    (Oneshot, &[Drain], false),
    (Oneshot, &[Reregister], true),
    (Oneshot, &[Drain, Reregister], false),
    (Oneshot, &[MoreData], false),
    (Oneshot, &[Drain, MoreData, Reregister], true),
];

fn follow_the_table<R: Read + AsRawFd, W: Write>(pair: fn() -> (R, W)) {
    for (opt, steps, again) in TABLE {
        let mut poller = Poller::new().unwrap();
        let (mut reader, mut writer) = pair();
        register(&mut poller, &reader, 3, Interests::READABLE, opt);
        assert_silent(&mut poller);
        writer.write_all(b"first").unwrap();
        assert_eq!(poll(&mut poller), [(3, Ready::READABLE)]);

        for step in steps {
            match step {
                Drain => assert!(drain(&mut reader) > 0),
                MoreData => writer.write_all(b"more").unwrap(),
                Reregister => reregister(&mut poller, &reader, 3, Interests::READABLE, opt),
            }
        }
        let timeout = if again { PATIENCE } else { A_WHILE };
        let seen = poll_for(&mut poller, timeout);
        let expected: &[_] = if again { &[(3, Ready::READABLE)] } else { &[] };
        assert_eq!(seen, expected, "{opt:?} and then {steps:?}");
    }
}

#[test]
fn a_pipe_follows_the_table() {
    follow_the_table(pipe);
}

#[test]
fn a_unix_stream_follows_the_table() {
    follow_the_table(unix_pair);
}

#[test]
fn a_tcp_stream_follows_the_table() {
    follow_the_table(tcp_pair);
}

#[test]
fn level_repeats_for_as_long_as_it_is_true() {
    let mut poller = Poller::new().unwrap();
    let (reader, mut writer) = pipe();
    register(&mut poller, &reader, 1, Interests::READABLE, Level);
    writer.write_all(b"1234").unwrap();
    for _ in 0..4 {
        assert_eq!(poll(&mut poller), [(1, Ready::READABLE)]);
        (&reader).read_exact(&mut [0]).unwrap();
    }
    assert_silent(&mut poller);
}

#[test]
fn edge_reports_room_again_after_a_write_that_found_none() {
    let mut poller = Poller::new().unwrap();
    let (one, other) = unix_pair();
    register(&mut poller, &one, 1, Interests::WRITABLE, Edge);
    assert_eq!(poll(&mut poller), [(1, Ready::WRITABLE)]);
    assert_silent(&mut poller);
    fill(&one);
    assert_silent(&mut poller);
    drain(&other);
    assert_eq!(poll(&mut poller), [(1, Ready::WRITABLE)]);
}

#[test]
fn oneshot_silences_the_whole_source_which_stays_registered() {
    let mut poller = Poller::new().unwrap();
    let (one, mut other) = unix_pair();
    fill(&one);
    register(&mut poller, &one, 1, Interests::BOTH, Oneshot);
    other.write_all(b"x").unwrap();
    assert_eq!(poll(&mut poller), [(1, Ready::READABLE)]);

    // The other direction is silent too, and so is the end.
    drain(&other);
    assert_silent(&mut poller);
    drop(other);
    assert_silent(&mut poller);

    // On kqueue it would replace: a plain number has no memory.
    if !KQUEUE {
        let fd = one.as_raw_fd();
        let twice = try_register(&mut poller, fd, 2, Interests::BOTH, Oneshot);
        assert_eq!(twice, Err(Error::AlreadyExists));
    }
    // What came meanwhile shows once it is armed again.
    reregister(&mut poller, &one, 5, Interests::BOTH, Oneshot);
    let seen = poll(&mut poller);
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].0, 5);
    assert!(seen[0].1.is_hup() && seen[0].1.is_readable() && seen[0].1.is_writable());
    deregister(&mut poller, &one).unwrap();
    assert_eq!(deregister(&mut poller, &one), Err(Error::NotFound));
}

#[test]
fn reregister_changes_id_interests_and_option() {
    for from in OPTIONS {
        for to in OPTIONS {
            let mut poller = Poller::new().unwrap();
            let (one, mut other) = unix_pair();
            register(&mut poller, &one, 1, Interests::WRITABLE, from);
            assert_eq!(poll(&mut poller), [(1, Ready::WRITABLE)]);
            reregister(&mut poller, &one, 2, Interests::READABLE, to);
            assert_silent(&mut poller);
            other.write_all(b"x").unwrap();
            assert_eq!(poll(&mut poller), [(2, Ready::READABLE)]);
            let repeats = !poll_for(&mut poller, A_WHILE).is_empty();
            assert_eq!(repeats, to == Level, "{from:?} -> {to:?}");
        }
    }
}

#[test]
fn deregister_takes_back_what_has_not_been_told_yet() {
    for opt in OPTIONS {
        let mut poller = Poller::new().unwrap();
        let (reader, mut writer) = pipe();
        register(&mut poller, &reader, 1, Interests::READABLE, opt);
        writer.write_all(b"x").unwrap();
        deregister(&mut poller, &reader).unwrap();
        assert_silent(&mut poller);
        register(&mut poller, &reader, 2, Interests::READABLE, opt);
        assert_eq!(poll(&mut poller), [(2, Ready::READABLE)]);
    }
}

#[test]
fn both_directions_come_as_one_event() {
    let mut poller = Poller::new().unwrap();
    let (one, mut other) = unix_pair();
    other.write_all(b"x").unwrap();
    register(&mut poller, &one, 9, Interests::BOTH, Level);
    assert_eq!(poll(&mut poller), [(9, Ready::READABLE | Ready::WRITABLE)]);
}

#[test]
fn what_an_early_break_leaves_is_cleared_by_the_next_poll() {
    let mut poller = Poller::new().unwrap();
    let pairs = [pipe(), pipe(), pipe()];
    for (id, (reader, writer)) in pairs.iter().enumerate() {
        register(&mut poller, reader, id, Interests::READABLE, Edge);
        (&*writer).write_all(b"x").unwrap();
    }
    let mut events = Events::<8>::sized();
    poller.poll(&mut events, Some(PATIENCE)).unwrap();
    if reports_in_parts() {
        return;
    }
    assert_eq!(events.len(), 3);
    for event in &mut events {
        if event.readiness().is_readable() {
            break;
        }
    }
    assert_eq!(events.len(), 2);

    poller.poll(&mut events, Some(A_WHILE)).unwrap();
    assert!(events.is_empty(), "{events:?}");
    assert!((&mut events).into_iter().next().is_none());
}

#[test]
fn two_pollers_hear_of_one_source_independently() {
    let (mut first, mut second) = (Poller::new().unwrap(), Poller::new().unwrap());
    let (reader, mut writer) = pipe();
    register(&mut first, &reader, 1, Interests::READABLE, Edge);
    register(&mut second, &reader, 2, Interests::READABLE, Level);
    writer.write_all(b"x").unwrap();
    assert_eq!(poll(&mut first), [(1, Ready::READABLE)]);
    assert_silent(&mut first);
    assert_eq!(poll(&mut second), [(2, Ready::READABLE)]);

    deregister(&mut first, &reader).unwrap();
    assert_eq!(deregister(&mut first, &reader), Err(Error::NotFound));
    assert_eq!(poll(&mut second), [(2, Ready::READABLE)]);
    drop(first);
    assert_eq!(poll(&mut second), [(2, Ready::READABLE)]);
}

#[test]
fn a_small_batch_brings_everything_in_turn() {
    const SOURCES: usize = 7;
    for opt in OPTIONS {
        let mut poller = Poller::new().unwrap();
        let pipes: Vec<_> = (0..SOURCES).map(|_| pipe()).collect();
        for (id, (reader, writer)) in pipes.iter().enumerate() {
            register(&mut poller, reader, id, Interests::READABLE, opt);
            (&*writer).write_all(b"x").unwrap();
        }
        let mut events = Events::<2>::sized();
        let mut seen = [0; SOURCES];
        for poll in 1..=SOURCES.div_ceil(2) {
            poller.poll(&mut events, Some(PATIENCE)).unwrap();
            assert_eq!(events.is_full(), opt == Level || poll <= SOURCES / 2);
            for event in &mut events {
                seen[event.id().0] += 1;
            }
        }
        assert!(seen.iter().all(|&times| times > 0), "{opt:?}: {seen:?}");
        assert_eq!(seen.iter().sum::<i32>(), if opt == Level { 8 } else { 7 });
    }
}

/// What the kernel is said to do, for sources of which one end is watched for `READABLE`.
#[derive(Default)]
struct Model {
    /// The option, and what of the state has not been told yet.
    watched: Option<(PollOption, bool)>,
    unread: usize,
}

impl Model {
    fn change(&mut self) {
        if let Some((Edge, untold)) = &mut self.watched {
            *untold = true;
        }
    }

    fn watch(&mut self, opt: PollOption) {
        self.watched = Some((opt, true));
    }

    fn poll(&mut self) -> bool {
        match &mut self.watched {
            Some((opt, untold)) if *untold && self.unread > 0 => {
                *untold = *opt == Level;
                true
            }
            // An edge that is found to be over is forgotten.
            Some((Edge, untold)) => {
                *untold = false;
                false
            }
            _ => false,
        }
    }
}

#[test]
fn any_sequence_of_calls_agrees_with_the_model() {
    const SOURCES: usize = 5;
    for seed in 1..=40 {
        let mut rng = Rng::new(seed);
        let mut poller = Poller::new().unwrap();
        let pairs: Vec<_> = (0..SOURCES).map(|_| unix_pair()).collect();
        let mut models: [Model; SOURCES] = Default::default();
        for step in 0..250 {
            let id = rng.below(SOURCES as u64) as usize;
            let (model, (here, there)) = (&mut models[id], &pairs[id]);
            let (fd, opt) = (here.as_raw_fd(), rng.choose(&OPTIONS));
            let mut handle = EventedFd(&fd);
            let context = || format!("seed {seed}, step {step}, source {id}");
            match rng.below(7) {
                0 => {
                    // On kqueue a second registration replaces: a plain number has no memory.
                    let twice = model.watched.is_some() && !KQUEUE;
                    let expected = if twice { Err(Error::AlreadyExists) } else { Ok(()) };
                    let answer =
                        poller.register(&mut handle, EventedId(id), Interests::READABLE, opt);
                    assert_eq!(answer, expected, "{}", context());
                    if !twice {
                        model.watch(opt);
                    }
                }
                1 => {
                    let known = model.watched.is_some();
                    let expected = if known { Ok(()) } else { Err(Error::NotFound) };
                    let answer =
                        poller.reregister(&mut handle, EventedId(id), Interests::READABLE, opt);
                    assert_eq!(answer, expected, "{}", context());
                    if known {
                        model.watch(opt);
                    }
                }
                2 if rng.below(3) == 0 => {
                    let known = model.watched.take().is_some();
                    let expected = if known { Ok(()) } else { Err(Error::NotFound) };
                    assert_eq!(poller.deregister(&mut handle), expected, "{}", context());
                }
                2 | 3 => {
                    (&*there).write_all(b"abc").unwrap();
                    model.unread += 3;
                    model.change();
                }
                4 => assert_eq!(drain(here), core::mem::take(&mut model.unread)),
                _ => {
                    let expected: Vec<_> = models
                        .iter_mut()
                        .enumerate()
                        .filter_map(|(id, model)| model.poll().then_some((id, Ready::READABLE)))
                        .collect();
                    assert_eq!(poll_for(&mut poller, Duration::ZERO), expected, "{}", context());
                }
            }
        }
    }
}
