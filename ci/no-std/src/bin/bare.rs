//! The smallest echo server: a connection keeps nothing but its socket, and its id is its descriptor.
//!
//! usage: bare PORT
#![no_std]
#![no_main]

use mio_st::event::{EventedId, Events, Interests};
use mio_st::poll::{PollOption, Registry};
use mio_st::socket::{AcceptError, TcpListener, TcpStream};
use mio_st::unix::RawFd;
use mio_st::{Error, Result};
use no_std::Program;

no_std::program!(run);

/// Connections with a descriptor from here on are closed.
const MOST: usize = 1024;
type Connections = [Option<TcpStream>; MOST];

fn run(program: Program) -> Result<()> {
    let listener = TcpListener::bind(([127, 0, 0, 1], program.number(1) as u16).into())?;
    let mut registry = Registry::new()?;
    let mut events = Events::<64>::sized();
    let mut connections: Connections = [const { None }; MOST];
    let listening = EventedId(listener.as_raw_fd() as usize);
    watch(&mut registry, listening)?;
    loop {
        registry.poll(&mut events, None)?;
        for event in &mut events {
            let id = event.id();
            if id == listening {
                welcome(&mut registry, &listener, &mut connections)?;
            } else if let Some(place) = connections.get_mut(id.0)
                && let Some(stream) = place
                && echo(&mut registry, stream, id).is_err()
            {
                *place = None;
                // It may have been deregistered for want of a descriptor, and now there is one.
                let _ = watch(&mut registry, listening);
            }
        }
    }
}

/// Accepts one connection: under `Level` the next poll reports the others.
fn welcome(
    registry: &mut Registry,
    listener: &TcpListener,
    connections: &mut Connections,
) -> Result<()> {
    match listener.accept() {
        Ok((stream, _)) => {
            let id = EventedId(stream.as_raw_fd() as usize);
            if let Some(place) = connections.get_mut(id.0)
                && watch(registry, id).is_ok()
            {
                *place = Some(stream);
            }
        }
        Err(error) => match AcceptError::of(error) {
            AcceptError::WouldBlock | AcceptError::Lost => {}
            // Until a connection ends: reported again and again, it would keep the loop busy.
            AcceptError::Exhausted if connections.iter().any(Option::is_some) => {
                registry.deregister_fd(listener.as_raw_fd())?;
            }
            // Others have used up what the system has. To wait for them takes a timer, and a kilobyte; the
            // service has one.
            AcceptError::Exhausted => {}
            AcceptError::Listener => return Err(error),
        },
    }
    Ok(())
}

fn watch(registry: &mut Registry, id: EventedId) -> Result<()> {
    registry.register_fd(id.0 as RawFd, id, Interests::READABLE, PollOption::Level)
}

/// Takes from the socket only what it has taken back, so that there is nothing to keep. One step for each
/// event: no connection can hold the others up.
fn echo(registry: &mut Registry, stream: &TcpStream, id: EventedId) -> Result<()> {
    let mut buffer = [0; 4096];
    let wanted = match stream.peek(&mut buffer) {
        Ok(0) => return Err(Error::Os(libc::ECONNRESET)),
        Ok(length) => match stream.write(buffer.get(..length).unwrap_or_default()) {
            Ok(sent) => {
                stream.read(buffer.get_mut(..sent).unwrap_or_default())?;
                Interests::READABLE
            }
            Err(error) if error.is_would_block() => Interests::WRITABLE,
            Err(error) => return Err(error),
        },
        Err(error) if error.is_would_block() => Interests::READABLE,
        Err(error) => return Err(error),
    };
    registry.reregister_fd(id.0 as RawFd, id, wanted, PollOption::Level)
}
