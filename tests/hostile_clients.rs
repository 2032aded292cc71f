//! What clients can do to the example servers from outside, and what it must not do to other
//! clients.
#![cfg(all(feature = "std", target_os = "linux"))]
#![allow(unsafe_code)]

mod support;

use core::sync::atomic::Ordering::Relaxed;
use core::time::Duration;
use std::io::{Read, Write};
use std::thread;
use std::time::Instant;

use self::support::*;

/// Traced, a server is slower than its clients, as under a real flood.
const SLOW: [&str; 2] = ["-e", "trace=read,write,readv,writev,recvfrom,sendto,recvmsg,sendmsg"];

/// How many bytes may go to the floods for an answer to another client. A server that serves a
/// client for as long as it sends exceeds any bound; one that is fair needs some kilobytes, and more
/// on a machine that lets the other client wait for the processor, as it does not do each time.
const SHARE: u64 = 8 << 20;

/// Runs `test` for each of these servers, at the same time.
fn each(names: &[&'static str], test: impl Fn(&'static str) + Sync) {
    thread::scope(|scope| {
        for &name in names {
            let test = &test;
            scope.spawn(move || test(name));
        }
    });
}

/// A client is served; on a busy machine it may be closed as idle before it speaks.
fn serves(server: &Running) -> bool {
    succeeds(|| is_answered(&mut server.connect()))
}

/// Time says little on a busy machine: the measure is what the floods receive at the same
/// time.
#[test]
fn a_flood_holds_up_nobody() {
    if !can_trace() {
        return;
    }
    for name in SERVERS {
        let server = Running::start_traced(name, &SLOW);
        flooded(&server, 2, |received| {
            let mut friend = server.connect();
            let shares = (0..10).map(|_| {
                let before = received.load(Relaxed);
                assert!(is_answered(&mut friend), "{name}");
                received.load(Relaxed) - before
            });
            let share = shares.min().unwrap();
            assert!(share < SHARE, "{name}: {share} bytes for each answer");
        });
    }
}

#[test]
fn a_flood_does_not_keep_a_signal_out() {
    if !can_trace() {
        return;
    }
    for name in ["tcp_server", "service_std"] {
        let mut server = Running::start_traced(name, &SLOW);
        let pid = server.process.id() as i32;
        flooded(&server, 2, |_| {
            server.signal(libc::SIGTERM);
            // Zombie: it has ended, and was not waited for.
            let stat = format!("/proc/{pid}/stat");
            let has_ended = || std::fs::read_to_string(&stat).unwrap().contains(") Z ");
            assert!(succeeds(has_ended), "{name} does not end while it is flooded");
        });
        assert!(server.end().success(), "{name}");
    }
}

/// The loop stands still while idle times end and the clients speak: for each connection, a batch
/// then has the deadline and the data.
#[test]
fn clients_that_speak_as_their_idle_time_ends_do_not_end_the_server() {
    const IDLE: Duration = Duration::from_millis(400);
    if !room_for(300 * WITH_IDLE_TIME.len()) {
        return;
    }
    each(&WITH_IDLE_TIME, |name| {
        let mut server = Running::start(name, Some(IDLE));
        for _ in 0..2 {
            // More than a batch of `service_std` holds. On a busy machine some may be closed
            // already.
            let mut clients: Vec<_> = (0..300).map(|_| server.connect()).collect();
            clients.retain_mut(is_answered);
            server.signal(libc::SIGSTOP);
            thread::sleep(IDLE + Duration::from_millis(50));
            for client in &mut clients {
                let _ = client.write_all(b"pong\n");
            }
            server.signal(libc::SIGCONT);
            assert!(serves(&server), "{name}");
            // Each has an answer or an end, and no error but a reset.
            for client in &mut clients {
                match client.read(&mut [0; 9]) {
                    Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                        panic!("{name}: neither answered nor closed")
                    }
                    _ => {}
                }
            }
        }
        assert_eq!(server.process.try_wait().unwrap(), None, "{name} has ended");
    });
}

/// A read stops at the mark of urgent data, and is short: that says nothing about what follows.
#[test]
fn data_behind_an_urgent_byte_is_not_lost() {
    each(&SERVERS, |name| {
        let server = Running::start(name, None);
        let mut client = server.connect();
        assert!(is_answered(&mut client), "{name}");
        client.write_all(b"aaa").unwrap();
        send_urgent(&client);
        client.write_all(b"ccc\n").unwrap();
        let expected: &[u8] = if name == "fair_server" { b"12\n" } else { b"aaaccc\n" };
        let mut answer = vec![0; expected.len()];
        client.read_exact(&mut answer).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(answer, expected, "{name}");
    });
}

#[test]
fn silent_clients_are_closed_and_make_room() {
    const IDLE: Duration = Duration::from_millis(200);
    if !room_for(60 * WITH_IDLE_TIME.len()) {
        return;
    }
    each(&WITH_IDLE_TIME, |name| {
        let server = Running::start(name, Some(IDLE));
        let begin = Instant::now();
        let silent: Vec<_> = (0..50).map(|_| server.connect()).collect();
        for mut client in silent {
            assert_eq!(client.read(&mut [0; 9]).unwrap(), 0, "{name}");
            // A server reads the clock once for each batch, which may be before the client came.
            assert!(begin.elapsed() >= IDLE / 2, "{name}: closed early");
        }
        assert!(serves(&server), "{name}");
    });
}

/// Neither do those that send, and never take what comes back.
#[test]
fn clients_that_do_not_read_are_closed_as_idle() {
    const IDLE: Duration = Duration::from_millis(200);
    each(&WITH_IDLE_TIME, |name| {
        let server = Running::start(name, Some(IDLE));
        let mut client = server.connect();
        client.set_write_timeout(Some(Duration::from_millis(20))).unwrap();
        while client.write(&[b'\n'; 1 << 16]).is_ok() {}
        client.set_write_timeout(Some(PATIENCE)).unwrap();
        assert!(serves(&server), "{name}");
        // The server has closed it with data that it had not read: a reset.
        let error = loop {
            if let Err(error) = client.write(&[b'\n'; 1 << 16]) {
                break error;
            }
        };
        assert_ne!(error.kind(), std::io::ErrorKind::WouldBlock, "{name}: it is not closed");
    });
}

/// More than all buffers on the way hold, so that the server has to wait for the client. The others
/// have small buffers, and take longer.
#[test]
fn megabytes_come_back_whole() {
    each(&SERVERS, |name| {
        if name == "fair_server" {
            return; // It does not echo.
        }
        let server = Running::start(name, None);
        let stream = server.connect();
        let length = if name == "echo_server" { 20_000_000_u32 } else { 2_000_000 };
        let data: Vec<u8> = (0..length).map(|n| (n.wrapping_mul(n) >> 7) as u8).collect();
        let (mut writer, mut reader) = (stream.try_clone().unwrap(), stream);
        let echo = thread::scope(|scope| {
            scope.spawn(|| {
                writer.write_all(&data).unwrap();
                writer.shutdown(std::net::Shutdown::Write).unwrap();
            });
            thread::sleep(Duration::from_millis(50));
            let mut echo = Vec::with_capacity(data.len());
            reader.read_to_end(&mut echo).unwrap();
            echo
        });
        assert!(echo == data, "{name}: {} bytes of {} come back", echo.len(), data.len());
    });
}
