//! An echo server that closes idle connections. Up to 10,000 connections, each with a deadline that
//! bytes push back; an event alone does not.
//!
//! To push a deadline back writes one number and moves nothing: see `mio_st::timer::TimerWheel`.
//! The poller and the connections are large, so they live in `static`s and are made there, never on
//! the stack.

mod common;

use core::net::SocketAddr;
use core::time::Duration;
use std::io;
use std::process::ExitCode;

use mio_st::event::{EventedId, Events, Interests};
use mio_st::net::{Acceptor, Incoming, TcpListener, TcpStream};
use mio_st::poll::PollOption;
use mio_st::slab::Slab;
use mio_st::time::Instant;
use mio_st::timer::DeadlineKey;
use mio_st::unix::raise_descriptor_limit;
use static_cell::StaticCell;

use self::common::{Echo, Failure, Log, Step};

const USAGE: &str = "\
usage: idle_timeout [ADDRESS [MILLISECONDS]]

Sends back what clients send, and closes those that are idle for longer than MILLISECONDS (30000).
ADDRESS is like 127.0.0.1:12347 (the default) or [::1]:0.";

const CONNECTIONS: usize = 10_000;
const LISTENER: EventedId = EventedId(0);

/// A deadline for each connection, and one for the pause of the listener.
type Poller = mio_st::Poller<0, { CONNECTIONS + 1 }>;
type Connections = Slab<Connection, CONNECTIONS>;

struct Connection {
    echo: Echo<[u8; 1024]>,
    idle: DeadlineKey,
}

fn main() -> ExitCode {
    common::run(USAGE, |mut arguments| {
        let address = arguments.next("127.0.0.1:12347")?;
        let idle = arguments.millis("30000")?;
        arguments.end()?;
        serve(address, idle).map_err(|error| Failure::at(address, error))
    })
}

fn serve(address: SocketAddr, idle: Duration) -> io::Result<()> {
    static POLLER: StaticCell<Poller> = StaticCell::new();
    static CONNECTIONS: StaticCell<Connections> = StaticCell::new();

    // A connection is a descriptor. With a lower limit, fewer are served.
    let _ = raise_descriptor_limit();
    let poller = Poller::init_in(POLLER.uninit())?;
    let connections = Connections::init_in(CONNECTIONS.uninit());
    let mut events = Events::new();
    let listener = TcpListener::bind(address)?;
    Log::new().line(format_args!("listening at {}", listener.local_addr()?));
    let mut acceptor = Acceptor::new(poller, LISTENER, listener)?;
    loop {
        poller.poll(&mut events, None)?;
        // One reading of the clock for the batch: deadlines need not be closer than that.
        let deadline = Instant::now() + idle;
        for event in &mut events {
            let id = event.id();
            if id == LISTENER {
                if let Incoming::Connection(stream, _) = acceptor.accept(poller)? {
                    // If the slab is full, or the kernel has no memory to watch it, it is closed.
                    let _ = admit(poller, connections, stream, deadline);
                }
            } else if event.readiness().is_timer() {
                connections.remove(id);
            } else if let Some(connection) = connections.get_mut(id)
                && !step(poller, connection, id, deadline).is_ok_and(|open| open)
            {
                // If the deadline has expired, its key is stale, and that is all right.
                let _ = poller.cancel_deadline(connection.idle);
                connections.remove(id);
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
    poller.register(&mut stream, id, Interests::READABLE, PollOption::Level)?;
    let idle = poller.add_deadline(id, deadline)?;
    entry.insert(Connection { echo: Echo::new(stream, [0; 1024]), idle });
    Ok(())
}

/// Takes one step, which pushes the deadline back if it echoes something: an event alone is no sign
/// of life. Returns `false` at the end of the client's data.
fn step(
    poller: &mut Poller,
    connection: &mut Connection,
    id: EventedId,
    deadline: Instant,
) -> io::Result<bool> {
    match connection.echo.step(poller.registry(), id)? {
        Step::Echoed => poller.update_deadline(connection.idle, deadline)?,
        Step::Nothing => {}
        Step::Ended => return Ok(false),
    }
    Ok(true)
}
