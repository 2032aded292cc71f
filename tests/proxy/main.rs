//! `examples/proxy` as a process, between real and hostile peers.
#![cfg(feature = "std")]
#![allow(unsafe_code, clippy::std_instead_of_core)]

#[path = "../support/mod.rs"]
mod support;

mod bulk;
mod ending;
mod failures;
mod peers;

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use support::{PATIENCE, Server};

/// A proxy for one backend, which the test plays.
struct Proxy {
    server: Server,
    backend: TcpListener,
    /// How many descriptors it had at first.
    descriptors: usize,
}

impl Proxy {
    fn start(options: &[&str]) -> Proxy {
        let backend = TcpListener::bind("127.0.0.1:0").unwrap();
        Proxy::of(start(options, &[address(&backend)]), backend)
    }

    fn of(server: Server, backend: TcpListener) -> Proxy {
        let descriptors = server.descriptors();
        Proxy { server, backend, descriptors }
    }

    /// A client's connection, and the one that the backend has for it.
    fn connect(&self) -> (TcpStream, TcpStream) {
        let client = self.server.connect();
        (client, accept(&self.backend))
    }

    /// It serves, and then has nothing that it did not have at first.
    #[track_caller]
    fn assert_as_before(&self) {
        let (mut client, mut backend) = self.connect();
        assert_joined(&mut client, &mut backend);
        drop((client, backend));
        let since = Instant::now();
        // The ends may be on their way.
        while self.server.descriptors() > self.descriptors {
            assert!(since.elapsed() < PATIENCE, "{} descriptors", self.server.descriptors());
            thread::sleep(Duration::from_millis(1));
        }
    }
}

fn accept(backend: &TcpListener) -> TcpStream {
    let (stream, _) = backend.accept().unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

fn start(options: &[&str], backends: &[SocketAddr]) -> Server {
    let backends: Vec<String> = backends.iter().map(SocketAddr::to_string).collect();
    let mut arguments = options.to_vec();
    arguments.push("127.0.0.1:0");
    arguments.extend(backends.iter().map(String::as_str));
    Server::start("proxy", &arguments)
}

fn address(listener: &TcpListener) -> SocketAddr {
    listener.local_addr().unwrap()
}

/// An address where nothing listens.
fn nowhere() -> SocketAddr {
    address(&TcpListener::bind("127.0.0.1:0").unwrap())
}

/// What is written at one end comes out at the other, in both directions.
#[track_caller]
fn assert_joined(one: &mut TcpStream, other: &mut TcpStream) {
    assert!(are_joined(one, other));
}

fn are_joined(one: &mut TcpStream, other: &mut TcpStream) -> bool {
    [(&*one, &*other), (&*other, &*one)].into_iter().all(|(mut from, mut to)| {
        let mut buffer = [0; 5];
        from.write_all(b"hello").is_ok()
            && to.read_exact(&mut buffer).is_ok()
            && buffer == *b"hello"
    })
}

#[track_caller]
fn assert_reset(stream: &mut TcpStream) {
    // What was on its way may come before.
    let mut buffer = vec![0; 1 << 20];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => panic!("an orderly end"),
            Ok(_) => {}
            // A stop of the machine interrupts reads that have a time limit, see signal(7).
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return assert_eq!(error.kind(), ErrorKind::ConnectionReset),
        }
    }
}

#[track_caller]
fn assert_ended(stream: &mut TcpStream) {
    assert_eq!(stream.read_to_end(&mut vec![]).unwrap(), 0);
}
