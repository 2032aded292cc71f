//! Every example server while system calls fail, and while its standard output is closed or not
//! read.
// It takes some seconds, and is the same with either kernel queue and with every other feature: it
// runs once.
#![cfg(all(
    feature = "std",
    target_os = "linux",
    not(feature = "inline-syscall"),
    not(mio_st_backend = "kqueue")
))]
#![allow(unsafe_code)]

mod support;

use core::time::Duration;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::fd::AsRawFd;
use std::process::{self, Command, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::Instant;
use std::{env, fs};

use self::support::*;

/// Errors of accept(2) that concern a connection, then shortages.
const ERRORS: [&str; 16] = [
    "ECONNABORTED",
    "EPROTO",
    "ENETDOWN",
    "ENOPROTOOPT",
    "EHOSTDOWN",
    "ENONET",
    "EHOSTUNREACH",
    "EOPNOTSUPP",
    "ENETUNREACH",
    "EPERM",
    "ETIMEDOUT",
    "EINTR",
    "EMFILE",
    "ENFILE",
    "ENOBUFS",
    "ENOMEM",
];

/// The servers of `support`, and those that speak HTTP.
fn all_servers() -> Vec<&'static str> {
    [&SERVERS[..], &["http_server", "async"]].concat()
}

/// Whether the server of this name answers the client, once.
fn is_served(name: &str, client: &mut TcpStream) -> bool {
    if SERVERS.contains(&name) {
        return is_answered(client);
    }
    let mut answer = [0; 1 << 12];
    let sent = client.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    match sent.and_then(|()| client.read(&mut answer)) {
        Err(error) if error.kind() == ErrorKind::WouldBlock => panic!("{name}: left waiting"),
        result => result.is_ok_and(|length| answer[..length].starts_with(b"HTTP/1.1 ")),
    }
}

/// How many threads of a server accept connections, and count calls.
fn threads(name: &str) -> usize {
    if name == "per_core" { thread::available_parallelism().unwrap().get() } else { 1 }
}

/// Connects enough clients for each thread to have three.
fn connect(server: &Running, name: &str) -> Vec<TcpStream> {
    (0..if threads(name) > 1 { 12 } else { 3 }).map(|_| server.connect()).collect()
}

/// Runs `test` for all of `inputs`, a few at the same time.
fn each<T: Send>(inputs: Vec<T>, test: impl Fn(T) + Sync) {
    let inputs = Mutex::new(inputs);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(input) = { inputs.lock().unwrap().pop() } {
                    test(input);
                }
            });
        }
    });
}

#[test]
fn an_error_of_accept_costs_one_connection_at_most() {
    if !can_trace() {
        return;
    }
    let servers = all_servers();
    let all = servers.iter().flat_map(|name| ERRORS.map(|error| (*name, error))).collect();
    each(all, |(name, error)| {
        let inject = format!("inject=accept4:error={error}:when=2");
        let server = Running::start_traced(name, &["-e", "trace=accept4", "-e", &inject]);
        let mut clients = connect(&server, name);
        let served = clients.iter_mut().filter_map(|it| is_served(name, it).then_some(())).count();
        let lost = clients.len() - served;
        assert!(lost <= threads(name), "{name}, {error}: {lost} clients are not served");
        assert!(is_served(name, &mut server.connect()), "{name}, {error}: it is deaf");
    });
}

/// Out of descriptors and memory for long: the listener pauses, and serves those who wait
/// afterwards.
#[test]
fn a_long_shortage_leaves_clients_waiting_and_no_server_spins() {
    if !can_trace() {
        return;
    }
    each(all_servers(), |name| {
        let inject = "inject=accept4:error=ENFILE:when=2..5";
        let server = Running::start_traced(name, &["-e", "trace=accept4", "-e", inject]);
        // With two attempts for each pause, a few calls fail, and then all are served.
        for client in &mut connect(&server, name) {
            assert!(is_served(name, client), "{name}");
        }
    });
}

/// The query that cannot be received is reported by each poll.
#[test]
fn short_of_memory_the_dns_server_does_not_spin() {
    if !can_trace() {
        return;
    }
    let log = env::temp_dir().join(format!("mio-st-dns-{}", process::id()));
    let inject = "inject=recvmmsg:error=ENOMEM:when=1..5";
    let mut command = Command::new("strace");
    command.args(["-D", "-f", "-qq", "-e", "trace=recvmmsg,epoll_ctl", "-e", inject, "-o"]);
    command.arg(&log).arg(example("dns_server")).arg("127.0.0.1:0");
    let server = Server::start_by(&mut command);
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    // A status request, which is not implemented, but answered.
    client.send_to(&[0, 7, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0], server.address).unwrap();
    assert_eq!(client.recv(&mut [0; 99]).unwrap(), 12);
    drop(server);
    let calls = fs::read_to_string(&log).unwrap();
    fs::remove_file(&log).unwrap();
    // Each time it stops listening, and begins again later.
    assert_eq!(calls.matches("ENOMEM").count(), 5, "{calls}");
    assert_eq!(calls.matches("EPOLL_CTL_DEL").count(), 5, "{calls}");
}

/// A broken listener ends the server, with an error: it must not be deaf, and must not spin.
#[test]
fn an_error_of_the_listener_ends_the_server_with_a_message() {
    if !can_trace() {
        return;
    }
    each(all_servers(), |name| {
        let inject = "inject=accept4:error=EINVAL:when=1";
        let mut server = Running::start_traced(name, &["-e", "trace=accept4", "-e", inject]);
        let _client = server.connect();
        assert_eq!(server.end().code(), Some(1), "{name}");
    });
}

