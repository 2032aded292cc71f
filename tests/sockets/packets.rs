//! Datagrams with what comes beside the data, and many of them in one call.
#![cfg(feature = "std")]
#![allow(clippy::std_instead_of_core)]

use std::net::{Ipv4Addr, SocketAddr};

use mio_st::Error;
use mio_st::event::{EventedId, Interests};
use mio_st::poll::{PollOption, Poller};
use mio_st::socket::{Ecn, ListenOptions, PacketBatch, PacketInfo, UdpSocket};

use crate::support::PATIENCE;
use crate::support::net::{LOCALHOSTS, address, alone, leaks, localhosts, skip, until};
use crate::support::vacant;

const LINUX: bool = cfg!(any(target_os = "linux", target_os = "android"));
const ID: EventedId = EventedId(7);

fn bind(at: &str) -> UdpSocket {
    UdpSocket::bind(address(at)).unwrap()
}

/// The address by which a socket that is bound to any address is reached.
fn reach(socket: &UdpSocket) -> SocketAddr {
    let own = socket.local_addr().unwrap();
    match own {
        SocketAddr::V4(_) => SocketAddr::from((Ipv4Addr::LOCALHOST, own.port())),
        SocketAddr::V6(_) => SocketAddr::from((std::net::Ipv6Addr::LOCALHOST, own.port())),
    }
}

/// Receives until `count` datagrams have come, merged ones counted by their parts.
fn receive<const N: usize, const SIZE: usize>(
    socket: &mut UdpSocket,
    batch: &mut PacketBatch<N, SIZE>,
    count: usize,
) -> Vec<(Vec<u8>, PacketInfo)> {
    let mut poller = Poller::new().unwrap();
    poller.register(socket, ID, Interests::READABLE, PollOption::Level).unwrap();
    let mut seen = Vec::new();
    while seen.len() < count {
        until(&mut poller, ID, |event| event.readiness().is_readable());
        let received = socket.recv_many(batch).unwrap();
        assert!(received == batch.len() && (1..=N).contains(&received));
        for packet in &*batch {
            seen.extend(packet.segments().map(|data| (data.to_vec(), *packet.info)));
        }
    }
    poller.deregister(socket).unwrap();
    assert!(socket.recv_many(batch).unwrap_err().is_would_block() && batch.is_empty());
    seen
}

/// Sends all, call by call.
fn send_all<const N: usize, const SIZE: usize>(
    socket: &UdpSocket,
    batch: &mut PacketBatch<N, SIZE>,
) {
    while !batch.is_empty() {
        let before = batch.len();
        let sent = socket.send_many(batch).unwrap();
        assert!(sent >= 1 && batch.len() == before - sent);
    }
}

#[test]
fn the_destination_and_the_class_come_along_if_asked_for() {
    let _alone = alone();
    for (any, local) in ["0.0.0.0:0", "[::]:0"].into_iter().zip(localhosts()) {
        let (server, client) = (bind(any), bind(local));
        let to = reach(&server);
        let mut buffer = [0; 16];
        client.send_to(b"plain", to).unwrap();
        let packet = server.recv_packet(&mut buffer).unwrap();
        assert!(packet.len == 5 && !packet.truncated && !packet.info_truncated);
        assert_eq!(packet.info, PacketInfo::to(client.local_addr().unwrap()), "nothing asked for");

        server.set_recv_destination(true).unwrap();
        client.send_to(b"a longer datagram", to).unwrap();
        let packet = server.recv_packet(&mut buffer).unwrap();
        assert!(packet.truncated && packet.len == 16);
        assert_eq!(packet.info.local, Some(to.ip()));
        assert!(packet.info.ecn().is_none());
        // The answer comes from where the question went to.
        let answer = packet.info.reply();
        assert_eq!(answer.local, Some(to.ip()));
        assert_eq!(server.send_packet(b"answer", &answer).unwrap(), 6);
        assert_eq!(client.recv_from(&mut buffer).unwrap(), (6, to));

        if let Err(error) = server.set_recv_traffic_class(true) {
            assert_eq!(error, Error::Unsupported);
            continue;
        }
        for ecn in [Ecn::Ect0, Ecn::Ect1, Ecn::Ce, Ecn::NotEct] {
            let mut info = PacketInfo::to(to);
            info.traffic_class = Some(0b1011_1000);
            info.set_ecn(ecn);
            client.send_packet(b"x", &info).unwrap();
            let packet = server.recv_packet(&mut buffer).unwrap();
            assert_eq!(packet.info.ecn(), Some(ecn));
            assert_eq!(packet.info.traffic_class, Some(0b1011_1000 | ecn as u8));
        }
    }
}

