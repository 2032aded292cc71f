//! A server that no sender can take for itself. It answers each line with the number of bytes that
//! the connection has sent so far.
//!
//! Try it with `nc 127.0.0.1 12346`, while `yes | nc 127.0.0.1 12346` floods it with lines: the
//! answers keep coming.
//!
//! Under edge-triggering a server has to read until `WouldBlock`, and from a fast sender that never
//! comes. So a connection gets turns, each with a bounded amount of work: one read and one write.
//! What is left waits in the poller's own queue, as a source in user space that stays ready until
//! `WouldBlock` was seen, and all other connections have a turn before this one has its next. See
//! epoll(7), "Starvation (edge-triggered)". (Under `Level` the kernel does the same by itself, if
//! each event is one step: see `tcp_server`.)

mod common;

use core::net::SocketAddr;
use core::ops::Range;
use core::time::Duration;
use std::io::{self, ErrorKind, Read, Write};
use std::process::ExitCode;

use mio_st::event::{Event, EventedId, Events, Ready, SourceKey};
use mio_st::net::{Acceptor, Incoming, TcpListener, TcpStream};
use mio_st::poll::PollOption;
use mio_st::slab::Slab;
use mio_st::time::Instant;
use mio_st::timer::DeadlineKey;
use static_cell::StaticCell;

use self::common::{Failure, Log};

const USAGE: &str = "\
usage: fair_server [ADDRESS [IDLE_MILLISECONDS]]

Answers each line with the number of bytes received so far. ADDRESS is like 127.0.0.1:12346 (the
default) or [::1]:0. A client that is idle for longer than IDLE_MILLISECONDS (60000) is closed.";

const LISTENER: EventedId = EventedId(0);
/// A readiness of the program's own: it is this connection's turn.
const MY_TURN: Ready = Ready::USER_0;

const CONNECTIONS: usize = 512;
/// The bytes that one turn reads, and those that it sends: both are bounded.
const INPUT: usize = 4096;
const OUTPUT: usize = 1024;

/// A source for each connection; a deadline for each, and one for the pause of the listener.
type Poller = mio_st::Poller<CONNECTIONS, { CONNECTIONS + 1 }>;
type Connections = Slab<Connection, CONNECTIONS>;

struct Connection {
    stream: TcpStream,
    turn: SourceKey,
    idle: DeadlineKey,
    received: u64,
    /// What was read and is not answered yet.
    input: [u8; INPUT],
    unread: Range<usize>,
    /// Answers that are not sent yet.
    output: [u8; OUTPUT],
    unsent: Range<usize>,
}

fn main() -> ExitCode {
    common::run(USAGE, |mut arguments| {
        let address = arguments.next("127.0.0.1:12346")?;
        let idle = arguments.millis("60000")?;
        arguments.end()?;
        serve(address, idle).map_err(|error| Failure::at(address, error))
    })
}

fn serve(address: SocketAddr, idle: Duration) -> io::Result<()> {
    static POLLER: StaticCell<Poller> = StaticCell::new();
    static CONNECTIONS: StaticCell<Connections> = StaticCell::new();

    let listener = TcpListener::bind(address)?;
    Log::new().line(format_args!("listening at {}", listener.local_addr()?));
    let poller = Poller::init_in(POLLER.uninit())?;
    let connections = Connections::init_in(CONNECTIONS.uninit());
    let mut acceptor = Acceptor::new(poller, LISTENER, listener)?;
    let mut events = Events::new();
    loop {
        poller.poll(&mut events, None)?;
        let deadline = Instant::now() + idle;
        for event in &mut events {
            if event.id() != LISTENER {
                handle(poller, connections, event, deadline)?;
            } else if let Incoming::Connection(stream, _) = acceptor.accept(poller)? {
                // If the slab is full, or the kernel has no memory to watch it, it is closed.
                let _ = admit(poller, connections, stream, deadline);
            }
        }
    }
}

fn admit(
    poller: &mut Poller,
    connections: &mut Connections,
    mut stream: TcpStream,
    deadline: Instant,
) -> mio_st::Result<()> {
    let entry = connections.vacant_entry()?;
    let id = entry.key().into();
    poller.register(&mut stream, id, TcpStream::INTERESTS, PollOption::Edge)?;
    // Each has room for as many as there are connections.
    let turn = poller.add_source(id, TcpStream::INTERESTS, PollOption::Level)?;
    let idle = poller.add_deadline(id, deadline)?;
    entry.insert(Connection {
        stream,
        turn,
        idle,
        received: 0,
        input: [0; INPUT],
        unread: 0..0,
        output: [0; OUTPUT],
        unsent: 0..0,
    });
    Ok(())
}

fn handle(
    poller: &mut Poller,
    connections: &mut Connections,
    event: Event,
    deadline: Instant,
) -> io::Result<()> {
    // An event of a connection that was closed earlier in this batch finds nothing.
    let Some(connection) = connections.get_mut(event.id()) else { return Ok(()) };
    let ready = event.readiness();
    let turn = if ready.is_timer() {
        Turn::Ended
    } else if !ready.contains(MY_TURN) {
        // The kernel reports a change once. From now on the connection takes part, until
        // `WouldBlock`.
        return Ok(poller.set_ready(connection.turn, MY_TURN)?);
    } else {
        connection.take_turn().unwrap_or(Turn::Ended)
    };
    match turn {
        // It has moved bytes. Its idle time may have ended within this batch.
        Turn::MayHaveMore if poller.update_deadline(connection.idle, deadline).is_ok() => {}
        // No sign of life: such a turn does not push the deadline back.
        Turn::Blocked => poller.clear_ready(connection.turn, MY_TURN)?,
        Turn::MayHaveMore | Turn::Ended => {
            poller.remove_source(connection.turn)?;
            // A deadline that has expired is gone already.
            let _ = poller.cancel_deadline(connection.idle);
            connections.remove(event.id());
        }
    }
    Ok(())
}

enum Turn {
    MayHaveMore,
    /// Until the kernel reports that it can be read, or written, again.
    Blocked,
    Ended,
}

impl Connection {
    /// Reads once, unless there is input, and writes once.
    fn take_turn(&mut self) -> io::Result<Turn> {
        // With answers that the client does not take, nothing more is read.
        if self.unread.is_empty() && self.unsent.is_empty() {
            match self.stream.read(&mut self.input) {
                Ok(0) => return Ok(Turn::Ended),
                Ok(length) => self.unread = 0..length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Turn::Blocked),
                Err(error) => return Err(error),
            }
        }
        if self.unsent.is_empty() {
            self.answer();
        }
        if !self.unsent.is_empty() {
            match self.stream.write(&self.output[self.unsent.clone()]) {
                Ok(length) => self.unsent.start += length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Turn::Blocked),
                Err(error) => return Err(error),
            }
        }
        Ok(Turn::MayHaveMore)
    }

    /// Answers lines of the input, for as long as there is room for an answer.
    fn answer(&mut self) {
        /// The digits of the largest number, and the end of the line.
        const LONGEST: usize = 21;

        self.unsent = 0..0;
        while !self.unread.is_empty() && self.unsent.end + LONGEST <= OUTPUT {
            let input = &self.input[self.unread.clone()];
            let end = input.iter().position(|&byte| byte == b'\n');
            let length = end.map_or(input.len(), |end| end + 1);
            self.unread.start += length;
            self.received += length as u64;
            if end.is_some() {
                let mut room = &mut self.output[self.unsent.end..];
                let before = room.len();
                writeln!(room, "{}", self.received).expect("there is room");
                self.unsent.end += before - room.len();
            }
        }
    }
}
