//! Orderly ends.

use std::io::{BufReader, Read, Write};
use std::net::TcpStream;

use super::{greets, read_response, start};

#[test]
fn at_a_signal_what_is_under_way_is_finished_and_the_rest_is_closed() {
    for cores in ["1", "2"] {
        let mut server = start(&["--cores", cores, "--grace", "600000", "--head", "600000"]);
        let (mut idle, mut busy, mut half) = (server.connect(), server.connect(), server.connect());
        assert!(greets(&mut idle) && greets(&mut busy) && greets(&mut half));
        half.write_all(b"GET / HTT").unwrap();
        busy.write_all(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc").unwrap();
        let mut busy = BufReader::new(busy);
        let mut first = [0; 9];
        busy.read_exact(&mut first).unwrap(); // It has begun.
        server.signal(libc::SIGTERM);
        assert_eq!(idle.read_to_end(&mut vec![]).unwrap(), 0);
        // The listeners go first, each before the connections of its core.
        while TcpStream::connect(server.address).is_ok() {}
        half.write_all(b"P/1.1\r\nHost: a\r\n\r\n").unwrap();
        let response = read_response(&mut BufReader::new(&mut half), "GET");
        assert!(response.head.contains("\r\nConnection: close\r\n"), "{}", response.head);
        busy.get_mut().write_all(b"def").unwrap();
        let mut rest = String::new();
        busy.read_to_string(&mut rest).unwrap();
        assert!(rest.ends_with("\r\n\r\nabcdef"), "{rest}");
        assert!(server.end().success());
        server.wait_for("served 5 requests");
    }
}

#[test]
fn the_grace_period_ends_and_a_second_signal_ends_it_at_once() {
    for (grace, second) in [("200", false), ("60000", true)] {
        let mut server = start(&["--grace", grace]);
        let (mut idle, mut busy) = (server.connect(), server.connect());
        assert!(greets(&mut idle));
        busy.write_all(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc").unwrap();
        busy.read_exact(&mut [0; 9]).unwrap();
        server.signal(libc::SIGINT);
        assert_eq!(idle.read_to_end(&mut vec![]).unwrap(), 0);
        if second {
            server.signal(libc::SIGTERM);
        }
        assert!(server.end().success());
    }
}

/// Connections that the server has not accepted yet when it is told to end.
#[test]
fn requests_in_the_listeners_queue_are_served() {
    let mut server = start(&[]);
    server.signal(libc::SIGSTOP);
    let mut streams: Vec<_> = (0..40).map(|_| server.connect()).collect();
    for stream in &mut streams {
        stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    }
    server.signal(libc::SIGTERM);
    server.signal(libc::SIGCONT);
    for stream in streams {
        assert_eq!(read_response(&mut BufReader::new(stream), "GET").body, b"Hello, world!");
    }
    assert!(server.end().success());
}
