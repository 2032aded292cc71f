//! Options that must be set before a socket is bound.
#![allow(unsafe_code, clippy::std_instead_of_core)]
#![allow(unused_imports, unused_mut, clippy::needless_borrow)] // One of the two faces needs it.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream as Client};
use std::os::fd::AsRawFd;

use crate::face::*;
use crate::support::net::{LOCALHOSTS, address, alone, leaks, localhosts, skip};
use crate::support::{A_WHILE, option, succeeds};

fn socket_option(handle: &impl AsRawFd, name: i32) -> i32 {
    option(handle, libc::SOL_SOCKET, name)
}

#[test]
fn nothing_is_implicit() {
    let _alone = alone();
    let std = std::net::UdpSocket::bind(LOCALHOSTS[0]).unwrap();
    let system = socket_option(&std, libc::SO_RCVBUF);
    for &at in localhosts() {
        let bare = ListenOptions::new().listen(address(at)).unwrap();
        assert!(
            crate::support::net::is_cloexec(&bare) && crate::support::net::is_nonblocking(&bare)
        );
        for name in [libc::SO_REUSEADDR, libc::SO_REUSEPORT, libc::SO_KEEPALIVE, libc::SO_BROADCAST]
        {
            assert_eq!(socket_option(&bare, name), 0);
        }
        let udp = UdpSocket::bind(address(at)).unwrap();
        assert_eq!(socket_option(&udp, libc::SO_REUSEADDR), 0);
        assert_eq!(socket_option(&udp, libc::SO_RCVBUF), system);
    }
    let usual = TcpListener::bind(address(LOCALHOSTS[0])).unwrap();
    assert_ne!(socket_option(&usual, libc::SO_REUSEADDR), 0);
    assert_eq!(socket_option(&usual, libc::SO_REUSEPORT), 0);
}