/// `ENOMEM`, and `ENOSPC`: the user's limit of watches.
#[test]
fn an_error_of_a_registration_costs_one_connection() {
    if !can_trace() {
        return;
    }
    // The number of the call that registers the second connection, after the server's own.
    let calls = [
        ("echo_server", 3),
        ("tcp_server", 5), // Signals, the standard output, the listener.
        ("fair_server", 3),
        ("idle_timeout", 3),
        ("per_core", 4), // The listener, the waker, in each thread.
        ("service_std", 5),
        ("proxy", 6), // Signals, the listener, the standard output; a client and its backend.
        ("http_server", 4), // The listener, the waker.
        ("async", 7), // The waker, two sockets, the standard output, signals.
    ];
    let all = calls.iter().flat_map(|call| ["ENOMEM", "ENOSPC"].map(|error| (*call, error)));
    each(all.collect(), |((name, call), error)| {
        let inject = format!("inject=epoll_ctl:error={error}:when={call}..{}", call + 1);
        let server = Running::start_traced(name, &["-e", "trace=epoll_ctl", "-e", &inject]);
        let clients: Vec<_> = (0..12).map(|_| server.connect()).collect();
        let lost =
            clients.into_iter().filter_map(|mut it| (!is_served(name, &mut it)).then_some(()));
        let lost = lost.count();
        assert!((1..=6).contains(&lost), "{name}, {error}: {lost} clients are not served");
        // Another thread may have its errors still before it.
        let is_heard = (0..6).any(|_| is_served(name, &mut server.connect()));
        assert!(is_heard, "{name}, {error}: it is deaf");
    });
}

/// A socket may be reported as readable, or writable, and give or take nothing. Such events come at
/// once again, or with each byte that the client sends.
#[test]
fn events_without_bytes_do_not_keep_a_client() {
    const IDLE: Duration = Duration::from_millis(300);
    if !can_trace() {
        return;
    }
    // It accepts nothing: the system does.
    let backend = TcpListener::bind("127.0.0.1:0").unwrap();
    let backend = backend.local_addr().unwrap().to_string();
    let limits = ["--head", "300", "--idle", "300", "--write", "300", "127.0.0.1:0"];
    let (http, proxy) = (&limits[..], &["--idle", "300", "127.0.0.1:0", &backend][..]);
    let usual =
        ["tcp_server", "fair_server", "idle_timeout", "service_std", "one_request", "async"];
    let usual = usual.map(|name| (name, &["127.0.0.1:0", "300"][..]));
    let others = [
        ("http_server", http),
        ("proxy", proxy),
        ("per_core", &["reuse-port", "127.0.0.1:0", "300"]),
    ];
    let calls = |server| ["recvfrom", "sendto"].map(|call| (server, call));
    each(usual.into_iter().chain(others).flat_map(calls).collect(), |((name, arguments), call)| {
        let server = Server::start_injected(name, arguments, call, "error=EAGAIN").unwrap();
        let mut client = server.connect();
        client.set_read_timeout(Some(IDLE / 8)).unwrap();
        let is_closed = || {
            let sent = client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            match sent.and_then(|()| client.read(&mut [0])) {
                Err(error) => error.kind() != ErrorKind::WouldBlock,
                Ok(length) => length == 0,
            }
        };
        assert!(succeeds(is_closed), "{name}: kept without a {call}");
    });
}

/// More clients than descriptors, as with 3,000 under the usual limit of 1,024: those beyond it are
/// closed, and none is left waiting.
#[test]
fn out_of_descriptors_each_server_refuses_and_goes_on() {
    each(SERVERS.to_vec(), |name| {
        let launcher = ["sh", "-c", "ulimit -n 40 && exec \"$0\" \"$@\""];
        let server = Running::start_by(&launcher, name, None, Stdio::null());
        let mut served = Vec::new();
        for _ in 0..100 {
            let mut client = server.connect();
            if is_answered(&mut client) {
                served.push(client);
            }
        }
        assert!((10..40).contains(&served.len()), "{name}: {} served", served.len());
        // The clients that are served are served again, and leave descriptors to others.
        assert!(served.iter_mut().all(is_answered), "{name}");
        drop(served);
        let begin = Instant::now();
        while !is_answered(&mut server.connect()) {
            assert!(begin.elapsed() < PATIENCE, "{name} is deaf");
        }
    });
}

#[test]
fn a_standard_output_that_is_closed_or_not_read_holds_nothing_up() {
    each(all_servers(), |name| {
        for full in [false, true] {
            let (reader, mut writer) = io::pipe().unwrap();
            if full {
                set_nonblocking(&writer);
                while writer.write(&[b'\n'; 4096]).is_ok() {}
                while writer.write(b"\n").is_ok() {}
                // SAFETY: no memory is involved. The server gets it as programs do: blocking.
                unsafe { libc::fcntl(writer.as_raw_fd(), libc::F_SETFL, libc::O_WRONLY) };
            }
            let reader = full.then_some(reader); // Or it is closed.
            let mut server = Running::start_by(&[], name, None, Stdio::from(writer));
            // Each is a few lines in the log of `tcp_server`.
            for _ in 0..20 {
                assert!(is_served(name, &mut server.connect()), "{name}, full: {full}");
            }
            if ["tcp_server", "service_std", "proxy", "http_server", "async"].contains(&name) {
                server.signal(libc::SIGTERM);
                assert!(server.end().success(), "{name}, full: {full}");
            }
            drop(reader);
        }
    });
}

/// And one that is closed from the start, `>&-`.
#[test]
fn without_a_standard_output_a_server_serves() {
    each(all_servers(), |name| {
        let launcher = ["sh", "-c", "exec \"$0\" \"$@\" >&-"];
        let server = Running::start_by(&launcher, name, None, Stdio::null());
        assert!(is_served(name, &mut server.connect()), "{name}");
    });
}
