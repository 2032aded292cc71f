//! The sockets without `std`, when it goes well and when it does not.

use core::net::SocketAddr;

use mio_st::Error;
use mio_st::event::{EventedId, Events, Interests};
use mio_st::poll::{PollOption, Poller};
use mio_st::socket::{
    AcceptGuard, ConnectOptions, Incoming, ListenOptions, PacketBatch, PacketInfo, TcpListener,
    TcpStream, UdpSocket, UnixAddress, UnixDatagram, UnixListener, UnixStream,
};
use mio_st::unix::{IoSlice, IoSliceMut, new_pipe};

use super::without_allocating;

const LOCAL: SocketAddr = SocketAddr::new(core::net::IpAddr::V4(core::net::Ipv4Addr::LOCALHOST), 0);
const ID: EventedId = EventedId(1);
const LEVEL: PollOption = PollOption::Level;

#[test]
fn tcp_serves_and_refuses() {
    without_allocating(|| {
        let (mut poller, mut events) = (Poller::<0, 1>::sized().unwrap(), Events::<8>::sized());
        let options = ListenOptions::new().backlog(9).reuse_addr(true).recv_buffer(1 << 16);
        let mut listener = options.listen(LOCAL).unwrap();
        let own = listener.local_addr().unwrap();
        assert!(ListenOptions::new().listen(own).is_err());
        assert_eq!(options.only_v6(true).listen(LOCAL).err(), Some(Error::InvalidInput));
        poller.register(&mut listener, ID, TcpListener::INTERESTS, LEVEL).unwrap();
        assert!(poller.register(&mut listener, ID, Interests::WRITABLE, LEVEL).is_err());
        let mut guard = AcceptGuard::new().unwrap();
        assert!(matches!(guard.accept_next(&listener), Ok(Incoming::WouldBlock)));

        let client = ConnectOptions::new().bind(LOCAL).nodelay(true).connect(own).unwrap();
        poller.poll(&mut events, None).unwrap();
        let Ok(Incoming::Connection(server, _)) = guard.accept_next(&listener) else {
            panic!("a connection");
        };
        while client.connect_status().is_err() {}
        let parts = [IoSlice::new(b"one"), IoSlice::new(b"two")];
        assert_eq!(client.write_vectored(&parts), Ok(6));
        let (mut one, mut two) = ([0; 3], [0; 9]);
        while server.peek(&mut one).is_err() {}
        let mut parts = [IoSliceMut::new(&mut one), IoSliceMut::new(&mut two)];
        assert_eq!(server.read_vectored(&mut parts), Ok(6));
        assert!(server.read(&mut one).unwrap_err().is_would_block());
        client.set_keepalive(true).unwrap();
        let _ = (client.set_user_timeout(core::time::Duration::MAX), client.set_mark(1));
        assert!(TcpStream::try_from_fd(listener.into()).is_err());
    });
}

#[test]
fn udp_sends_one_and_many() {
    let mut batch = Box::new(PacketBatch::<8, 64>::new());
    without_allocating(|| {
        let (here, there) = (UdpSocket::bind(LOCAL).unwrap(), UdpSocket::bind(LOCAL).unwrap());
        let info = PacketInfo::to(there.local_addr().unwrap());
        assert!(there.recv_many(&mut batch).unwrap_err().is_would_block());
        there.set_recv_destination(true).unwrap();
        for _ in 0..8 {
            batch.push(b"hello", &info).unwrap();
        }
        assert_eq!(batch.push(b"x", &info), Err(Error::Full));
        while !batch.is_empty() {
            here.send_many(&mut batch).unwrap();
        }
        let mut count = 0;
        while count < 8 {
            count += there.recv_many(&mut batch).unwrap_or(0);
        }
        here.send_packet(b"x", &info).unwrap();
        while there.recv_packet(&mut [0; 4]).is_err() {}
        assert!(here.send_to(&[0; 70_000], info.address).is_err());
        assert!(here.connect("[::1]:1".parse().unwrap()).is_err());
    });
}

#[test]
fn the_unix_domain_passes_data_and_descriptors() {
    without_allocating(|| {
        assert!(UnixAddress::from_path([b'x'; 200]).is_err());
        let missing = UnixAddress::from_path("/no/such/directory/socket").unwrap();
        assert!(UnixListener::bind(&missing).is_err() && UnixStream::connect(&missing).is_err());
        let (here, there) = UnixStream::pair().unwrap();
        let (sender, receiver) = new_pipe().unwrap();
        here.send_fds(b"x", &[receiver.as_raw_fd(); 3]).unwrap();
        let mut fds = [const { None }; 2];
        assert!(there.recv_fds(&mut [0; 2], &mut fds).unwrap().fds_truncated);
        here.write(b"hello").unwrap();
        let _ = (there.splice_to(&sender, 10), here.splice_from(&receiver, 10));
        here.peer_credentials().unwrap();
        let (here, there) = UnixDatagram::pair().unwrap();
        here.send(b"hello").unwrap();
        assert!(there.recv_datagram(&mut [0; 2]).unwrap().truncated);
        drop(there);
        assert!(here.send(b"x").is_err());
    });
}