#[test]
fn two_listeners_share_an_address_if_both_ask_for_it() {
    let _alone = alone();
    let share = ListenOptions::new().reuse_port(true);
    for &at in localhosts() {
        assert!(!leaks(|| {
            let first = share.listen(address(at)).unwrap();
            let own = first.local_addr().unwrap();
            let second = share.listen(own).unwrap();
            let stubborn = TcpListener::bind(own).unwrap_err();
            assert_eq!(stubborn.kind(), ErrorKind::AddrInUse);

            // Each gets some of many.
            let clients: Vec<_> = (0..64).map(|_| Client::connect(own).unwrap()).collect();
            let count = |listener: &TcpListener| {
                std::iter::from_fn(|| listener.accept().ok()).take(clients.len() + 1).count()
            };
            let (one, other) = (count(&first), count(&second));
            assert_eq!(one + other, clients.len());
            if cfg!(target_os = "linux") {
                assert!(one > 0 && other > 0, "{one} and {other}");
            }

            let udp = share.bind_udp(own).unwrap();
            share.bind_udp(udp.local_addr().unwrap()).unwrap();
            assert_eq!(UdpSocket::bind(own).unwrap_err().kind(), ErrorKind::AddrInUse);
        }));
        let exclusive = ListenOptions::new().listen(address(at)).unwrap();
        let error = share.listen(exclusive.local_addr().unwrap()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
    }
}

#[test]
fn only_v6_decides_whether_ipv4_comes_too() {
    let _alone = alone();
    assert!(!leaks(|| {
        let v4 = |port| SocketAddr::from(([127, 0, 0, 1], port));
        let only = ListenOptions::new().only_v6(true).listen(address("[::]:0")).unwrap();
        let port = only.local_addr().unwrap().port();
        assert!(Client::connect(v4(port)).is_err());
        // So another may have the port on IPv4.
        TcpListener::bind(v4(port)).unwrap();

        if cfg!(not(target_os = "openbsd")) {
            let both = ListenOptions::new().only_v6(false).listen(address("[::]:0")).unwrap();
            let port = both.local_addr().unwrap().port();
            let mut client = Client::connect(v4(port)).unwrap();
            let (stream, from) = both.accept().unwrap();
            assert_eq!(from.ip().to_canonical(), client.local_addr().unwrap().ip());
            (&stream).write_all(b"x").unwrap();
            assert_eq!(client.read(&mut [0; 2]).unwrap(), 1);
        }
        for only in [true, false] {
            let options = ListenOptions::new().only_v6(only);
            let error = options.listen(address(LOCALHOSTS[0])).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            assert_eq!(options.bind_udp(address(LOCALHOSTS[0])).unwrap_err().kind(), error.kind());
        }
    }));
}

/// Listens, serves and ends; where it listened.
fn served_once(options: ListenOptions) -> SocketAddr {
    let listener = options.listen(address(LOCALHOSTS[0])).unwrap();
    let mut client = Client::connect(listener.local_addr().unwrap()).unwrap();
    let (server, _) = listener.accept().unwrap();
    // Who closes first has a connection that lingers.
    drop(server);
    assert_eq!(client.read(&mut [0; 1]).unwrap(), 0);
    listener.local_addr().unwrap()
}

#[test]
fn a_server_starts_again_at_once_if_it_asks_for_it() {
    let _alone = alone();
    let usual = ListenOptions::new().reuse_addr(true);
    usual.listen(served_once(usual)).unwrap();
    if cfg!(target_os = "linux") {
        let bare = ListenOptions::new();
        assert_eq!(bare.listen(served_once(bare)).unwrap_err().kind(), ErrorKind::AddrInUse);
    }
}

#[test]
fn buffers_and_backlog_take_any_number() {
    let _alone = alone();
    let options = ListenOptions::new().recv_buffer(20_000).send_buffer(30_000);
    let listener = options.listen(address(LOCALHOSTS[0])).unwrap();
    let _client = Client::connect(listener.local_addr().unwrap()).unwrap();
    let (stream, _) = listener.accept().unwrap();
    let doubled = if cfg!(target_os = "linux") { 2 } else { 1 };
    for handle in [listener.as_raw_fd(), stream.as_raw_fd()] {
        assert_eq!(socket_option(&handle, libc::SO_RCVBUF), 20_000 * doubled);
        assert_eq!(socket_option(&handle, libc::SO_SNDBUF), 30_000 * doubled);
    }
    for number in [0, 1, u32::MAX] {
        let options = ListenOptions::new().backlog(number);
        options.listen(address(LOCALHOSTS[0])).unwrap();
        // A system may refuse a size; it must not take it for a negative one.
        let _ = options.recv_buffer(number).send_buffer(number).bind_udp(address(LOCALHOSTS[0]));
    }
}

#[test]
fn a_short_backlog_is_short() {
    let _alone = alone();
    // Linux lets one more wait than it was told.
    let listener = ListenOptions::new().backlog(1).listen(address(LOCALHOSTS[0])).unwrap();
    let own = listener.local_addr().unwrap();
    let clients: Vec<_> = (0..16).map(|_| TcpStream::connect(own).unwrap()).collect();
    assert!(succeeds(|| listener.accept().is_ok()));
    std::thread::sleep(A_WHILE);
    let waiting = 1 + std::iter::from_fn(|| listener.accept().ok()).take(15).count();
    assert!((1..16).contains(&waiting), "{waiting} of {}", clients.len());
}

#[test]
fn errors_close_what_was_opened() {
    let _alone = alone();
    let taken = ListenOptions::new().listen(address(LOCALHOSTS[0])).unwrap();
    assert!(!leaks(|| {
        for _ in 0..5_000 {
            let options = ListenOptions::new().reuse_addr(true).reuse_port(true);
            assert!(options.listen(taken.local_addr().unwrap()).is_err());
            drop(options.listen(address(LOCALHOSTS[0])).unwrap());
        }
        assert!(ListenOptions::new().listen(address("203.0.113.7:0")).is_err());
    }));
}

/// Where the system allows a longer queue than what used to be usual, it is asked for.
#[test]
#[cfg(target_os = "linux")]
fn by_default_a_crowd_can_wait_to_be_accepted() {
    const CROWD: usize = 200;
    let _alone = alone();
    let most = std::fs::read_to_string("/proc/sys/net/core/somaxconn").unwrap();
    if most.trim().parse::<usize>().unwrap() < CROWD {
        return skip(format_args!("the system allows a queue of {most}"));
    }
    let listener = TcpListener::bind(address(LOCALHOSTS[0])).unwrap();
    let at = listener.local_addr().unwrap();
    // Nobody accepts. Who finds the queue full would try again after a second, then two, four.
    let wait = std::time::Duration::from_millis(800);
    let crowd = (0..CROWD).map(|_| Client::connect_timeout(&at, wait));
    assert_eq!(crowd.collect::<std::io::Result<Vec<_>>>().unwrap().len(), CROWD);
}
