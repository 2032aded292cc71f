//! An echo server on one thread: what `tcp_server` and `echo_demo` run.

use core::fmt::Display;
use core::net::SocketAddr;
use core::time::Duration;
use std::io::{self, Write};

use mio_st::event::{Evented, EventedId, Events, Interests};
use mio_st::net::{Acceptor, Incoming, TcpListener, TcpStream};
use mio_st::poll::PollOption;
use mio_st::slab::Slab;
use mio_st::time::Instant;
use mio_st::timer::DeadlineKey;

use super::common::{Echo, Log, Step};

// No client's id is below 2^32: see `Slab`.
const LISTENER: EventedId = EventedId(0);
const STOP: EventedId = EventedId(1);

/// The number of clients that are served at the same time; any more are sent away.
const MAX_CLIENTS: usize = 1024;

/// The bytes that are read from a client at once.
const BUFFER: usize = 64 * 1024;

/// No user events, and a deadline for each client and for the pause of the listener.
type Poller = mio_st::Poller<0, { MAX_CLIENTS + 1 }>;

/// The echo server.
///
/// Everything is level-triggered. An event then means "there still is something to do", so each
/// takes one step, an accept or a read and a write, and the kernel reports clients that have more
/// to do again, after the others: no client can hold the loop. What a client waits for is its state
/// (see [`Echo`]); asking again for the same, as nearly every step does, costs no system call.
pub struct Server {
    poller: Poller,
    acceptor: Acceptor<TcpListener>,
    clients: Slab<Client, MAX_CLIENTS>,
    /// A client that is silent, or does not take its echo, for so long is closed.
    idle: Duration,
    log: Log,
}

struct Client {
    echo: Echo<Box<[u8]>>,
    peer: SocketAddr,
    idle: DeadlineKey,
}

impl Server {
    pub fn bind(address: SocketAddr, idle: Duration) -> io::Result<Server> {
        let mut poller = Poller::sized()?;
        let acceptor = Acceptor::new(&mut poller, LISTENER, TcpListener::bind(address)?)?;
        let (clients, log) = (Slab::new(), Log::new());
        let mut server = Server { poller, acceptor, clients, idle, log };
        server.log.line(format_args!("server: listening on {}", server.local_addr()?));
        Ok(server)
    }

    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.acceptor.listener().local_addr()
    }

    /// Serves until `stop` becomes readable.
    pub fn run(&mut self, stop: &mut dyn Evented) -> io::Result<()> {
        self.poller.register(stop, STOP, Interests::READABLE, PollOption::Level)?;
        let mut events = Events::new();
        loop {
            self.poller.poll(&mut events, None)?;
            // One reading of the clock for the batch: idle times need not be more exact than that.
            let now = Instant::now();
            for event in &mut events {
                match event.id() {
                    LISTENER => self.welcome(now)?,
                    STOP => {
                        let open = self.clients.len();
                        self.log.line(format_args!("server: stopping, {open} open"));
                        return Ok(());
                    }
                    id if event.readiness().is_timer() => self.close(id, &"idle for too long"),
                    id => self.serve(id, now),
                }
            }
        }
    }

    fn welcome(&mut self, now: Instant) -> io::Result<()> {
        match self.acceptor.accept(&mut self.poller)? {
            Incoming::Connection(stream, peer) => self.admit(stream, peer, now),
            Incoming::Refused(peer) => {
                self.log.line(format_args!("server: {peer} refused, out of descriptors"));
            }
            Incoming::Lost(error) => {
                let error = io::Error::from(error);
                self.log.line(format_args!("server: a connection was lost: {error}"));
            }
            Incoming::Exhausted | Incoming::WouldBlock => {}
        }
        Ok(())
    }

    fn admit(&mut self, stream: TcpStream, peer: SocketAddr, now: Instant) {
        if self.clients.is_full() {
            refuse(&stream);
            self.log.line(format_args!("server: {peer} refused, the server is full"));
            return;
        }
        match self.watch(stream, peer, now) {
            Ok(()) => {
                let open = self.clients.len();
                self.log.line(format_args!("server: {peer} connected, {open} open"));
            }
            // An error of one client, such as that the kernel has no memory to watch it.
            Err(error) => self.log.line(format_args!("server: {peer} dropped: {error}")),
        }
    }

    fn watch(&mut self, mut stream: TcpStream, peer: SocketAddr, now: Instant) -> io::Result<()> {
        let entry = self.clients.vacant_entry()?;
        let id = entry.key().into();
        // Small answers go out at once.
        stream.set_nodelay(true)?;
        self.poller.register(&mut stream, id, Interests::READABLE, PollOption::Level)?;
        let idle = self.poller.add_deadline(id, now + self.idle)?;
        let buffer = vec![0; BUFFER].into_boxed_slice();
        entry.insert(Client { echo: Echo::new(stream, buffer), peer, idle });
        Ok(())
    }

    fn serve(&mut self, id: EventedId, now: Instant) {
        match self.step(id, now) {
            Ok(true) => {}
            Ok(false) => self.close(id, &"closed"),
            Err(error) => self.close(id, &error),
        }
    }

    /// Lets a client take one step. Returns `false` at the end of its data.
    fn step(&mut self, id: EventedId, now: Instant) -> io::Result<bool> {
        // An event of a client that was closed earlier in this batch finds nothing.
        let Some(client) = self.clients.get_mut(id) else { return Ok(true) };
        match client.echo.step(self.poller.registry(), id)? {
            // `StaleKey` is an error of this client too: its idle time is over.
            Step::Echoed => self.poller.update_deadline(client.idle, now + self.idle)?,
            Step::Nothing => {}
            Step::Ended => return Ok(false),
        }
        Ok(true)
    }

    /// Closing the descriptor also ends its registration, as no duplicate of it exists.
    fn close(&mut self, id: EventedId, why: &dyn Display) {
        let Some(client) = self.clients.remove(id) else { return };
        // A deadline that has expired is gone already.
        let _ = self.poller.cancel_deadline(client.idle);
        let (peer, echoed, open) = (client.peer, client.echo.echoed, self.clients.len());
        self.log.line(format_args!("server: {peer} {why}, {echoed} bytes echoed, {open} open"));
    }
}

fn refuse(mut stream: &TcpStream) {
    // The buffer of a new connection has room for this; if not, the client is closed all the same.
    let _ = stream.write(b"the server is full, please come back later\n");
}
