//! A tuned set-up: 16 user events, 8 deadlines, 32 events a batch, 8 connections, and all of it in
//! `static`s. It serves eight clients that are pipes, and ends by itself.
//!
//! The sizes are chosen once, as constants of types; what does not fit is an error (`Full`), and
//! what could never work does not compile. What each constant costs, in bytes, on x86-64 Linux:
//!
//! | type | N = 0 | 1 | 8 | 64 | 512 | 10,000 | 1,000,000 |
//! |---|---|---|---|---|---|---|---|
//! | `Poller<N, 0>` | 320 | 320 | 768 | 3,904 | 28,992 | 560,320 | 56,000,320 |
//! | `Poller<0, N>` | 320 | 448 | 576 | 2,368 | 16,704 | 320,320 | 32,000,320 |
//! | `Poller<N, N>` | 320 | 448 | 1,024 | 5,952 | 45,376 | 880,320 | 88,000,320 |
//! | `ReadyQueue<N>` | 56 | 112 | 504 | 3,640 | 28,728 | 560,056 | 56,000,056 |
//! | `TimerWheel<N>` | 128 | 256 | 384 | 2,176 | 16,512 | 320,128 | 32,000,128 |
//! | `Events<N>` | - | 32 | 112 | 784 | 6,160 | 120,016 | 12,000,016 |
//! | `Slab<u64, N>` | 16 | 32 | 144 | 1,040 | 8,208 | 160,016 | 16,000,016 |
//! | `Slab<[u8; 1000], N>` | 12 | 1,020 | 8,076 | 64,524 | 516,108 | 10,080,012 | 1,008,000,012 |
//!
//! * `USER`, the first constant of `Poller`, and `ReadyQueue<N>`: user events and sources at once.
//! * `TIMERS`, the second, and `TimerWheel<N>`: deadlines at once; an interval counts as two.
//! * `Events<N>`: how many events one poll can bring. Many save system calls; few keep a batch
//!   fresh.
//! * `Slab<T, N>`: values at once, each with 8 bytes beside it, rounded up to its alignment.
//!
//! `Poller::new()` is a `Poller<512, 512>`. All-zero is how everything begins, so none of it is in
//! the program's file (`.bss`), and a page of it that is never used is never there. Where it is
//! made matters too: `init_in` and constants make it in place, and a large one never passes over
//! the stack.

mod common;

use core::time::Duration;
use std::process::ExitCode;

use mio_st::event::{EventedId, Events, Ready};
use mio_st::poll::PollOption;
use mio_st::slab::Slab;
use mio_st::unix::{Receiver, Sender, new_pipe};
use mio_st::{Error, Result};
use static_cell::{ConstStaticCell, StaticCell};

use self::common::Log;

const USAGE: &str = "\
usage: tuned

Serves eight clients that are pipes, with memory of chosen sizes, prints how much, and ends.";

const CONNECTIONS: usize = 8;

type Poller = mio_st::Poller<16, CONNECTIONS>;
type Connections = Slab<Receiver, CONNECTIONS>;

// A poller has a descriptor, so a constant cannot make it; and it stays on its thread, as handles
// do.
static POLLER: StaticCell<Poller> = StaticCell::new();
static CONNECTIONS_HERE: StaticCell<Connections> = StaticCell::new();
// This one is a constant: there is nothing to make.
static EVENTS: ConstStaticCell<Events<32>> = ConstStaticCell::new(Events::sized());

/// Below `CONNECTIONS` keys of the slab never are: such ids are free for constants.
const HELLO: EventedId = EventedId(0);

fn main() -> ExitCode {
    common::run(USAGE, |arguments| {
        arguments.end()?;
        Ok(serve()?)
    })
}

fn serve() -> Result<()> {
    let mut log = Log::new();
    let poller = Poller::init_in(POLLER.uninit())?;
    let connections = Connections::init_in(CONNECTIONS_HERE.uninit());
    let events = EVENTS.take();

    let mut clients: [Option<Sender>; CONNECTIONS] = Default::default();
    for client in &mut clients {
        let (sender, receiver) = new_pipe()?;
        let entry = connections.vacant_entry()?;
        let id = entry.key().into();
        poller.register(entry.insert(receiver), id, Receiver::INTERESTS, PollOption::Level)?;
        // Each has one deadline, so that there are as many as connections, exactly.
        poller.add_timeout(id, Duration::from_secs(60))?;
        sender.try_write(b"hello")?;
        *client = Some(sender);
    }
    poller.notify(HELLO, Ready::USER_0)?;
    // What is full says so, and all that was there goes on.
    assert_eq!(poller.add_timeout(HELLO, Duration::ZERO), Err(Error::Full));
    assert_eq!(connections.vacant_entry().err(), Some(Error::Full));

    let mut bytes = 0;
    while !connections.is_empty() {
        poller.poll(events, None)?;
        for event in &mut *events {
            let Some(receiver) = connections.get_mut(event.id()) else {
                log.line(format_args!("a user event: {}", event.readiness()));
                continue;
            };
            match receiver.try_read(&mut [0; 64]) {
                Ok(0) => {
                    poller.remove_deadline(event.id());
                    connections.remove(event.id());
                }
                Ok(length) => {
                    bytes += length;
                    clients.iter_mut().find(|client| client.is_some()).map(Option::take);
                }
                // An event does not prove that there is something to read.
                Err(error) if error.is_would_block() => {}
                Err(error) => return Err(error),
            }
        }
    }
    log.line(format_args!("{CONNECTIONS} connections, {bytes} bytes"));
    let size = size_of::<(Poller, Connections, Events<32>)>();
    log.line(format_args!("in static memory: {size} bytes"));
    Ok(())
}
