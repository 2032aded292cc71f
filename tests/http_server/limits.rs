//! What is slow, too long, too many, or wrong from the start.

use std::io::{BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::messages::*;
use super::support::{
    Complaint, PATIENCE, Server, assert_complaints, example, signal_child, stay_busy, succeeds,
};
use super::{ask, greets, is_greeted, read_response, read_rest, start};

/// A client reads the whole error, though it is still sending when the server has decided.
#[test]
fn errors_reach_clients_that_are_still_sending() {
    let server = start(&[]);
    for (status, request) in REFUSED {
        assert_eq!(ask(&server, request).status, *status, "{}", String::from_utf8_lossy(request));
    }
    for (status, request) in too_long() {
        assert_eq!(ask(&server, &request).status, status);
    }
    let mut stream = server.connect();
    stream
        .write_all(b"POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999\r\n\r\n")
        .unwrap();
    // More than the sockets' buffers hold, and more than the server reads before it answers.
    let sent = stream.write_all(&vec![b'x'; 4_000_000]);
    assert!(sent.is_ok(), "{sent:?}");
    assert_eq!(read_response(&mut BufReader::new(&stream), "POST").status, 413);
    drop(stream);
    assert!(greets(&mut server.connect()));
}

const SHORT: Duration = Duration::from_millis(400);

#[test]
fn slow_clients_are_told_in_time_and_not_before() {
    let server = start(&["--head", "400", "--body", "400", "--idle", "60000"]);
    for start in [
        &b"GET / HTTP/1.1\r\nHost: a\r\nX: "[..],
        b"POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n",
    ] {
        let since = Instant::now();
        let mut stream = server.connect();
        stream.write_all(start).unwrap();
        // Each byte is a sign of life, and none buys time: or there would be no response.
        let mut dripping = stream.try_clone().unwrap();
        let drip = thread::spawn(move || {
            while dripping.write_all(b"x").is_ok() {
                thread::sleep(SHORT / 20);
            }
        });
        let response = read_response(&mut BufReader::new(&stream), "GET");
        assert_eq!((response.status, response.body), (408, b"408 Request Timeout\r\n".to_vec()));
        assert!(since.elapsed() >= SHORT, "after {:?}", since.elapsed());
        stream.shutdown(Shutdown::Both).unwrap();
        drip.join().unwrap();
    }
}

#[test]
fn idle_connections_are_closed_and_busy_ones_kept() {
    let server = start(&["--idle", "400"]);
    let mut stays_open = || {
        let (mut busy, mut idle) = (server.connect(), server.connect());
        is_greeted(&mut idle);
        let last = stay_busy(SHORT, || is_greeted(&mut busy));
        assert_eq!(idle.read_to_end(&mut vec![]).unwrap(), 0);
        let Some(last) = last else { return false };
        assert_eq!(busy.read_to_end(&mut vec![]).unwrap(), 0);
        assert!(last.elapsed() >= SHORT / 2, "closed early, after {:?}", last.elapsed());
        true
    };
    assert!(succeeds(&mut stays_open));
}

/// A batch then has the end of its time and the beginning of its request.
#[test]
fn a_request_that_begins_as_its_time_ends_has_a_limit_all_the_same() {
    let server = start(&["--head", "300"]);
    let begins_late = || {
        let mut stream = server.connect();
        // When the server answers this one, it has accepted that.
        assert!(greets(&mut server.connect()));
        server.signal(libc::SIGSTOP);
        thread::sleep(Duration::from_millis(350));
        let sent = stream.write_all(b"GET / HT");
        server.signal(libc::SIGCONT);
        // On a slow machine it was closed before.
        let is_told = sent.is_ok() && stream.peek(&mut [0]).unwrap_or_default() > 0;
        is_told && read_response(&mut BufReader::new(stream), "GET").status == 408
    };
    assert!(succeeds(begins_late));
}

#[test]
fn a_client_that_reads_nothing_is_cut_off() {
    let server = start(&["--write", "300"]);
    let mut stream = server.connect();
    stream.write_all(b"GET /bytes/1000000000 HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    // Many requests whose responses are not read either.
    let mut other = server.connect();
    other.set_write_timeout(Some(PATIENCE)).unwrap();
    let requests = GREET.repeat(1_000);
    let sent = (0..1_000).take_while(|_| other.write_all(&requests).is_ok()).count();
    assert!(sent < 1_000, "all requests were taken");
    let bytes = read_rest(&stream).len();
    assert!((100_000..1_000_000_000).contains(&bytes), "{bytes}");
    assert!(greets(&mut server.connect()));
}

#[test]
fn what_is_wrong_from_the_start_is_said() {
    let complaints: [Complaint<'_>; 5] = [
        (&["--idle"], 2, "--idle: no value"),
        (&["--idle", "x"], 2, "--idle x: invalid digit"),
        (&["--speed", "9"], 2, "--speed: no such option"),
        (&["--cores", "5000"], 2, "--cores: at most 1024"),
        (&["192.0.2.1:80"], 1, "192.0.2.1:80: Cannot assign requested address"),
    ];
    assert_complaints("http_server", &complaints);
}

/// The server with a limit of descriptors.
fn limited(descriptors: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("ulimit -n {descriptors}; exec \"$0\" \"$@\""));
    command.arg(example("http_server")).args(arguments);
    command
}

#[test]
fn out_of_descriptors_it_goes_on() {
    let server = Server::start_by(&mut limited("40", &["127.0.0.1:0"]));
    let mut streams: Vec<_> = (0..60).map(|_| server.connect()).collect();
    let mut is_served = |stream: &mut TcpStream| {
        stream.write_all(GREET).is_ok() && stream.read(&mut [0; 99]).is_ok_and(|count| count > 0)
    };
    let served = streams.iter_mut().map(&mut is_served).filter(|served| *served).count();
    assert!((10..40).contains(&served), "{served}");
    drop(streams);
    // The others' ends may come after this one.
    while !is_served(&mut server.connect()) {}
}

#[test]
fn nobody_has_to_read_its_output() {
    let mut command = Command::new("sh");
    // The reader takes the first line and goes.
    command.arg("-c").arg("exec \"$0\" 127.0.0.1:0 2>&1").arg(example("http_server"));
    let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    let mut stdout = BufReader::new(process.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut stdout, &mut line).unwrap();
    drop(stdout);
    signal_child(&process, libc::SIGTERM);
    assert!(process.wait().unwrap().success());
}
