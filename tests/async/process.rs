//! The example as a process.

use core::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::io::{Read, Write};
use std::net::{TcpStream, UdpSocket};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use super::support::{PATIENCE, Server, assert_serves_ab, example, output_of};
#[cfg(target_os = "linux")]
use super::support::{skip, succeeds};

fn start(arguments: &[&str]) -> Server {
    Server::start("async", &[&["127.0.0.1:0"], arguments].concat())
}

fn greets(server: &Server) -> bool {
    let mut stream = server.connect();
    let mut response = String::new();
    stream.write_all(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n").unwrap();
    stream.read_to_string(&mut response).is_ok() && response.ends_with("Hello, world!\n")
}

#[test]
fn curl_is_served_by_edge_http() {
    let server = start(&[]);
    let url = |path: &str| format!("http://{}{path}", server.address);
    let curl = |arguments: &[&str]| output_of("curl", &[&["-sS"], arguments].concat());
    let count = "%{http_code} %{num_connects}\n";
    let Some(seen) = curl(&["-w", count, &url("/"), &url("/divisors/5040"), &url("/none")]) else {
        return;
    };
    assert_eq!(seen, "Hello, world!\n200 1\n60\n200 0\nnot found\n404 0\n");
    let body = "x".repeat(3000);
    for header in ["A: b", "Transfer-Encoding: chunked"] {
        assert_eq!(curl(&["-H", header, "--data-binary", &body, &url("/echo")]).unwrap(), body);
    }
    assert_eq!(curl(&["--data-binary", &"x".repeat(5000), &url("/echo")]).unwrap(), "too large\n");
}

#[test]
fn load_generators_see_no_failure() {
    let server = start(&[]);
    let url = format!("http://{}/", server.address);
    assert_serves_ab(&url, "300");
}

#[test]
fn datagrams_come_back() {
    let server = start(&[]);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    for length in [0, 1, 1500] {
        socket.send_to(&[7; 1500][..length], server.address).unwrap();
        assert_eq!(socket.recv(&mut [0; 2000]).unwrap(), length);
    }
}

/// A datagram with a forged sender would let two echo servers answer each other for ever.
#[cfg(target_os = "linux")]
#[test]
fn no_datagram_goes_to_another_server_of_the_kind() {
    let server = start(&[]);
    let other = UdpSocket::bind(("127.0.0.2", server.address.port())).unwrap();
    other.set_nonblocking(true).unwrap();
    other.send_to(b"forged", server.address).unwrap();
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    client.send_to(b"hello", server.address).unwrap();
    assert_eq!(client.recv(&mut [0; 9]).unwrap(), 5);
    assert_eq!(other.recv(&mut [0; 9]).unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}

#[test]
fn a_computation_keeps_nobody_waiting() {
    let server = start(&[]);
    let mut slow = server.connect();
    slow.write_all(b"GET /divisors/3000000 HTTP/1.1\r\nConnection: close\r\n\r\n").unwrap();
    assert!((0..5).all(|_| greets(&server)));
    let mut response = String::new();
    slow.read_to_string(&mut response).unwrap();
    assert!(response.ends_with("\r\n\r\n98\n"), "{response}");
}

/// As many steps as this number, and the thread would never be free again.
#[test]
fn no_client_takes_the_worker_for_ever() {
    let server = start(&[]);
    for (number, end) in [(u64::MAX, "too large\n"), (5_040, "60\n")] {
        let mut stream = server.connect();
        let request = format!("GET /divisors/{number} HTTP/1.1\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut response = String::new();
        // It is left waiting without an answer, or told that the worker is busy.
        let result = stream.read_to_string(&mut response);
        assert!(result.is_ok() && response.ends_with(end), "{number}: {result:?}, {response}");
    }
}

#[test]
fn slow_and_idle_clients_are_closed_in_time() {
    const IDLE: Duration = Duration::from_millis(400);
    let server = start(&["400"]);
    let start = Instant::now();
    // All that are served at once: the first half says something.
    let mut streams: Vec<_> = (0..64).map(|_| server.connect()).collect();
    streams[..32].iter_mut().for_each(|stream| stream.write_all(b"GET / HT").unwrap());
    assert!(greets(&server), "it waits until the others are closed");
    assert!(start.elapsed() >= IDLE, "after {:?}", start.elapsed());
    for stream in &mut streams {
        assert!(!matches!(stream.read(&mut [0]), Ok(1..)));
    }
    server.wait_for_sleep();
}

#[test]
fn out_of_descriptors_it_goes_on() {
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -n 30; exec \"$0\" \"$@\""]).arg(example("async"));
    let server = Server::start_by(command.args(["127.0.0.1:0", "300"]));
    let streams: Vec<_> = (0..50).map(|_| server.connect()).collect();
    drop(streams);
    let again = || {
        let mut stream = server.connect();
        let _ = stream.write_all(b"GET / HTTP/1.1\r\n\r\n");
        stream.read(&mut [0]).is_ok_and(|count| count == 1)
    };
    while !again() {}
}

const GREET: &[u8] = b"GET / HTTP/1.1\r\n\r\n";

#[test]
fn at_a_signal_what_is_under_way_is_finished_and_the_rest_is_closed() {
    for number in [libc::SIGTERM, libc::SIGINT] {
        let mut server = start(&["60000", "60000"]);
        let (mut idle, mut kept, mut half) = (server.connect(), server.connect(), server.connect());
        for stream in [&mut idle, &mut half, &mut kept] {
            stream.write_all(GREET).unwrap();
            stream.read_exact(&mut [0; 10]).unwrap();
        }
        half.write_all(b"POST /echo HTTP/1.1\r\nContent-Length: 6\r\n\r\nabc").unwrap();
        // When the server has answered this one, it has read that.
        assert!(greets(&server));
        server.signal(number);
        for mut stream in [idle, kept] {
            stream.read_to_end(&mut vec![]).unwrap();
        }
        while TcpStream::connect(server.address).is_ok() {}
        half.write_all(b"def").unwrap();
        let mut rest = String::new();
        half.read_to_string(&mut rest).unwrap();
        assert!(rest.ends_with("\r\n\r\nabcdef"), "{rest}");
        assert!(server.end().success());
    }
}

/// Each byte comes in time, and no request ever ends. They are all that are served at once.
#[test]
fn clients_that_drip_are_closed_in_time() {
    let server = start(&["400"]);
    let mut streams: Vec<_> = (0..64).map(|_| server.connect()).collect();
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Relaxed) {
                streams.iter_mut().for_each(|stream| drop(stream.write_all(b"G")));
                thread::sleep(Duration::from_millis(50));
            }
        });
        let mut stream = server.connect();
        stream.write_all(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n").unwrap();
        let served = stream.read(&mut [0]);
        stop.store(true, Relaxed);
        assert!(served.is_ok_and(|length| length == 1), "nobody else is served");
    });
}

