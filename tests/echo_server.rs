//! The example `tcp_server` as a process, with real clients; and `echo_demo` as the README runs it.
#![cfg(feature = "std")]

mod support;

use core::time::Duration;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;

use self::support::*;

/// As in `examples/echo`.
const MAX_CLIENTS: usize = 1024;
const CAPACITY: usize = 64 * 1024;

#[test]
fn a_line_comes_back_and_the_end_is_answered() {
    let server = Server::start("tcp_server", &["127.0.0.1:0"]);
    let mut client = server.connect();
    assert_echo(&mut client, b"hello\n");
    assert_echo(&mut client, b"again\n");
    client.shutdown(Shutdown::Write).unwrap();
    assert_eq!(client.read(&mut [0; 9]).unwrap(), 0);
    server.wait_for(&format!("{} closed, 12 bytes echoed", client.local_addr().unwrap()));
}

/// More than the socket buffers hold together, all sent before anything is read.
#[test]
fn a_half_closed_client_gets_everything_back() {
    let server = Server::start("tcp_server", &["127.0.0.1:0"]);
    let mut client = server.connect();
    let sent = noise(1_000_003).repeat(16);
    let mut writer = client.try_clone().unwrap();
    let copy = sent.clone();
    let writer = thread::spawn(move || {
        writer.write_all(&copy).unwrap();
        writer.shutdown(Shutdown::Write).unwrap();
    });
    // Until as much has come back as surely fits the receive buffer.
    let mut buffer = vec![0; CAPACITY / 2];
    while client.peek(&mut buffer).unwrap() < buffer.len() {
        thread::yield_now();
    }
    let mut received = Vec::new();
    client.read_to_end(&mut received).unwrap();
    writer.join().unwrap();
    assert!(received == sent, "{} of {} bytes came back", received.len(), sent.len());
}

#[test]
fn a_hundred_megabytes_in_odd_chunks() {
    const TOTAL: usize = 100_000_000;
    let server = Server::start("tcp_server", &["127.0.0.1:0"]);
    let mut client = server.connect();
    let mut writer = client.try_clone().unwrap();
    // Byte `n` of the stream is byte `n` of this block, over and over. Its length is a prime: a lost,
    // doubled or displaced buffer of any size shows.
    let block = noise(1_000_003);
    let stream = block.clone();
    let writer = thread::spawn(move || {
        let (mut sent, mut random) = (0, Rng::new(7));
        while sent < TOTAL {
            let start = sent % stream.len();
            let length = 1 + random.index(99_999);
            let end = (start + length).min(start + TOTAL - sent).min(stream.len());
            writer.write_all(&stream[start..end]).unwrap();
            sent += end - start;
        }
        writer.shutdown(Shutdown::Write).unwrap();
    });
    let (mut received, mut buffer) = (0, vec![0; 77_777]);
    loop {
        let length = client.read(&mut buffer).unwrap();
        if length == 0 {
            break;
        }
        let mut fresh = &buffer[..length];
        while !fresh.is_empty() {
            let expected = &block[received % block.len()..];
            let length = fresh.len().min(expected.len());
            assert!(fresh[..length] == expected[..length], "another byte after {received}");
            (fresh, received) = (&fresh[length..], received + length);
        }
    }
    writer.join().unwrap();
    assert_eq!(received, TOTAL);
}

#[test]
fn a_thousand_clients_at_once() {
    let count = affordable(1000);
    let server = Server::start("tcp_server", &["127.0.0.1:0"]);
    let mut clients = server.connect_many(count);
    for round in 0..3 {
        for (number, client) in clients.iter_mut().enumerate() {
            let line = format!("client {number:04}, round {round}\n");
            client.write_all(line.as_bytes()).unwrap();
        }
        for (number, client) in clients.iter_mut().enumerate().rev() {
            let mut answer = [0; 21];
            client.read_exact(&mut answer).unwrap();
            assert_eq!(answer, *format!("client {number:04}, round {round}\n").as_bytes());
        }
    }
    drop(clients);
    server.wait_for(&format!("63 bytes echoed, {} open", count - 1));
    server.wait_for("63 bytes echoed, 0 open");
}

#[test]
fn a_full_house_refuses_politely_and_has_room_again() {
    if affordable(MAX_CLIENTS) < MAX_CLIENTS {
        return;
    }
    let server = Server::start("tcp_server", &["127.0.0.1:0"]);
    let mut clients = server.connect_many(MAX_CLIENTS);
    let mut answer = String::new();
    server.connect().read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "the server is full, please come back later\n");
    assert_echo(clients.last_mut().unwrap(), b"still here");
    clients.remove(0);
    server.wait_for(&format!("closed, 0 bytes echoed, {} open", MAX_CLIENTS - 1));
    assert_echo(&mut server.connect(), b"thank you");
}

