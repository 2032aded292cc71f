//! A server that no sender can take for itself: `fair_server [ADDRESS]`, 127.0.0.1:12346 if none is given.
//!
//! It answers each line with the number of bytes that the connection has sent so far. Try it with `nc`, while
//! `nc 127.0.0.1 12346 </dev/zero` floods it: the answers keep coming.
//!
//! Under edge-triggering a server has to read until `WouldBlock`, and from a sender that is fast enough
//! that never comes. So a connection gets a turn: 64 KiB at most. What it may still have waits in the poller's own
//! queue, as a source in user space that stays ready until `WouldBlock` was seen, and everybody else has
//! a turn before it has the next. See epoll(7), "Starvation (edge-triggered)".

use core::net::SocketAddr;
use std::env;
use std::io::{self, ErrorKind, Read, Write};

use mio_st::event::{Event, EventedId, Events, Ready, SourceKey};
use mio_st::net::{TcpListener, TcpStream};
use mio_st::poll::{PollOption, Poller};
use mio_st::slab::Slab;

const LISTENER: EventedId = EventedId(0);
const TURN: usize = 64 * 1024;
/// The readiness of our own: it is this connection's turn.
const MY_TURN: Ready = Ready::USER_0;

const CONNECTIONS: usize = 512;

struct Connection {
    stream: TcpStream,
    turn: SourceKey,
    received: u64,
}

fn main() -> io::Result<()> {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:12346".to_string());
    let address: SocketAddr = address.parse().map_err(io::Error::other)?;
    let mut listener = TcpListener::bind(address)?;
    println!("listening at {}", listener.local_addr()?);

    let mut poller = Poller::<CONNECTIONS, 0>::sized()?;
    let mut events = Events::new();
    let mut connections = Slab::<Connection, CONNECTIONS>::new();
    poller.register(&mut listener, LISTENER, TcpListener::INTERESTS, PollOption::Level)?;
    loop {
        poller.poll(&mut events, None)?;
        for event in &mut events {
            match event.id() {
                LISTENER => accept(&mut poller, &listener, &mut connections)?,
                _ => handle(&mut poller, &mut connections, event)?,
            }
        }
    }
}

/// One at a time: the listener is level-triggered, so who still waits is reported again.
fn accept(
    poller: &mut Poller<CONNECTIONS, 0>,
    listener: &TcpListener,
    connections: &mut Slab<Connection, CONNECTIONS>,
) -> io::Result<()> {
    let mut stream = match listener.accept() {
        Ok((stream, _)) => stream,
        Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
        Err(error) => return Err(error),
    };
    // A full house: the stream is dropped, which closes it.
    let Ok(entry) = connections.vacant_entry() else { return Ok(()) };
    let id = entry.key().into();
    poller.register(&mut stream, id, TcpStream::INTERESTS, PollOption::Edge)?;
    let turn = poller.add_source(id, TcpStream::INTERESTS, PollOption::Level)?;
    entry.insert(Connection { stream, turn, received: 0 });
    Ok(())
}

fn handle(
    poller: &mut Poller<CONNECTIONS, 0>,
    connections: &mut Slab<Connection, CONNECTIONS>,
    event: Event,
) -> io::Result<()> {
    // An event of a connection that was closed earlier in this batch finds nobody.
    let Some(connection) = connections.get_mut(event.id()) else { return Ok(()) };
    if !event.readiness().contains(MY_TURN) {
        // The kernel says so once. From now on the connection takes part, until it `WouldBlock`.
        if event.readiness().is_readable() {
            poller.set_ready(connection.turn, MY_TURN)?;
        }
        return Ok(());
    }
    match take_turn(connection) {
        Ok(Turn::MayHaveMore) => {}
        Ok(Turn::Drained) => poller.clear_ready(connection.turn, MY_TURN)?,
        Ok(Turn::Ended) | Err(_) => {
            poller.remove_source(connection.turn)?;
            poller.deregister(&mut connection.stream)?;
            connections.remove(event.id());
        }
    }
    Ok(())
}

enum Turn {
    MayHaveMore,
    Drained,
    Ended,
}

fn take_turn(connection: &mut Connection) -> io::Result<Turn> {
    let mut buffer = [0; TURN];
    let read = match connection.stream.read(&mut buffer) {
        Ok(0) => return Ok(Turn::Ended),
        Ok(read) => read,
        Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Turn::Drained),
        Err(error) => return Err(error),
    };
    for line in buffer[..read].split_inclusive(|byte| *byte == b'\n') {
        connection.received += line.len() as u64;
        if line.ends_with(b"\n") {
            // So few bytes fit; whoever does not read thousands of answers is closed for it.
            writeln!(connection.stream, "{}", connection.received)?;
        }
    }
    Ok(Turn::MayHaveMore)
}
