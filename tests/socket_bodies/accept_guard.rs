//! A server that runs out of descriptors.
#![allow(unsafe_code, clippy::std_instead_of_core)]
#![allow(unused_imports, unused_mut, clippy::needless_borrow)] // One of the two faces needs it.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream as Client};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use mio_st::event::{EventedId, Events, Interests};
use mio_st::poll::{PollOption, Poller};
use mio_st::slab::Slab;

use crate::face::*;
use crate::support::PATIENCE;
use crate::support::net::{
    Directory, LOCALHOSTS, address, alone, child, is_child, leaks, leave_descriptors,
    limit_descriptors,
};

const LISTENER: EventedId = EventedId(0);

/// How many connections the server has descriptors for.
const ROOM: usize = 8;

fn listener() -> TcpListener {
    TcpListener::bind(address(LOCALHOSTS[0])).unwrap()
}

/// An echo server in a process of its own, with few descriptors. A `q` ends it.
fn serve(opt: PollOption) {
    let mut poller = Poller::new().unwrap();
    let mut events = Events::new();
    let mut listener = listener();
    let mut guard = AcceptGuard::new().unwrap();
    let mut connections = Slab::<TcpStream, 64>::new();
    poller.register(&mut listener, LISTENER, TcpListener::INTERESTS, opt).unwrap();
    leave_descriptors(ROOM);
    println!("\nserving {}", listener.local_addr().unwrap());

    let (mut refused, mut polls) = (0, 0);
    loop {
        poller.poll(&mut events, Some(2 * PATIENCE)).unwrap();
        assert!(!events.is_empty(), "the clients have gone without a goodbye");
        polls += 1;
        for event in &mut events {
            if event.id() == LISTENER {
                loop {
                    match guard.accept_next(&listener).unwrap() {
                        Incoming::Connection(stream, _) => {
                            let vacant = connections.vacant_entry().unwrap();
                            let id = vacant.key().into();
                            let stream = vacant.insert(stream);
                            poller.register(stream, id, Interests::READABLE, opt).unwrap();
                        }
                        Incoming::Refused(_) => refused += 1,
                        Incoming::WouldBlock => break,
                        other => panic!("nobody else takes descriptors here: {other:?}"),
                    }
                }
                assert!(guard.has_reserve());
                continue;
            }
            let stream = connections.get_mut(event.id()).expect("a connection");
            let mut buffer = [0; 16];
            loop {
                match stream.read(&mut buffer) {
                    Ok(0) => {
                        connections.remove(event.id());
                        break;
                    }
                    Ok(_) if buffer[0] == b'q' => {
                        println!("\nrefused {refused} polls {polls}");
                        return;
                    }
                    Ok(length) => stream.write_all(&buffer[..length]).unwrap(),
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(error) if error.kind() == ErrorKind::ConnectionReset => {
                        connections.remove(event.id());
                        break;
                    }
                    Err(error) => panic!("{error}"),
                }
            }
        }
    }
}

/// A connection that was served; `None` if it was refused. One that hears nothing fails the test.
fn connect(server: SocketAddr) -> Option<Client> {
    let mut client = Client::connect(server).unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    let answer = client.write_all(b"x").and_then(|()| client.read(&mut [0; 2]));
    match answer {
        Ok(1) => Some(client),
        Ok(_) => None,
        Err(error) => match error.kind() {
            ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => None,
            _ => panic!("neither served nor refused: {error}"),
        },
    }
}

/// Kills the server if the test fails.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn overload(test: &str, opt: PollOption) {
    let _alone = alone();
    if is_child() {
        return serve(opt);
    }
    let mut server = Server(child(test).stdout(Stdio::piped()).spawn().unwrap());
    let mut lines = BufReader::new(server.0.stdout.take().unwrap()).lines().map(io::Result::unwrap);
    let at = lines.find_map(|line| line.strip_prefix("serving ")?.parse().ok()).unwrap();

    const CLIENTS: usize = 30;
    let served: Vec<_> = (0..CLIENTS).filter_map(|_| connect(at)).collect();
    assert_eq!(served.len(), ROOM);
    // All at once, none of them served.
    let crowd: Vec<_> = (0..CLIENTS).map(|_| Client::connect(at).unwrap()).collect();
    for mut client in crowd {
        client.set_read_timeout(Some(PATIENCE)).unwrap();
        assert_eq!(client.read(&mut [0; 2]).unwrap(), 0);
    }

    // The listener lives, and has room again when others go.
    drop(served);
    let deadline = Instant::now() + PATIENCE;
    let mut tries = 0;
    let mut again = loop {
        assert!(Instant::now() < deadline, "the listener is dead");
        tries += 1;
        if let Some(client) = connect(at) {
            break client;
        }
    };
    again.write_all(b"q").unwrap();
    let last = lines.find_map(|line| line.strip_prefix("refused ").map(String::from)).unwrap();
    let (refused, polls) = last.split_once(" polls ").unwrap();
    println!("{test}: {refused} refused in {polls} polls");
    assert_eq!(refused.parse(), Ok(CLIENTS - ROOM + CLIENTS + tries - 1));
    // One for each connection, its data and its end, at most: nothing spins.
    assert!(polls.parse::<usize>().unwrap() <= 3 * (2 * CLIENTS + tries));
    assert!(server.0.wait().unwrap().success());
}

