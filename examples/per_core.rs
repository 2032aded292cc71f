//! An echo server with one thread for each core, each with a poller of its own, all on one port.
//!
//! * `reuse-port`: each has a listener of its own, and the system spreads the connections over them
//!   by a hash of the addresses (Linux, FreeBSD, DragonFly).
//! * `exclusive`: all share one listener, and a new connection wakes one of those that sleep
//!   (Linux).
#![allow(clippy::std_instead_of_core)] // As a user writes it.

mod common;

use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::process::ExitCode;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use mio_st::event::{EventedId, Events, Interests};
use mio_st::net::{AcceptGuard, Incoming, ListenOptions, TcpListener, TcpStream};
use mio_st::poll::PollOption;
use mio_st::slab::Slab;
use mio_st::time::Instant;
use mio_st::timer::DeadlineKey;
use mio_st::unix::{Waker, raise_descriptor_limit};

use self::common::{Echo, Failure, Log, Step};

const USAGE: &str = "\
usage: per_core [reuse-port|exclusive [ADDRESS [IDLE_MILLISECONDS]]]

Sends back what clients send, with a thread for each core, until its standard input ends. ADDRESS is
like 127.0.0.1:7000 (the default) or [::1]:0. A client that is idle for longer than
IDLE_MILLISECONDS (60000) is closed.";

#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Share {
    ReusePort,
    Exclusive,
}

#[allow(dead_code)] // A test includes this file.
fn main() -> ExitCode {
    common::run(USAGE, |mut arguments| {
        let share = match arguments.next::<String>("reuse-port")?.as_str() {
            "reuse-port" => Share::ReusePort,
            "exclusive" => Share::Exclusive,
            other => return Err(Failure::usage(other, "neither `reuse-port` nor `exclusive`")),
        };
        let address = arguments.next("127.0.0.1:7000")?;
        let idle = arguments.millis("60000")?;
        arguments.end()?;
        run(share, address, idle).map_err(|error| Failure::at(address, error))
    })
}

#[allow(dead_code)] // As above.
fn run(share: Share, address: SocketAddr, idle: Duration) -> io::Result<()> {
    let _ = raise_descriptor_limit();
    let mut log = Log::new();
    let cores = thread::available_parallelism()?.get();
    let service = Service::start(share, address, cores, idle)?;
    log.line(format_args!("serving at {}", service.address));
    let end = End(service.ended.0.clone());
    thread::spawn(move || {
        let _end = end;
        io::copy(&mut io::stdin(), &mut io::sink())
    });
    // The standard input, or a thread that has failed: a service without it would be deaf.
    let _ = service.ended.1.recv();
    for (core, served) in service.stop()?.into_iter().enumerate() {
        log.line(format_args!("core {core} served {served} connections"));
    }
    Ok(())
}

pub(crate) struct Service {
    pub(crate) address: SocketAddr,
    threads: Vec<JoinHandle<io::Result<usize>>>,
    /// One of each thread: the one part of a poller that crosses threads.
    wakers: mpsc::Receiver<Waker>,
    /// Says that it is time to stop.
    ended: (mpsc::Sender<()>, mpsc::Receiver<()>),
}

/// Tells of the end of a thread, even if it panics.
struct End(mpsc::Sender<()>);

impl Drop for End {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

impl Service {
    pub(crate) fn start(
        share: Share,
        address: SocketAddr,
        cores: usize,
        idle: Duration,
    ) -> io::Result<Service> {
        let options = ListenOptions::new().reuse_addr(true).reuse_port(share == Share::ReusePort);
        // All listen before the first is served: otherwise the first has all connections.
        let first = options.listen(address)?;
        let address = first.local_addr()?;
        let mut listeners = vec![first];
        for _ in 1..cores {
            listeners.push(match share {
                Share::ReusePort => options.listen(address)?,
                Share::Exclusive => listeners[0].try_clone()?,
            });
        }
        let (sender, wakers) = mpsc::channel();
        let ended = mpsc::channel();
        let mut threads = Vec::new();
        for listener in listeners {
            // Handles stay on their thread; descriptors may travel.
            let (listener, sender) = (OwnedFd::from(listener), sender.clone());
            let end = End(ended.0.clone());
            // The connections live on the stack of their thread: as much of it as a main thread
            // has.
            threads.push(thread::Builder::new().stack_size(8 << 20).spawn(move || {
                let _end = end;
                Core::new(share, listener.into(), idle, sender)?.serve()
            })?);
        }
        Ok(Service { address, threads, wakers, ended })
    }

