//! An echo service with `std` that never turns to an allocator: 10,000 connections in a `Slab`,
//! each closed when it was idle for too long, and an orderly end on `SIGTERM` or `SIGINT`. Its twin
//! without `std` is `ci/no-std/src/bin/service.rs`.
//!
//! Started with `allocate` as its last argument it proves that one allocation ends it. The
//! allocator is std's own until `main` has read the arguments; from then on, set-up included, it
//! aborts.
#![allow(unsafe_code, clippy::std_instead_of_core)]

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::io;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use mio_st::event::{Event, EventedId, Events, Interests};
use mio_st::net::{Acceptor, Incoming, TcpListener, TcpStream};
use mio_st::poll::PollOption;
use mio_st::slab::Slab;
use mio_st::time::Instant;
use mio_st::timer::DeadlineKey;
use mio_st::unix::{Signal, SignalSet, Signals, raise_descriptor_limit};
use static_cell::{ConstStaticCell, StaticCell};

use self::common::{Echo, Failure, Log, Step};

const USAGE: &str = "\
usage: service_std [ADDRESS [IDLE_MILLISECONDS [allocate]]]

Sends back what clients send, without an allocator, until SIGTERM or SIGINT. ADDRESS is like
127.0.0.1:7007 (the default) or [::1]:0. A client that is idle for longer than IDLE_MILLISECONDS
(60000) is closed. `allocate` allocates, which ends the program.";

/// How many connections it serves at once; more wait in the listener's queue.
const CONNECTIONS: usize = 10_000;
/// How much of a connection's data it keeps.
const BUFFER: usize = 256;
/// How long to leave the listener alone when all connections are taken.
const PAUSE: Duration = Duration::from_millis(20);

const ENDING: SignalSet = SignalSet::of(&[Signal::INTERRUPT, Signal::TERMINATE]);

// Ids of the slab's are never as small.
const LISTENER: EventedId = EventedId(0);
const SIGNALS: EventedId = EventedId(1);

/// No event comes from user space; each connection has a deadline, and the pause of the listener.
type Poller = mio_st::Poller<0, { CONNECTIONS + 1 }>;
type Connections = Slab<Connection, CONNECTIONS>;

static POLLER: StaticCell<Poller> = StaticCell::new();
static SLAB: StaticCell<Connections> = StaticCell::new();
static EVENTS: ConstStaticCell<Events<128>> = ConstStaticCell::new(Events::sized());

/// The system's allocator, until it is told that nothing allocates any more.
struct Aborting(AtomicBool);

#[global_allocator]
static ALLOCATOR: Aborting = Aborting(AtomicBool::new(false));

impl Aborting {
    /// Runs `body` without an allocator.
    fn without<T>(&self, body: impl FnOnce() -> T) -> T {
        self.0.store(true, Relaxed);
        let result = body();
        self.0.store(false, Relaxed);
        result
    }

    fn check(&self) {
        if self.0.load(Relaxed) {
            std::process::abort();
        }
    }
}

// SAFETY: it is the system's allocator that does it all.
unsafe impl GlobalAlloc for Aborting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.check();
        // SAFETY: the caller promises what the system's allocator wants.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        self.check();
        // SAFETY: as in `alloc`.
        unsafe { System.dealloc(memory, layout) }
    }
}

fn main() -> ExitCode {
    common::run(USAGE, |mut arguments| {
        let address = arguments.next("127.0.0.1:7007")?;
        let idle = arguments.millis("60000")?;
        let allocate = arguments.next::<String>("")?;
        arguments.end()?;
        if !["", "allocate"].contains(&allocate.as_str()) {
            return Err(Failure::usage(allocate, "not `allocate`"));
        }
        drop(io::stdout()); // Its buffer is made here.
        let result = ALLOCATOR.without(|| {
            if allocate == "allocate" {
                drop(black_box(Box::new(0)));
            }
            run(address, idle)
        });
        result.map_err(|error| Failure::at(address, error))
    })
}

