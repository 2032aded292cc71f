//! An echo server that closes who is silent: `idle_timeout [ADDRESS [MILLISECONDS]]`, 127.0.0.1:12347 and
//! 30 seconds if none is given. Up to 10,000 connections, each with a deadline that every byte pushes back.
//!
//! To push a deadline back writes one number and moves nothing: see `mio_st::timer::TimerWheel`. The poller is large, so it
//! lives in a `static` and is made there, never on the stack.

use core::net::SocketAddr;
use core::time::Duration;
use std::env;
use std::io::{self, ErrorKind, Read, Write};

use mio_st::event::{EventedId, Events, Ready};
use mio_st::net::{TcpListener, TcpStream};
use mio_st::poll::PollOption;
use mio_st::slab::Slab;
use mio_st::time::Instant;
use mio_st::timer::DeadlineKey;
use static_cell::StaticCell;

const CONNECTIONS: usize = 10_000;
const LISTENER: EventedId = EventedId(0);

type Poller = mio_st::Poller<0, CONNECTIONS>;
type Connections = Slab<Connection, CONNECTIONS>;

struct Connection {
    stream: TcpStream,
    idle: DeadlineKey,
}

fn main() -> io::Result<()> {
    static POLLER: StaticCell<Poller> = StaticCell::new();
    static CONNECTIONS: StaticCell<Connections> = StaticCell::new();

    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:12347".to_string());
    let address: SocketAddr = address.parse().map_err(io::Error::other)?;
    let idle = env::args().nth(2).unwrap_or_else(|| "30000".to_string());
    let idle = Duration::from_millis(idle.parse().map_err(io::Error::other)?);
    raise_descriptor_limit();

    let poller = Poller::init_in(POLLER.uninit())?;
    let connections = Connections::init_in(CONNECTIONS.uninit());
    let mut events = Events::new();
    let mut listener = TcpListener::bind(address)?;
    println!("listening at {}", listener.local_addr()?);
    poller.register(&mut listener, LISTENER, TcpListener::INTERESTS, PollOption::Edge)?;
    loop {
        poller.poll(&mut events, None)?;
        // One reading of the clock for the batch: deadlines need not be closer than that.
        let deadline = Instant::now() + idle;
        for event in &mut events {
            if event.id() == LISTENER {
                accept(poller, &listener, connections, deadline)?;
                continue;
            }
            let Some(connection) = connections.get_mut(event.id()) else { continue };
            let open = event.readiness() != Ready::TIMER
                && echo(&mut connection.stream).is_ok_and(|open| open)
                && poller.update_deadline(connection.idle, deadline).is_ok();
            if !open {
                // Where the deadline has fired, its key is stale, and that is all right.
                let _ = poller.cancel_deadline(connection.idle);
                connections.remove(event.id());
            }
        }
    }
}

fn accept(
    poller: &mut Poller,
    listener: &TcpListener,
    connections: &mut Connections,
    deadline: Instant,
) -> io::Result<()> {
    loop {
        let mut stream = match listener.accept() {
            Ok((stream, _)) => stream,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) if error.kind() == ErrorKind::ConnectionAborted => continue,
            Err(error) => return Err(error),
        };
        // A full house: the stream is dropped, which closes it.
        let Ok(entry) = connections.vacant_entry() else { continue };
        let id = entry.key().into();
        poller.register(&mut stream, id, TcpStream::INTERESTS, PollOption::Edge)?;
        let idle = poller.add_deadline(id, deadline)?;
        entry.insert(Connection { stream, idle });
    }
}

/// Sends back what has come; false at the end. Who does not take the echo is closed as well.
fn echo(stream: &mut TcpStream) -> io::Result<bool> {
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return Ok(false),
            Ok(read) => stream.write_all(&buffer[..read])?,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(true),
            Err(error) => return Err(error),
        }
    }
}

/// A connection is a descriptor, and the limit that a process begins with is often 1024.
#[allow(unsafe_code)]
fn raise_descriptor_limit() {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: both calls read or write one `rlimit`.
    unsafe {
        if libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) == 0 {
            limit.rlim_cur = limit.rlim_max;
            libc::setrlimit(libc::RLIMIT_NOFILE, &limit);
        }
    }
}
