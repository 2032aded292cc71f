//! Unix domain and UDP sockets with other people's programs at the other end.
#![cfg(feature = "std")]
#![allow(unsafe_code, clippy::std_instead_of_core)]

mod support;

use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use mio_st::event::{EventedId, Events, Interests};
use mio_st::net::{UdpSocket, UnixDatagram, UnixListener};
use mio_st::poll::{PollOption, Poller};

use support::net::{Directory, skip};

const LISTENER: EventedId = EventedId(0);
const PEER: EventedId = EventedId(1);

/// Starts a program and gives it a line to send, and no more; `None`, said aloud, where it is missing.
fn start(program: &str, arguments: &[&str]) -> Option<Child> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    match command.spawn() {
        Ok(mut child) => {
            child.stdin.take().unwrap().write_all(b"hello\n").unwrap();
            Some(child)
        }
        Err(error) => {
            skip(format_args!("{program}: {error}"));
            None
        }
    }
}

/// What it printed.
fn finish(child: Child) -> String {
    let output = child.wait_with_output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// Nothing waits for longer than that.
const PATIENCE: Option<Duration> = Some(Duration::from_secs(60));

/// Accepts one connection and echoes until its end.
fn echo_one(listener: &mut UnixListener) {
    let mut poller = Poller::new().unwrap();
    let mut events = Events::new();
    poller.register(listener, LISTENER, UnixListener::INTERESTS, PollOption::Edge).unwrap();
    poller.poll(&mut events, PATIENCE).unwrap();
    let (mut stream, _) = listener.accept().expect("a peer");
    poller.register(&mut stream, PEER, Interests::READABLE, PollOption::Edge).unwrap();
    let mut buffer = [0; 64];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => {
                stream.write_all(&buffer[..length]).unwrap();
                // These programs end when their peer does.
                stream.shutdown(Shutdown::Write).unwrap();
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                poller.poll(&mut events, PATIENCE).unwrap();
                assert!(!events.is_empty(), "the peer is silent");
            }
            Err(error) => panic!("{error}"),
        }
    }
    poller.deregister(listener).unwrap();
}

#[test]
fn netcat_and_socat_talk_to_a_listener() {
    let directory = Directory::new();
    let path = directory.join("socket");
    let mut listener = UnixListener::bind(&path).unwrap();
    let path = path.to_str().unwrap();
    let knows_unix = Command::new("nc").arg("-h").output().is_ok_and(|help| {
        let text = [help.stdout, help.stderr].concat();
        String::from_utf8_lossy(&text).contains("-U")
    });
    let target = format!("UNIX-CONNECT:{path}");
    let mut peers = vec![("socat", vec!["-t5", "-", &target])];
    if knows_unix {
        peers.push(("nc", vec!["-U", path]));
    } else {
        skip("nc is missing or has no -U");
    }
    for (program, arguments) in peers {
        if let Some(child) = start(program, &arguments) {
            echo_one(&mut listener);
            assert_eq!(finish(child), "hello\n", "{program}");
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn socat_finds_an_abstract_name() {
    use std::os::linux::net::SocketAddrExt;
    let name = format!("mio-st-peer-{}", std::process::id());
    let address = std::os::unix::net::SocketAddr::from_abstract_name(&name).unwrap();
    let mut listener = UnixListener::bind_addr(&address).unwrap();
    if let Some(child) = start("socat", &["-t5", "-", &format!("ABSTRACT-CONNECT:{name}")]) {
        echo_one(&mut listener);
        assert_eq!(finish(child), "hello\n");
    }
}

#[test]
fn socat_sends_datagrams() {
    let directory = Directory::new();
    let path = directory.join("socket");
    let mut datagrams = UnixDatagram::bind(&path).unwrap();
    let mut udp = UdpSocket::bind(support::net::address("127.0.0.1:0")).unwrap();
    let port = udp.local_addr().unwrap().port();
    let mut poller = Poller::new().unwrap();
    let mut events = Events::new();
    let mut buffer = [0; 64];

    if let Some(child) = start("socat", &["-", &format!("UNIX-SENDTO:{}", path.display())]) {
        poller.register(&mut datagrams, PEER, Interests::READABLE, PollOption::Level).unwrap();
        poller.poll(&mut events, PATIENCE).unwrap();
        let datagram = datagrams.recv_datagram(&mut buffer).unwrap();
        assert_eq!(&buffer[..datagram.len], b"hello\n");
        poller.deregister(&mut datagrams).unwrap();
        finish(child);
    }
    if let Some(child) = start("socat", &["-t1", "-T1", "-", &format!("UDP:127.0.0.1:{port}")]) {
        poller.register(&mut udp, PEER, Interests::READABLE, PollOption::Level).unwrap();
        poller.poll(&mut events, PATIENCE).unwrap();
        let datagram = udp.recv_datagram(&mut buffer).unwrap();
        udp.send_to(&buffer[..datagram.len], datagram.address).unwrap();
        assert_eq!(finish(child), "hello\n");
    }
}