#[test]
fn out_of_descriptors_it_sends_clients_away_and_recovers() {
    let server = Server::start_by(
        Command::new("sh")
            .args(["-c", "ulimit -n 32 && exec \"$0\" 127.0.0.1:0"])
            .arg(example("tcp_server")),
    );
    let mut served = Vec::new();
    for _ in 0..40 {
        let mut client = server.connect();
        client.write_all(b"?").unwrap();
        let mut answer = [0];
        // Who is sent away reads the end, or an error where the question came too late to be read.
        match client.read(&mut answer) {
            Ok(1) if answer == *b"?" => served.push(client),
            Err(error) if error.kind() == ErrorKind::WouldBlock => panic!("one is left waiting"),
            _ => {}
        }
    }
    assert!((8..32).contains(&served.len()), "{} served", served.len());
    server.wait_for_sleep();
    assert_echo(&mut served[0], b"still here");
    drop(served);
    server.wait_for("1 bytes echoed, 0 open");
    assert_echo(&mut server.connect(), b"there is room again");
}

#[test]
fn a_reset_harms_nobody() {
    let server = Server::start("tcp_server", &["127.0.0.1:0"]);
    let mut bystander = server.connect();
    for _ in 0..20 {
        let mut client = server.connect();
        assert_echo(&mut client, b"x");
        reset(client);
        server.wait_for("Connection reset by peer");
        assert_echo(&mut bystander, b"y");
    }
    // Reset before it was accepted, or before it was served.
    for _ in 0..20 {
        reset(server.connect());
    }
    assert_echo(&mut bystander, b"z");
    drop(bystander);
    server.wait_for("closed, 21 bytes echoed");
    server.wait_for(", 0 open");
    server.wait_for_sleep();
}

/// They send until nothing more is taken, and read nothing.
#[test]
fn clients_that_never_read_stall_themselves_only() {
    const COUNT: usize = 8;
    let server = Server::start("tcp_server", &["127.0.0.1:0"]);
    let mut other = server.connect();
    assert_echo(&mut other, b"before");
    let memory = server.resident_bytes();

    let data = noise(1 << 20);
    let mut stuck: Vec<_> = (0..COUNT).map(|_| (server.connect(), 0)).collect();
    for (client, sent) in &mut stuck {
        client.set_write_timeout(Some(Duration::from_millis(50))).unwrap();
        // The end of the data in the stream tells where a write began: so much of each was sent.
        while let Ok(length) = client.write(&data[*sent % data.len()..]) {
            *sent += length;
            assert!(*sent < 64 << 20, "somebody keeps {sent} bytes");
        }
        assert!(*sent > 2 * CAPACITY, "it took {sent} bytes only");
    }
    // None of its reads takes longer than `connect` permits.
    for _ in 0..100 {
        assert_echo(&mut other, b"meanwhile");
    }
    server.wait_for_sleep();
    let growth = server.resident_bytes().saturating_sub(memory);
    assert!(growth < COUNT * CAPACITY + (1 << 20), "it grew by {growth} bytes");

    // Half of them read after all, and miss nothing; the others go, with a reset.
    let late = stuck.split_off(COUNT / 2);
    drop(stuck);
    for (mut client, sent) in late {
        client.shutdown(Shutdown::Write).unwrap();
        let mut received = Vec::with_capacity(sent);
        client.read_to_end(&mut received).unwrap();
        assert_eq!(received.len(), sent);
        assert!(received.chunks(data.len()).all(|chunk| *chunk == data[..chunk.len()]));
    }
    drop(other);
    server.wait_for(", 0 open");
}

