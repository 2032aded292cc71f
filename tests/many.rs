//! Many connections and little room: the clients are a process of their own, and a batch has room for 8.
#![cfg(feature = "std")]

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use mio_st::event::{EventedId, Events, Interests};
use mio_st::net::{TcpListener, TcpStream};
use mio_st::poll::{PollOption, Poller};

use self::support::*;

const NAME: &str = "every_connection_is_heard_in_turn";
const ADDRESS: &str = "MIO_ST_TEST_ADDRESS";
const ROOM: usize = 8;
const LISTENER: EventedId = EventedId(usize::MAX);

/// As many as asked for, or as the limit allows.
fn how_many() -> usize {
    const WANTED: usize = 5_000;
    let (soft, _hard) = fd_limits();
    let many = WANTED.min(soft.saturating_sub(64));
    if many < WANTED {
        eprintln!("only {many} connections and not {WANTED}: so many descriptors are allowed");
    }
    many
}

/// The clients: connect, and at each line of `stdin` send one byte on every connection, twice the same way
/// round and then the other, and say when that is done.
fn clients() {
    let address = std::env::var(ADDRESS).unwrap();
    let mut streams: Vec<_> = (1..=how_many())
        .map(|n| {
            let mut stream = net::TcpStream::connect(&address).unwrap();
            // Leaves no TIME_WAIT behind.
            reset_on_close(&stream);
            // So few may wait to be accepted that who comes too fast is sent away for a second.
            if n % 64 == 0 {
                stream.read_exact(&mut [0]).unwrap();
            }
            stream
        })
        .collect();
    for _line in std::io::stdin().lock().lines() {
        streams.iter_mut().for_each(|stream| stream.write_all(b"x").unwrap());
        streams.reverse();
        println!("sent");
    }
}