#[test]
fn an_answer_never_comes_from_a_group() {
    let mut info = PacketInfo::to(address("10.0.0.1:1"));
    for (local, kept) in
        [("10.0.0.2", true), ("239.1.2.3", false), ("255.255.255.255", false), ("ff02::1", false)]
    {
        info.local = Some(local.parse().unwrap());
        info.interface = 3;
        assert_eq!(info.reply().local.is_some(), kept, "{local}");
        assert_eq!(info.reply().interface, 0);
    }
    info.address = address("[fe80::1]:1");
    assert_eq!(info.reply().interface, 3, "link-local addresses need it");
}

/// That of a network, which only the system can tell from a machine's.
#[test]
fn an_answer_never_comes_from_a_broadcast_address() {
    let _alone = alone();
    let (server, client) = (bind("0.0.0.0:0"), bind("127.0.0.1:0"));
    server.set_recv_destination(true).unwrap();
    client.set_broadcast(true).unwrap();
    let all = SocketAddr::from(([127, 255, 255, 255], server.local_addr().unwrap().port()));
    if client.send_to(b"who?", all).is_err() {
        return skip("loopback has no broadcast address");
    }
    let Ok(packet) = server.recv_packet(&mut [0; 8]) else {
        return skip("loopback has no broadcast address");
    };
    assert_eq!(packet.info.local, Some(all.ip()));
    server.send_packet(b"I", &packet.info.reply()).unwrap();
    let (length, from) = client.recv_from(&mut [0; 8]).unwrap();
    assert_eq!((length, from.ip()), (1, [127, 0, 0, 1].into()));
}

#[test]
fn a_batch_arrives_whole_in_order_and_with_its_senders() {
    let _alone = alone();
    for &at in localhosts() {
        let mut server = bind(at);
        let clients = [bind(at), bind(at)];
        let to = PacketInfo::to(server.local_addr().unwrap());
        let mut batch = PacketBatch::<48, 64>::new();
        assert_eq!(clients[0].send_many(&mut batch), Ok(0), "an empty one needs no call");
        let mut expected = [Vec::new(), Vec::new()];
        for (client, expected) in clients.iter().zip(&mut expected) {
            // Of one length, of many, empty, as long as fits.
            for number in 0..48u8 {
                let length = [8, 8, 8, 5, 0, 64][usize::from(number / 8)];
                let data = vec![number; length];
                batch.push(&data, &to).unwrap();
                expected.push((data, client.local_addr().unwrap()));
            }
            assert_eq!(batch.push(b"x", &to), Err(Error::Full));
            assert_eq!(batch.len(), 48);
            send_all(client, &mut batch);
        }
        let mut small = PacketBatch::<5, 64>::new();
        let seen = receive(&mut server, &mut small, 96);
        let seen: Vec<_> = seen.into_iter().map(|(data, info)| (data, info.address)).collect();
        for (client, expected) in clients.iter().zip(&expected) {
            let own = client.local_addr().unwrap();
            let of_client: Vec<_> = seen.iter().filter(|(_, from)| *from == own).cloned().collect();
            assert_eq!(of_client, *expected);
        }
    }
}

#[test]
fn what_is_cut_shows_and_leaves_its_neighbours_alone() {
    let _alone = alone();
    let (server, client) = (bind(LOCALHOSTS[0]), bind(LOCALHOSTS[0]));
    let to = server.local_addr().unwrap();
    for data in [&b"0123456789"[..], b"01", b"", b"01234567"] {
        client.send_to(data, to).unwrap();
    }
    let mut batch = PacketBatch::<8, 8>::new();
    assert_eq!(server.recv_many(&mut batch), Ok(4));
    let seen: Vec<_> = batch.iter().map(|packet| (packet.data.len(), packet.truncated)).collect();
    assert_eq!(seen, [(8, true), (2, false), (0, false), (8, false)]);
    assert_eq!(batch.push(&[0; 9], &PacketInfo::to(to)), Err(Error::Os(libc::EMSGSIZE)));
    assert_eq!(batch.len(), 4, "it is as it was");
}

