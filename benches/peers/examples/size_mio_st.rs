//! For its size: the echo server of `size_raw` with this library. `size_mio_st ADDRESS`.

use std::io::{self, Read, Write};

use mio_st::event::{EventedId, Events, Interests};
use mio_st::net::{TcpListener, TcpStream};
use mio_st::poll::{PollOption, Poller};
use mio_st::slab::Slab;

const LISTENER: EventedId = EventedId(0);

fn main() -> io::Result<()> {
    let address = std::env::args().nth(1).expect("an address");
    let mut listener = TcpListener::bind(address.parse().expect("an address"))?;
    let (mut poller, mut events) = (Poller::new()?, Events::new());
    poller.register(&mut listener, LISTENER, TcpListener::INTERESTS, PollOption::Edge)?;
    let mut connections: Slab<TcpStream, 1024> = Slab::new();
    let mut buffer = [0; 1024];
    loop {
        poller.poll(&mut events, None)?;
        for event in &mut events {
            if event.id() == LISTENER {
                while let Ok((mut stream, _)) = listener.accept() {
                    let Ok(entry) = connections.vacant_entry() else { break };
                    let (id, interests) = (entry.key().into(), Interests::READABLE);
                    poller.register(&mut stream, id, interests, PollOption::Edge)?;
                    entry.insert(stream);
                }
                continue;
            }
            let Some(stream) = connections.get_mut(event.id()) else { continue };
            match stream.read(&mut buffer) {
                Ok(length @ 1..) => drop(stream.write(&buffer[..length])),
                _ => drop(connections.remove(event.id())),
            }
        }
    }
}
