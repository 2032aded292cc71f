//! An echo service as one would have it, without an allocator: 10,000 connections in a `Slab`, each closed
//! when it was idle for too long, and an orderly end on `SIGTERM` or `SIGINT`.
//!
//! usage: service PORT IDLE (the longest idle time, in milliseconds)
#![no_std]
#![no_main]

use core::time::Duration;

use mio_st::event::{Event, EventedId, Events, Interests};
use mio_st::poll::{PollOption, Poller};
use mio_st::slab::Slab;
use mio_st::socket::{AcceptGuard, Incoming, TcpListener, TcpStream};
use mio_st::time::Instant;
use mio_st::timer::DeadlineKey;
use mio_st::unix::{Signal, SignalSet, Signals, raise_descriptor_limit};
use mio_st::{Error, Result};
use no_std::{Line, Program};
use static_cell::StaticCell;

/// How many connections it serves at once; more wait in the listener's queue.
const CONNECTIONS: usize = 10_000;
/// How much of a connection's data it keeps.
const BUFFER: usize = 256;
/// How long to leave the listener alone when no connection can be accepted.
const PAUSE: Duration = Duration::from_millis(20);

/// The signals that end it. The third is one that only its last line can raise, and is an error then.
const ENDING: SignalSet = SignalSet::of(&[Signal::INTERRUPT, Signal::TERMINATE, Signal::PIPE]);

// Ids of the slab's are never as small.
const LISTENER: EventedId = EventedId(0);
const SIGNALS: EventedId = EventedId(1);

/// No event comes from user space; each connection has a deadline, and the pause of the listener.
type ServicePoller = Poller<0, { CONNECTIONS + 1 }>;
type Connections = Slab<Connection, CONNECTIONS>;

static POLLER: StaticCell<ServicePoller> = StaticCell::new();
static SLAB: StaticCell<Connections> = StaticCell::new();

no_std::program!(run);

fn run(program: Program) -> Result<()> {
    // With a lower limit, fewer connections are served.
    let _ = raise_descriptor_limit();
    let poller = ServicePoller::init_in(POLLER.uninit())?;
    let connections = Connections::init_in(SLAB.uninit());
    let mut service = Service::new(poller, connections, &program)?;
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
    service.poller.deregister(&mut service.listener)?;
    service.poller.deregister(&mut service.signals)?;
    let line = Line::default().text("served ").number(service.served);
    let line = line.text(", echoed ").number(service.echoed).text(" bytes");
    line.print(&program.output(), service.poller.registry());
    Ok(())
}

struct Service {
    poller: &'static mut ServicePoller,
    connections: &'static mut Connections,
    listener: TcpListener,
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
    stream: TcpStream,
    deadline: DeadlineKey,
    watched: Interests,
    /// What was read and is not written yet: `buffer[from..to]`.
    from: u16,
    to: u16,
    buffer: [u8; BUFFER],
}

impl Service {
    fn new(
        poller: &'static mut ServicePoller,
        connections: &'static mut Connections,
        program: &Program,
    ) -> Result<Service> {
        let mut signals = Signals::new(ENDING)?;
        poller.register(&mut signals, SIGNALS, Signals::INTERESTS, PollOption::Edge)?;
        let address = ([127, 0, 0, 1], program.number(1) as u16).into();
        let mut listener = TcpListener::bind(address)?;
        poller.register(&mut listener, LISTENER, Interests::READABLE, PollOption::Level)?;
        Ok(Service {
            poller,
            connections,
            listener,
            guard: AcceptGuard::new()?,
            signals,
            idle: Duration::from_millis(program.number(2).into()),
            idle_end: Instant::now(),
            ending: false,
            served: 0,
            echoed: 0,
        })
    }

    fn handle(&mut self, event: Event) -> Result<()> {
        match event.id() {
            // All of them: one that is not received would act as the program ends.
            SIGNALS => {
                while self.signals.receive()?.is_some() {
                    self.ending = true;
                }
            }
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
        match self.guard.accept_next(&self.listener)? {
            Incoming::Connection(stream, _) => {
                // Without memory in the kernel to watch it, this connection is closed, and no other.
                let _ = self.admit(stream);
            }
            Incoming::Exhausted => self.pause()?,
            Incoming::Lost(_) | Incoming::Refused(_) | Incoming::WouldBlock => {}
        }
        Ok(())
    }

    fn admit(&mut self, mut stream: TcpStream) -> Result<()> {
        let entry = self.connections.vacant_entry()?;
        let id = entry.key().into();
        self.poller.register(&mut stream, id, Interests::READABLE, PollOption::Level)?;
        let deadline = self.poller.add_deadline(id, self.idle_end)?;
        let watched = Interests::READABLE;
        entry.insert(Connection { stream, deadline, watched, from: 0, to: 0, buffer: [0; BUFFER] });
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
    /// reports what is left. Only bytes that go back push the end of its idle time back, since an event does
    /// not prove that there are any. An error ends the connection. One of these is `StaleKey`: its idle time is
    /// over, and the event that says so is in this batch.
    fn serve(&mut self, id: EventedId) -> Result<()> {
        let Some(connection) = self.connections.get_mut(id) else { return Ok(()) };
        let before = self.echoed;
        let wanted = connection.step(&mut self.echoed)?;
        if self.echoed != before {
            self.poller.update_deadline(connection.deadline, self.idle_end)?;
        }
        // A reregistration is a system call: it is made only for a change.
        if wanted == connection.watched {
            return Ok(());
        }
        connection.watched = wanted;
        self.poller.reregister(&mut connection.stream, id, wanted, PollOption::Level)
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
            let count = self.stream.read(&mut self.buffer)?;
            (self.from, self.to) = (0, count as u16);
            if count == 0 {
                return Err(Error::Os(libc::ECONNRESET));
            }
        }
        let rest = self.buffer.get(self.from.into()..self.to.into()).unwrap_or_default();
        let count = self.stream.write(rest)?;
        self.from += count as u16;
        Ok(count)
    }
}
