//! The work, by the library.

use core::time::Duration;
use std::hint::black_box;

use mio_st::event::{EventedId, Events, Interests};
use mio_st::poll::{PollOption, Poller};
use mio_st::slab::Slab;
use mio_st::socket::{TcpListener, TcpStream};
use mio_st::time::Instant;
use mio_st::timer::DeadlineKey;
use mio_st::unix::{EventedFd, RawFd};

use crate::work::{self, ROUNDS};

/// For all deadlines that are not to come.
const HOUR: Duration = Duration::from_secs(3_600);

type LargePoller = Poller<0, 10_000>;

fn watch<const U: usize, const T: usize>(poller: &mut Poller<U, T>, fds: &[RawFd]) {
    for (id, fd) in fds.iter().enumerate() {
        let (id, interests) = (EventedId(id), Interests::READABLE);
        poller.register(&mut EventedFd(fd), id, interests, PollOption::Level).unwrap();
    }
}

/// Polls that find `count` ready of 256.
pub fn ready(count: usize) -> usize {
    let (mut poller, mut events) = (Poller::new().unwrap(), Events::new());
    watch(&mut poller, &work::eventfds(count));
    measured_work_ready(&mut poller, &mut events);
    ROUNDS
}

#[inline(never)]
fn measured_work_ready(poller: &mut Poller, events: &mut Events) {
    for _ in 0..ROUNDS {
        poller.poll(events, None).unwrap();
        let mut sum = 0;
        for event in &mut *events {
            if event.readiness().is_readable() {
                sum += event.id().0;
            }
            if event.readiness().is_writable() {
                sum ^= event.id().0;
            }
        }
        black_box(sum);
    }
}

/// Polls that find nothing and do not wait.
pub fn idle() -> usize {
    let mut poller = Poller::new().unwrap();
    watch(&mut poller, &work::eventfds(0));
    measured_work_idle(&mut poller, &mut Events::new());
    ROUNDS
}

/// The same, with deadlines pending.
pub fn idle_with_deadlines(count: usize) -> usize {
    let mut memory = Box::new_uninit();
    let poller = LargePoller::init_in(&mut memory).unwrap();
    watch(poller, &work::eventfds(0));
    add_deadlines(poller, count);
    measured_work_idle(poller, &mut Events::new());
    ROUNDS
}

#[inline(never)]
fn measured_work_idle<const U: usize, const T: usize>(
    poller: &mut Poller<U, T>,
    events: &mut Events,
) {
    for _ in 0..ROUNDS {
        poller.poll(events, Some(Duration::ZERO)).unwrap();
        for event in &mut *events {
            black_box(event.id());
        }
    }
}

fn add_deadlines(poller: &mut LargePoller, count: usize) -> Vec<DeadlineKey> {
    (0..count).map(|id| poller.add_timeout(EventedId(id), HOUR).unwrap()).collect()
}

/// One deadline after the other is pushed back, and a poll follows, as in a server that hears from its
/// clients in turn.
pub fn push_back(count: usize) -> usize {
    let mut memory = Box::new_uninit();
    let poller = LargePoller::init_in(&mut memory).unwrap();
    watch(poller, &work::eventfds(1));
    let keys = add_deadlines(poller, count);
    measured_work_push_back(poller, &mut Events::new(), &keys);
    ROUNDS
}

#[inline(never)]
fn measured_work_push_back(poller: &mut LargePoller, events: &mut Events, keys: &[DeadlineKey]) {
    let mut later = Instant::now() + HOUR * 2;
    for key in keys.iter().cycle().take(ROUNDS) {
        later += Duration::from_nanos(1_000);
        poller.update_deadline(*key, later).unwrap();
        poller.poll(events, None).unwrap();
        for event in &mut *events {
            black_box(event.id());
        }
    }
}

/// An echo over `count` connections, of which each has a byte at each poll.
pub fn echo(count: usize) -> usize {
    let (mut poller, mut events) = (Poller::new().unwrap(), Events::new());
    let (clients, servers) = work::connections(count);
    watch(&mut poller, &servers);
    for _ in 0..ROUNDS {
        work::send_all(&clients);
        measured_work_echo(&mut poller, &mut events, &servers);
        work::receive_all(&clients);
    }
    ROUNDS * count
}

#[inline(never)]
fn measured_work_echo(poller: &mut Poller, events: &mut Events, servers: &[RawFd]) {
    poller.poll(events, None).unwrap();
    for event in &mut *events {
        if event.readiness().is_readable() {
            work::echo_one(servers[event.id().0]);
        }
    }
}

type Connections = Slab<TcpStream, 64>;

const LISTENER: EventedId = EventedId(usize::MAX);

/// Connections of one request each, `count` at a time, which the server closes. `FIRST`: each is read from
/// before it is registered.
pub fn connections<const FIRST: bool>(count: usize) -> usize {
    let (mut poller, mut events) = (Poller::new().unwrap(), Events::new());
    let mut listener = TcpListener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    poller.register(&mut listener, LISTENER, TcpListener::INTERESTS, PollOption::Level).unwrap();
    let mut connections = Connections::new();
    for _ in 0..ROUNDS / 4 {
        let clients = work::clients(address, count);
        measured_work_connections::<FIRST>(
            &mut poller,
            &mut events,
            &listener,
            &mut connections,
            count,
        );
        work::receive_answers(clients);
    }
    ROUNDS / 4 * count
}

#[inline(never)]
fn measured_work_connections<const FIRST: bool>(
    poller: &mut Poller,
    events: &mut Events,
    listener: &TcpListener,
    connections: &mut Connections,
    mut left: usize,
) {
    while left > 0 {
        poller.poll(events, None).unwrap();
        for event in &mut *events {
            if event.id() == LISTENER {
                for _ in 0..work::ACCEPTS {
                    let Ok((mut stream, _)) = listener.accept() else { break };
                    if FIRST && answer(&stream) {
                        left -= 1;
                        continue;
                    }
                    let entry = connections.vacant_entry().unwrap();
                    let id = entry.key().into();
                    poller
                        .register(&mut stream, id, Interests::READABLE, PollOption::Edge)
                        .unwrap();
                    entry.insert(stream);
                }
            } else if let Some(stream) = connections.get(event.id())
                && answer(stream)
            {
                connections.remove(event.id());
                left -= 1;
            }
        }
    }
}

/// Returns whether the connection is to be closed.
#[inline(always)]
fn answer(stream: &TcpStream) -> bool {
    let mut buffer = [0; 64];
    match stream.read(&mut buffer) {
        Ok(length) => {
            let _ = stream.write(&buffer[..length]);
            true
        }
        Err(error) => !error.is_would_block(),
    }
}
