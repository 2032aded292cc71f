//! `TcpListener` and `TcpStream`.
#![allow(unused_imports, unused_mut, clippy::needless_borrow)] // One of the two faces needs it.

use core::net::SocketAddr;
use core::time::Duration;
use std::io::{ErrorKind, Read, Write};
use std::net;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, IntoRawFd};

use libc::{IPPROTO_TCP, SO_KEEPALIVE, SO_REUSEADDR, SO_REUSEPORT, SOL_SOCKET, TCP_NODELAY};
use mio_st::event::{EventedId, Interests, Ready};
use mio_st::poll::{PollOption, Poller};

use crate::face::*;

use crate::support::*;

/// One of each family; a machine without IPv6 has only the first.
fn addresses() -> Vec<SocketAddr> {
    let mut addresses = vec!["127.0.0.1:0".parse().unwrap()];
    let v6: SocketAddr = "[::1]:0".parse().unwrap();
    match net::TcpListener::bind(v6) {
        Ok(_) => addresses.push(v6),
        Err(error) => eprintln!("IPv4 only: {error}"),
    }
    addresses
}

fn listen(address: SocketAddr) -> TcpListener {
    TcpListener::bind(address).unwrap()
}

/// Waits until `call` does not say `WouldBlock`.
fn wait<T>(
    source: &impl AsRawFd,
    interests: Interests,
    mut call: impl FnMut() -> Result<T>,
) -> Result<T> {
    let mut poller = Poller::new().unwrap();
    register(&mut poller, source, 1, interests, PollOption::Level);
    loop {
        match call() {
            Err(error) if error.kind() == ErrorKind::WouldBlock => poll(&mut poller),
            answer => return answer,
        };
    }
}

/// The two ends of a connection.
fn connect(address: SocketAddr) -> (TcpStream, TcpStream) {
    let listener = listen(address);
    let address = listener.local_addr().unwrap();
    let client = TcpStream::connect(address).unwrap();
    let (server, from) = wait(&listener, Interests::READABLE, || listener.accept()).unwrap();
    wait(&client, Interests::WRITABLE, || match client.connect_status()? {
        ConnectStatus::InProgress => Err(would_block()),
        _ => Ok(()),
    })
    .unwrap();
    assert_eq!(from, client.local_addr().unwrap());
    (client, server)
}

fn pair() -> (TcpStream, TcpStream) {
    connect(addresses()[0])
}

fn receive(stream: &TcpStream, buffer: &mut [u8]) -> usize {
    wait(stream, Interests::READABLE, || (&*stream).read(buffer)).unwrap()
}

#[test]
fn addresses_agree_on_both_ends() {
    for address in addresses() {
        let listener = listen(address);
        let bound = listener.local_addr().unwrap();
        assert!(bound.ip() == address.ip() && bound.port() != 0);

        let (client, server) = connect(address);
        assert_eq!(client.peer_addr().unwrap(), server.local_addr().unwrap());
        assert_eq!(server.peer_addr().unwrap(), client.local_addr().unwrap());
        assert_eq!(server.local_addr().unwrap().ip(), address.ip());
    }
}

