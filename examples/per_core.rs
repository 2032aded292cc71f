//! An echo server with one thread a core, each with a poller of its own, all on one port.
//!
//! * `reuse-port`: each has a listener of its own, and the system spreads the connections over them by a hash
//!   of the addresses (Linux, FreeBSD, DragonFly).
//! * `exclusive`: all share one listener, and a new connection wakes one of those that sleep (Linux).
//!
//! ```text
//! $ cargo run --features std --example per_core reuse-port 127.0.0.1:7000
//! $ cargo run --features std --example per_core exclusive 127.0.0.1:7000
//! ```
//!
//! It ends when its standard input does.
#![allow(clippy::std_instead_of_core)] // As a user writes it.

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::thread::{self, JoinHandle};

use mio_st::event::{EventedId, Events, Interests};
use mio_st::net::{ListenOptions, TcpListener, TcpStream, UnixStream};
use mio_st::poll::{PollOption, Poller};
use mio_st::slab::Slab;

#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Share {
    ReusePort,
    Exclusive,
}

#[allow(dead_code)] // A test includes this file.
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let share = match std::env::args().nth(1).as_deref() {
        None | Some("reuse-port") => Share::ReusePort,
        Some("exclusive") => Share::Exclusive,
        Some(other) => return Err(format!("{other}: reuse-port or exclusive").into()),
    };
    let address = std::env::args().nth(2).unwrap_or("127.0.0.1:7000".into()).parse()?;
    let service = Service::start(share, address, thread::available_parallelism()?.get())?;
    println!("serving at {}", service.address);
    io::copy(&mut io::stdin(), &mut io::sink())?;
    for (core, served) in service.stop()?.into_iter().enumerate() {
        println!("core {core} served {served} connections");
    }
    Ok(())
}

pub(crate) struct Service {
    pub(crate) address: SocketAddr,
    cores: Vec<(Stop, JoinHandle<io::Result<usize>>)>,
}

impl Service {
    pub(crate) fn start(share: Share, address: SocketAddr, cores: usize) -> io::Result<Service> {
        let options = ListenOptions::new().reuse_addr(true).reuse_port(share == Share::ReusePort);
        // All listen before the first is served: else the first has all connections.
        let first = options.listen(address)?;
        let address = first.local_addr()?;
        let mut listeners = vec![first];
        for _ in 1..cores {
            listeners.push(match share {
                Share::ReusePort => options.listen(address)?,
                Share::Exclusive => listeners[0].try_clone()?,
            });
        }
        let mut threads = Vec::new();
        for listener in listeners {
            let (stop, stopped) = stop()?;
            // Handles stay on their thread; descriptors may travel.
            let listener = OwnedFd::from(listener);
            threads.push((stop, thread::spawn(move || serve(share, listener.into(), stopped))));
        }
        Ok(Service { address, cores: threads })
    }

    /// How many connections each core has served.
    pub(crate) fn stop(self) -> io::Result<Vec<usize>> {
        let (stops, threads): (Vec<_>, Vec<_>) = self.cores.into_iter().unzip();
        drop(stops);
        threads.into_iter().map(|thread| thread.join().expect("a core panicked")).collect()
    }
}

/// Ends a thread's service when dropped. This function and the two types are all there is of it: a `Waker`
/// can take their place.
fn stop() -> io::Result<(Stop, Stopped)> {
    let (stop, stopped) = UnixStream::pair()?;
    Ok((Stop { _end: stop.into() }, Stopped { end: stopped.into() }))
}

struct Stop {
    _end: OwnedFd,
}

struct Stopped {
    end: OwnedFd,
}

const LISTENER: EventedId = EventedId(0);
const STOPPED: EventedId = EventedId(1);

/// Of one thread.
type Connections = Slab<TcpStream, 1024>;

fn serve(share: Share, mut listener: TcpListener, stopped: Stopped) -> io::Result<usize> {
    let mut poller = Poller::new()?;
    let mut events = Events::new();
    let mut connections = Connections::new();
    let mut served = 0;

    match share {
        Share::ReusePort => {
            poller.register(&mut listener, LISTENER, TcpListener::INTERESTS, PollOption::Level)?
        }
        Share::Exclusive => {
            listener.register_exclusive(poller.registry(), LISTENER, PollOption::Level)?
        }
    }
    let mut stopped = UnixStream::from(stopped.end);
    poller.register(&mut stopped, STOPPED, Interests::READABLE, PollOption::Level)?;

    loop {
        poller.poll(&mut events, None)?;
        for event in &mut events {
            match event.id() {
                STOPPED => return Ok(served),
                LISTENER => served += accept(&listener, &mut poller, &mut connections)?,
                id => echo(id, &mut poller, &mut connections)?,
            }
        }
    }
}

/// One connection a poll, so that the other cores get some too.
fn accept(
    listener: &TcpListener,
    poller: &mut Poller,
    connections: &mut Connections,
) -> io::Result<usize> {
    match listener.accept() {
        Ok((stream, _)) => {
            let Ok(vacant) = connections.vacant_entry() else { return Ok(0) }; // Full: it is closed.
            let id = vacant.key().into();
            poller.register(vacant.insert(stream), id, Interests::READABLE, PollOption::Level)?;
            Ok(1)
        }
        // Another core was faster, or the client has gone.
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
        Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => Ok(0),
        Err(error) => Err(error),
    }
}

fn echo(id: EventedId, poller: &mut Poller, connections: &mut Connections) -> io::Result<()> {
    let Some(stream) = connections.get_mut(id) else { return Ok(()) };
    let mut buffer = [0; 4096];
    let open = match stream.read(&mut buffer) {
        Ok(0) => false,
        // Who does not take what it sent is cut off: an example need not keep it.
        Ok(length) => matches!(stream.write(&buffer[..length]), Ok(written) if written == length),
        Err(error) => error.kind() == io::ErrorKind::WouldBlock,
    };
    if !open {
        poller.deregister(stream)?;
        connections.remove(id);
    }
    Ok(())
}