struct Clients {
    process: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Clients {
    fn start(address: &str) -> Clients {
        let mut process = myself(NAME)
            .env(ADDRESS, address)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (stdin, stdout) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        Clients { process, stdin, stdout: BufReader::new(stdout) }
    }

    fn begin_to_send(&mut self) {
        self.stdin.write_all(b"send\n").unwrap();
    }

    fn wait_until_sent(&mut self) {
        // libtest writes lines of its own.
        let mut line = String::new();
        while !line.ends_with("sent\n") {
            line.clear();
            assert_ne!(self.stdout.read_line(&mut line).unwrap(), 0, "the clients have gone");
        }
    }

    fn end(mut self) {
        drop(self.stdin);
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        assert!(self.process.wait().unwrap().success(), "{rest}");
    }
}

/// Accepts until there are `many`, watching each; the listener's events share the batches with theirs.
fn accept(poller: &mut Poller, listener: &TcpListener, many: usize) -> Vec<TcpStream> {
    let mut events = Events::<ROOM>::sized();
    let mut streams = Vec::with_capacity(many);
    while streams.len() < many {
        poller.poll(&mut events, Some(PATIENCE)).unwrap();
        assert!(!events.is_empty(), "only {} of {many} have come", streams.len());
        for event in &mut events {
            assert_eq!(event.id(), LISTENER);
            while let Ok((mut stream, _)) = listener.accept() {
                let id = EventedId(streams.len());
                poller.register(&mut stream, id, Interests::READABLE, PollOption::Edge).unwrap();
                stream.write_all(b"!").unwrap();
                streams.push(stream);
            }
        }
    }
    streams
}

/// Whether it took as few polls as there can be.
fn are_enough(polls: usize, fewest: usize) -> bool {
    polls == fewest || reports_in_parts() && polls > fewest
}

/// Polls until `wanted` events have come, and counts those of each id, and the polls.
fn count(poller: &mut Poller, many: usize, wanted: usize) -> (Vec<usize>, usize) {
    let mut events = Events::<ROOM>::sized();
    let (mut times, mut sum, mut polls) = (vec![0; many], 0, 0);
    while sum < wanted {
        poller.poll(&mut events, Some(PATIENCE)).unwrap();
        assert!(!events.is_empty(), "only {sum} of {wanted} have come");
        polls += 1;
        for event in &mut events {
            assert!(event.readiness().is_readable() && !event.readiness().is_error());
            times[event.id().0] += 1;
            sum += 1;
        }
    }
    (times, polls)
}

fn reregister(poller: &mut Poller, streams: &mut [TcpStream], opt: PollOption) {
    for (id, stream) in streams.iter_mut().enumerate() {
        poller.reregister(stream, EventedId(id), Interests::READABLE, opt).unwrap();
    }
}

fn read_all(streams: &mut [TcpStream], bytes: usize) {
    let mut buffer = [0; 16];
    for stream in streams {
        assert_eq!(stream.read(&mut buffer).unwrap(), bytes);
    }
}

#[test]
fn every_connection_is_heard_in_turn() {
    if is_child(NAME) {
        return clients();
    }
    let mut poller = Poller::new().unwrap();
    let mut listener = TcpListener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    poller.register(&mut listener, LISTENER, TcpListener::INTERESTS, PollOption::Edge).unwrap();
    let mut clients = Clients::start(&listener.local_addr().unwrap().to_string());
    let many = how_many();
    let mut streams = accept(&mut poller, &listener, many);
    let polls_for_all = many.div_ceil(ROOM);

    // While they are sending: each once, though nothing is read.
    clients.begin_to_send();
    let (times, polls) = count(&mut poller, many, many);
    assert!(times.iter().all(|&times| times == 1), "under edge, one was heard twice");
    assert!((polls_for_all..=many).contains(&polls));
    clients.wait_until_sent();
    assert_silent(&mut poller);

    // When all have sent: each once, in as few polls as there can be.
    clients.begin_to_send();
    clients.wait_until_sent();
    let (times, polls) = count(&mut poller, many, many);
    assert!(times.iter().all(|&times| times == 1), "under edge, one was heard twice");
    assert!(are_enough(polls, polls_for_all));
    assert_silent(&mut poller);
    read_all(&mut streams, 2);

    // Level, all ready all the time: none is heard more often than another.
    clients.begin_to_send();
    clients.wait_until_sent();
    reregister(&mut poller, &mut streams, PollOption::Level);
    for _round in 0..2 {
        let (times, polls) = count(&mut poller, many, many / ROOM * ROOM);
        assert!(are_enough(polls, many / ROOM));
        // Where the room does not divide them, some wait for the next round.
        assert!(times.iter().all(|&times| times == 1) || !many.is_multiple_of(ROOM));
        assert!(times.iter().filter(|&&times| times == 0).count() < ROOM);
    }

    // Oneshot: each once, and then none, until it is armed again.
    reregister(&mut poller, &mut streams, PollOption::Oneshot);
    for _round in 0..2 {
        let (times, polls) = count(&mut poller, many, many);
        assert!(times.iter().all(|&times| times == 1), "a oneshot source was heard twice");
        assert!(are_enough(polls, polls_for_all));
        assert_silent(&mut poller);
        reregister(&mut poller, &mut streams, PollOption::Oneshot);
    }

    // All reset: the end is heard of each, once.
    reregister(&mut poller, &mut streams, PollOption::Edge);
    read_all(&mut streams, 1);
    count_ends(&mut poller, clients, many);
}

/// Waits for the resets.
fn count_ends(poller: &mut Poller, clients: Clients, many: usize) {
    clients.end();
    let mut events = Events::<ROOM>::sized();
    let mut ends = vec![0; many];
    let mut sum = 0;
    while sum < many {
        poller.poll(&mut events, Some(PATIENCE)).unwrap();
        assert!(!events.is_empty(), "only {sum} of {many} have ended");
        for event in &mut events {
            if event.readiness().is_hup() {
                ends[event.id().0] += 1;
                sum += 1;
            }
        }
    }
    assert!(ends.iter().all(|&times| times == 1));
    assert_silent(poller);
}
