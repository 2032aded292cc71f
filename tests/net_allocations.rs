//! Nothing in `net` allocates: neither set-up nor use nor errors.
#![cfg(feature = "std")]
#![allow(unsafe_code, clippy::std_instead_of_core)]

#[path = "support/counting.rs"]
mod counting;
mod support;

use std::io::{IoSlice, Read, Write};
use std::net::Ipv4Addr;
use std::os::unix::net::SocketAddr;

use mio_st::event::{EventedId, Events, Interests};
use mio_st::net::{
    AcceptGuard, Incoming, ListenOptions, TcpListener, TcpStream, UdpSocket, UnixDatagram,
    UnixListener, UnixStream,
};
use mio_st::poll::{BusyPoll, PollOption, Poller};

use self::counting::without_allocating;

const ID: EventedId = EventedId(1);
const EDGE: PollOption = PollOption::Edge;

#[test]
fn udp() {
    let _alone = support::net::alone();
    without_allocating(|| {
        let mut poller = Poller::new().unwrap();
        let mut events = Events::new();
        let local = (Ipv4Addr::LOCALHOST, 0).into();
        let mut here = UdpSocket::bind(local).unwrap();
        let own = here.local_addr().unwrap();
        poller.register(&mut here, ID, UdpSocket::INTERESTS, EDGE).unwrap();
        let mut buffer = [0; 4];
        assert!(here.recv_from(&mut buffer).is_err() && here.recv_datagram(&mut buffer).is_err());
        assert!(here.send(b"x").is_err() && here.send_to(&[0; 70_000], own).is_err());
        here.send_to(b"hello", own).unwrap();
        poller.poll(&mut events, None).unwrap();
        assert!(here.recv_datagram(&mut buffer).unwrap().truncated);
        here.set_multicast_if_v4(&Ipv4Addr::LOCALHOST).unwrap();
        let _ = here.join_multicast_v4(&Ipv4Addr::new(239, 1, 2, 3), &Ipv4Addr::LOCALHOST);
        assert!(UdpSocket::bind(own).is_err() && here.only_v6().is_err());
        let connected = here.connect(own).unwrap();
        connected.send(b"x").unwrap();
        connected.recv(&mut buffer).unwrap();
        assert!(connected.take_error().unwrap().is_none());
    });
}

#[test]
fn unix() {
    let _alone = support::net::alone();
    let directory = support::net::Directory::new();
    let (path, other) = (directory.join("stream"), directory.join("datagram"));
    let too_long = "x".repeat(200);
    without_allocating(|| {
        let mut poller = Poller::new().unwrap();
        let mut events = Events::new();
        assert!(UnixListener::bind(&too_long).is_err() && UnixDatagram::bind("a\0b").is_err());
        assert!(UnixStream::connect(&path).is_err());
        let mut listener = UnixListener::bind(&path).unwrap();
        poller.register(&mut listener, ID, UnixListener::INTERESTS, EDGE).unwrap();
        assert!(listener.accept().is_err() && UnixListener::bind(&path).is_err());
        let mut client =
            UnixStream::connect_addr(&SocketAddr::from_pathname(&path).unwrap()).unwrap();
        poller.poll(&mut events, None).unwrap();
        let (mut server, _) = listener.accept().unwrap();
        let parts = [IoSlice::new(b"a"), IoSlice::new(b"b")];
        assert_eq!(client.write_vectored(&parts).unwrap(), 2);
        assert_eq!(server.read(&mut [0; 4]).unwrap(), 2);
        client.peer_credentials().unwrap();
        assert!(server.read(&mut [0; 4]).is_err());
        drop(server);
        assert!(client.write(b"x").is_err());

        let here = UnixDatagram::bind(&other).unwrap();
        let there = UnixDatagram::unbound().unwrap();
        assert!(there.send(b"x").is_err() && here.recv_datagram(&mut []).is_err());
        there.send_to(b"hello", &other).unwrap();
        assert!(here.recv_datagram(&mut [0; 2]).unwrap().address.is_unnamed());
    });
}

#[test]
fn listening() {
    let _alone = support::net::alone();
    without_allocating(|| {
        let mut poller = Poller::new().unwrap();
        let local = (Ipv4Addr::LOCALHOST, 0).into();
        let options = ListenOptions::new().backlog(9).reuse_addr(true).reuse_port(true);
        let mut listener = options.listen(local).unwrap();
        let own = listener.local_addr().unwrap();
        let mut second = options.recv_buffer(1 << 16).listen(own).unwrap();
        assert!(TcpListener::bind(own).is_err() && options.only_v6(true).listen(local).is_err());
        let _ = second.register_exclusive(poller.registry(), ID, EDGE);
        drop(second);
        let _ = poller.registry().set_busy_poll(BusyPoll::default());
        assert!(poller.register(&mut listener, ID, Interests::WRITABLE, EDGE).is_err());
        poller.register(&mut listener, ID, TcpListener::INTERESTS, EDGE).unwrap();

        let mut guard = AcceptGuard::new().unwrap();
        assert!(matches!(guard.accept_next(&listener), Ok(Incoming::WouldBlock)));
        let clients = [(); 2].map(|()| TcpStream::connect(own).unwrap());
        let former = support::net::leave_descriptors(0);
        assert!(matches!(guard.accept_next(&listener), Ok(Incoming::Refused(_))));
        assert!(Poller::new().is_err() && UdpSocket::bind(local).is_err());
        support::net::limit_descriptors(former);
        assert!(matches!(guard.accept_next(&listener), Ok(Incoming::Connection(..))));
        drop(clients);
    });
}
