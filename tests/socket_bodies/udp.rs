//! UDP sockets.
#![allow(unsafe_code, clippy::std_instead_of_core)]
#![allow(unused_imports, unused_mut, clippy::needless_borrow)] // One of the two faces needs it.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, IntoRawFd};
use std::time::{Duration, Instant};

use mio_st::Error;
use mio_st::event::{EventedId, Interests};
use mio_st::poll::{PollOption, Poller};

use crate::face::*;

use crate::support::PATIENCE;
use crate::support::net::{
    LOCALHOSTS, address, alone, is_quiet, leaks, localhosts, next, skip, until,
};
use crate::support::vacant;

const ID: EventedId = EventedId(7);

fn bind(at: &str) -> UdpSocket {
    UdpSocket::bind(address(at)).unwrap()
}

fn is_would_block<T: std::fmt::Debug>(answer: Result<T>) -> bool {
    answer.unwrap_err().kind() == ErrorKind::WouldBlock
}

/// On loopback what was sent is there at once, or nearly so.
fn wait_readable(poller: &mut Poller) {
    until(poller, ID, |event| event.readiness().is_readable());
}

#[test]
fn datagrams_arrive_whole_with_their_sender_over_both_families() {
    let _alone = alone();
    for &at in localhosts() {
        let (mut here, there) = (bind(at), bind(at));
        let mut poller = Poller::new().unwrap();
        poller.register(&mut here, ID, Interests::READABLE, PollOption::Edge).unwrap();
        let mut buffer = [0; 16];
        assert!(is_would_block(here.recv_from(&mut buffer)));
        assert!(is_quiet(&mut poller));

        let from = there.local_addr().unwrap();
        for data in [&b"hello"[..], b"", b"exactly sixteen!"] {
            assert_eq!(there.send_to(data, here.local_addr().unwrap()).unwrap(), data.len());
            wait_readable(&mut poller);
            assert_eq!(here.peek_from(&mut buffer).unwrap(), (data.len(), from));
            assert_eq!(here.peek(&mut buffer).unwrap(), data.len());
            assert_eq!(here.recv_from(&mut buffer).unwrap(), (data.len(), from));
            assert_eq!(&buffer[..data.len()], data);
            assert!(is_would_block(here.recv(&mut buffer)));
        }
    }
}

#[test]
fn a_cut_datagram_shows_and_leaves_the_next_one_alone() {
    let _alone = alone();
    for &at in localhosts() {
        let (mut here, there) = (bind(at), bind(at));
        let mut poller = Poller::new().unwrap();
        poller.register(&mut here, ID, Interests::READABLE, PollOption::Level).unwrap();
        for data in [&b"0123456789"[..], b"0123", b"01234567", b""] {
            there.send_to(data, here.local_addr().unwrap()).unwrap();
        }
        let mut buffer = [0; 8];
        for (len, truncated) in [(8, true), (4, false), (8, false), (0, false)] {
            wait_readable(&mut poller);
            let datagram = here.recv_datagram(&mut buffer).unwrap();
            assert_eq!((datagram.len, datagram.truncated), (len, truncated));
            assert_eq!(datagram.address, there.local_addr().unwrap());
            assert_eq!(buffer[..len], b"01234567"[..len]);
        }
        assert!(is_would_block(here.recv_datagram(&mut buffer)));

        // No room at all cuts everything, and is no end of the data.
        there.send_to(b"x", here.local_addr().unwrap()).unwrap();
        wait_readable(&mut poller);
        let datagram = here.recv_datagram(&mut []).unwrap();
        assert!(datagram.len == 0 && datagram.truncated);
    }
}

#[test]
fn what_no_datagram_can_hold_is_refused_and_nothing_is_sent() {
    let _alone = alone();
    let (here, there) = (bind(LOCALHOSTS[0]), bind(LOCALHOSTS[0]));
    let error = there.send_to(&[0; 70_000], here.local_addr().unwrap()).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::EMSGSIZE));
    assert!(is_would_block(here.recv(&mut [0; 8])));
}

