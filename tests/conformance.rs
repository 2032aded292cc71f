//! One meaning on every backend, as a table: a source, a mode, interests, and what is seen after each step.
//!
//! A step is `action=seen`. Seen are the accessors of `Ready` that are true, gathered until what is expected
//! has come, and then nothing else: `R` readable, `W` writable, `P` priority, `E` error, `C` read-closed, `-`
//! nothing. `HUP` and `WRITE_CLOSED` are hints that may be absent, as `C` is where `READABLE` was not asked for, and
//! are not compared. A row that differs on kqueue, or on some systems with kqueue, says how and why.
//!
//! One difference is allowed everywhere but not promised: a spurious edge, of a direction that is ready and has not
//! changed. What is known of it stands in the rows. On a queue that makes all of them (the shim's `spiteful`) or that
//! is not known, a row may show more than it says, as long as it is true: a second poller under `Level` is the
//! witness.

mod support;

use core::time::Duration;
use std::io::Write;
use std::net::{Shutdown, TcpListener, TcpStream, UdpSocket};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;

use mio_st::Error;
use mio_st::event::{EventedId, Events, Interests, Ready, SourceKey};
use mio_st::poll::{PollOption, Poller};
use mio_st::unix::{EventedFd, Waker};

use self::support::*;

type Row = (&'static str, &'static str, &'static str, &'static str, &'static [Differs]);
/// Systems (all with kqueue, if none is named), the steps there, and why they are others.
type Differs = (&'static str, &'static str, &'static str);

const HALVES: &str = "one filter is one event: the half that has not changed is not reported again";
const NO_HUP: &str = "a pipe has one direction, so its end is read-closed, and no hang-up";
const NO_ERR: &str = "the writing end is write-closed, which epoll calls an error";
const SHUT: &str = "the own shutdown wakes both directions, and the read half is reported again";
const QUIET_ERR: &str = "the filter fires for a pending error and has no bit to say so";

#[rustfmt::skip]
const TABLE: &[Row] = &[
    // A stream of bytes.
    ("tcp", "edge", "R", "send=R nothing=- send=R drain=- send=R rearm=R drain=- rearm=-", &[]),
    ("tcp", "level", "R", "send=R nothing=R drain=- send=R rearm=R drain=-", &[]),
    ("tcp", "oneshot", "R", "send=R nothing=- send=- rearm=R drain=- rearm=- send=R", &[]),
    ("tcp", "edge", "W", "start=W nothing=- send=- fill=- empty=W nothing=- rearm=W", &[]),
    ("tcp", "level", "W", "start=W nothing=W send=W fill=- empty=W", &[]),
    ("tcp", "oneshot", "W", "start=W nothing=- rearm=W fill=- empty=- rearm=W", &[]),
    ("tcp", "edge", "RW", "start=W nothing=- send=RW drain=- rearm=W",
        &[("", "start=W nothing=- send=R drain=- rearm=W", HALVES)]),
    ("tcp", "level", "RW", "start=W send=RW nothing=RW drain=W", &[]),
    ("tcp", "oneshot", "RW", "start=W nothing=- send=- rearm=RW nothing=- drain=- rearm=W", &[]),
    ("unix", "edge", "R", "send=R nothing=- send=R drain=- send=R rearm=R drain=- rearm=-", &[]),
    ("unix", "level", "R", "send=R nothing=R drain=- send=R rearm=R drain=-", &[]),
    ("unix", "oneshot", "R", "send=R nothing=- send=- rearm=R drain=- rearm=- send=R", &[]),
    ("unix", "edge", "W", "start=W nothing=- send=- fill=- empty=W nothing=- rearm=W", &[]),
    ("unix", "level", "W", "start=W nothing=W send=W fill=- empty=W", &[]),
    ("unix", "oneshot", "W", "start=W nothing=- rearm=W fill=- empty=- rearm=W", &[]),
    ("unix", "edge", "RW", "start=W nothing=- send=RW drain=- rearm=W",
        &[("", "start=W nothing=- send=R drain=- rearm=W", HALVES)]),
    ("unix", "level", "RW", "start=W send=RW nothing=RW drain=W", &[]),
    ("unix", "oneshot", "RW", "start=W nothing=- send=- rearm=RW nothing=- drain=- rearm=W", &[]),

    // The peer will send nothing more.
    ("tcp", "edge", "R", "fin=RC nothing=- drain=- rearm=RC", &[]),
    ("tcp", "level", "R", "fin=RC nothing=RC drain=RC", &[]),
    ("tcp", "oneshot", "R", "fin=RC nothing=- rearm=RC", &[]),
    ("tcp", "edge", "R", "send=R fin=RC drain=-", &[]),
    ("tcp", "level", "R", "send=R fin=RC drain=RC", &[]),
    ("tcp", "edge", "RW", "start=W fin=RWC nothing=-", &[("", "start=W fin=RC nothing=-", HALVES)]),
    ("tcp", "level", "RW", "start=W fin=RWC drain=RWC", &[]),
    ("tcp", "oneshot", "RW", "start=W fin=- rearm=RWC nothing=-", &[]),
    ("unix", "edge", "R", "fin=RC nothing=- drain=- rearm=RC", &[]),
    ("unix", "level", "R", "fin=RC nothing=RC drain=RC", &[]),
    ("unix", "oneshot", "R", "fin=RC nothing=- rearm=RC", &[]),

    // Both have shut their side down.
    ("tcp", "level", "RW", "start=W fin=RWC shut=RWC", &[]),
    ("tcp", "oneshot", "RW", "start=W fin=- shut=- rearm=RWC", &[]),
    ("tcp", "edge", "RW", "start=W fin=RWC shut=RWC",
        &[("lenient", "start=W fin=RC shut=W", HALVES), ("", "start=W fin=RC shut=RWC", SHUT)]),

    // The peer has gone with a bang.
    ("tcp", "edge", "R", "reset=RWEC nothing=-", &[]),
    ("tcp", "level", "R", "reset=RWEC", &[]),
    ("tcp", "oneshot", "R", "reset=RWEC nothing=-", &[]),
    ("tcp", "edge", "W", "start=W reset=RWE nothing=-", &[]),
    ("tcp", "edge", "RW", "start=W reset=RWEC nothing=-", &[]),
    ("tcp", "oneshot", "RW", "start=W reset=- rearm=RWEC", &[]),

    ("tcp", "edge", "P", "reset=RWE nothing=-", &[]),
    ("tcp", "level", "P", "reset=RWE nothing=RWE", &[]),
    ("tcp", "oneshot", "P", "reset=RWE nothing=- rearm=RWE", &[]),
    ("tcp", "level", "P", "shut=- send=- fin=RW nothing=RW", &[]),

    // Urgent data: only for who asks, and not as something to read.
    ("tcp", "edge", "P", "urgent=P nothing=-", &[]),
    ("tcp", "level", "P", "urgent=P nothing=P", &[]),
    ("tcp", "oneshot", "P", "urgent=P nothing=- rearm=P", &[]),
    ("tcp", "level", "RP", "urgent=P send=RP drain=-", &[]),
    ("tcp", "edge", "P", "send=- urgent=P", &[]),
    ("tcp", "edge", "P", "fin=-", &[]),

    // A pipe: one direction.
    ("receiver", "edge", "R", "send=R nothing=- send=R drain=- send=R rearm=R", &[]),
    ("receiver", "level", "R", "send=R nothing=R drain=- send=R", &[]),
    ("receiver", "oneshot", "R", "send=R nothing=- send=- rearm=R drain=- rearm=-", &[]),
    ("receiver", "edge", "R", "close=RWC nothing=-", &[("", "close=RC nothing=-", NO_HUP)]),
    ("receiver", "level", "R", "close=RWC nothing=RWC", &[("", "close=RC nothing=RC", NO_HUP)]),
    ("receiver", "oneshot", "R", "close=RWC nothing=- rearm=RWC",
        &[("", "close=RC nothing=- rearm=RC", NO_HUP)]),
    ("receiver", "level", "R", "send=R close=RWC drain=RWC",
        &[("", "send=R close=RC drain=RC", NO_HUP)]),
    ("sender", "edge", "W", "start=W nothing=- fill=- empty=W", &[]),
    ("sender", "level", "W", "start=W nothing=W fill=- empty=W", &[]),
    ("sender", "oneshot", "W", "start=W nothing=- rearm=W", &[]),
    ("sender", "edge", "W", "start=W close=RWE nothing=-",
        &[("", "start=W close=W nothing=-", NO_ERR)]),
    ("sender", "level", "W", "start=W close=RWE nothing=RWE",
        &[("", "start=W close=W nothing=W", NO_ERR)]),
    ("sender", "level", "W", "start=W fill=- close=RWE",
        &[("", "start=W fill=- close=W", NO_ERR)]),
    ("sender", "edge", "W", "start=W fill=- close=RWE nothing=- rearm=RWE",
        &[("", "start=W fill=- close=W nothing=- rearm=W", NO_ERR)]),
    ("sender", "oneshot", "W", "start=W fill=- close=- rearm=RWE nothing=-",
        &[("", "start=W fill=- close=- rearm=W nothing=-", NO_ERR)]),
    ("sender", "edge", "W", "start=W close=RWE rearm=RWE nothing=-",
        &[("", "start=W close=W rearm=W nothing=-", NO_ERR)]),
    ("sender", "level", "W", "start=W close=RWE rearm=RWE nothing=RWE",
        &[("", "start=W close=W rearm=W nothing=W", NO_ERR)]),
    ("sender", "oneshot", "W", "start=W close=- rearm=RWE nothing=- rearm=RWE",
        &[("", "start=W close=- rearm=W nothing=- rearm=W", NO_ERR)]),

    // Datagrams.
    ("udp", "edge", "R", "send=R nothing=- send=R drain=- send=R rearm=R", &[]),
    ("udp", "level", "R", "send=R nothing=R drain=- send=R", &[]),
    ("udp", "oneshot", "R", "send=R nothing=- send=- rearm=R drain=- rearm=-", &[]),
    ("udp", "edge", "W", "start=W nothing=- rearm=W", &[]),
    ("udp", "level", "W", "start=W nothing=W", &[]),
    ("udp", "oneshot", "W", "start=W nothing=- rearm=W", &[]),
    ("udp", "edge", "RW", "start=W send=RW drain=-", &[("", "start=W send=R drain=-", HALVES)]),
    ("udp", "level", "RW", "start=W send=RW drain=W", &[]),
    ("udp", "level", "R", "refuse=RWE", &[("", "refuse=R", QUIET_ERR)]),
    ("udp", "edge", "R", "refuse=RWE nothing=-", &[("", "refuse=R nothing=-", QUIET_ERR)]),

    // A listener: `send` connects, `drain` accepts.
    ("listener", "edge", "R", "send=R nothing=- send=R drain=- send=R", &[]),
    ("listener", "level", "R", "send=R nothing=R drain=- send=R", &[]),
    ("listener", "oneshot", "R", "send=R nothing=- send=- rearm=R drain=- rearm=-", &[]),

    // A waker, which is edge-triggered and nothing else: `send` wakes.
    ("waker", "edge", "R", "nothing=- send=R nothing=- send=R send=R nothing=-", &[]),
    ("waker", "edge", "R", "twice=R nothing=- twice=R nothing=-", &[]),

    // User space, where the interests decide in the same way.
    ("user", "edge", "R", "send=R nothing=- send=R drain=- send=R rearm=R drain=- rearm=-", &[]),
    ("user", "level", "R", "send=R nothing=R drain=- send=R rearm=R drain=-", &[]),
    ("user", "oneshot", "R", "send=R nothing=- send=- rearm=R drain=- rearm=- send=R", &[]),
    ("user", "level", "W", "start=- send=- empty=W nothing=W fill=-", &[]),
    ("user", "level", "RW", "empty=W send=RW drain=W fill=-", &[]),
    ("user", "oneshot", "RW", "empty=W send=- rearm=RW nothing=- drain=- rearm=W", &[]),
    ("user", "edge", "R", "fin=RC nothing=- rearm=RC", &[]),
    ("user", "edge", "P", "send=- urgent=P nothing=-", &[]),
    ("user", "edge", "R", "reset=RWE nothing=-", &[]),
    ("user", "level", "W", "reset=RWE nothing=RWE", &[]),
];

#[test]
fn the_table_is_long_enough_to_mean_something() {
    assert!(TABLE.len() >= 60, "{}", TABLE.len());
}

#[test]
fn every_row_holds() {
    let urgent = urgent();
    let mut failures = Vec::new();
    for (number, &(source, mode, interests, steps, differs)) in TABLE.iter().enumerate() {
        if !urgent && source != "user" && interests.contains('P') {
            continue; // `Unsupported`, and tested elsewhere.
        }
        let wanted = steps_here(steps, differs);
        let seen: Vec<_> = wanted.iter().map(|steps| run(source, mode, interests, steps)).collect();
        if !seen.iter().zip(&wanted).any(|(seen, wanted)| seen == wanted) {
            failures.push(format!(
                "{number}: {source} {mode} {interests}\n  wanted {}\n  saw    {}",
                wanted.join(" or "),
                seen.join(" and ")
            ));
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {} rows fail on {}:\n{}",
        failures.len(),
        TABLE.len(),
        system(),
        failures.join("\n")
    );
}

/// The steps of a row on this system; several if it is not known.
fn steps_here(steps: &'static str, differs: &'static [Differs]) -> Vec<&'static str> {
    let here = system();
    if !KQUEUE || differs.is_empty() {
        return vec![steps];
    }
    if here == "unknown" {
        return differs.iter().map(|&(_, steps, _)| steps).collect();
    }
    let named = |&&(systems, _, _): &&Differs| {
        systems.is_empty() || systems.split(' ').any(|system| system == here)
    };
    vec![differs.iter().find(named).map_or(steps, |&(_, steps, _)| steps)]
}

fn run(source: &str, mode: &str, interests: &str, steps: &str) -> String {
    let mut seen = Vec::new();
    let mut rig = Rig::new(source, mode, interests);
    for step in steps.split(' ') {
        let (action, expected) = step.split_once('=').unwrap();
        rig.act(action);
        seen.push(format!("{action}={}", rig.observe(expected)));
    }
    // Whatever has happened to it, it is still registered.
    rig.end();
    seen.join(" ")
}

/// One source in a poller, and what it takes to make something happen to it.
struct Rig {
    poller: Poller,
    interests: Interests,
    opt: PollOption,
    source: Source,
    clients: Vec<TcpStream>,
}

enum Source {
    Tcp(TcpStream, Option<TcpStream>),
    Unix(UnixStream, Option<UnixStream>),
    Receiver(std::io::PipeReader, Option<std::io::PipeWriter>),
    Sender(std::io::PipeWriter, Option<std::io::PipeReader>),
    Udp(UdpSocket, Option<UdpSocket>),
    Listener(TcpListener),
    User(SourceKey),
    Waker(Waker),
}

const ID: EventedId = EventedId(42);

impl Rig {
    fn new(source: &str, mode: &str, interests: &str) -> Rig {
        let mut poller = Poller::new().unwrap();
        let opt = match mode {
            "edge" => PollOption::Edge,
            "level" => PollOption::Level,
            "oneshot" => PollOption::Oneshot,
            _ => panic!("{mode}"),
        };
        let interests = interests
            .chars()
            .map(|letter| match letter {
                'R' => Interests::READABLE,
                'W' => Interests::WRITABLE,
                'P' => Interests::PRIORITY,
                _ => panic!("{letter}"),
            })
            .reduce(|all, one| all | one)
            .unwrap();
        let source = match source {
            "tcp" => {
                let (here, there) = tcp_pair();
                Source::Tcp(here, Some(there))
            }
            "unix" => {
                let (here, there) = unix_pair();
                Source::Unix(here, Some(there))
            }
            "receiver" => {
                let (reader, writer) = pipe();
                Source::Receiver(reader, Some(writer))
            }
            "sender" => {
                let (reader, writer) = pipe();
                Source::Sender(writer, Some(reader))
            }
            "udp" => {
                let here = UdpSocket::bind("127.0.0.1:0").unwrap();
                let there = UdpSocket::bind("127.0.0.1:0").unwrap();
                here.connect(there.local_addr().unwrap()).unwrap();
                there.connect(here.local_addr().unwrap()).unwrap();
                here.set_nonblocking(true).unwrap();
                Source::Udp(here, Some(there))
            }
            "listener" => {
                let listener = TcpListener::bind("127.0.0.1:0").unwrap();
                listener.set_nonblocking(true).unwrap();
                Source::Listener(listener)
            }
            "waker" => Source::Waker(Waker::new(poller.registry(), ID).unwrap()),
            "user" => Source::User(poller.add_source(ID, interests, opt).unwrap()),
            _ => panic!("{source}"),
        };
        let mut rig = Rig { poller, interests, opt, source, clients: Vec::new() };
        if let Some(fd) = rig.fd() {
            rig.poller.register(&mut EventedFd(&fd), ID, interests, opt).unwrap();
        }
        rig
    }

    fn fd(&self) -> Option<RawFd> {
        Some(match &self.source {
            Source::Tcp(here, _) => here.as_raw_fd(),
            Source::Unix(here, _) => here.as_raw_fd(),
            Source::Receiver(here, _) => here.as_raw_fd(),
            Source::Sender(here, _) => here.as_raw_fd(),
            Source::Udp(here, _) => here.as_raw_fd(),
            Source::Listener(here) => here.as_raw_fd(),
            Source::User(_) | Source::Waker(_) => return None,
        })
    }

    fn act(&mut self, action: &str) {
        if let Source::User(key) = self.source {
            let poller = &mut self.poller;
            match action {
                "start" | "nothing" => {}
                "send" => poller.set_ready(key, Ready::READABLE).unwrap(),
                "drain" => poller.clear_ready(key, Ready::READABLE).unwrap(),
                "empty" => poller.set_ready(key, Ready::WRITABLE).unwrap(),
                "fill" => poller.clear_ready(key, Ready::WRITABLE).unwrap(),
                "fin" => poller.set_ready(key, Ready::READABLE | Ready::READ_CLOSED).unwrap(),
                "urgent" => poller.set_ready(key, Ready::PRIORITY).unwrap(),
                "reset" => poller.set_ready(key, Ready::ERROR).unwrap(),
                "rearm" => poller.rearm(key).unwrap(),
                _ => panic!("{action}"),
            }
            return;
        }
        match (action, &mut self.source) {
            ("start" | "nothing", _) => {}
            ("rearm", _) => {
                let fd = self.fd().unwrap();
                self.poller.reregister(&mut EventedFd(&fd), ID, self.interests, self.opt).unwrap();
            }
            ("send", Source::Tcp(_, Some(there))) => there.write_all(b"x").unwrap(),
            ("send", Source::Unix(_, Some(there))) => there.write_all(b"x").unwrap(),
            ("send", Source::Receiver(_, Some(there))) => there.write_all(b"x").unwrap(),
            ("send", Source::Udp(_, Some(there))) => drop(there.send(b"x").unwrap()),
            ("send", Source::Waker(waker)) => waker.wake().unwrap(),
            ("twice", Source::Waker(waker)) => {
                waker.wake().unwrap();
                waker.wake().unwrap();
            }
            ("send", Source::Listener(listener)) => {
                self.clients.push(TcpStream::connect(listener.local_addr().unwrap()).unwrap());
            }
            ("drain", Source::Tcp(here, _)) => _ = drain(here),
            ("drain", Source::Unix(here, _)) => _ = drain(here),
            ("drain", Source::Receiver(here, _)) => _ = drain(here),
            ("drain", Source::Udp(here, _)) => while here.recv(&mut [0; 16]).is_ok() {},
            ("drain", Source::Listener(listener)) => while listener.accept().is_ok() {},
            ("fill", Source::Tcp(here, _)) => fill_for_good(here),
            ("fill", Source::Unix(here, _)) => _ = fill(here),
            ("fill", Source::Sender(here, _)) => _ = fill(here),
            ("empty", Source::Tcp(_, Some(there))) => _ = drain(there),
            ("empty", Source::Unix(_, Some(there))) => _ = drain(there),
            ("empty", Source::Sender(_, Some(there))) => _ = drain(there),
            ("fin", Source::Tcp(_, Some(there))) => there.shutdown(Shutdown::Write).unwrap(),
            ("fin", Source::Unix(_, Some(there))) => there.shutdown(Shutdown::Write).unwrap(),
            ("shut", Source::Tcp(here, _)) => here.shutdown(Shutdown::Write).unwrap(),
            ("close", Source::Receiver(_, there)) => drop(there.take()),
            ("close", Source::Sender(_, there)) => drop(there.take()),
            ("reset", Source::Tcp(_, there)) => {
                reset_on_close(there.as_ref().unwrap());
                drop(there.take());
            }
            ("urgent", Source::Tcp(_, Some(there))) => send_urgent(there),
            ("refuse", Source::Udp(here, there)) => {
                drop(there.take());
                here.send(b"x").unwrap();
            }
            _ => panic!("{action}"),
        }
    }

    fn end(&mut self) {
        if let Some(fd) = self.fd() {
            self.poller.deregister(&mut EventedFd(&fd)).unwrap();
            assert_silent(&mut self.poller);
            assert_eq!(self.poller.deregister(&mut EventedFd(&fd)), Err(Error::NotFound));
        }
    }

    /// What is true of the source now, whether or not it is news.
    fn witness(&self) -> Ready {
        let Some(fd) = self.fd() else { return Ready::empty() };
        let (mut poller, mut events) = (Poller::new().unwrap(), Events::new());
        let level = PollOption::Level;
        poller.register(&mut EventedFd(&fd), ID, self.interests, level).unwrap();
        let mut ready = Ready::empty();
        for _ in 0..4 {
            poller.poll(&mut events, Some(Duration::ZERO)).unwrap();
            ready = (&mut events).into_iter().fold(ready, |all, event| all | event.readiness());
        }
        ready
    }

    /// What is seen until all that is expected is, and then what comes besides.
    fn observe(&mut self, expected: &str) -> String {
        let mut events = Events::new();
        let mut seen = Ready::empty();
        let expected = expected.trim_matches('-');
        let mut patience = PATIENCE;
        while !expected.chars().all(|letter| self.letters(seen).contains(letter)) {
            self.poller.poll(&mut events, Some(patience)).unwrap();
            if events.is_empty() {
                break;
            }
            patience = PATIENCE / 6;
            seen = (&mut events).into_iter().fold(seen, |seen, event| seen | event.readiness());
        }
        // Under `Level` the same comes again and again, and is compared all the same.
        self.poller.poll(&mut events, Some(Duration::from_millis(2))).unwrap();
        if self.opt != PollOption::Level || expected.is_empty() {
            seen = (&mut events).into_iter().fold(seen, |seen, event| seen | event.readiness());
        }
        let mut letters = self.letters(seen);
        if is_spurious_fine() && self.opt == PollOption::Edge {
            let truth = self.letters(self.witness());
            let is_lie = |letter| !expected.contains(letter) && !truth.contains(letter);
            if !letters.contains(is_lie) {
                letters.retain(|letter| expected.contains(letter));
            }
        }
        if letters.is_empty() { "-".to_string() } else { letters }
    }

    fn letters(&self, ready: Ready) -> String {
        let closed = ready.is_read_closed() && self.interests.is_readable();
        [
            ('R', ready.is_readable()),
            ('W', ready.is_writable()),
            ('P', ready.is_priority()),
            ('E', ready.is_error()),
            ('C', closed),
        ]
        .into_iter()
        .filter_map(|(letter, is)| is.then_some(letter))
        .collect()
    }
}

/// TCP moves what is in the sender's buffer to the receiver by and by: full is when it stays full.
fn fill_for_good(stream: &TcpStream) {
    let mut in_vain = 0;
    while in_vain < 3 {
        in_vain = if fill(stream) > 0 { 0 } else { in_vain + 1 };
        std::thread::sleep(Duration::from_millis(5));
    }
}
