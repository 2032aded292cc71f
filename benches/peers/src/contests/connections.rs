//! Connections that come, send one request, get one answer and are closed by the server, as HTTP without
//! keep-alive has them. All have come and sent when the server's turn begins.
//!
//! Two ways: each connection is registered and answered at its event; or it is read from first, and registered
//! only if its request has not come. At each event of the listener a server accepts up to [`ACCEPTS`].

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

use mio_st::event::{EventedId, Interests};
use mio_st::poll::PollOption;
use mio_st::slab::Slab;
use mio_st::socket;

use super::of_selectors;
use crate::measure::{Contest, Run, Sample, measure, scaled};
use crate::selectors::{MioSt, Mode, Selector};
use crate::sys;

const CONNECTIONS: usize = scaled(160);
const ACCEPTS: usize = 16;

pub fn contests() -> Vec<Contest> {
    let mut contests = Vec::new();
    for at_once in [1, 32] {
        for first in [false, true] {
            let how = if first { ", read first" } else { "" };
            let name = format!("one request each, {at_once} at a time{how}");
            let contest = Contest::new("connections", name);
            let contest = of_selectors!(contest, rounds(at_once, first));
            contests.push(contest.with("mio-st, Slab", move || with_slab(at_once, first)));
        }
    }
    contests
}

/// Connects `at_once` clients, again and again, and measures how they are served.
fn batches(port: u16, at_once: usize, mut serve: impl FnMut(usize) + 'static) -> Run {
    Box::new(move || {
        let mut all = Sample::default();
        for _ in 0..(CONNECTIONS / at_once).max(1) {
            let clients: Vec<_> = (0..at_once).map(|_| connect(port)).collect();
            let sample = measure(at_once, || serve(at_once));
            clients.into_iter().for_each(check_answer);
            all.ops += sample.ops;
            all.nanos += sample.nanos;
            all.allocations += sample.allocations;
        }
        all
    })
}

fn connect(port: u16) -> TcpStream {
    let mut client = TcpStream::connect(("127.0.0.1", port)).unwrap();
    client.write_all(b"request").unwrap();
    client
}

fn check_answer(mut client: TcpStream) {
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).unwrap();
    assert_eq!(answer, b"request");
}

fn rounds<S: Selector>(at_once: usize, first: bool) -> Run {
    let (listener, port) = sys::listen();
    let (mut selector, mut events) = (S::new(), S::events());
    let fd = listener.as_raw_fd();
    selector.register(fd, fd as usize, Mode::Level);
    batches(port, at_once, move |count| {
        serve(&mut selector, &mut events, &listener, count, first);
    })
}

/// A connection is known by its descriptor alone.
fn serve<S: Selector>(
    selector: &mut S,
    events: &mut S::Events,
    listener: &OwnedFd,
    mut left: usize,
    first: bool,
) {
    let listener = listener.as_raw_fd();
    while left > 0 {
        selector.poll(events, None);
        S::readable(events, |id| {
            if id as RawFd != listener {
                if answer(id as RawFd) {
                    selector.close(id as RawFd);
                    left -= 1;
                }
                return;
            }
            for _ in 0..ACCEPTS {
                let fd = sys::accept(listener);
                if fd < 0 {
                    break;
                }
                if first && answer(fd) {
                    sys::close(fd);
                    left -= 1;
                } else {
                    selector.register(fd, fd as usize, Mode::Edge);
                }
            }
        });
    }
}

/// Returns whether it was answered, or cannot be.
#[inline(always)]
fn answer(fd: RawFd) -> bool {
    let mut buffer = [0; 64];
    match sys::receive(fd, &mut buffer) {
        -1 => std::io::Error::last_os_error().kind() != std::io::ErrorKind::WouldBlock,
        length => {
            sys::send(fd, &buffer[..length as usize]);
            true
        }
    }
}

/// As users write it, with the addresses of the clients, and the sockets in a `Slab`.
fn with_slab(at_once: usize, first: bool) -> Run {
    const LISTENER: EventedId = EventedId(0);
    let any = "127.0.0.1:0".parse().unwrap();
    let mut listener = socket::TcpListener::bind(any).unwrap();
    let port = listener.local_addr().unwrap().port();
    let (mut selector, mut events) = (MioSt::new(), MioSt::events());
    let interests = socket::TcpListener::INTERESTS;
    selector.poller.register(&mut listener, LISTENER, interests, PollOption::Level).unwrap();
    let mut connections = Slab::<socket::TcpStream, 64>::new();
    batches(port, at_once, move |mut left| {
        let poller = &mut selector.poller;
        while left > 0 {
            poller.poll(&mut events, None).unwrap();
            for event in &mut events {
                if event.id() == LISTENER {
                    for _ in 0..ACCEPTS {
                        let Ok((mut stream, _)) = listener.accept() else { break };
                        if first && answer_stream(&stream) {
                            left -= 1;
                            continue;
                        }
                        let entry = connections.vacant_entry().unwrap();
                        let (id, interests) = (entry.key().into(), Interests::READABLE);
                        poller.register(&mut stream, id, interests, PollOption::Edge).unwrap();
                        entry.insert(stream);
                    }
                } else if let Some(stream) = connections.get(event.id())
                    && answer_stream(stream)
                {
                    connections.remove(event.id());
                    left -= 1;
                }
            }
        }
    })
}

#[inline(always)]
fn answer_stream(stream: &socket::TcpStream) -> bool {
    let mut buffer = [0; 64];
    match stream.read(&mut buffer) {
        Ok(length) => {
            let _ = stream.write(&buffer[..length]);
            true
        }
        Err(error) => !error.is_would_block(),
    }
}
