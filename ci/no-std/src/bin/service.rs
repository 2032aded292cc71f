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
use mio_st::unix::{EventedIo, Signal, SignalSet, Signals};
use mio_st::{Error, Result};
use no_std::{Arguments, Line, accept, listen, raise_descriptor_limit};

/// How many connections it serves at once; more wait in the listener's queue.
const CONNECTIONS: usize = 10_000;
/// How much of a connection's data it keeps.
const BUFFER: usize = 256;

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
    raise_descriptor_limit()?;
    let (poller, connections) = (&raw mut POLLER, &raw mut SLAB);
    // SAFETY: `main` runs once, and nothing else names them.
    let (poller, connections) =
        unsafe { (ServicePoller::init_in(&mut *poller)?, Connections::init_in(&mut *connections)) };
    let mut service = Service::new(poller, connections, arguments)?;
    let mut events = Events::<128>::sized();
    while !service.ending {
        service.poller.poll(&mut events, None)?;
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
    signals: Signals,
    idle: Duration,
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
        let idle = Duration::from_millis(arguments.number(2).into());
        let (ending, served, echoed) = (false, 0, 0);
        Ok(Service { poller, connections, listener, signals, idle, ending, served, echoed })
    }

    fn handle(&mut self, event: Event) -> Result<()> {
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
    fn accept(&mut self) -> Result<()> {
        if self.connections.is_full() {
            return self.pause();
        }
        let fd = match accept(self.listener.as_raw_fd()) {
            Ok(fd) => fd,
            Err(Error::Os(libc::EMFILE | libc::ENFILE | libc::ENOMEM | libc::ENOBUFS)) => {
                return self.pause();
            }
            // It has gone meanwhile.
            Err(_) => return Ok(()),
        };
        // SAFETY: it was made just now, and is nobody else's.
        let io = unsafe { EventedIo::from_raw_fd(fd) };
        let entry = self.connections.vacant_entry()?;
        let id = entry.key().into();
        let deadline = self.poller.add_timeout(id, self.idle)?;
        let connection = Connection { io, deadline, from: 0, to: 0, buffer: [0; BUFFER] };
        let io = &mut entry.insert(connection).io;
        if self.poller.register(io, id, Interests::READABLE, PollOption::Level).is_err() {
            self.close(id);
            return self.pause();
        }
        self.served += 1;
        Ok(())
    }

    /// Who cannot accept does not listen, or a poll would end at once again and again.
    fn pause(&mut self) -> Result<()> {
        self.poller.deregister(&mut self.listener)?;
        self.poller.add_timeout(LISTENER, Duration::from_millis(20)).map(drop)
    }

    fn listen_again(&mut self) -> Result<()> {
        let (listener, readable) = (&mut self.listener, Interests::READABLE);
        self.poller.register(listener, LISTENER, readable, PollOption::Level)
    }

    /// A connection was alive: its deadline moves, and it is heard when it can go on.
    fn serve(&mut self, id: EventedId) -> Result<()> {
        let Some(connection) = self.connections.get_mut(id) else { return Ok(()) };
        self.poller.update_deadline(connection.deadline, Instant::now() + self.idle)?;
        let wanted = match connection.from < connection.to {
            true => Interests::WRITABLE,
            false => Interests::READABLE,
        };
        // Without a system call where nothing changes.
        self.poller.reregister(&mut connection.io, id, wanted, PollOption::Level)
    }

    fn close(&mut self, id: EventedId) {
        if let Some(connection) = self.connections.remove(id) {
            let _ = self.poller.cancel_deadline(connection.deadline);
        }
    }
}

impl Connection {
    /// Writes what it has, reads and writes more, until either would block. Counts in `echoed` what was
    /// written, also where the connection ends after it.
    fn echo(&mut self, echoed: &mut u64) -> Result<()> {
        loop {
            match self.step() {
                Ok(count) => *echoed += count as u64,
                Err(error) if error.is_would_block() => return Ok(()),
                Err(error) => return Err(error),
            }
            // What did not fill the buffer was all there was: that saves a read in vain.
            if self.from == self.to && usize::from(self.to) < BUFFER {
                return Ok(());
            }
        }
    }

    fn step(&mut self) -> Result<usize> {
        if self.from == self.to {
            let count = self.io.read(&mut self.buffer)?;
            (self.from, self.to) = (0, count as u16);
            if count == 0 {
                return Err(Error::Os(libc::ECONNRESET));
            }
        }
        let rest = self.buffer.get(self.from.into()..self.to.into()).unwrap_or_default();
        let count = self.io.write(rest)?;
        self.from += count as u16;
        Ok(count)
    }
}
