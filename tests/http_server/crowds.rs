//! Many clients at once, and one that takes all it can.

use core::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::io::{BufReader, ErrorKind, Read, Write};
use std::thread;

use super::messages::GREET;
use super::support::{Server, fd_limits, skip, succeeds};
use super::{greets, is_greeted, read_response, start};

/// What the server can serve at once, see `server.rs` of the example.
const CONNECTIONS: usize = 10_000;
const REQUESTS: usize = 2_048;

/// As many connections, and no time without an answer: a server that has accepted the last has accepted all.
fn crowd(server: &Server, count: usize) -> Vec<std::net::TcpStream> {
    let mut streams: Vec<_> = vec![];
    while streams.len() < count {
        streams.push(server.connect());
        // In steps that the listener's queue holds.
        if streams.len().is_multiple_of(1_000) {
            is_greeted(streams.last_mut().unwrap());
        }
    }
    streams
}

#[test]
fn idle_connections_cost_no_time_and_little_memory() {
    // `alone` is not needed: the limit of this process is only raised.
    let _ = mio_st::unix::raise_descriptor_limit();
    let most = fd_limits().0 - 200;
    // However long it takes to connect all of them, the first are still there.
    let server = start(&["--head", "600000", "--idle", "600000"]);
    assert!(greets(&mut server.connect()));
    let before = server.resident_bytes();
    let mut streams = crowd(&server, CONNECTIONS.min(most));
    let each = (server.resident_bytes() - before) / streams.len();
    assert!(each < 500, "{each} bytes for each connection");
    server.wait_for_sleep();
    if streams.len() == CONNECTIONS {
        let mut refused = BufReader::new(server.connect());
        assert_eq!(read_response(&mut refused, "GET").status, 503);
        // The others do not suffer, and who leaves makes space.
        assert!(streams.iter_mut().step_by(100).all(greets));
        drop(streams.split_off(CONNECTIONS - 10));
        while !server.connect().write_all(GREET).is_ok_and(|()| greets(&mut server.connect())) {}
    } else {
        skip(format_args!(
            "{} connections only, the limit of descriptors is {most}",
            streams.len()
        ));
    }
}

#[test]
fn slow_loris_clients_take_the_buffers_and_not_the_server() {
    let _ = mio_st::unix::raise_descriptor_limit();
    if fd_limits().0 < REQUESTS + 200 {
        return skip("the limit of descriptors is too low");
    }
    // Longer than the test takes: each of them keeps its buffer, or gets the 503.
    let server = start(&["--head", "600000"]);
    let streams = slow_loris(&server);
    let mut refused = server.connect();
    refused.write_all(GREET).unwrap();
    assert_eq!(read_response(&mut BufReader::new(&mut refused), "GET").status, 503);
    drop(streams);
    // There is space again as soon as the server has seen that they have gone.
    let has_space = || {
        let mut stream = server.connect();
        stream.write_all(GREET).is_ok()
            && read_response(&mut BufReader::new(stream), "GET").status == 200
    };
    assert!(succeeds(has_space));

    // All are told that they are too slow, and then there is space again.
    let server = start(&["--head", "300"]);
    for stream in slow_loris(&server) {
        match stream.peek(&mut [0]) {
            Ok(1) => {
                let status = read_response(&mut BufReader::new(stream), "GET").status;
                assert!(matches!(status, 408 | 503), "{status}");
            }
            // It was so slow that it had not begun.
            Ok(_) => {}
            Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
        }
    }
    assert!(succeeds(|| is_greeted(&mut server.connect())));
}

/// As many beginnings of requests as there are buffers.
fn slow_loris(server: &Server) -> Vec<std::net::TcpStream> {
    let mut streams = crowd(server, REQUESTS);
    for stream in &mut streams {
        // One that has been told already is closed.
        let _ = stream.write_all(b"GET / HTTP/1.1\r\n");
    }
    streams
}

#[test]
fn floods_leave_time_for_the_others_and_for_the_signal() {
    let mut server = start(&[]);
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        for request in [&b"GET /bytes/1000000000 HTTP/1.1\r\nHost: a\r\n\r\n"[..], GREET] {
            let mut sender = server.connect();
            let mut receiver = sender.try_clone().unwrap();
            let (stop, requests) = (&stop, request.repeat(1_000));
            scope
                .spawn(move || while !stop.load(Relaxed) && sender.write_all(&requests).is_ok() {});
            scope.spawn(move || {
                let mut buffer = vec![0; 1 << 20];
                while !stop.load(Relaxed) && receiver.read(&mut buffer).is_ok_and(|count| count > 0)
                {
                }
                let _ = receiver.shutdown(std::net::Shutdown::Both);
            });
        }
        let mut friend = server.connect();
        for _ in 0..100 {
            assert!(greets(&mut friend));
        }
        server.signal(libc::SIGTERM);
        assert_eq!(friend.read_to_end(&mut vec![]).unwrap(), 0);
        stop.store(true, Relaxed);
        assert!(server.end().success());
    });
}