    /// Returns how many connections each core has served.
    pub(crate) fn stop(self) -> io::Result<Vec<usize>> {
        // A thread that has not come so far yet is waited for; one that failed early sends none.
        let wakers: Vec<Waker> = self.wakers.iter().collect();
        wakers.iter().try_for_each(Waker::wake)?;
        self.threads.into_iter().map(|thread| thread.join().expect("a core panicked")).collect()
    }
}

const LISTENER: EventedId = EventedId(0);
const STOP: EventedId = EventedId(1);

/// How many connections a thread serves at once.
const CONNECTIONS: usize = 1024;
/// How long to leave the listener alone when no connection can be accepted, not even to be closed.
const PAUSE: Duration = Duration::from_millis(100);

type Poller = mio_st::Poller<0, { CONNECTIONS + 1 }>;

struct Connection {
    echo: Echo<[u8; 512]>,
    idle: DeadlineKey,
}

/// What one thread has.
struct Core {
    share: Share,
    listener: TcpListener,
    guard: AcceptGuard,
    poller: Poller,
    connections: Slab<Connection, CONNECTIONS>,
    /// How long a connection may be idle.
    idle: Duration,
    served: usize,
}

impl Core {
    fn new(
        share: Share,
        listener: TcpListener,
        idle: Duration,
        wakers: mpsc::Sender<Waker>,
    ) -> io::Result<Core> {
        let mut core = Core {
            share,
            listener,
            guard: AcceptGuard::new()?,
            poller: Poller::sized()?,
            connections: Slab::new(),
            idle,
            served: 0,
        };
        core.listen()?;
        let waker = Waker::new(core.poller.registry(), STOP)?;
        wakers.send(waker).map_err(io::Error::other)?;
        Ok(core) // The sender is dropped: it would keep `Service::stop` waiting for more.
    }

    /// Serves until it is woken; returns how many connections.
    fn serve(mut self) -> io::Result<usize> {
        let mut events = Events::new();
        loop {
            self.poller.poll(&mut events, None)?;
            let idle_end = Instant::now() + self.idle;
            for event in &mut events {
                match event.id() {
                    STOP => return Ok(self.served),
                    LISTENER if event.readiness().is_timer() => self.listen_again()?,
                    LISTENER => self.accept(idle_end)?,
                    id if event.readiness().is_timer() => drop(self.connections.remove(id)),
                    id if !self.echo(id, idle_end).is_ok_and(|open| open) => self.close(id),
                    _ => {}
                }
            }
        }
    }

    fn listen(&mut self) -> mio_st::Result<()> {
        let (listener, poller) = (&mut self.listener, &mut self.poller);
        let (interests, opt) = (TcpListener::INTERESTS, PollOption::Level);
        match self.share {
            Share::ReusePort => poller.register(listener, LISTENER, interests, opt),
            Share::Exclusive => listener.register_exclusive(poller.registry(), LISTENER, opt),
        }
    }

    fn listen_again(&mut self) -> io::Result<()> {
        if self.listen().is_err() {
            // The kernel is still out of memory: the pause goes on.
            self.poller.add_timeout(LISTENER, PAUSE)?;
        }
        Ok(())
    }

    /// Accepts one connection for each poll, so that the other cores get some too.
    fn accept(&mut self, idle_end: Instant) -> io::Result<()> {
        match self.guard.accept_next(&self.listener)? {
            Incoming::Connection(stream, _) => {
                // If the slab is full, or the kernel has no memory to watch it, it is closed.
                let _ = self.admit(stream, idle_end);
            }
            Incoming::Exhausted => {
                self.poller.deregister(&mut self.listener)?;
                self.poller.add_timeout(LISTENER, PAUSE)?;
            }
            // If another core was faster, none is waiting.
            Incoming::Lost(_) | Incoming::Refused(_) | Incoming::WouldBlock => {}
        }
        Ok(())
    }

    fn admit(&mut self, mut stream: TcpStream, idle_end: Instant) -> mio_st::Result<()> {
        let vacant = self.connections.vacant_entry()?;
        let id = vacant.key().into();
        self.poller.register(&mut stream, id, Interests::READABLE, PollOption::Level)?;
        let idle = self.poller.add_deadline(id, idle_end)?;
        vacant.insert(Connection { echo: Echo::new(stream, [0; 512]), idle });
        self.served += 1;
        Ok(())
    }

    /// Lets a connection take one step. Returns `false` at the end of its data.
    fn echo(&mut self, id: EventedId, idle_end: Instant) -> io::Result<bool> {
        let Some(connection) = self.connections.get_mut(id) else { return Ok(true) };
        match connection.echo.step(self.poller.registry(), id)? {
            Step::Echoed => self.poller.update_deadline(connection.idle, idle_end)?,
            Step::Nothing => {}
            Step::Ended => return Ok(false),
        }
        Ok(true)
    }

    fn close(&mut self, id: EventedId) {
        if let Some(connection) = self.connections.remove(id) {
            // A deadline that has expired is gone already.
            let _ = self.poller.cancel_deadline(connection.idle);
        }
    }
}
