//! An echo server on one thread: what `tcp_server` and `echo_demo` run.

mod connection;

use core::fmt::Display;
use core::net::SocketAddr;
use core::time::Duration;
use std::io::{self, Write};

use mio_st::event::{Event, Evented, EventedId, Events, Interests};
use mio_st::net::{AcceptGuard, Incoming, TcpListener, TcpStream};
use mio_st::poll::{PollOption, Poller};
use mio_st::slab::Slab;

use self::connection::Connection;

// No client's id is below 2^32: see `Slab`.
const LISTENER: EventedId = EventedId(0);
const STOP: EventedId = EventedId(1);

/// Whoever comes while so many are served is sent away.
const MAX_CLIENTS: usize = 1024;

/// How long to leave the listener alone when nobody can be accepted, not even to be sent away.
const PAUSE: Duration = Duration::from_millis(100);

/// The echo server.
///
/// Everything is level-triggered. An event then means "there still is something to do", so each takes one
/// step, an accept or a read and a write, and the kernel brings whoever has more to do again, after
/// the others: no client can hold the loop. What a client waits for is its state (see [`Connection`]);
/// asking again for the same, as nearly every step does, costs no system call.
pub struct Server {
    poller: Poller,
    listener: TcpListener,
    guard: AcceptGuard,
    clients: Slab<Connection, MAX_CLIENTS>,
}

impl Server {
    pub fn bind(address: SocketAddr) -> io::Result<Server> {
        let mut server = Server {
            poller: Poller::new()?,
            listener: TcpListener::bind(address)?,
            guard: AcceptGuard::new()?,
            clients: Slab::new(),
        };
        server.listen()?;
        println!("server: listening on {}", server.local_addr()?);
        Ok(server)
    }

    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `stop` becomes readable.
    pub fn run(&mut self, stop: &mut dyn Evented) -> io::Result<()> {
        self.poller.register(stop, STOP, Interests::READABLE, PollOption::Level)?;
        let mut events = Events::new();
        loop {
            self.poller.poll(&mut events, None)?;
            for event in &mut events {
                match event.id() {
                    LISTENER => self.welcome(event)?,
                    STOP => {
                        println!("server: stopping, {} open", self.clients.len());
                        return Ok(());
                    }
                    id => self.serve(id),
                }
            }
        }
    }

    fn listen(&mut self) -> io::Result<()> {
        let interests = TcpListener::INTERESTS;
        Ok(self.poller.register(&mut self.listener, LISTENER, interests, PollOption::Level)?)
    }

    fn welcome(&mut self, event: Event) -> io::Result<()> {
        if event.readiness().is_timer() {
            return self.listen();
        }
        match self.guard.accept_next(&self.listener)? {
            Incoming::Connection(stream, peer) => self.admit(stream, peer),
            Incoming::Refused(peer) => println!("server: {peer} refused, out of descriptors"),
            Incoming::Exhausted => {
                self.poller.add_timeout(LISTENER, PAUSE)?;
                self.poller.deregister(&mut self.listener)?;
            }
            Incoming::Lost(error) => println!("server: a connection was lost: {error}"),
            Incoming::WouldBlock => {}
        }
        Ok(())
    }

    fn admit(&mut self, mut stream: TcpStream, peer: SocketAddr) {
        let Ok(entry) = self.clients.vacant_entry() else { return refuse(&stream, peer) };
        let id = entry.key().into();
        // Small answers go out at once.
        let watched = stream.set_nodelay(true).and_then(|()| {
            let interests = Interests::READABLE;
            Ok(self.poller.register(&mut stream, id, interests, PollOption::Level)?)
        });
        if let Err(error) = watched {
            println!("server: {peer} dropped: {error}");
            return;
        }
        entry.insert(Connection::new(stream, peer));
        println!("server: {peer} connected, {} open", self.clients.len());
    }

    fn serve(&mut self, id: EventedId) {
        let Some(client) = self.clients.get_mut(id) else { return };
        match client.echo() {
            Ok(Some(interests)) => {
                let stream = &mut client.stream;
                if let Err(error) = self.poller.reregister(stream, id, interests, PollOption::Level)
                {
                    self.close(id, &error);
                }
            }
            Ok(None) => self.close(id, &"closed"),
            Err(error) => self.close(id, &error),
        }
    }

    /// Closing the descriptor also ends its registration, as no duplicate of it exists.
    fn close(&mut self, id: EventedId, why: &dyn Display) {
        if let Some(Connection { peer, echoed, .. }) = self.clients.remove(id) {
            println!("server: {peer} {why}, {echoed} bytes echoed, {} open", self.clients.len());
        }
    }
}

fn refuse(mut stream: &TcpStream, peer: SocketAddr) {
    // The buffer of a new connection has room for this; if not, the client hears it by being closed.
    let _ = stream.write(b"the server is full, please come back later\n");
    println!("server: {peer} refused, the house is full");
}