#[test]
fn an_edge_triggered_server_refuses_and_lives_on() {
    overload("accept_guard::an_edge_triggered_server_refuses_and_lives_on", PollOption::Edge);
}

#[test]
fn a_level_triggered_server_refuses_and_lives_on() {
    overload("accept_guard::a_level_triggered_server_refuses_and_lives_on", PollOption::Level);
}

/// Without even a reserve: in a process of its own, which is forbidden any further descriptor.
fn pause(test: &str, opt: PollOption) {
    let _alone = alone();
    if !is_child() {
        assert!(child(test).status().unwrap().success());
        return;
    }
    let mut poller = Poller::new().unwrap();
    let mut events = Events::new();
    let mut listener = listener();
    let mut guard = AcceptGuard::new().unwrap();
    poller.register(&mut listener, LISTENER, TcpListener::INTERESTS, opt).unwrap();
    let clients = [(); 2].map(|()| Client::connect(listener.local_addr().unwrap()).unwrap());
    let former = limit_descriptors(3);

    // The trap.
    poller.poll(&mut events, None).unwrap();
    assert_eq!(events.len(), 1);
    assert_eq!(listener.accept().unwrap_err().raw_os_error(), Some(libc::EMFILE));
    poller.poll(&mut events, Some(Duration::from_millis(20))).unwrap();
    assert_eq!(events.is_empty(), opt == PollOption::Edge, "silent for ever, or at every poll");

    // The way out.
    assert!(matches!(guard.accept_next(&listener), Ok(Incoming::Exhausted)));
    assert!(!guard.has_reserve());
    assert!(matches!(guard.accept_next(&listener), Ok(Incoming::Exhausted)));
    let timeout = Duration::from_millis(50);
    let begin = Instant::now();
    poller.add_timeout(LISTENER, timeout).unwrap();
    poller.deregister(&mut listener).unwrap();
    poller.poll(&mut events, None).unwrap();
    let event = (&mut events).into_iter().next().unwrap();
    assert!(event.id() == LISTENER && event.readiness().is_timer());
    assert!(begin.elapsed() >= timeout, "one poll slept through the pause");

    // Descriptors are free again: the reserve comes first, nobody was lost.
    limit_descriptors(former);
    poller.register(&mut listener, LISTENER, TcpListener::INTERESTS, opt).unwrap();
    poller.poll(&mut events, None).unwrap();
    assert_eq!(events.len(), 1);
    for client in &clients {
        match guard.accept_next(&listener) {
            Ok(Incoming::Connection(_, from)) => assert_eq!(from, client.local_addr().unwrap()),
            other => panic!("{other:?}"),
        }
    }
    assert!(guard.has_reserve());
    assert!(matches!(guard.accept_next(&listener), Ok(Incoming::WouldBlock)));
}

#[test]
fn an_edge_triggered_server_pauses_and_lives_on() {
    pause("accept_guard::an_edge_triggered_server_pauses_and_lives_on", PollOption::Edge);
}

#[test]
fn a_level_triggered_server_pauses_and_lives_on() {
    pause("accept_guard::a_level_triggered_server_pauses_and_lives_on", PollOption::Level);
}

#[test]
fn a_client_that_gave_up_is_no_trouble_and_one_guard_serves_all() {
    let _alone = alone();
    if !is_child() {
        let test = "accept_guard::a_client_that_gave_up_is_no_trouble_and_one_guard_serves_all";
        assert!(child(test).status().unwrap().success());
        return;
    }
    let directory = Directory::new();
    let path = directory.join("socket");
    let (tcp, unix) = (listener(), unix_listener(&path).unwrap());
    let mut guard = AcceptGuard::new().unwrap();
    let _tcp_client = Client::connect(tcp.local_addr().unwrap()).unwrap();
    let unix_client = unix_stream(&path).unwrap();
    // Exactly the reserve is left to have.
    let former = leave_descriptors(0);
    assert!(matches!(guard.accept_next(&tcp), Ok(Incoming::Refused(_))));
    assert!(matches!(guard.accept_next(&unix), Ok(mio_st::unix::Incoming::Refused(_))));
    assert_eq!((&unix_client).read(&mut [0; 1]).unwrap(), 0);
    assert!(guard.has_reserve());
    assert!(matches!(guard.accept_next(&tcp), Ok(Incoming::WouldBlock)));
    assert!(guard.has_reserve());
    limit_descriptors(former);
}

#[test]
fn a_guard_holds_one_descriptor_and_gives_it_back() {
    let _alone = alone();
    let before = crate::support::net::descriptors();
    let guard = AcceptGuard::new().unwrap();
    assert_eq!(crate::support::net::descriptors(), before + 1);
    drop(guard);
    assert!(!leaks(|| {
        for _ in 0..5_000 {
            AcceptGuard::new().unwrap();
        }
    }));
}
