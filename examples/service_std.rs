//! An echo service with `std` that never turns to an allocator: 10,000 connections in a `Slab`, each closed
//! when it was idle for too long, and an orderly end on `SIGTERM` or `SIGINT`. Its twin without `std` is
//! `ci/no-std/src/bin/service.rs`.
//!
//! ```text
//! $ cargo run --features std --example service_std 127.0.0.1:7007 60000
//! ```
//!
//! The arguments are its address, the longest idle time in milliseconds, and `allocate` for the proof that one
//! allocation ends it. The allocator is std's own until `main` has read them; from then on, set-up
//! included, it aborts.
#![allow(unsafe_code, clippy::std_instead_of_core)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use mio_st::event::{Event, EventedId, Events, Interests};
use mio_st::net::{AcceptGuard, Incoming, TcpListener, TcpStream};
use mio_st::poll::PollOption;
use mio_st::slab::Slab;
use mio_st::time::Instant;
use mio_st::timer::DeadlineKey;
use mio_st::unix::{Signal, SignalSet, Signals};
use static_cell::{ConstStaticCell, StaticCell};

/// How many connections it serves at once; more wait in the listener's queue.
const CONNECTIONS: usize = 10_000;
/// How much of a connection's data it keeps.
const BUFFER: usize = 256;

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

fn main() -> io::Result<()> {
    let [address, idle, allocate] = [1, 2, 3].map(|n| std::env::args().nth(n).unwrap_or_default());
    let address: SocketAddr = address.parse().map_err(io::Error::other)?;
    let idle = Duration::from_millis(idle.parse().map_err(io::Error::other)?);
    let mut output = io::stdout(); // Its buffer is made here.
    ALLOCATOR.without(|| {
        if allocate == "allocate" {
            drop(black_box(Box::new(0)));
        }
        run(address, idle, &mut output)
    })
}

fn run(address: SocketAddr, idle: Duration, output: &mut impl Write) -> io::Result<()> {
    raise_descriptor_limit();
    let mut service = Service::new(address, idle)?;
    let events = EVENTS.take();
    writeln!(output, "listening at {}", service.listener.local_addr()?)?;
    while !service.ending {
        service.poller.poll(events, None)?;
        for event in &mut *events {
            service.handle(event)?;
        }
    }
    service.connections.clear();
    writeln!(output, "served {}, echoed {} bytes", service.served, service.echoed)
}

struct Service {
    poller: &'static mut Poller,
    connections: &'static mut Connections,
    listener: TcpListener,
    guard: AcceptGuard,
    signals: Signals,
    idle: Duration,
    ending: bool,
    served: u64,
    echoed: u64,
}

struct Connection {
    stream: TcpStream,
    deadline: DeadlineKey,
    /// What was read and is not written yet: `buffer[from..to]`.
    from: usize,
    to: usize,
    buffer: [u8; BUFFER],
}

impl Service {
    fn new(address: SocketAddr, idle: Duration) -> io::Result<Service> {
        let poller = Poller::init_in(POLLER.uninit())?;
        let connections = Connections::init_in(SLAB.uninit());
        let mut signals = Signals::new(ENDING)?;
        poller.register(&mut signals, SIGNALS, Signals::INTERESTS, PollOption::Edge)?;
        let mut listener = TcpListener::bind(address)?;
        poller.register(&mut listener, LISTENER, TcpListener::INTERESTS, PollOption::Level)?;
        let guard = AcceptGuard::new()?;
        let (ending, served, echoed) = (false, 0, 0);
        Ok(Service { poller, connections, listener, guard, signals, idle, ending, served, echoed })
    }

    fn handle(&mut self, event: Event) -> io::Result<()> {
        match event.id() {
            SIGNALS => self.ending = self.signals.receive()?.is_some(),
            LISTENER if event.readiness().is_timer() => self.listen_again()?,
            LISTENER => self.accept()?,
            id if event.readiness().is_timer() => drop(self.connections.remove(id)),
            // For an id whose connection has gone, even just now, there is nothing to do.
            id => match self.connections.get_mut(id).map(|it| it.echo(&mut self.echoed)) {
                Some(Ok(())) => self.serve(id)?,
                Some(Err(_)) => self.close(id),
                None => {}
            },
        }
        Ok(())
    }

    /// Accepts one; under `Level` the others are heard of again.
    fn accept(&mut self) -> io::Result<()> {
        if self.connections.is_full() {
            return self.pause();
        }
        let mut stream = match self.guard.accept_next(&self.listener)? {
            Incoming::Connection(stream, _) => stream,
            Incoming::Exhausted => return self.pause(),
            Incoming::Refused(_) | Incoming::Lost(_) | Incoming::WouldBlock => return Ok(()),
        };
        let entry = self.connections.vacant_entry()?;
        let id = entry.key().into();
        // For want of the kernel's memory: this one is closed, and who comes next has better luck.
        if self.poller.register(&mut stream, id, Interests::READABLE, PollOption::Level).is_ok() {
            let deadline = self.poller.add_timeout(id, self.idle)?;
            entry.insert(Connection { stream, deadline, from: 0, to: 0, buffer: [0; BUFFER] });
            self.served += 1;
        }
        Ok(())
    }

    /// Who cannot accept does not listen, or a poll would end at once again and again.
    fn pause(&mut self) -> io::Result<()> {
        self.poller.deregister(&mut self.listener)?;
        self.poller.add_timeout(LISTENER, Duration::from_millis(20))?;
        Ok(())
    }

    fn listen_again(&mut self) -> io::Result<()> {
        let (listener, interests) = (&mut self.listener, TcpListener::INTERESTS);
        Ok(self.poller.register(listener, LISTENER, interests, PollOption::Level)?)
    }

    /// A connection was alive: its deadline moves, and it is heard when it can go on.
    fn serve(&mut self, id: EventedId) -> io::Result<()> {
        let Some(connection) = self.connections.get_mut(id) else { return Ok(()) };
        self.poller.update_deadline(connection.deadline, Instant::now() + self.idle)?;
        let wanted = match connection.from < connection.to {
            true => Interests::WRITABLE,
            false => Interests::READABLE,
        };
        // Without a system call where nothing changes.
        Ok(self.poller.reregister(&mut connection.stream, id, wanted, PollOption::Level)?)
    }

    fn close(&mut self, id: EventedId) {
        if let Some(connection) = self.connections.remove(id) {
            let _ = self.poller.cancel_deadline(connection.deadline);
        }
    }
}

impl Connection {
    /// Writes what it has, reads and writes more, until either would block. What was written before an
    /// error counts as well.
    fn echo(&mut self, echoed: &mut u64) -> io::Result<()> {
        loop {
            match self.step() {
                Ok(count) => *echoed += count as u64,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
            // What did not fill the buffer was all there was: that saves a read in vain.
            if self.from == self.to && self.to < BUFFER {
                return Ok(());
            }
        }
    }

    fn step(&mut self) -> io::Result<usize> {
        if self.from == self.to {
            let count = self.stream.read(&mut self.buffer)?;
            if count == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            (self.from, self.to) = (0, count);
        }
        let count = self.stream.write(&self.buffer[self.from..self.to])?;
        self.from += count;
        Ok(count)
    }
}

/// Takes what the system allows of descriptors.
fn raise_descriptor_limit() {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the kernel writes, then reads, a limit.
    unsafe {
        if libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) == 0 {
            // Where more is not to be had, fewer are served.
            limit.rlim_cur = limit.rlim_max;
            libc::setrlimit(libc::RLIMIT_NOFILE, &limit);
        }
    }
}