#[test]
fn sigint_and_sigterm_end_it_cleanly() {
    for (signal, name) in [("INT", "INTERRUPT"), ("TERM", "TERMINATE")] {
        let mut server = Server::start("tcp_server", &["127.0.0.1:0"]);
        let mut client = server.connect();
        assert_echo(&mut client, b"hello");
        let kill = format!("kill -{signal} {}", server.process.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        let status = server.end();
        assert!(status.success(), "{status}");
        server.wait_for("server: stopping, 1 open");
        server.wait_for(&format!("ended by {name}"));
        assert_eq!(client.read(&mut [0; 9]).unwrap(), 0);
        // Free at once: `std`'s listener, too, sets SO_REUSEADDR.
        TcpListener::bind(server.address).unwrap();
    }
}

#[test]
fn bad_arguments_are_told() {
    let run = |address: &str| {
        let output = Command::new(example("tcp_server")).arg(address).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (status, complaint) = run("nonsense");
    assert!(status == Some(2) && complaint.contains("\nusage: "), "{complaint}");
    let server = Server::start("tcp_server", &["127.0.0.1:0"]);
    let (status, complaint) = run(&server.address.to_string());
    assert!(status == Some(1) && complaint.contains("in use"), "{complaint}");
}

#[test]
fn netcat_gets_its_lines_back() {
    let server = Server::start("tcp_server", &["127.0.0.1:0"]);
    // -N: shut down the sending direction at the end of the input.
    let (address, port) = (server.address.ip().to_string(), server.address.port().to_string());
    let Some(mut client) = real_client("nc", &["-N", "-w", "60", &address, &port]) else { return };
    let lines: String = (0..20_000).map(|n| format!("line {n}\n")).collect();
    let mut input = client.0.stdin.take().unwrap();
    let mut output = client.0.stdout.take().unwrap();
    let copy = lines.clone();
    let writer = thread::spawn(move || input.write_all(copy.as_bytes()).unwrap());
    let mut answer = String::new();
    output.read_to_string(&mut answer).unwrap();
    writer.join().unwrap();
    assert!(answer == lines, "{} of {} bytes came back", answer.len(), lines.len());
    assert!(client.0.wait().unwrap().success());
}

#[test]
fn curl_gets_its_line_back() {
    let server = Server::start("tcp_server", &["127.0.0.1:0"]);
    let url = format!("telnet://{}", server.address);
    let Some(mut client) =
        real_client("curl", &["--silent", "--no-buffer", "--max-time", "60", &url])
    else {
        return;
    };
    let mut input = client.0.stdin.take().unwrap();
    let mut output = BufReader::new(client.0.stdout.take().unwrap());
    for line in ["hello\n", "how are you?\n"] {
        input.write_all(line.as_bytes()).unwrap();
        let mut answer = String::new();
        output.read_line(&mut answer).unwrap();
        assert_eq!(answer, line);
    }
    // Some versions go on at the end of their input: killed, by being dropped.
    drop(client);
    server.wait_for("19 bytes echoed");
}

#[test]
fn the_demo_shows_both_sides_and_ends() {
    let output = Command::new(example("echo_demo")).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}\n{said}", output.status);
    for line in ["server: listening on", "connected", "client: receives \"hello\"", "stopping"] {
        assert!(said.contains(line), "no '{line}' in:\n{said}");
    }
}

fn assert_echo(client: &mut TcpStream, message: &[u8]) {
    client.write_all(message).unwrap();
    let mut answer = vec![0; message.len()];
    client.read_exact(&mut answer).unwrap();
    assert_eq!(answer, message);
}

/// Closes with a reset: `SO_LINGER` of zero seconds.
fn reset(client: TcpStream) {
    let client = mio_st::net::TcpStream::from_std(client).unwrap();
    client.set_linger(Some(Duration::ZERO)).unwrap();
}

/// How many clients this process and a server can have, of `wanted`; says so where it is less.
fn affordable(wanted: usize) -> usize {
    let limit = Command::new("sh").args(["-c", "ulimit -n"]).output().unwrap();
    let limit = String::from_utf8(limit.stdout).unwrap();
    // Other tests run at the same time, in this process.
    let spare = limit.trim().parse::<usize>().map_or(wanted, |limit| limit.saturating_sub(64) / 3);
    if spare < wanted {
        say(&format!("only {spare} clients instead of {wanted}: see `ulimit -n`"));
    }
    wanted.min(spare)
}

/// A client that others wrote; `None`, loudly, where it is not installed.
fn real_client(name: &str, arguments: &[&str]) -> Option<RealClient> {
    let mut command = Command::new(name);
    match command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn() {
        Ok(client) => Some(RealClient(client)),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            skip(format_args!("there is no {name}"));
            None
        }
        Err(error) => panic!("{name}: {error}"),
    }
}

struct RealClient(Child);

impl Drop for RealClient {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Past the test harness, which keeps what `eprintln` prints to itself.
fn say(what: &str) {
    let _ = writeln!(io::stderr(), "tests/echo_server.rs: {what}");
}

fn noise(length: usize) -> Vec<u8> {
    let mut random = Rng::new(1);
    (0..length.div_ceil(8)).flat_map(|_| random.next().to_le_bytes()).take(length).collect()
}
