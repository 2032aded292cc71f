//! An echo service as one would have it, without an allocator: 10,000 connections in a `Slab`, each closed
//! when it was idle for too long, and an orderly end on `SIGTERM` or `SIGINT`.
//!
//! usage: service PORT IDLE (the longest idle time, in milliseconds)
#![no_std]
#![no_main]

use core::mem::MaybeUninit;
use core::time::Duration;

use mio_st::event::{Event, EventedId, Events, Interests};
use mio_st::poll::{PollOption, Poller};
use mio_st::slab::Slab;
use mio_st::time::Instant;
use mio_st::timer::DeadlineKey;
use mio_st::unix::{
    AcceptGuard, EventedIo, Incoming, Signal, SignalSet, Signals, raise_descriptor_limit,
};
use mio_st::{Error, Result};
use no_std::{Arguments, Line, accept, listen};

/// How many connections it serves at once; more wait in the listener's queue.
const CONNECTIONS: usize = 10_000;
/// How much of a connection's data it keeps.
const BUFFER: usize = 256;
/// How long to leave the listener alone when no connection can be accepted.
const PAUSE: Duration = Duration::from_millis(20);

const ENDING: SignalSet = SignalSet::of(&[Signal::INTERRUPT, Signal::TERMINATE]);

// Ids of the slab's are never as small.
const LISTENER: EventedId = EventedId(0);
const SIGNALS: EventedId = EventedId(1);

/// No event comes from user space; each connection has a deadline, and the pause of the listener.
type ServicePoller = Poller<0, { CONNECTIONS + 1 }>;
type Connections = Slab<Connection, CONNECTIONS>;

static mut POLLER: MaybeUninit<ServicePoller> = MaybeUninit::uninit();
static mut SLAB: MaybeUninit<Connections> = MaybeUninit::uninit();

no_std::program!(run);

fn run(arguments: Arguments) -> Result<()> {
    // With a lower limit, fewer connections are served.
    let _ = raise_descriptor_limit();
    let (poller, connections) = (&raw mut POLLER, &raw mut SLAB);
    // SAFETY: `main` runs once, and nothing else names them.
    let (poller, connections) =
        unsafe { (ServicePoller::init_in(&mut *poller)?, Connections::init_in(&mut *connections)) };
    let mut service = Service::new(poller, connections, arguments)?;
    let mut events = Events::<128>::sized();
    while !service.ending {
        service.poller.poll(&mut events, None)?;
        // One reading of the clock for the batch: idle times need not be more exact than that.
        service.idle_end = Instant::now() + service.idle;
        for event in &mut events {
            service.handle(event)?;
        }
    }
    service.connections.clear();
    let line = Line::default().text("served ").number(service.served);
    line.text(", echoed ").number(service.echoed).text(" bytes").print();
    Ok(())
}

struct Service {
    poller: &'static mut ServicePoller,
    connections: &'static mut Connections,
    listener: EventedIo,
    guard: AcceptGuard,
    signals: Signals,
    idle: Duration,
    /// When a connection that is active in this batch has been idle for too long.
    idle_end: Instant,
    ending: bool,
    served: u64,
    echoed: u64,
}

struct Connection {
    io: EventedIo,
    deadline: DeadlineKey,
    /// What was read and is not written yet: `buffer[from..to]`.
    from: u16,
    to: u16,
    buffer: [u8; BUFFER],
}

impl Service {
    fn new(
        poller: &'static mut ServicePoller,
        connections: &'static mut Connections,
        arguments: Arguments,
    ) -> Result<Service> {
        let mut signals = Signals::new(ENDING)?;
        poller.register(&mut signals, SIGNALS, Signals::INTERESTS, PollOption::Edge)?;
        let fd = listen(arguments.number(1) as u16)?;
        // SAFETY: it was made just now, and is nobody else's.
        let mut listener = unsafe { EventedIo::from_raw_fd(fd) };
        poller.register(&mut listener, LISTENER, Interests::READABLE, PollOption::Level)?;
        Ok(Service {
            poller,
            connections,
            listener,
            guard: AcceptGuard::new()?,
            signals,
            idle: Duration::from_millis(arguments.number(2).into()),
            idle_end: Instant::now(),
            ending: false,
            served: 0,
            echoed: 0,
        })
    }

