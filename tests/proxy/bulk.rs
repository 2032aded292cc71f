//! Much data, and what is done with it while nobody takes it.

use core::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::{Command, Stdio};

use super::support::{Rng, example, send_urgent, signal_child};
use super::*;

const BYTES: usize = 100_000_000;

/// Something that does not repeat where buffers do.
fn pattern() -> Vec<u8> {
    let mut rng = Rng::new(3);
    (0..1_000_003).map(|_| rng.next() as u8).collect()
}

/// Sends the pattern again and again in chunks of odd sizes, and the end.
fn send(mut stream: impl Write, pattern: &[u8], seed: u64) {
    let (mut sent, mut rng) = (0, Rng::new(seed));
    while sent < BYTES {
        let from = &pattern[sent % pattern.len()..];
        let size = if rng.below(8) == 0 { 1 + rng.below(100) } else { 1 + rng.below(300_000) };
        let size = from.len().min(size as usize).min(BYTES - sent);
        stream.write_all(&from[..size]).unwrap();
        sent += size;
    }
}

/// Reads to the end, which must be the same.
fn check(mut stream: impl Read, pattern: &[u8], seed: u64) {
    let (mut read, mut rng, mut buffer) = (0, Rng::new(seed), vec![0; 200_000]);
    loop {
        let size = 1 + rng.below(buffer.len() as u64) as usize;
        let count = stream.read(&mut buffer[..size]).unwrap();
        if count == 0 {
            break;
        }
        let mut got = &buffer[..count];
        while !got.is_empty() {
            let expected = &pattern[read % pattern.len()..];
            let size = expected.len().min(got.len());
            assert!(got[..size] == expected[..size], "other bytes at {read}");
            (got, read) = (&got[size..], read + size);
        }
    }
    assert_eq!(read, BYTES);
}

#[test]
fn a_hundred_megabytes_each_way_at_once() {
    carries_both_ways(&Proxy::start(&[]));
}

/// Where the kernel does not splice, everything is copied.
#[cfg(target_os = "linux")]
#[test]
fn the_same_without_splice() {
    let backend = TcpListener::bind("127.0.0.1:0").unwrap();
    let arguments = ["127.0.0.1:0", &address(&backend).to_string()];
    match Server::start_injected("proxy", &arguments, "splice", "error=EINVAL") {
        Some(server) => carries_both_ways(&Proxy::of(server, backend)),
        None => super::support::skip("no strace"),
    }
}

fn carries_both_ways(proxy: &Proxy) {
    let (client, backend) = proxy.connect();
    let pattern = pattern();
    thread::scope(|scope| {
        for (seed, (from, to)) in [(1, (&client, &backend)), (2, (&backend, &client))] {
            let pattern = &pattern;
            scope.spawn(move || {
                send(from, pattern, seed);
                from.shutdown(Shutdown::Write).unwrap();
            });
            scope.spawn(move || check(to, pattern, seed + 2));
        }
    });
    drop((client, backend));
    proxy.assert_as_before();
}

