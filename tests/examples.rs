//! The example servers, as processes, do what their first lines say.
#![cfg(feature = "std")]

mod support;

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use core::time::Duration;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::thread;
use std::time::Instant;

use self::support::*;

#[test]
fn a_sender_that_never_stops_starves_nobody() {
    let server = Server::start("fair_server", &["127.0.0.1:0"]);
    let stop = AtomicBool::new(false);
    let sent = [const { AtomicU64::new(0) }; 2];
    thread::scope(|scope| {
        let mut floods = Vec::new();
        for sent in &sent {
            let mut flood = server.connect();
            let stop = &stop;
            floods.push(scope.spawn(move || {
                while !stop.load(Relaxed) {
                    flood.write_all(&[0; 256 * 1024]).unwrap();
                    sent.fetch_add(256 * 1024, Relaxed);
                }
            }));
        }
        // They are floods by now: each has sent thousands of times as much as a polite client.
        assert!(succeeds(|| sent.iter().all(|sent| sent.load(Relaxed) > 1024 * 1024)));
        let polite: Vec<_> = (0..8).map(|_| server.connect()).collect();
        let mut polite: Vec<_> = polite.into_iter().map(BufReader::new).collect();
        let mut answers = 0;
        // `connect` gives each read a time limit: who is starved fails.
        for round in 1..=50 {
            for client in &mut polite {
                client.get_mut().write_all(b"ping\n").unwrap();
            }
            for client in &mut polite {
                let mut answer = String::new();
                client.read_line(&mut answer).unwrap();
                assert_eq!(answer, format!("{}\n", 5 * round));
                answers += 1;
            }
        }
        stop.store(true, Relaxed);
        floods.into_iter().for_each(|flood| flood.join().unwrap());
        assert_eq!(answers, 400);
    });
}

#[test]
fn who_is_silent_is_closed_and_who_is_not_is_not() {
    const IDLE: Duration = Duration::from_millis(1_500);
    let (soft, _) = fd_limits();
    let silent = 1_000.min(soft.saturating_sub(200) / 2);
    let server = Server::start("idle_timeout", &["127.0.0.1:0", "1500"]);
    let silence = AtomicBool::new(false);
    thread::scope(|scope| {
        let talk = scope.spawn(|| {
            let connect = |_| (server.connect(), Instant::now());
            let mut talkers: Vec<_> = (0..20).map(connect).collect();
            while !silence.load(Relaxed) {
                talkers.retain_mut(|(stream, last)| {
                    let now = Instant::now();
                    let is_open = is_echoed(stream);
                    // On a slow machine one may have been silent for too long.
                    assert!(is_open || last.elapsed() >= IDLE / 2, "a talker is closed");
                    *last = now;
                    is_open
                });
                thread::sleep(IDLE / 30);
            }
            talkers
        });
        let mut clients = Vec::new();
        for _ in 0..silent {
            let mut stream = server.connect();
            // The last that is heard of it, and the proof that it was accepted.
            let before = Instant::now();
            if is_echoed(&mut stream) {
                clients.push((stream, before));
            }
        }
        for (stream, since) in &mut clients {
            assert_eq!(stream.read(&mut [0]).unwrap(), 0);
            assert!(since.elapsed() >= IDLE, "closed early, after {:?}", since.elapsed());
        }
        // By now the talkers have lived for longer than that.
        silence.store(true, Relaxed);
        for (mut stream, _) in talk.join().unwrap() {
            assert_eq!(stream.read(&mut [0]).unwrap(), 0, "in the end they are silent too");
        }
    });
}

#[test]
fn the_tuned_program_serves_its_clients_and_ends() {
    let output = Command::new(example("tuned")).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("8 connections, 40 bytes\n"), "{text}");
}

/// Requests that are there when their connection is accepted, that come later, in pieces, or never.
#[test]
fn one_request_is_answered_and_the_connection_closed() {
    let server = Server::start("one_request", &["127.0.0.1:0", "60000"]);
    let answer = |mut client: &TcpStream| {
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        answer
    };
    let mut clients: Vec<_> = (0..100).map(|_| server.connect()).collect();
    for (n, client) in clients.iter_mut().enumerate() {
        let now: &[u8] = [&b"hello\n"[..], b"hel", b"h"][n % 3];
        client.write_all(now).unwrap();
    }
    for client in clients.iter().step_by(3) {
        assert_eq!(answer(client), "HELLO\n");
    }
    for (n, client) in clients.iter_mut().enumerate().filter(|(n, _)| n % 3 != 0) {
        let rest: &[u8] = if n % 3 == 1 { b"lo\n" } else { b"ello\n" };
        client.write_all(rest).unwrap();
        assert_eq!(answer(client), "HELLO\n");
    }
    let mut too_long = server.connect();
    too_long.write_all(&[b'x'; 256]).unwrap();
    assert!(too_long.read(&mut [0]).is_ok_and(|length| length == 0));

    let impatient = Server::start("one_request", &["127.0.0.1:0", "200"]);
    let mut halting = impatient.connect();
    halting.write_all(b"hel").unwrap();
    assert_eq!((answer(&impatient.connect()), answer(&halting)), (String::new(), String::new()));
}

fn is_echoed(stream: &mut TcpStream) -> bool {
    let mut echo = [0];
    stream.write_all(b"x").is_ok() && stream.read_exact(&mut echo).is_ok() && echo == *b"x"
}

/// With a client that has been served and one that says nothing. `async` counts the seconds.
#[cfg(target_os = "linux")]
#[test]
fn an_idle_server_takes_no_processor_time() {
    let backend = Server::start("tcp_server", &["127.0.0.1:0"]);
    let backend = backend.address.to_string();
    for (name, arguments) in [
        ("tcp_server", &["127.0.0.1:0"][..]),
        ("fair_server", &["127.0.0.1:0"]),
        ("idle_timeout", &["127.0.0.1:0"]),
        ("service_std", &["127.0.0.1:0"]),
        ("http_server", &["127.0.0.1:0", "--cores", "2"]),
        ("proxy", &["127.0.0.1:0", &backend]),
        ("async", &["127.0.0.1:0"]),
    ] {
        let server = Server::start(name, arguments);
        let (mut served, _silent) = (server.connect(), server.connect());
        served.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
        assert!(served.read(&mut [0; 99]).unwrap() > 0, "{name}");
        server.wait_for_sleep();
        let (before, begun) = (server.times_scheduled(), Instant::now());
        thread::sleep(Duration::from_millis(400));
        let times = server.times_scheduled() - before;
        // A run that a busy machine interrupts counts twice.
        let most = 2 * (1 + begun.elapsed().as_secs());
        assert!(before > 0 && times <= most, "{name} has run {times} times");
    }
}
