//! For its size: the echo server of `size_raw` with mio. `size_mio ADDRESS`.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};

fn main() -> io::Result<()> {
    let address = std::env::args().nth(1).expect("an address");
    let mut listener = TcpListener::bind(address.parse().expect("an address"))?;
    let (mut poll, mut events) = (Poll::new()?, Events::with_capacity(256));
    poll.registry().register(&mut listener, Token(0), Interest::READABLE)?;
    let mut connections: HashMap<Token, TcpStream> = HashMap::new();
    let mut buffer = [0; 1024];
    loop {
        poll.poll(&mut events, None)?;
        for event in &events {
            let token = event.token();
            if token == Token(0) {
                while let Ok((mut stream, _)) = listener.accept() {
                    let token = Token(stream.as_raw_fd() as usize);
                    poll.registry().register(&mut stream, token, Interest::READABLE)?;
                    connections.insert(token, stream);
                }
                continue;
            }
            let Some(stream) = connections.get_mut(&token) else { continue };
            match stream.read(&mut buffer) {
                Ok(length @ 1..) => drop(stream.write(&buffer[..length])),
                _ => drop(connections.remove(&token)),
            }
        }
    }
}