#[test]
fn answers_are_written_over_questions() {
    let _alone = alone();
    let (mut server, client) = (bind(LOCALHOSTS[0]), bind(LOCALHOSTS[0]));
    let mut client = client.connect(server.local_addr().unwrap()).unwrap();
    let mut batch = PacketBatch::<16, 32>::new();
    let nowhere = PacketInfo::to(address("192.0.2.1:9"));
    for text in ["one", "three", "seventeen"] {
        batch.push(text.as_bytes(), &nowhere).unwrap();
    }
    assert_eq!(client.send_many(&mut batch), Ok(3), "to the peer, whatever the batch says");
    receive(&mut server, &mut PacketBatch::<1, 1>::new(), 3);
    for text in ["one", "three", "seventeen"] {
        client.send(text.as_bytes()).unwrap();
    }
    let mut poller = Poller::new().unwrap();
    poller.register(&mut server, ID, Interests::READABLE, PollOption::Level).unwrap();
    let mut answered = 0;
    while answered < 3 {
        until(&mut poller, ID, |event| event.readiness().is_readable());
        server.recv_many(&mut batch).unwrap();
        for packet in batch.iter_mut() {
            packet.buffer[..*packet.len].make_ascii_uppercase();
            packet.buffer[*packet.len] = b'!';
            *packet.len += 1;
            *packet.info = packet.info.reply();
        }
        answered += batch.len();
        send_all(&server, &mut batch);
    }
    let mut poller = Poller::new().unwrap();
    poller.register(&mut client, ID, Interests::READABLE, PollOption::Level).unwrap();
    for text in ["ONE!", "THREE!", "SEVENTEEN!"] {
        until(&mut poller, ID, |event| event.readiness().is_readable());
        let mut buffer = [0; 32];
        let length = client.recv(&mut buffer).unwrap();
        assert_eq!(&buffer[..length], text.as_bytes());
    }
}

/// A blocking socket, as one that was taken over may be, waits for the first only.
#[allow(unsafe_code)]
#[test]
fn what_has_come_is_received_without_waiting_for_more() {
    use std::os::fd::IntoRawFd;
    let _alone = alone();
    let client = bind(LOCALHOSTS[0]);
    let std = std::net::UdpSocket::bind(LOCALHOSTS[0]).unwrap();
    std.set_read_timeout(Some(PATIENCE)).unwrap();
    // SAFETY: it is open, and its owner has given it away.
    let server = unsafe { UdpSocket::from_raw_fd(std.into_raw_fd()) };
    let mut batch = PacketBatch::<4, 8>::new();
    for count in [1, 2] {
        for _ in 0..count {
            client.send_to(b"x", server.local_addr().unwrap()).unwrap();
        }
        let begun = std::time::Instant::now();
        assert_eq!(server.recv_many(&mut batch), Ok(count));
        assert!(begun.elapsed() < PATIENCE / 2);
    }
}

/// What one that cannot be sent keeps from nobody.
#[test]
fn an_error_is_of_the_first_and_loses_nothing() {
    let _alone = alone();
    let (mut server, client) = (bind(LOCALHOSTS[0]), bind(LOCALHOSTS[0]));
    let good = PacketInfo::to(server.local_addr().unwrap());
    let bad = PacketInfo::to(address("[::1]:9")); // of another family
    let mut batch = PacketBatch::<8, 16>::new();
    for (data, info) in [(b"1", good), (b"2", good), (b"x", bad), (b"3", good), (b"4", good)] {
        batch.push(data, &info).unwrap();
    }
    assert_eq!(client.send_many(&mut batch), Ok(2));
    assert!(client.send_many(&mut batch).is_err());
    assert_eq!(batch.len(), 3);
    assert_eq!(batch.iter().next().unwrap().data, b"x");
    batch.pop_front();
    assert_eq!(client.send_many(&mut batch), Ok(2));
    assert!(batch.is_empty());
    batch.pop_front();
    let seen = receive(&mut server, &mut batch, 4);
    assert!(seen.iter().map(|(data, _)| data[0]).eq(*b"1234"));

    // An own address that is not this machine's, and one of the other family.
    let mut elsewhere = good;
    elsewhere.local = Some([203, 0, 113, 7].into());
    assert!(client.send_packet(b"x", &elsewhere).is_err());
    elsewhere.local = Some("::1".parse().unwrap());
    assert_eq!(client.send_packet(b"x", &elsewhere), Err(Error::InvalidInput));
    batch.push(b"x", &elsewhere).unwrap();
    assert_eq!(client.send_many(&mut batch), Err(Error::InvalidInput));
    assert_eq!(batch.len(), 1);
    assert!(server.recv(&mut [0; 4]).unwrap_err().is_would_block());
}