#[test]
fn everything_is_non_blocking_and_closed_on_exec_from_birth() {
    for address in addresses() {
        let listener = listen(address);
        let (client, server) = connect(address);
        let clones = (listener.try_clone().unwrap(), client.try_clone().unwrap());
        for fd in [
            listener.as_raw_fd(),
            client.as_raw_fd(),
            server.as_raw_fd(),
            clones.0.as_raw_fd(),
            clones.1.as_raw_fd(),
        ] {
            assert_eq!(flags(fd), (true, true));
        }
        assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
        assert_eq!((&server).read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    }
}

#[test]
fn no_option_is_set_that_was_not_asked_for() {
    let listener = listen(addresses()[0]);
    assert_ne!(option(&listener, SOL_SOCKET, SO_REUSEADDR), 0);
    assert_eq!(option(&listener, SOL_SOCKET, SO_REUSEPORT), 0);
    assert_eq!(option(&listener, SOL_SOCKET, SO_KEEPALIVE), 0);

    let (client, server) = pair();
    for name in [SO_REUSEADDR, SO_REUSEPORT, SO_KEEPALIVE] {
        assert_eq!(option(&client, SOL_SOCKET, name), 0);
    }
    for stream in [&client, &server] {
        assert_eq!(option(stream, IPPROTO_TCP, TCP_NODELAY), 0);
        assert_eq!(stream.linger().unwrap(), None);
    }
}

#[test]
fn an_address_is_for_one_listener_at_a_time_and_free_again_at_once() {
    let first = listen(addresses()[0]);
    let address = first.local_addr().unwrap();
    assert_eq!(TcpListener::bind(address).unwrap_err().kind(), ErrorKind::AddrInUse);
    // A server that closes its connections itself leaves them in TIME_WAIT.
    let client = net::TcpStream::connect(address).unwrap();
    drop(wait(&first, Interests::READABLE, || first.accept()).unwrap());
    drop(client);
    drop(first);
    listen(address);
}

#[test]
fn options_are_kept() {
    let (client, _server) = pair();
    let listener = listen(addresses()[0]);
    for on in [true, false] {
        client.set_nodelay(on).unwrap();
        assert_eq!(client.nodelay().unwrap(), on);
    }
    client.set_ttl(42).unwrap();
    listener.set_ttl(43).unwrap();
    assert_eq!((client.ttl().unwrap(), listener.ttl().unwrap()), (42, 43));
    for linger in [Some(Duration::ZERO), Some(Duration::from_secs(3)), None] {
        client.set_linger(linger).unwrap();
        assert_eq!(client.linger().unwrap(), linger);
    }
    // In whole seconds, rounded up: only zero is zero, which closes in another way.
    for (nanos, seconds) in [(1, 1), (999_999_999, 1), (1_000_000_001, 2)] {
        client.set_linger(Some(Duration::from_nanos(nanos))).unwrap();
        assert_eq!(client.linger().unwrap(), Some(Duration::from_secs(seconds)));
    }
    client.set_linger(Some(Duration::MAX)).unwrap();
    // As long as the system can keep.
    assert!(client.linger().unwrap().unwrap() >= Duration::from_secs(327));
    assert!(client.take_error().unwrap().is_none() && listener.take_error().unwrap().is_none());
}

/// By way of setsockopt(2): `Duration` knows none. Elsewhere it is refused, or another value is kept.
#[cfg(all(target_os = "linux", not(mio_st_backend = "kqueue")))]
#[test]
#[allow(unsafe_code)]
fn a_negative_linger_is_the_longest() {
    let (client, _server) = pair();
    for (seconds, meant) in [(-1, i32::MAX), (i32::MIN, i32::MAX), (i32::MAX, i32::MAX), (7, 7)] {
        let linger = libc::linger { l_onoff: 1, l_linger: seconds };
        // SAFETY: the kernel reads a `linger` that is alive.
        let answer = unsafe {
            libc::setsockopt(
                client.as_raw_fd(),
                SOL_SOCKET,
                libc::SO_LINGER,
                (&raw const linger).cast(),
                size_of_val(&linger) as libc::socklen_t,
            )
        };
        assert_eq!(answer, 0);
        assert_eq!(client.linger().unwrap(), Some(Duration::from_secs(meant as u64)));
        client.set_linger(client.linger().unwrap()).unwrap();
        assert_eq!(client.linger().unwrap(), Some(Duration::from_secs(meant as u64)));
    }
}

#[test]
fn a_linger_of_zero_makes_closing_a_reset() {
    let (client, server) = pair();
    client.set_linger(Some(Duration::ZERO)).unwrap();
    drop(client);
    let error = wait(&server, Interests::READABLE, || (&server).read(&mut [0])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

#[test]
fn peeking_takes_nothing_away() {
    let (mut client, server) = pair();
    let mut buffer = [0; 8];
    assert_eq!(server.peek(&mut buffer).unwrap_err().kind(), ErrorKind::WouldBlock);
    client.write_all(b"abc").unwrap();
    let peeked = wait(&server, Interests::READABLE, || server.peek(&mut buffer)).unwrap();
    assert_eq!(&buffer[..peeked], b"abc");
    buffer.fill(0);
    assert_eq!(receive(&server, &mut buffer), 3);
    assert_eq!(&buffer[..3], b"abc");
}

#[test]
fn each_direction_can_be_shut() {
    let (mut client, mut server) = pair();
    client.shutdown(Shutdown::Write).unwrap();
    assert_eq!(receive(&server, &mut [0]), 0);
    assert_eq!(client.write(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
    server.write_all(b"back").unwrap();
    assert_eq!(receive(&client, &mut [0; 8]), 4);
    client.shutdown(Shutdown::Read).unwrap();
    assert_eq!(client.read(&mut [0]).unwrap(), 0);
    server.shutdown(Shutdown::Both).unwrap();
    assert_eq!(server.write(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
}

#[test]
fn reading_and_writing_works_by_value_and_by_reference() {
    let (mut client, mut server) = pair();
    assert_eq!(client.write(b"one").unwrap(), 3);
    assert_eq!((&client).write(b"two").unwrap(), 3);
    client.flush().unwrap();
    (&client).flush().unwrap();
    let mut buffer = [0; 3];
    assert_eq!(receive(&server, &mut buffer), 3);
    assert_eq!(&buffer, b"one");
    assert_eq!(wait_read(&mut server, &mut buffer), 3);
    assert_eq!(&buffer, b"two");

    let parts = [IoSlice::new(b"a"), IoSlice::new(b""), IoSlice::new(b"bcd"), IoSlice::new(b"e")];
    assert_eq!(client.write_vectored(&parts).unwrap(), 5);
    assert_eq!((&client).write_vectored(&parts).unwrap(), 5);
    assert_eq!(client.write_vectored(&[]).unwrap(), 0);
    let (mut head, mut tail) = ([0; 2], [0; 3]);
    for by_reference in [true, false] {
        let mut parts = [IoSliceMut::new(&mut head), IoSliceMut::new(&mut tail)];
        let read = if by_reference {
            wait(&server, Interests::READABLE, || (&server).read_vectored(&mut parts))
        } else {
            server.read_vectored(&mut parts)
        };
        assert_eq!(read.unwrap(), 5);
        assert_eq!((&head, &tail), (b"ab", b"cde"));
    }
    assert_eq!(server.read(&mut buffer).unwrap_err().kind(), ErrorKind::WouldBlock);
}

fn wait_read(stream: &mut TcpStream, buffer: &mut [u8]) -> usize {
    let duplicate = stream.try_clone().unwrap();
    wait(&duplicate, Interests::READABLE, || stream.read(buffer)).unwrap()
}

#[test]
fn more_parts_than_the_system_takes_at_once_are_a_short_write() {
    let (mut client, server) = pair();
    let parts = vec![IoSlice::new(b"x"); 5_000];
    let written = client.write_vectored(&parts).unwrap();
    assert!((1..=5_000).contains(&written));
    assert_eq!(receive(&server, &mut [0; 5_000]), written);
    let (mut first, mut rest) = ([0; 1], vec![[0; 1]; 4_999]);
    client.write_all(b"abc").unwrap();
    let mut parts = vec![IoSliceMut::new(&mut first)];
    parts.extend(rest.iter_mut().map(|part| IoSliceMut::new(part)));
    let read = wait(&server, Interests::READABLE, || (&server).read_vectored(&mut parts));
    assert_eq!(read.unwrap(), 3);
}

#[test]
fn a_full_buffer_blocks_no_one_and_room_is_an_event() {
    let (client, server) = pair();
    let mut poller = Poller::new().unwrap();
    let sent = fill(stream(&client));
    assert!(sent > 0);
    assert_eq!((&client).write(b"x").unwrap_err().kind(), ErrorKind::WouldBlock);
    let parts = [IoSlice::new(b"x")];
    assert_eq!((&client).write_vectored(&parts).unwrap_err().kind(), ErrorKind::WouldBlock);
    register(&mut poller, &client, 1, Interests::WRITABLE, PollOption::Edge);
    assert_silent(&mut poller);
    let mut received = 0;
    while received < sent {
        received += receive(&server, &mut [0; 1 << 16]);
    }
    assert_eq!(received, sent);
    gather(&mut poller, Ready::WRITABLE);
}

#[test]
fn a_clone_is_the_same_socket_and_registered_by_itself() {
    let (mut client, mut server) = pair();
    let mut clone = server.try_clone().unwrap();
    let mut poller = Poller::new().unwrap();
    let interests = Interests::READABLE;
    poller.register(&mut server, EventedId(1), interests, PollOption::Edge).unwrap();
    poller.register(&mut clone, EventedId(2), interests, PollOption::Edge).unwrap();
    client.write_all(b"x").unwrap();
    let mut seen = Vec::new();
    while seen.len() < 2 {
        seen.extend(poll(&mut poller));
    }
    seen.sort();
    assert_eq!(seen, [(1, Ready::READABLE), (2, Ready::READABLE)]);
    poller.deregister(&mut server).unwrap();
    assert_eq!(receive(&clone, &mut [0; 8]), 1);

    let listener = listen(addresses()[0]);
    let clone = listener.try_clone().unwrap();
    assert_eq!(clone.local_addr().unwrap(), listener.local_addr().unwrap());
    drop(listener);
    let _client = net::TcpStream::connect(clone.local_addr().unwrap()).unwrap();
    wait(&clone, Interests::READABLE, || clone.accept()).unwrap();
}

#[test]
fn sockets_come_from_std_and_go_back() {
    let listener = net::TcpListener::bind(addresses()[0]).unwrap();
    let address = listener.local_addr().unwrap();
    let client = net::TcpStream::connect(address).unwrap();
    let (listener, client) =
        (TcpListener::from_std(listener).unwrap(), TcpStream::from_std(client).unwrap());
    assert_eq!(
        (flags(listener.as_raw_fd()), flags(client.as_raw_fd())),
        ((true, true), (true, true))
    );
    let (server, _) = wait(&listener, Interests::READABLE, || listener.accept()).unwrap();

    let (mut server, listener): (net::TcpStream, net::TcpListener) =
        (server.into(), listener.into());
    assert_eq!(listener.local_addr().unwrap(), address);
    server.set_nonblocking(false).unwrap();
    (&client).write_all(b"hello").unwrap();
    let mut buffer = [0; 5];
    server.read_exact(&mut buffer).unwrap();
    assert_eq!(&buffer, b"hello");
}

#[test]
fn descriptors_are_lent_given_and_taken() {
    let (client, server) = pair();
    let fd = client.as_raw_fd();
    assert_eq!(client.as_fd().as_raw_fd(), fd);
    let owned: OwnedFd = client.into();
    assert_eq!(owned.as_raw_fd(), fd);
    let client = TcpStream::from(owned);
    assert_eq!(client.into_raw_fd(), fd);
    // SAFETY: the descriptor was given away just now.
    #[allow(unsafe_code)]
    let mut client = unsafe { TcpStream::from_raw_fd(fd) };
    client.write_all(b"x").unwrap();
    assert_eq!(receive(&server, &mut [0]), 1);

    let listener = listen(addresses()[0]);
    let address = listener.local_addr().unwrap();
    let listener = TcpListener::from(OwnedFd::from(listener));
    assert_eq!(listener.local_addr().unwrap(), address);
    let fd = listener.into_raw_fd();
    // SAFETY: as above.
    #[allow(unsafe_code)]
    let listener = unsafe { TcpListener::from_raw_fd(fd) };
    assert_eq!(listener.local_addr().unwrap(), address);
}

/// What it remembers of its registration must never stand in for a call that is needed.
#[test]
fn the_memory_of_a_registration_is_only_a_hint() {
    use PollOption::{Edge, Level, Oneshot};

    let (mut client, mut server) = pair();
    client.write_all(b"x").unwrap();
    let (id, interests) = (EventedId(1), Interests::READABLE);
    // An unchanged reregister looks again, and arms again.
    for opt in [Edge, Oneshot, Level] {
        let mut poller = Poller::new().unwrap();
        poller.register(&mut server, id, interests, opt).unwrap();
        for _ in 0..3 {
            assert_eq!(poll(&mut poller), [(1, Ready::READABLE)]);
            poller.reregister(&mut server, id, interests, opt).unwrap();
        }
        poller.deregister(&mut server).unwrap();
    }
    // A registration with one poller is none with another.
    let (mut first, mut second) = (Poller::new().unwrap(), Poller::new().unwrap());
    first.register(&mut server, id, interests, Level).unwrap();
    assert!(second.reregister(&mut server, id, interests, Level).is_err());
    second.register(&mut server, EventedId(2), interests, Level).unwrap();
    first.reregister(&mut server, EventedId(3), interests, Level).unwrap();
    assert_eq!(poll(&mut first), [(3, Ready::READABLE)]);
    assert_eq!(poll(&mut second), [(2, Ready::READABLE)]);
    second.deregister(&mut server).unwrap();
    assert!(second.reregister(&mut server, EventedId(2), interests, Level).is_err());
    // Nor is one with a poller that has gone.
    drop(first);
    let mut third = Poller::new().unwrap();
    assert!(third.reregister(&mut server, EventedId(3), interests, Level).is_err());
    // Nor is one that has ended.
    third.register(&mut server, id, interests, Level).unwrap();
    third.deregister(&mut server).unwrap();
    assert!(third.reregister(&mut server, id, interests, Level).is_err());
    // Each part counts.
    third.register(&mut server, id, interests, Level).unwrap();
    third.reregister(&mut server, id, interests, Level).unwrap();
    assert_eq!(poll(&mut third), [(1, Ready::READABLE)]);
    third.reregister(&mut server, id, Interests::BOTH, Level).unwrap();
    assert_eq!(poll(&mut third), [(1, Ready::READABLE | Ready::WRITABLE)]);
    third.reregister(&mut server, id, interests, Level).unwrap();
    assert_eq!(poll(&mut third), [(1, Ready::READABLE)]);
}

#[test]
fn writing_to_a_closed_peer_raises_no_signal() {
    alone("tcp::writing_to_a_closed_peer_raises_no_signal", || {
        // Rust's main ignores it; a program that C started does not.
        default_action(libc::SIGPIPE);
        let gone = || {
            let (client, server) = pair();
            reset_on_close(&server);
            drop(server);
            wait(&client, Interests::READABLE, || (&client).read(&mut [0])).unwrap_err();
            client
        };
        let parts = [IoSlice::new(b"a"), IoSlice::new(b"b")];
        for _ in 0..2 {
            assert_eq!(gone().write(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
            assert_eq!(gone().write_vectored(&parts).unwrap_err().kind(), ErrorKind::BrokenPipe);
        }
        let (mut client, _server) = pair();
        client.shutdown(Shutdown::Write).unwrap();
        assert_eq!(client.write_vectored(&parts).unwrap_err().kind(), ErrorKind::BrokenPipe);
        assert_eq!(client.write(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
    });
}

#[test]
fn they_read_like_sockets() {
    let listener = listen(addresses()[0]);
    let port = listener.local_addr().unwrap().port().to_string();
    assert!(format!("{listener:?}").contains(&port));
    let (client, _server) = pair();
    let port = client.local_addr().unwrap().port().to_string();
    assert!(format!("{client:?}").contains(&port));
}