#[test]
fn a_connected_socket_hears_its_peer_only_and_stays_registered() {
    let _alone = alone();
    for &at in localhosts() {
        let (mut here, peer, stranger) = (bind(at), bind(at), bind(at));
        let mut poller = Poller::new().unwrap();
        poller.register(&mut here, ID, UdpSocket::INTERESTS, PollOption::Edge).unwrap();
        let own = here.local_addr().unwrap();
        let here = here.connect(peer.local_addr().unwrap()).unwrap();
        assert_eq!(here.peer_addr().unwrap(), peer.local_addr().unwrap());

        stranger.send_to(b"stranger", own).unwrap();
        peer.send_to(b"peer", own).unwrap();
        wait_readable(&mut poller);
        let mut buffer = [0; 16];
        assert_eq!(here.peek(&mut buffer).unwrap(), 4);
        assert_eq!(here.peek_from(&mut buffer).unwrap(), (4, peer.local_addr().unwrap()));
        let datagram = here.recv_datagram(&mut buffer[..2]).unwrap();
        assert!(datagram.truncated && datagram.address == peer.local_addr().unwrap());
        assert!(is_would_block(here.recv(&mut buffer)));

        assert_eq!(here.send(b"hello").unwrap(), 5);
        let mut other = Poller::new().unwrap();
        let mut peer = peer;
        other.register(&mut peer, ID, Interests::READABLE, PollOption::Edge).unwrap();
        wait_readable(&mut other);
        assert_eq!(peer.recv_from(&mut buffer).unwrap(), (5, own));
    }
}

#[test]
fn nobody_there_is_an_error_once_and_no_end() {
    let _alone = alone();
    let gone = vacant(Ipv4Addr::LOCALHOST);
    let mut here = bind(LOCALHOSTS[0]).connect(gone).unwrap();
    let mut poller = Poller::new().unwrap();
    poller.register(&mut here, ID, Interests::READABLE, PollOption::Edge).unwrap();
    here.send(b"hello?").unwrap();
    let event = until(&mut poller, ID, |event| event.readiness().is_readable());
    assert!(!event.readiness().is_hup());
    let mut buffer = [0; 8];
    assert_eq!(here.recv(&mut buffer).unwrap_err().kind(), ErrorKind::ConnectionRefused);
    assert!(is_would_block(here.recv(&mut buffer)));

    let peer = UdpSocket::bind(gone).unwrap();
    here.send(b"again").unwrap();
    let deadline = Instant::now() + PATIENCE;
    while is_would_block_or(peer.recv(&mut buffer)) {
        assert!(Instant::now() < deadline);
    }
    assert_eq!(&buffer[..5], b"again");
}

fn is_would_block_or(answer: Result<usize>) -> bool {
    match answer {
        Ok(_) => false,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::WouldBlock);
            true
        }
    }
}

#[test]
fn a_pending_error_can_be_taken() {
    let _alone = alone();
    let gone = vacant(Ipv4Addr::LOCALHOST);
    let here = bind(LOCALHOSTS[0]).connect(gone).unwrap();
    assert!(here.take_error().unwrap().is_none());
    here.send(b"hello?").unwrap();
    let deadline = Instant::now() + PATIENCE;
    let error = loop {
        if let Some(error) = here.take_error().unwrap() {
            break error;
        }
        assert!(Instant::now() < deadline);
    };
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    assert!(here.take_error().unwrap().is_none());
}

#[test]
fn the_wrong_family_and_a_missing_peer_are_errors() {
    let _alone = alone();
    let (v4, v6) = (address("127.0.0.1:9"), address("[::1]:9"));
    assert!(!leaks(|| {
        assert!(bind(LOCALHOSTS[0]).send_to(b"x", v6).is_err());
        assert!(bind(LOCALHOSTS[0]).connect(v6).is_err());
        let error = bind(LOCALHOSTS[0]).send(b"x").unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::EDESTADDRREQ));
        let only_v6 = ListenOptions::new().only_v6(true).bind_udp(address("[::]:0")).unwrap();
        assert!(only_v6.only_v6().unwrap());
        assert!(only_v6.send_to(b"x", v4).is_err());
        assert!(bind(LOCALHOSTS[0]).only_v6().is_err());
    }));
}