/// What cannot even be handed to the system is met when it is the first, and not before.
#[test]
fn one_that_is_refused_here_keeps_none_back() {
    let _alone = alone();
    let (mut server, client) = (bind(LOCALHOSTS[0]), bind(LOCALHOSTS[0]));
    let good = PacketInfo::to(server.local_addr().unwrap());
    let mut bad = good;
    bad.local = Some("::1".parse().unwrap()); // of another family
    let mut batch = PacketBatch::<8, 16>::new();
    for (data, info) in [(b"1", good), (b"2", good), (b"x", bad), (b"3", good)] {
        batch.push(data, &info).unwrap();
    }
    assert_eq!(client.send_many(&mut batch), Ok(2));
    assert_eq!(client.send_many(&mut batch), Err(Error::InvalidInput));
    assert_eq!(batch.iter().next().unwrap().data, b"x");
    batch.pop_front();
    assert_eq!(client.send_many(&mut batch), Ok(1));
    let seen = receive(&mut server, &mut batch, 3);
    assert!(seen.iter().map(|(data, _)| data[0]).eq(*b"123"));
}

#[test]
fn a_length_beyond_the_buffer_is_that_of_the_buffer() {
    let _alone = alone();
    let (mut server, client) = (bind(LOCALHOSTS[0]), bind(LOCALHOSTS[0]));
    let to = PacketInfo::to(server.local_addr().unwrap());
    for length in [5, 1000, usize::from(u16::MAX) + 3, usize::MAX] {
        let mut batch = PacketBatch::<4, 4>::new();
        for data in [b"1234", b"5678", b"9abc"] {
            batch.push(data, &to).unwrap();
        }
        batch.iter_mut().for_each(|packet| *packet.len = length);
        send_all(&client, &mut batch);
        let seen = receive(&mut server, &mut PacketBatch::<4, 16>::new(), 3);
        let seen: Vec<_> = seen.iter().map(|(data, _)| &data[..]).collect();
        assert_eq!(seen, [b"1234", b"5678", b"9abc"], "{length}");
    }
}

/// IPv4 by an IPv6 socket, under mapped addresses.
#[test]
fn what_goes_with_a_datagram_goes_to_mapped_addresses_too() {
    let _alone = alone();
    let any = address("[::]:0");
    let Ok(client) = ListenOptions::new().only_v6(false).bind_udp(any) else {
        return skip("this system has no mapped addresses");
    };
    let server = bind(LOCALHOSTS[0]);
    server.set_recv_destination(true).unwrap();
    if server.set_recv_traffic_class(true).is_err() {
        return skip("this system does not report the type of service");
    }
    let to = server.local_addr().unwrap();
    let mut info = PacketInfo::to((Ipv4Addr::LOCALHOST.to_ipv6_mapped(), to.port()).into());
    let v4 = Some(Ipv4Addr::LOCALHOST.into());
    let mapped = Some(Ipv4Addr::LOCALHOST.to_ipv6_mapped().into());
    for (local, interface) in
        [(None, 0), (v4, 0), (mapped, 0), (None, loopback()), (v4, loopback())]
    {
        (info.local, info.interface) = (local, interface);
        for class in [None, Some(0b1011_1000 | Ecn::Ect0 as u8)] {
            info.traffic_class = class;
            client.send_packet(b"x", &info).unwrap();
            let packet = server.recv_packet(&mut [0; 4]).unwrap();
            assert_eq!(packet.info.traffic_class, class.or(Some(0)), "{info:?}");
            let mut batch = PacketBatch::<1, 4>::new();
            batch.push(b"x", &info).unwrap();
            client.send_many(&mut batch).unwrap();
            let packet = server.recv_packet(&mut [0; 4]).unwrap();
            assert_eq!(packet.info.traffic_class, class.or(Some(0)), "{info:?}");
        }
    }
    info.local = Some("::1".parse().unwrap());
    assert!(client.send_packet(b"x", &info).is_err(), "of another family");
}

/// The index of the loopback interface.
#[allow(unsafe_code)]
fn loopback() -> u32 {
    let name = if LINUX { c"lo" } else { c"lo0" };
    // SAFETY: the name ends with a zero.
    unsafe { libc::if_nametoindex(name.as_ptr()) }
}

