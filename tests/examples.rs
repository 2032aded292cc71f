//! The example servers, as processes, do what their first lines say.
#![cfg(feature = "std")]

mod support;

use core::sync::atomic::{AtomicBool, Ordering::Relaxed};
use core::time::Duration;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Instant;

use self::support::*;

#[test]
fn a_sender_that_never_stops_starves_nobody() {
    let server = Server::start("fair_server", &["127.0.0.1:0"]);
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let mut floods = Vec::new();
        for _ in 0..2 {
            let mut flood = server.connect();
            let stop = &stop;
            floods.push(scope.spawn(move || {
                let mut sent = 0_u64;
                while !stop.load(Relaxed) {
                    flood.write_all(&[0; 256 * 1024]).unwrap();
                    sent += 256 * 1024;
                }
                sent
            }));
        }
        thread::sleep(Duration::from_millis(50));
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
        let sent: Vec<_> = floods.into_iter().map(|flood| flood.join().unwrap()).collect();
        assert_eq!(answers, 400);
        // The floods were floods: each sent thousands of times as much as a polite client.
        assert!(sent.iter().all(|&sent| sent > 1024 * 1024), "{sent:?}");
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
            let mut streams: Vec<_> = (0..20).map(|_| server.connect()).collect();
            while !silence.load(Relaxed) {
                streams.iter_mut().for_each(echo);
                thread::sleep(IDLE / 30);
            }
            streams
        });
        let mut clients = Vec::new();
        for _ in 0..silent {
            let mut stream = server.connect();
            // The last that is heard of it, and the proof that it was accepted.
            let before = Instant::now();
            echo(&mut stream);
            clients.push((stream, before));
        }
        for (stream, since) in &mut clients {
            assert_eq!(stream.read(&mut [0]).unwrap(), 0);
            assert!(since.elapsed() >= IDLE, "closed early, after {:?}", since.elapsed());
        }
        // By now the talkers have lived for longer than that.
        silence.store(true, Relaxed);
        for mut stream in talk.join().unwrap() {
            assert_eq!(stream.read(&mut [0]).unwrap(), 0, "in the end they are silent too");
        }
    });
}

fn echo(stream: &mut TcpStream) {
    stream.write_all(b"x").unwrap();
    let mut echo = [0];
    stream.read_exact(&mut echo).unwrap();
    assert_eq!(echo, *b"x");
}