/// They come faster than a slow server accepts.
#[cfg(target_os = "linux")]
#[test]
fn clients_that_keep_connecting_do_not_put_the_end_off() {
    let arguments = ["127.0.0.1:0", "60000", "600000"];
    let server = Server::start_injected("async", &arguments, "accept4", "delay_exit=1000");
    let Some(mut server) = server else { return skip("no strace") };
    assert!(greets(&server));
    let address = server.address;
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !stop.load(Relaxed) && TcpStream::connect(address).is_ok() {
                    thread::yield_now();
                }
            });
        }
        server.signal(libc::SIGTERM);
        let ended = succeeds(|| server.process.try_wait().unwrap().is_some());
        stop.store(true, Relaxed);
        assert!(ended, "it goes on accepting");
    });
}

#[test]
fn the_grace_period_ends_and_a_second_signal_ends_it_at_once() {
    for (grace, second) in [("200", false), ("60000", true)] {
        let mut server = start(&["60000", grace]);
        let mut half = server.connect();
        half.write_all(b"POST /echo HTTP/1.1\r\nContent-Length: 6\r\n\r\nabc").unwrap();
        assert!(greets(&server));
        server.signal(libc::SIGTERM);
        if second {
            while TcpStream::connect(server.address).is_ok() {}
            server.signal(libc::SIGTERM);
        }
        assert_eq!(server.end().success(), !second);
        assert!(!matches!(half.read(&mut [0]), Ok(1..)));
    }
}

/// Connections that the server has not accepted yet when it is told to end.
#[test]
fn requests_in_the_listeners_queue_are_served() {
    let mut server = start(&[]);
    server.signal(libc::SIGSTOP);
    let mut streams: Vec<_> = (0..40).map(|_| server.connect()).collect();
    streams.iter_mut().for_each(|stream| stream.write_all(GREET).unwrap());
    server.signal(libc::SIGTERM);
    server.signal(libc::SIGCONT);
    for mut stream in streams {
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        assert!(response.ends_with("Hello, world!\n"), "{response}");
    }
    assert!(server.end().success());
}
