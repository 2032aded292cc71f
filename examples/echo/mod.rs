//! An echo server on one thread: what `tcp_server` and `echo_demo` run.

mod connection;

use core::fmt::Display;
use core::net::SocketAddr;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, ErrorKind, Write};

use mio_st::event::{Evented, EventedId, Events, Interests};
use mio_st::net::{TcpListener, TcpStream};
use mio_st::poll::{PollOption, Poller};

use self::connection::{Connection, is_transient};

const LISTENER: EventedId = EventedId(0);
const STOP: EventedId = EventedId(1);
const FIRST_CLIENT: EventedId = EventedId(2);

/// Whoever comes while so many are served is sent away.
const MAX_CLIENTS: usize = 1024;

/// The echo server.
///
/// Everything is level-triggered. An event then means "there still is something to do", so each takes one
/// step, an accept or a read and a write, and the kernel brings whoever has more to do again, after
/// the others: no client can hold the loop. What a client waits for is its state (see [`Connection`]);
/// asking again for the same, as nearly every step does, costs no system call.
pub struct Server {
    poller: Poller,
    listener: TcpListener,
    clients: HashMap<EventedId, Connection>,
    next_id: EventedId,
    /// A descriptor to give up when there are no others: see `send_away`.
    spare: Option<File>,
}

impl Server {
    pub fn bind(address: SocketAddr) -> io::Result<Server> {
        let mut server = Server {
            poller: Poller::new()?,
            listener: TcpListener::bind(address)?,
            clients: HashMap::with_capacity(MAX_CLIENTS),
            next_id: FIRST_CLIENT,
            spare: Some(File::open("/dev/null")?),
        };
        let interests = TcpListener::INTERESTS;
        server.poller.register(&mut server.listener, LISTENER, interests, PollOption::Level)?;
        Ok(server)
    }

    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `stop` becomes readable.
    pub fn run(&mut self, stop: &mut dyn Evented) -> io::Result<()> {
        self.poller.register(stop, STOP, Interests::READABLE, PollOption::Level)?;
        println!("server: listening on {}", self.local_addr()?);
        let mut events = Events::new();
        loop {
            self.poller.poll(&mut events, None)?;
            for event in &mut events {
                match event.id() {
                    LISTENER => self.accept()?,
                    STOP => {
                        println!("server: stopping, {} open", self.clients.len());
                        return Ok(());
                    }
                    id => self.serve(id),
                }
            }
        }
    }

    fn accept(&mut self) -> io::Result<()> {
        match self.listener.accept() {
            Ok((stream, peer)) if self.clients.len() < MAX_CLIENTS => self.admit(stream, peer),
            Ok((stream, peer)) => refuse(&stream, peer),
            Err(error) if is_transient(&error) => {}
            // Whoever was waiting has gone.
            Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
            Err(error) if is_out_of_descriptors(&error) => self.send_away(error)?,
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn admit(&mut self, mut stream: TcpStream, peer: SocketAddr) {
        let id = self.next_id;
        // Small answers go out at once.
        let watched = stream.set_nodelay(true).and_then(|()| {
            let interests = Interests::READABLE;
            Ok(self.poller.register(&mut stream, id, interests, PollOption::Level)?)
        });
        if let Err(error) = watched {
            println!("server: {peer} dropped: {error}");
            return;
        }
        self.next_id.0 += 1;
        self.clients.insert(id, Connection::new(stream, peer));
        println!("server: {peer} connected, {} open", self.clients.len());
    }

    fn serve(&mut self, id: EventedId) {
        let Some(client) = self.clients.get_mut(&id) else { return };
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
        if let Some(Connection { peer, echoed, .. }) = self.clients.remove(&id) {
            println!("server: {peer} {why}, {echoed} bytes echoed, {} open", self.clients.len());
        }
    }

    /// Out of descriptors, nobody can be accepted, not even to be refused, and whoever waits would keep the
    /// loop awake for nothing. Giving the spare descriptor up makes room for one, for a moment.
    fn send_away(&mut self, error: io::Error) -> io::Result<()> {
        if self.spare.take().is_none() {
            return Err(error);
        }
        if let Ok((stream, peer)) = self.listener.accept() {
            refuse(&stream, peer);
        }
        self.spare = Some(File::open("/dev/null")?);
        Ok(())
    }
}

fn refuse(mut stream: &TcpStream, peer: SocketAddr) {
    // The buffer of a new connection has room for this; if not, the client hears it by being closed.
    let _ = stream.write(b"the server is full, please come back later\n");
    println!("server: {peer} refused");
}

fn is_out_of_descriptors(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE))
}
