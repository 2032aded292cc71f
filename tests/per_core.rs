//! The example server with one thread a core.
#![cfg(feature = "std")]
#![allow(unsafe_code, clippy::std_instead_of_core)]

#[path = "../examples/per_core.rs"]
mod per_core;

mod support;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

use per_core::{Service, Share};

const CORES: usize = 3;
const IDLE: Duration = Duration::from_secs(60);
const CLIENTS: usize = 60;

fn serves(share: Share) {
    let _alone = support::net::alone();
    // What a process opens once and keeps is there from the first run on.
    serve(share);
    assert!(!support::net::leaks(|| serve(share)));
}

fn serve(share: Share) {
    let address = support::net::address("127.0.0.1:0");
    let service = Service::start(share, address, CORES, IDLE).unwrap();
    let address = service.address;
    let clients: Vec<_> = (0..CLIENTS).map(|_| thread::spawn(move || talk(address))).collect();
    clients.into_iter().for_each(|client| client.join().unwrap());
    let served = service.stop().unwrap();
    println!("{share:?}: {served:?}");
    assert_eq!(served.len(), CORES);
    assert_eq!(served.iter().sum::<usize>(), CLIENTS);
}

fn talk(address: SocketAddr) {
    let mut client = TcpStream::connect(address).unwrap();
    let mut buffer = [0; 16];
    for _ in 0..4 {
        client.write_all(b"hello").unwrap();
        client.read_exact(&mut buffer[..5]).unwrap();
        assert_eq!(&buffer[..5], b"hello");
    }
}

#[test]
fn each_with_a_listener_of_its_own() {
    serves(Share::ReusePort);
}

#[cfg(all(target_os = "linux", not(mio_st_backend = "kqueue")))]
#[test]
fn all_with_one_listener() {
    serves(Share::Exclusive);
}