    fn handle(&mut self, event: Event) -> Result<()> {
        match event.id() {
            SIGNALS => self.ending = self.signals.receive()?.is_some(),
            LISTENER if event.readiness().is_timer() => self.listen_again()?,
            LISTENER => self.accept()?,
            // An idle time is over. For an id whose connection has gone, there is nothing to do.
            id if event.readiness().is_timer() => drop(self.connections.remove(id)),
            id if self.serve(id).is_err() => self.close(id),
            _ => {}
        }
        Ok(())
    }

    /// Accepts one connection: under `Level` the next poll reports the others.
    fn accept(&mut self) -> Result<()> {
        if self.connections.is_full() {
            return self.pause();
        }
        let listener = self.listener.as_raw_fd();
        match self.guard.accept_with(|| accept(listener))? {
            Incoming::Connection(io, ()) => {
                // Without memory in the kernel to watch it, this connection is closed, and no other.
                let _ = self.admit(io);
            }
            Incoming::Exhausted => self.pause()?,
            Incoming::Lost(_) | Incoming::Refused(()) | Incoming::WouldBlock => {}
        }
        Ok(())
    }

    fn admit(&mut self, mut io: EventedIo) -> Result<()> {
        let entry = self.connections.vacant_entry()?;
        let id = entry.key().into();
        self.poller.register(&mut io, id, Interests::READABLE, PollOption::Level)?;
        let deadline = self.poller.add_deadline(id, self.idle_end)?;
        entry.insert(Connection { io, deadline, from: 0, to: 0, buffer: [0; BUFFER] });
        self.served += 1;
        Ok(())
    }

    /// Leaves the listener alone for a while: reported again and again, it would keep the loop busy.
    fn pause(&mut self) -> Result<()> {
        self.poller.deregister(&mut self.listener)?;
        self.poller.add_timeout(LISTENER, PAUSE).map(drop)
    }

    fn listen_again(&mut self) -> Result<()> {
        let (listener, readable) = (&mut self.listener, Interests::READABLE);
        match self.poller.register(listener, LISTENER, readable, PollOption::Level) {
            Ok(()) => Ok(()),
            // The kernel is out of memory: the pause goes on.
            Err(_) => self.poller.add_timeout(LISTENER, PAUSE).map(drop),
        }
    }

    /// Lets a connection take one step: no connection can hold the others up, and under `Level` the next poll
    /// reports what is left. An error ends the connection. One of these is `StaleKey`: its idle time is over,
    /// and the event that says so is in this batch.
    fn serve(&mut self, id: EventedId) -> Result<()> {
        let Some(connection) = self.connections.get_mut(id) else { return Ok(()) };
        let wanted = connection.step(&mut self.echoed)?;
        self.poller.update_deadline(connection.deadline, self.idle_end)?;
        // This is a system call only if `wanted` has changed.
        self.poller.reregister(&mut connection.io, id, wanted, PollOption::Level)
    }

    fn close(&mut self, id: EventedId) {
        if let Some(connection) = self.connections.remove(id) {
            let _ = self.poller.cancel_deadline(connection.deadline);
        }
    }
}

impl Connection {
    /// Reads once, if everything was written, and writes once. Returns what to wait for, and counts in
    /// `echoed` what was written.
    fn step(&mut self, echoed: &mut u64) -> Result<Interests> {
        match self.echo() {
            Ok(count) => *echoed += count as u64,
            Err(error) if error.is_would_block() => {}
            Err(error) => return Err(error),
        }
        Ok(if self.from == self.to { Interests::READABLE } else { Interests::WRITABLE })
    }

    fn echo(&mut self) -> Result<usize> {
        if self.from == self.to {
            let count = self.io.try_read(&mut self.buffer)?;
            (self.from, self.to) = (0, count as u16);
            if count == 0 {
                return Err(Error::Os(libc::ECONNRESET));
            }
        }
        let rest = self.buffer.get(self.from.into()..self.to.into()).unwrap_or_default();
        let count = self.io.try_write(rest)?;
        self.from += count as u16;
        Ok(count)
    }
}
