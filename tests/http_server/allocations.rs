//! Nothing is allocated while requests are served.

use std::io::{BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc;
use std::thread;

use mio_st::net::TcpListener;

use super::counting::allocator_calls;
use super::example::options::Limits;
use super::example::server::Server;
use super::messages::*;
use super::{greets, read_response, read_rest};

#[test]
fn serving_allocates_nothing() {
    let (sender, receiver) = mpsc::channel();
    let server = thread::spawn(move || {
        let limits = Limits { head: std::time::Duration::from_secs(2), ..Limits::default() };
        let listener = TcpListener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        let mut server = Server::new(listener, limits).unwrap();
        sender.send((address, server.stopper().unwrap())).unwrap();
        let before = allocator_calls();
        let served = server.serve().unwrap();
        (served, allocator_calls() - before)
    });
    let (address, stopper) = receiver.recv().unwrap();
    let served = visit(address);
    stopper.wake().unwrap();
    let (count, calls) = server.join().unwrap();
    assert_eq!((count, calls), (served, 0));
}

/// Everything that clients do; how many requests get a response.
fn visit(address: SocketAddr) -> u64 {
    let connect = || TcpStream::connect(address).unwrap();
    let mut kept: Vec<_> = (0..50)
        .map(|_| {
            let mut stream = connect();
            assert!(greets(&mut stream));
            stream
        })
        .collect();
    let requests: Vec<u8> = PIPELINE.iter().flat_map(|(request, _)| *request).copied().collect();
    for _ in 0..20 {
        let mut stream = connect();
        stream.write_all(&requests).unwrap();
        read_rest(&stream);
    }
    for (_, request) in REFUSED {
        connect().write_all(request).unwrap();
    }
    let mut large = BufReader::new(connect());
    large.get_mut().write_all(b"GET /bytes/3000000 HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    assert_eq!(read_response(&mut large, "GET").body.len(), 3_000_000);
    let mut slow = BufReader::new(connect());
    slow.get_mut().write_all(b"GET").unwrap();
    assert_eq!(read_response(&mut slow, "GET").status, 408);
    assert!(kept.iter_mut().all(greets));
    50 + 20 * PIPELINE.len() as u64 + 1 + 50
}
