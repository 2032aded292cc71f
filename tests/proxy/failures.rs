//! Backends that refuse, hang or reset, clients that do, and ends in one direction.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::process::Command;

use super::support::{Complaint, assert_complaints, example, reset_on_close, stay_busy, succeeds};
use super::*;

#[test]
fn an_end_is_carried_through_in_each_direction_by_itself() {
    let proxy = Proxy::start(&[]);
    for client_first in [true, false] {
        let (client, backend) = proxy.connect();
        let (mut first, mut second) =
            if client_first { (client, backend) } else { (backend, client) };
        assert_joined(&mut first, &mut second);
        first.write_all(b"last").unwrap();
        first.shutdown(Shutdown::Write).unwrap();
        let mut rest = String::new();
        second.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "last");
        // The other direction is as good as before.
        for _ in 0..3 {
            second.write_all(b"more").unwrap();
            first.read_exact(&mut [0; 4]).unwrap();
        }
        second.shutdown(Shutdown::Write).unwrap();
        assert_ended(&mut first);
    }
    proxy.assert_as_before();
}

#[test]
fn a_reset_is_carried_through() {
    let proxy = Proxy::start(&[]);
    for resetter_is_client in [true, false] {
        for blocked in [false, true] {
            let (client, backend) = proxy.connect();
            let (mut first, mut second) =
                if resetter_is_client { (client, backend) } else { (backend, client) };
            assert_joined(&mut first, &mut second);
            if blocked {
                // Until the proxy neither reads from the first nor writes to the second.
                super::bulk::fill(&mut first);
            }
            reset_on_close(&first);
            drop(first);
            assert_reset(&mut second);
        }
    }
    proxy.assert_as_before();
}

#[test]
fn backends_that_refuse_are_passed_over() {
    let backend = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = start(&[], &[nowhere(), address(&backend), nowhere()]);
    for _ in 0..7 {
        let mut client = server.connect();
        client.write_all(b"early").unwrap();
        let mut backend = accept(&backend);
        backend.read_exact(&mut [0; 5]).unwrap();
        assert_joined(&mut client, &mut backend);
    }
    let server = start(&[], &[nowhere(), nowhere()]);
    for _ in 0..3 {
        assert_reset(&mut server.connect());
    }
}

#[test]
fn clients_are_spread_over_the_backends() {
    let backends = [0; 3].map(|_| TcpListener::bind("127.0.0.1:0").unwrap());
    let server = start(&[], &[0, 1, 2].map(|n| address(&backends[n])));
    for _ in 0..3 {
        for backend in &backends {
            let mut client = server.connect();
            assert_joined(&mut client, &mut accept(backend));
        }
    }
}

/// A listener whose queue is full: on Linux, the kernel does not answer further attempts.
#[cfg(target_os = "linux")]
#[test]
fn backends_that_hang_are_passed_over_in_time() {
    let hanging = TcpListener::bind("127.0.0.1:0").unwrap();
    super::support::set_backlog(&hanging, 0);
    let _queue = TcpStream::connect(address(&hanging)).unwrap();
    let backend = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = start(&["--connect", "300"], &[address(&hanging), address(&backend)]);
    let since = Instant::now();
    let mut client = server.connect();
    let mut other = accept(&backend);
    assert!(since.elapsed() >= Duration::from_millis(300), "after {:?}", since.elapsed());
    assert_joined(&mut client, &mut other);

    let server = start(&["--connect", "300"], &[address(&hanging)]);
    let since = Instant::now();
    let mut client = server.connect();
    // A client that goes while it waits is forgotten.
    let gone = server.connect();
    reset_on_close(&gone);
    drop(gone);
    assert_reset(&mut client);
    assert!(since.elapsed() >= Duration::from_millis(300), "after {:?}", since.elapsed());
}

#[test]
fn idle_sessions_are_closed_and_busy_ones_kept() {
    const IDLE: Duration = Duration::from_millis(400);
    let proxy = Proxy::start(&["--idle", "400"]);
    let mut stays_open = || {
        let (mut busy, mut other) = proxy.connect();
        let (mut idle, mut its_backend) = proxy.connect();
        are_joined(&mut idle, &mut its_backend);
        let last = stay_busy(IDLE, || are_joined(&mut busy, &mut other));
        assert_reset(&mut idle);
        assert_reset(&mut its_backend);
        let Some(last) = last else { return false };
        assert_reset(&mut busy);
        assert!(last.elapsed() >= IDLE / 2, "closed early, after {:?}", last.elapsed());
        true
    };
    assert!(succeeds(&mut stays_open));
}

#[test]
fn out_of_descriptors_it_goes_on() {
    let backend = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -n 30; exec \"$0\" \"$@\""]).arg(example("proxy"));
    command.args(["127.0.0.1:0", &address(&backend).to_string()]);
    let server = Server::start_by(&mut command);
    // The backend greets those that come through; the others are reset or closed.
    thread::spawn(move || {
        for stream in backend.incoming() {
            let _ = stream.unwrap().write_all(b"x");
        }
    });
    let is_served = |client: &mut TcpStream| client.read(&mut [0]).is_ok_and(|count| count == 1);
    let mut clients: Vec<_> = (0..40).map(|_| server.connect()).collect();
    let served = clients.iter_mut().map(is_served).filter(|served| *served).count();
    assert!(served >= 5, "{served}");
    drop(clients);
    while !is_served(&mut server.connect()) {}
}

#[test]
fn what_is_wrong_from_the_start_is_said() {
    let complaints: [Complaint<'_>; 7] = [
        (&[], 2, "LISTEN and one BACKEND are needed"),
        (&["127.0.0.1:0"], 2, "LISTEN and one BACKEND are needed"),
        (&["here", "there"], 2, "here: an address is like"),
        (&["--idle"], 2, "--idle: no value"),
        (&["--idle", "x"], 2, "--idle x: invalid digit"),
        (&["--speed", "9"], 2, "--speed: no such option"),
        (&["unix:/nowhere/at/all", "127.0.0.1:1"], 1, "unix:/nowhere/at/all: No such file"),
    ];
    assert_complaints("proxy", &complaints);
}