/// From TCP to a Unix socket, and from there to TCP again.
#[test]
fn unix_sockets_at_both_ends() {
    let path = std::env::temp_dir().join(format!("mio-st-proxy-{}", std::process::id()));
    let name = format!("unix:{}", path.display());
    let backend = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut inner = Command::new(example("proxy"));
    inner.args([&name, &address(&backend).to_string()]);
    let mut inner = inner.stdout(Stdio::piped()).spawn().unwrap();
    let mut line = [0; 12];
    inner.stdout.as_mut().unwrap().read_exact(&mut line).unwrap(); // It listens.
    let outer = Server::start("proxy", &["127.0.0.1:0", &name]);
    let pattern = pattern();
    let (client, backend) = (outer.connect(), accept(&backend));
    thread::scope(|scope| {
        scope.spawn(|| {
            send(&client, &pattern, 1);
            client.shutdown(Shutdown::Write).unwrap();
        });
        check(&backend, &pattern, 2);
    });
    signal_child(&inner, libc::SIGTERM);
    drop((client, backend));
    assert!(inner.wait().unwrap().success());
    assert!(!path.exists(), "the socket's file is left");
    // A file that is there is not taken for one's own.
    let other = UnixListener::bind(&path).unwrap();
    let output = Command::new(example("proxy")).args([&name, "127.0.0.1:1"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("Address already in use"));
    assert!(UnixStream::connect(&path).is_ok());
    drop(other);
    std::fs::remove_file(&path).unwrap();
}

/// splice(2) does not pass the mark of urgent data: it says `WouldBlock` there, or that the data has
/// ended if nothing more will come.
#[test]
fn data_behind_an_urgent_byte_is_carried_in_bulk_too() {
    for ends in [false, true] {
        let proxy = Proxy::start(&[]);
        let (mut client, mut backend) = proxy.connect();
        // So much that the proxy splices.
        for _ in 0..8 {
            client.write_all(&[7; 1 << 16]).unwrap();
            backend.read_exact(&mut [0; 1 << 16]).unwrap();
        }
        // All of it is there when the proxy comes to look.
        proxy.server.signal(libc::SIGSTOP);
        client.write_all(b"before, ").unwrap();
        send_urgent(&client);
        client.write_all(b"behind").unwrap();
        if ends {
            client.shutdown(Shutdown::Write).unwrap();
        }
        proxy.server.signal(libc::SIGCONT);
        let mut carried = [0; 14];
        let result = backend.read_exact(&mut carried);
        assert!(result.is_ok() && carried == *b"before, behind", "{result:?}, the end: {ends}");
        // And it goes on.
        if !ends {
            assert_joined(&mut client, &mut backend);
        }
    }
}

/// How much goes in before a write would block for a while.
pub fn fill(stream: &mut TcpStream) -> usize {
    stream.set_write_timeout(Some(Duration::from_millis(200))).unwrap();
    let mut sum = 0;
    loop {
        match stream.write(&[7; 1 << 16]) {
            Ok(count) => sum += count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return sum,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn a_receiver_that_takes_nothing_stops_its_sender_and_nobody_else() {
    let proxy = Proxy::start(&[]);
    let (mut client, mut backend) = proxy.connect();
    let (mut friend, mut other) = proxy.connect();
    let before = proxy.server.resident_bytes();
    let filled = [fill(&mut client), fill(&mut backend)];
    // What the sockets and the proxy hold.
    assert!(filled.iter().all(|&bytes| bytes < 32 << 20), "{filled:?}");
    assert!(proxy.server.resident_bytes() < before + (1 << 20));
    assert_joined(&mut friend, &mut other);
    proxy.server.wait_for_sleep();
    // And it goes on where it was.
    for (stream, count) in [(&mut backend, filled[0]), (&mut client, filled[1])] {
        let mut bytes = vec![0; count];
        stream.read_exact(&mut bytes).unwrap();
        assert!(bytes.iter().all(|&byte| byte == 7));
    }
    assert_joined(&mut client, &mut backend);
}

/// Each has carried something. A client that only connects must not cost the memory of one that waits
/// for a slow receiver.
#[test]
fn idle_sessions_take_no_buffers() {
    let proxy = Proxy::start(&[]);
    let mut pairs = vec![proxy.connect()];
    let before = proxy.server.resident_bytes();
    pairs.extend((0..200).map(|_| proxy.connect()));
    for (client, backend) in &mut pairs {
        assert_joined(client, backend);
    }
    let each = proxy.server.resident_bytes().saturating_sub(before) / 200;
    assert!(each < 4096, "{each} bytes each");
}

#[test]
fn floods_leave_time_for_the_others_and_for_the_signal() {
    let mut proxy = Proxy::start(&["--grace", "60000"]);
    let stop = AtomicBool::new(false);
    let pairs: Vec<_> = (0..2).map(|_| proxy.connect()).collect();
    let (mut friend, mut other) = proxy.connect();
    thread::scope(|scope| {
        for (client, backend) in &pairs {
            let stop = &stop;
            let mut from = client;
            scope.spawn(move || {
                while !stop.load(Relaxed) && from.write_all(&[0; 1 << 18]).is_ok() {}
                let _ = client.shutdown(Shutdown::Write);
            });
            let (mut to, mut buffer) = (backend, vec![0; 1 << 18]);
            scope.spawn(move || while to.read(&mut buffer).is_ok_and(|count| count > 0) {});
        }
        for _ in 0..200 {
            assert_joined(&mut friend, &mut other);
        }
        // It hears of the signal: nobody can connect any more.
        proxy.server.signal(libc::SIGTERM);
        while TcpStream::connect(proxy.server.address).is_ok() {}
        assert_joined(&mut friend, &mut other);
        proxy.server.signal(libc::SIGTERM);
        assert!(proxy.server.end().success());
        stop.store(true, Relaxed);
    });
}