#[test]
fn merged_datagrams_come_with_their_size() {
    let _alone = alone();
    for &at in localhosts() {
        let (mut server, client) = (bind(at), bind(at));
        let mut info = PacketInfo::to(server.local_addr().unwrap());
        info.segment_size = Some(100);
        let data: Vec<u8> = (0..250).collect();
        if !LINUX {
            assert_eq!(client.send_packet(&data, &info), Err(Error::Unsupported));
            assert_eq!(server.set_gro(true), Err(Error::Unsupported));
            return;
        }
        // Cut on the way.
        assert_eq!(client.send_packet(&data, &info).unwrap(), 250);
        let mut batch = Box::new(PacketBatch::<4, 4096>::new());
        let seen = receive(&mut server, &mut batch, 3);
        assert!(seen.iter().map(|(data, _)| data.len()).eq([100, 100, 50]));
        assert!(seen.iter().flat_map(|(data, _)| data.clone()).eq(data.iter().copied()));

        // In one piece, if the receiver allows it; its parts are the same.
        server.set_gro(true).unwrap();
        client.send_packet(&data, &info).unwrap();
        let mut buffer = [0; 4096];
        let packet = server.recv_packet(&mut buffer).unwrap();
        assert_eq!((packet.len, packet.info.segment_size), (250, Some(100)));
        client.send_packet(&data, &info).unwrap();
        let seen = receive(&mut server, &mut batch, 3);
        assert!(seen.iter().map(|(data, _)| data.len()).eq([100, 100, 50]));

        info.segment_size = Some(u16::MAX);
        assert!(client.send_packet(&data, &info).is_ok_and(|sent| sent == 250) || !LINUX);
        server.recv(&mut buffer).unwrap();
        info.segment_size = Some(1);
        let too_many = client.send_packet(&[0; 4096], &info);
        assert!(matches!(too_many, Err(Error::Os(libc::EINVAL | libc::EMSGSIZE))), "{too_many:?}");
    }
}

#[test]
fn a_full_socket_keeps_what_it_could_not_send() {
    let _alone = alone();
    let mut server = bind(LOCALHOSTS[0]);
    server.set_recv_buffer_size(4 << 20).unwrap();
    let to = PacketInfo::to(server.local_addr().unwrap());
    let client = bind(LOCALHOSTS[0]);
    client.set_send_buffer_size(1).unwrap();
    let mut batch = PacketBatch::<64, 1000>::new();
    let mut received = 0;
    for number in 0..64u8 {
        batch.push(&[number; 1000], &to).unwrap();
    }
    let mut poller = Poller::new().unwrap();
    poller.register(&mut server, ID, Interests::READABLE, PollOption::Level).unwrap();
    let mut buffer = [0; 1000];
    while received < 64 {
        match client.send_many(&mut batch) {
            Ok(0) | Err(_) => {
                until(&mut poller, ID, |event| event.readiness().is_readable());
            }
            Ok(_) => {}
        }
        while let Ok(length) = server.recv(&mut buffer) {
            assert!(length == 1000 && buffer == [received; 1000], "in order, and each once");
            received += 1;
        }
    }
    assert!(batch.is_empty());
}

#[test]
fn errors_of_the_socket_are_errors_of_the_call() {
    let _alone = alone();
    assert!(!leaks(|| {
        let gone = vacant(Ipv4Addr::LOCALHOST);
        let client = bind(LOCALHOSTS[0]).connect(gone).unwrap();
        let mut batch = PacketBatch::<4, 8>::new();
        client.send(b"x").unwrap();
        let deadline = std::time::Instant::now() + PATIENCE;
        let refused = loop {
            match client.recv_many(&mut batch) {
                Err(error) if error.is_would_block() => {}
                answer => break answer,
            }
            assert!(std::time::Instant::now() < deadline);
        };
        assert_eq!(refused, Err(Error::Os(libc::ECONNREFUSED)));

        let closed = bind(LOCALHOSTS[0]);
        let raw = closed.as_raw_fd();
        // SAFETY: the socket is forgotten below.
        #[allow(unsafe_code)]
        unsafe {
            libc::close(raw)
        };
        batch.push(b"x", &PacketInfo::to(gone)).unwrap();
        assert_eq!(closed.send_many(&mut batch), Err(Error::Os(libc::EBADF)));
        assert_eq!(batch.len(), 1);
        assert_eq!(closed.recv_many(&mut batch), Err(Error::Os(libc::EBADF)));
        assert_eq!(closed.recv_packet(&mut [0]).unwrap_err(), Error::Os(libc::EBADF));
        core::mem::forget(closed);
    }));
}
