//! Every example server while system calls fail, and while its standard output is closed or not
//! read.
// What they test is the same with either kernel queue.
#![cfg(all(feature = "std", target_os = "linux", not(mio_st_backend = "kqueue")))]
#![allow(unsafe_code)]

mod support;

use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::process::Stdio;
use std::sync::Mutex;
use std::thread;

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
    let all = SERVERS.iter().flat_map(|name| ERRORS.map(|error| (*name, error))).collect();
    each(all, |(name, error)| {
        let inject = format!("inject=accept4:error={error}:when=2");
        let server = Running::start_traced(name, &["-e", "trace=accept4", "-e", &inject]);
        // Each thread of `per_core` counts its own calls.
        let clients = if name == "per_core" { 12 } else { 3 };
        let mut clients: Vec<_> = (0..clients).map(|_| server.connect()).collect();
        let lost = clients.iter_mut().map(is_answered).filter(|&served| !served).count();
        let threads =
            if name == "per_core" { thread::available_parallelism().unwrap().get() } else { 1 };
        assert!(lost <= threads, "{name}, {error}: {lost} clients are not served");
        assert!(is_answered(&mut server.connect()), "{name}, {error}: it is deaf");
    });
}

/// Out of descriptors and memory for long: the listener pauses, and serves those who wait
/// afterwards.
#[test]
fn a_long_shortage_leaves_clients_waiting_and_no_server_spins() {
    if !can_trace() {
        return;
    }
    each(SERVERS.to_vec(), |name| {
        let inject = "inject=accept4:error=ENFILE:when=2..5";
        let server = Running::start_traced(name, &["-e", "trace=accept4", "-e", inject]);
        let clients = if name == "per_core" { 12 } else { 3 };
        let mut clients: Vec<_> = (0..clients).map(|_| server.connect()).collect();
        // With two attempts for each pause, a few calls fail, and then all are served.
        assert!(clients.iter_mut().all(is_answered), "{name}");
    });
}

/// A broken listener ends the server, with an error: it must not be deaf, and must not spin.
#[test]
fn an_error_of_the_listener_ends_the_server_with_a_message() {
    if !can_trace() {
        return;
    }
    each(SERVERS.to_vec(), |name| {
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
    ];
    let all = calls.iter().flat_map(|call| ["ENOMEM", "ENOSPC"].map(|error| (*call, error)));
    each(all.collect(), |((name, call), error)| {
        let inject = format!("inject=epoll_ctl:error={error}:when={call}..{}", call + 1);
        let server = Running::start_traced(name, &["-e", "trace=epoll_ctl", "-e", &inject]);
        let clients: Vec<_> = (0..12).map(|_| server.connect()).collect();
        let lost =
            clients.into_iter().filter(|client| !is_answered(&mut { client.try_clone().unwrap() }));
        assert!(lost.count() <= 6, "{name}, {error}");
        assert!(is_answered(&mut server.connect()), "{name}, {error}: it is deaf");
    });
}

/// More clients than descriptors, as with 3,000 under the usual limit of 1,024: those beyond it are
/// closed, and none waits in vain.
#[test]
fn out_of_descriptors_each_server_refuses_and_goes_on() {
    each(SERVERS.to_vec(), |name| {
        let launcher = ["sh", "-c", "ulimit -n 40 && exec \"$0\" \"$@\""];
        let server = Running::start_by(&launcher, name, None, Stdio::null());
        let mut clients: Vec<_> = (0..100).map(|_| server.connect()).collect();
        let served: Vec<_> = clients.iter_mut().map(is_answered).collect();
        let count = served.iter().filter(|&&served| served).count();
        assert!((10..40).contains(&count), "{name}: {count} served");
        // Those who are served are as good as before, and have successors.
        let mut served: Vec<_> = clients
            .into_iter()
            .zip(served)
            .filter_map(|(it, served)| served.then_some(it))
            .collect();
        assert!(served.iter_mut().all(is_answered), "{name}");
        drop(served);
        let begin = std::time::Instant::now();
        while !is_answered(&mut server.connect()) {
            assert!(begin.elapsed() < PATIENCE, "{name} is deaf");
        }
    });
}

#[test]
fn a_standard_output_that_is_closed_or_not_read_holds_nothing_up() {
    each(SERVERS.to_vec(), |name| {
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
                assert!(is_answered(&mut server.connect()), "{name}, full: {full}");
            }
            if ["tcp_server", "service_std"].contains(&name) {
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
    each(SERVERS.to_vec(), |name| {
        let launcher = ["sh", "-c", "exec \"$0\" \"$@\" >&-"];
        let server = Running::start_by(&launcher, name, None, Stdio::null());
        assert!(is_answered(&mut server.connect()), "{name}");
    });
}