#[test]
fn options_keep_what_they_are_given() {
    let _alone = alone();
    let v4 = bind(LOCALHOSTS[0]);
    assert!(!v4.broadcast().unwrap(), "an option was set that nobody asked for");
    v4.set_broadcast(true).unwrap();
    assert!(v4.broadcast().unwrap());
    v4.set_ttl(17).unwrap();
    assert_eq!(v4.ttl().unwrap(), 17);
    v4.set_multicast_ttl_v4(3).unwrap();
    assert_eq!(v4.multicast_ttl_v4().unwrap(), 3);
    v4.set_multicast_loop_v4(false).unwrap();
    assert!(!v4.multicast_loop_v4().unwrap());
    assert_eq!(v4.multicast_if_v4().unwrap(), Ipv4Addr::UNSPECIFIED);
    v4.set_multicast_if_v4(&Ipv4Addr::LOCALHOST).unwrap();
    assert_eq!(v4.multicast_if_v4().unwrap(), Ipv4Addr::LOCALHOST);
    assert!(v4.set_multicast_if_v4(&Ipv4Addr::new(203, 0, 113, 7)).is_err());
    assert_eq!(v4.multicast_if_v4().unwrap(), Ipv4Addr::LOCALHOST);

    let Some(at) = localhosts().get(1) else { return };
    let v6 = bind(at);
    v6.set_multicast_loop_v6(false).unwrap();
    assert!(!v6.multicast_loop_v6().unwrap());
    assert_eq!(v6.multicast_if_v6().unwrap(), 0);
    v6.set_multicast_if_v6(loopback()).unwrap();
    assert_eq!(v6.multicast_if_v6().unwrap(), loopback());
    assert!(v6.set_multicast_if_v6(123_456).is_err());
}

/// The index of the loopback interface.
fn loopback() -> u32 {
    let names = [c"lo", c"lo0"];
    // SAFETY: the names end with a NUL.
    let indices = names.map(|name| unsafe { libc::if_nametoindex(name.as_ptr()) });
    indices.into_iter().find(|&index| index != 0).expect("a loopback interface")
}

/// Group traffic over the loopback interface; what the machine does not allow is said, and not an error.
#[test]
fn members_of_a_group_get_what_is_sent_to_it_until_they_leave() {
    let _alone = alone();
    let reuse = ListenOptions::new().reuse_addr(true);
    let (group4, group6) = (Ipv4Addr::new(239, 1, 2, 3), "ff11::1:2:3".parse::<Ipv6Addr>());
    let group6 = group6.unwrap();

    let any = reuse.bind_udp(address("0.0.0.0:0")).unwrap();
    let port = any.local_addr().unwrap().port();
    let second = reuse.bind_udp(SocketAddr::from(([0, 0, 0, 0], port))).unwrap();
    let sender = bind(LOCALHOSTS[0]);
    sender.set_multicast_if_v4(&Ipv4Addr::LOCALHOST).unwrap();
    sender.set_multicast_ttl_v4(0).unwrap();
    let local = Ipv4Addr::LOCALHOST;
    check_group(
        [any, second],
        sender,
        SocketAddr::from((group4, port)),
        &|socket| socket.join_multicast_v4(&group4, &local),
        &|socket| socket.leave_multicast_v4(&group4, &local),
    );
    let not_a_group = Ipv4Addr::new(10, 1, 2, 3);
    assert!(bind(LOCALHOSTS[0]).join_multicast_v4(&not_a_group, &local).is_err());

    let Some(v6) = localhosts().get(1) else { return };
    let any = reuse.bind_udp(address("[::]:0")).unwrap();
    let port = any.local_addr().unwrap().port();
    let second = reuse.bind_udp(SocketAddr::from((Ipv6Addr::UNSPECIFIED, port))).unwrap();
    let sender = bind("[::]:0");
    let interface = interface_with_a_route(&sender, SocketAddr::from((group6, port)));
    check_group(
        [any, second],
        sender,
        SocketAddr::from((group6, port)),
        &|socket| socket.join_multicast_v6(&group6, interface),
        &|socket| socket.leave_multicast_v6(&group6, interface),
    );
    assert!(bind(v6).join_multicast_v6(&Ipv6Addr::LOCALHOST, loopback()).is_err());
}

/// The loopback interface, if it has a route for groups, or else any other: what is sent to a group of
/// interface-local scope (`ff11::`) never leaves the machine.
fn interface_with_a_route(sender: &UdpSocket, group: SocketAddr) -> u32 {
    let has_route = |&interface: &u32| {
        sender.set_multicast_if_v6(interface).is_ok() && sender.send_to(b"probe", group).is_ok()
    };
    [loopback()].into_iter().chain(1..32).find(has_route).unwrap_or(loopback())
}

type OnSocket<'a> = &'a dyn Fn(&UdpSocket) -> Result<()>;

