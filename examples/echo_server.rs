//! The README's echo server, with an address of one's choice: `echo_server [ADDRESS]`.
//!
//! It is about as short as a server can be that keeps serving whatever its clients do: it handles
//! each result of accept(2), clients that do not read, and more clients than it has room for.
//! `tcp_server` also closes idle clients, and ends in order.

use std::io::{self, ErrorKind, Read, Write};

use mio_st::event::{EventedId, Events, Interests};
use mio_st::net::{Acceptor, Incoming, TcpListener, TcpStream};
use mio_st::poll::{PollOption::Level, Poller};
use mio_st::slab::Slab;

const SERVER: EventedId = EventedId(0);

fn main() {
    // If `main` returned the error, it would be printed by `Debug`.
    if let Err(error) = serve() {
        eprintln!("{error}");
        std::process::exit(1);
    }
}

fn serve() -> io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:12345".into());
    let listener = TcpListener::bind(address.parse().map_err(io::Error::other)?)?;
    let (mut poller, mut events) = (Poller::new()?, Events::new());
    let mut server = Acceptor::new(&mut poller, SERVER, listener)?;
    let mut clients = Slab::<TcpStream, 512>::new();
    loop {
        poller.poll(&mut events, None)?;
        for event in &mut events {
            let id = event.id();
            if let Some(client) = clients.get_mut(id) {
                if echo(client, id, &mut poller).is_err() {
                    clients.remove(id); // Dropping a stream closes it.
                }
            } else if id == SERVER
                && let Incoming::Connection(mut peer, _) = server.accept(&mut poller)?
                && let Ok(slot) = clients.vacant_entry() // If it is full, the stream is dropped.
                && poller.register(&mut peer, slot.key().into(), Interests::READABLE, Level).is_ok()
            {
                slot.insert(peer);
            }
        }
    }
}

/// Sends back what has come, and takes from the socket only what was sent: nothing has to be kept.
fn echo(client: &mut TcpStream, id: EventedId, poller: &mut Poller) -> io::Result<()> {
    let (mut buffer, mut wanted) = ([0; 4096], Interests::READABLE);
    match client.peek(&mut buffer) {
        Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
        Ok(length) => match client.write(&buffer[..length]) {
            Ok(sent) => drop(client.read(&mut buffer[..sent])?),
            Err(error) if error.kind() == ErrorKind::WouldBlock => wanted = Interests::WRITABLE,
            Err(error) => return Err(error),
        },
        Err(error) if error.kind() == ErrorKind::WouldBlock => {}
        Err(error) => return Err(error),
    }
    Ok(poller.reregister(client, id, wanted, Level)?)
}