fn run(address: SocketAddr, idle: Duration) -> io::Result<()> {
    // With a lower limit, fewer connections are served.
    let _ = raise_descriptor_limit();
    let mut log = Log::new();
    let mut service = Service::new(address, idle)?;
    let events = EVENTS.take();
    log.line(format_args!("listening at {}", service.acceptor.listener().local_addr()?));
    while !service.ending {
        service.poller.poll(events, None)?;
        // One reading of the clock for the batch: idle times need not be more exact than that.
        service.idle_end = Instant::now() + service.idle;
        for event in &mut *events {
            service.handle(event)?;
        }
    }
    service.connections.clear();
    log.line(format_args!("served {}, echoed {} bytes", service.served, service.echoed));
    Ok(())
}

struct Service {
    poller: &'static mut Poller,
    connections: &'static mut Connections,
    acceptor: Acceptor<TcpListener>,
    signals: Signals,
    idle: Duration,
    /// When a connection that is active in this batch has been idle for too long.
    idle_end: Instant,
    ending: bool,
    served: u64,
    echoed: u64,
}

struct Connection {
    echo: Echo<[u8; BUFFER]>,
    deadline: DeadlineKey,
}

impl Service {
    fn new(address: SocketAddr, idle: Duration) -> io::Result<Service> {
        let poller = Poller::init_in(POLLER.uninit())?;
        let connections = Connections::init_in(SLAB.uninit());
        let mut signals = Signals::new(ENDING)?;
        poller.register(&mut signals, SIGNALS, Signals::INTERESTS, PollOption::Edge)?;
        let acceptor = Acceptor::new(poller, LISTENER, TcpListener::bind(address)?)?;
        Ok(Service {
            poller,
            connections,
            acceptor,
            signals,
            idle,
            idle_end: Instant::now(),
            ending: false,
            served: 0,
            echoed: 0,
        })
    }

    fn handle(&mut self, event: Event) -> io::Result<()> {
        match event.id() {
            // All of them: one that is not received would act as the program ends.
            SIGNALS => {
                while self.signals.receive()?.is_some() {
                    self.ending = true;
                }
            }
            LISTENER => self.accept()?,
            // An idle time is over. For an id whose connection has gone, there is nothing to do.
            id if event.readiness().is_timer() => drop(self.connections.remove(id)),
            id if !self.serve(id).is_ok_and(|open| open) => self.close(id),
            _ => {}
        }
        Ok(())
    }

    /// Accepts one connection: under `Level` the next poll reports the others.
    fn accept(&mut self) -> io::Result<()> {
        if self.connections.is_full() {
            self.acceptor.pause(self.poller, PAUSE);
        } else if let Incoming::Connection(stream, _) = self.acceptor.accept(self.poller)? {
            // Without memory in the kernel to watch it, this connection is closed, and no other.
            let _ = self.admit(stream);
        }
        Ok(())
    }

    fn admit(&mut self, mut stream: TcpStream) -> mio_st::Result<()> {
        let entry = self.connections.vacant_entry()?;
        let id = entry.key().into();
        self.poller.register(&mut stream, id, Interests::READABLE, PollOption::Level)?;
        let deadline = self.poller.add_deadline(id, self.idle_end)?;
        entry.insert(Connection { echo: Echo::new(stream, [0; BUFFER]), deadline });
        self.served += 1;
        Ok(())
    }

    /// Lets a connection take one step: no connection can hold the others up, and under `Level` the
    /// next poll reports what is left. Only bytes push the end of its idle time back. Returns
    /// `false` at the end of its data. An error ends the connection. One of these is `StaleKey`:
    /// its idle time is over, and the event that says so is in this batch.
    fn serve(&mut self, id: EventedId) -> io::Result<bool> {
        let Some(connection) = self.connections.get_mut(id) else { return Ok(true) };
        let before = connection.echo.echoed;
        let step = connection.echo.step(self.poller.registry(), id);
        self.echoed += connection.echo.echoed - before;
        match step? {
            Step::Echoed => self.poller.update_deadline(connection.deadline, self.idle_end)?,
            Step::Nothing => {}
            Step::Ended => return Ok(false),
        }
        Ok(true)
    }

    fn close(&mut self, id: EventedId) {
        if let Some(connection) = self.connections.remove(id) {
            // A deadline that has expired is gone already.
            let _ = self.poller.cancel_deadline(connection.deadline);
        }
    }
}