fn check_group(
    members: [UdpSocket; 2],
    sender: UdpSocket,
    group: SocketAddr,
    join: OnSocket<'_>,
    leave: OnSocket<'_>,
) {
    if let Err(error) = members.iter().try_for_each(join) {
        return skip(format_args!("no multicast on loopback for {group}: {error}"));
    }
    assert!(join(&members[0]).is_err(), "joined twice");
    if let Err(error) = sender.send_to(b"all", group) {
        return skip(format_args!("cannot send to {group}: {error}"));
    }
    let mut poller = Poller::new().unwrap();
    let mut buffer = [0; 8];
    let [mut first, mut second] = members;
    for (id, member) in [&mut first, &mut second].into_iter().enumerate() {
        let id = EventedId(id);
        poller.register(member, id, Interests::READABLE, PollOption::Level).unwrap();
        until(&mut poller, id, |event| event.readiness().is_readable());
        let (length, from) = member.recv_from(&mut buffer).unwrap();
        assert!(&buffer[..length] == b"all" && from.port() == sender.local_addr().unwrap().port());
    }
    leave(&first).unwrap();
    assert!(leave(&first).is_err(), "left twice");
    println!("multicast to {group}: shown");
}

#[test]
fn impossible_interests_and_wrong_registrations_are_clear_errors() {
    let _alone = alone();
    let mut poller = Poller::new().unwrap();
    let mut socket = bind(LOCALHOSTS[0]);
    let both = UdpSocket::INTERESTS;
    for impossible in [Interests::PRIORITY, Interests::PRIORITY | Interests::READABLE] {
        let answer = poller.register(&mut socket, ID, impossible, PollOption::Edge);
        assert_eq!(answer, Err(Error::InvalidInput));
    }
    assert_eq!(poller.deregister(&mut socket), Err(Error::NotFound));
    let answer = poller.reregister(&mut socket, ID, both, PollOption::Edge);
    assert_eq!(answer, Err(Error::NotFound));
    poller.register(&mut socket, ID, both, PollOption::Edge).unwrap();
    let answer = poller.register(&mut socket, ID, both, PollOption::Edge);
    assert_eq!(answer, Err(Error::AlreadyExists));
    assert!(next(&mut poller).readiness().is_writable());
    poller.deregister(&mut socket).unwrap();
    assert!(is_quiet(&mut poller));
}

#[test]
fn it_becomes_a_std_socket_and_back() {
    let _alone = alone();
    assert!(!leaks(|| {
        let socket = bind(LOCALHOSTS[0]);
        let port = socket.local_addr().unwrap();
        assert!(
            crate::support::net::is_cloexec(&socket)
                && crate::support::net::is_nonblocking(&socket)
        );
        assert_eq!(socket.as_fd().as_raw_fd(), socket.as_raw_fd());
        let clone = socket.try_clone().unwrap();
        assert!(
            crate::support::net::is_cloexec(&clone) && crate::support::net::is_nonblocking(&clone)
        );
        assert_eq!(clone.local_addr().unwrap(), port);

        let std = std::net::UdpSocket::from(socket);
        std.set_nonblocking(false).unwrap();
        let socket = UdpSocket::from_std(std).unwrap();
        assert!(crate::support::net::is_nonblocking(&socket));
        let socket = UdpSocket::from(OwnedFd::from(socket));
        let raw = socket.into_raw_fd();
        // SAFETY: the descriptor was given away just now.
        let socket = unsafe { UdpSocket::from_raw_fd(raw) };
        assert_eq!(socket.local_addr().unwrap(), port);

        let std = std::net::UdpSocket::from(socket.connect(port).unwrap());
        let connected = ConnectedUdpSocket::from_std(std).unwrap();
        assert_eq!(connected.peer_addr().unwrap(), port);
        assert!(format!("{connected:?}").contains("127.0.0.1"));
    }));
}

#[test]
fn five_thousand_of_each_leave_nothing_open() {
    let _alone = alone();
    let mut poller = Poller::new().unwrap();
    let taken = bind(LOCALHOSTS[0]);
    let in_use = taken.local_addr().unwrap();
    let addresses = localhosts();
    assert!(!leaks(|| {
        for round in 0..5_000 {
            let mut socket = bind(addresses[round % addresses.len()]);
            poller.register(&mut socket, ID, UdpSocket::INTERESTS, PollOption::Edge).unwrap();
            if round % 3 == 0 {
                poller.deregister(&mut socket).unwrap();
            }
            let own = socket.local_addr().unwrap();
            drop(socket.connect(own).unwrap());
            assert_eq!(UdpSocket::bind(in_use).unwrap_err().kind(), ErrorKind::AddrInUse);
        }
        let elsewhere = UdpSocket::bind(address("203.0.113.7:0")).unwrap_err();
        assert_eq!(elsewhere.kind(), ErrorKind::AddrNotAvailable);
    }));
    assert!(is_quiet(&mut poller));
}
