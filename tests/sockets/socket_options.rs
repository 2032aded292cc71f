//! The options of `socket`, and what must be said before bind(2) and connect(2).
#![cfg(feature = "std")]
#![allow(unsafe_code, clippy::std_instead_of_core)]

use std::fmt::Debug;
use std::io::Write;
use std::net::{SocketAddr, TcpStream as Client};
use std::os::fd::OwnedFd;
use std::time::Duration;

use mio_st::event::{EventedId, Interests};
use mio_st::poll::{PollOption, Poller};
use mio_st::socket::{
    ConnectOptions, ConnectStatus, ListenOptions, TcpListener, TcpStream, UdpSocket, UnixDatagram,
    UnixListener, UnixStream,
};
use mio_st::{Error, Result};

use crate::support::net::{
    LOCALHOSTS, address, alone, is_quiet, leaks, localhosts, next, skip, until,
};

const LINUX: bool = cfg!(any(target_os = "linux", target_os = "android"));
const ID: EventedId = EventedId(1);

fn listener() -> TcpListener {
    TcpListener::bind(address(LOCALHOSTS[0])).unwrap()
}

fn pair() -> (TcpStream, Client, TcpListener) {
    let listener = listener();
    let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    while listener.accept().is_err() {}
    let client = Client::connect(listener.local_addr().unwrap()).unwrap();
    (stream, client, listener)
}

/// What was set is what it is; or the system has no such option.
#[track_caller]
fn keeps<T: Debug + PartialEq>(is_here: bool, set: Result<()>, get: Result<T>, expected: T) {
    if is_here {
        set.unwrap();
        assert_eq!(get.unwrap(), expected);
    } else {
        assert_eq!(set, Err(Error::Unsupported));
        assert_eq!(get.unwrap_err(), Error::Unsupported);
    }
}

#[test]
fn connections_keep_what_they_are_given() {
    let _alone = alone();
    let (stream, ..) = pair();
    let seconds = Duration::from_secs;
    assert!(!stream.keepalive().unwrap(), "nothing is set that was not asked for");
    keeps(true, stream.set_keepalive(true), stream.keepalive(), true);
    let here = cfg!(not(target_os = "openbsd"));
    keeps(here, stream.set_keepalive_idle(seconds(77)), stream.keepalive_idle(), seconds(77));
    let nanos = Duration::from_nanos(1_000_000_001);
    keeps(here, stream.set_keepalive_interval(nanos), stream.keepalive_interval(), seconds(2));
    keeps(here, stream.set_keepalive_count(5), stream.keepalive_count(), 5);
    let odd = Duration::from_micros(1_234_500);
    let millis = Duration::from_millis(1235);
    keeps(LINUX, stream.set_user_timeout(odd), stream.user_timeout(), millis);
    keeps(LINUX, stream.set_quick_ack(false), stream.quick_ack(), false);
    if LINUX {
        for impossible in [Duration::ZERO, Duration::MAX] {
            assert_eq!(stream.set_keepalive_idle(impossible), Err(Error::Os(libc::EINVAL)));
        }
        assert_eq!(stream.keepalive_idle().unwrap(), seconds(77), "it is as it was");
        assert_eq!(stream.set_keepalive_count(u32::MAX), Err(Error::Os(libc::EINVAL)));
        assert!(stream.incoming_cpu().is_ok());
    } else {
        assert_eq!(stream.incoming_cpu(), Err(Error::Unsupported));
    }
}

#[test]
fn ipv6_keeps_what_it_is_given() {
    let _alone = alone();
    let Some(at) = localhosts().get(1) else { return };
    let udp = UdpSocket::bind(address(at)).unwrap();
    keeps(true, udp.set_traffic_class_v6(0x48), udp.traffic_class_v6(), 0x48);
    keeps(true, udp.set_hop_limit_v6(19), udp.hop_limit_v6(), 19);
    for wrong in [256, 0x148, 1 << 31, u32::MAX] {
        for result in [udp.set_traffic_class_v6(wrong), udp.set_hop_limit_v6(wrong)] {
            assert_eq!(result, Err(Error::Os(libc::EINVAL)), "{wrong}");
        }
    }
    assert_eq!((udp.traffic_class_v6(), udp.hop_limit_v6()), (Ok(0x48), Ok(19)));
}

#[test]
fn the_internet_protocols_keep_what_they_are_given() {
    let _alone = alone();
    let udp = UdpSocket::bind(address(LOCALHOSTS[0])).unwrap();
    keeps(true, udp.set_ttl(17), udp.ttl(), 17);
    keeps(true, udp.set_type_of_service(0x48), udp.type_of_service(), 0x48);
    assert!(udp.traffic_class_v6().is_err() && udp.set_hop_limit_v6(1).is_err(), "of IPv4");
    // What is no byte, and what is the system's default to some systems.
    for wrong in [256, 0x148, 1 << 31, u32::MAX] {
        for result in
            [udp.set_ttl(wrong), udp.set_type_of_service(wrong), udp.set_multicast_ttl_v4(wrong)]
        {
            assert_eq!(result, Err(Error::Os(libc::EINVAL)), "{wrong}");
        }
    }
    assert_eq!((udp.ttl(), udp.type_of_service()), (Ok(17), Ok(0x48)));

    let doubled = if LINUX { 2 } else { 1 };
    let set = udp.set_recv_buffer_size(20_000);
    keeps(true, set, udp.recv_buffer_size(), 20_000 * doubled);
    let set = udp.set_send_buffer_size(30_000);
    keeps(true, set, udp.send_buffer_size(), 30_000 * doubled);
    let (unix, _) = UnixStream::pair().unwrap();
    unix.set_send_buffer_size(30_000).unwrap();
    assert!(unix.send_buffer_size().unwrap() >= 30_000);
}

/// A privilege, each of them: allowed or not, but never half done.
#[test]
fn privileges_are_given_or_refused() {
    let _alone = alone();
    let udp = UdpSocket::bind(address(LOCALHOSTS[0])).unwrap();
    let allowed = |answer: Result<()>| match answer {
        Ok(()) => LINUX,
        Err(error) => {
            let refused = if LINUX { Error::Os(libc::EPERM) } else { Error::Unsupported };
            assert_eq!(error, refused);
            false
        }
    };
    if allowed(udp.set_mark(7)) {
        assert_eq!(udp.mark(), Ok(7));
    }
    if allowed(udp.set_busy_poll(50)) {
        assert_eq!(udp.busy_poll(), Ok(50));
    }
    if allowed(udp.bind_device("lo")) {
        let to = udp.local_addr().unwrap();
        udp.send_to(b"x", to).unwrap();
        assert_eq!(udp.recv(&mut [0; 2]), Ok(1));
        assert_eq!(udp.bind_device("nothing0"), Err(Error::Os(libc::ENODEV)));
        // Since Linux 5.7 anyone may bind, and only the privileged may undo it.
        allowed(udp.bind_device(""));
    }
    if LINUX {
        for impossible in [&[b'x'; 16][..], b"l\0o"] {
            assert_eq!(udp.bind_device(impossible), Err(Error::InvalidInput));
        }
    }
}

#[test]
fn a_connection_is_bound_and_set_before_it_is_made() {
    let _alone = alone();
    let listener = listener();
    let to = listener.local_addr().unwrap();
    assert!(!leaks(|| {
        let own = if LINUX { "127.0.0.3:0" } else { "127.0.0.1:0" };
        let options =
            ConnectOptions::new().bind(address(own)).recv_buffer(20_000).send_buffer(30_000);
        let stream = options.nodelay(true).reuse_addr(true).connect(to).unwrap();
        assert_eq!(stream.local_addr().unwrap().ip(), address(own).ip());
        assert!(stream.nodelay().unwrap() && stream.recv_buffer_size().unwrap() >= 20_000);
        let mut poller = Poller::new().unwrap();
        let mut stream = stream;
        poller.register(&mut stream, ID, Interests::WRITABLE, PollOption::Level).unwrap();
        until(&mut poller, ID, |event| event.readiness().is_writable());
        assert_eq!(stream.connect_status(), Ok(ConnectStatus::Connected));
        let (_, from) = listener.accept().unwrap();
        assert_eq!(from, stream.local_addr().unwrap());

        // What cannot be, closed again.
        let other_family = ConnectOptions::new().bind(address(LOCALHOSTS[1]));
        assert_eq!(other_family.connect(to).unwrap_err(), Error::InvalidInput);
        let elsewhere = ConnectOptions::new().bind(address("203.0.113.7:0"));
        assert_eq!(elsewhere.connect(to).unwrap_err(), Error::Os(libc::EADDRNOTAVAIL));
        let device = ConnectOptions::new().device(b"nothing0").connect(to);
        assert!(device.is_err());
        if !LINUX {
            assert_eq!(ConnectOptions::new().mark(1).connect(to).unwrap_err(), Error::Unsupported);
        }
    }));
}

#[test]
fn fast_open_sends_its_data_with_the_request() {
    let _alone = alone();
    let options = ListenOptions::new().reuse_addr(true).fast_open(16);
    let listener = match options.listen(address(LOCALHOSTS[0])) {
        Err(Error::Unsupported) => return skip("this system has no fast open"),
        answer => answer.unwrap(),
    };
    let options = ConnectOptions::new().fast_open(true);
    let to = listener.local_addr().unwrap();
    match options.connect(to) {
        Err(Error::Unsupported) if !LINUX => {}
        answer => {
            let stream = answer.unwrap();
            // The write makes the connection, if the system is configured for it, or else goes on by itself.
            match stream.write(b"early") {
                Ok(5) => {}
                Err(error) => {
                    assert!(error.is_would_block() || error == Error::Os(libc::EINPROGRESS))
                }
                answer => panic!("{answer:?}"),
            }
            let mut poller = Poller::new().unwrap();
            let mut listener = listener;
            poller.register(&mut listener, ID, Interests::READABLE, PollOption::Level).unwrap();
            assert!(next(&mut poller).readiness().is_readable());
            listener.accept().unwrap();
        }
    }
}

/// A stream whose first write will connect counts as connected: there is no event to wait for.
#[cfg(target_os = "linux")]
#[test]
fn a_connection_that_its_first_write_makes_is_connected() {
    let _alone = alone();
    // A thread with a network of its own, in which no cookie is needed.
    let thread = std::thread::spawn(|| {
        if !network_of_its_own() {
            return skip("it may not have a network of its own");
        }
        std::fs::write("/proc/sys/net/ipv4/tcp_fastopen", "7").unwrap();
        let listener = ListenOptions::new().fast_open(16).listen(address(LOCALHOSTS[0])).unwrap();
        let to = listener.local_addr().unwrap();
        let mut stream = ConnectOptions::new().fast_open(true).connect(to).unwrap();
        assert_eq!(stream.connect_status(), Ok(ConnectStatus::Connected));
        let mut poller = Poller::new().unwrap();
        poller.register(&mut stream, ID, Interests::BOTH, PollOption::Edge).unwrap();
        assert!(next(&mut poller).readiness().is_writable());
        assert_eq!(stream.connect_status(), Ok(ConnectStatus::Connected));
        assert_eq!(stream.write(b"early"), Ok(5));
        let (server, _) = listener.accept().unwrap();
        assert_eq!(server.read(&mut [0; 8]), Ok(5));
        assert_eq!(stream.connect_status(), Ok(ConnectStatus::Connected));

        // Of one that nobody accepts, the write says so.
        drop(listener);
        let stream = ConnectOptions::new().fast_open(true).connect(to).unwrap();
        assert_eq!(stream.connect_status(), Ok(ConnectStatus::Connected));
        let _ = stream.write(b"early");
        assert!(stream.connect_status().is_err());
    });
    thread.join().unwrap();
}

/// Gives the calling thread a network of its own, with nothing but loopback. Returns whether it has
/// one.
#[cfg(target_os = "linux")]
fn network_of_its_own() -> bool {
    // SAFETY: the kernel reads and writes one request, which lives longer than the calls.
    unsafe {
        if libc::unshare(libc::CLONE_NEWNET) != 0 {
            return false;
        }
        let mut request: libc::ifreq = std::mem::zeroed();
        (request.ifr_name[0], request.ifr_name[1]) = (b'l' as _, b'o' as _);
        let socket = UdpSocket::bind(address("0.0.0.0:0")).unwrap();
        if libc::ioctl(socket.as_raw_fd(), libc::SIOCGIFFLAGS as _, &raw mut request) != 0 {
            return false;
        }
        request.ifr_ifru.ifru_flags |= libc::IFF_UP as i16;
        libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS as _, &raw mut request) == 0
    }
}

#[test]
fn a_deferred_connection_comes_with_its_data() {
    let _alone = alone();
    let options = ListenOptions::new().defer_accept(Duration::from_secs(30));
    let mut listener = match options.listen(address(LOCALHOSTS[0])) {
        Err(Error::Unsupported) if !LINUX => return,
        answer => answer.unwrap(),
    };
    let mut poller = Poller::new().unwrap();
    poller.register(&mut listener, ID, Interests::READABLE, PollOption::Level).unwrap();
    let mut client = Client::connect(listener.local_addr().unwrap()).unwrap();
    assert!(is_quiet(&mut poller), "it has said nothing");
    client.write_all(b"x").unwrap();
    assert!(next(&mut poller).readiness().is_readable());
    let (stream, _) = listener.accept().unwrap();
    assert_eq!(stream.read(&mut [0; 2]), Ok(1));
}

#[test]
fn a_group_of_listeners_is_steered_by_the_cpu() {
    let _alone = alone();
    assert_eq!(
        ListenOptions::new().steer_by_cpu(0).listen(address(LOCALHOSTS[0])).unwrap_err(),
        Error::InvalidInput
    );
    let options = ListenOptions::new().steer_by_cpu(2);
    let first = match options.listen(address(LOCALHOSTS[0])) {
        Err(Error::Unsupported) if !LINUX => return,
        answer => answer.unwrap(),
    };
    let own = first.local_addr().unwrap();
    let listeners = [first, options.listen(own).unwrap()];
    let udp = options.bind_udp(address(LOCALHOSTS[0])).unwrap();
    let udp_address = udp.local_addr().unwrap();
    let sockets = [udp, options.bind_udp(udp_address).unwrap()];
    #[cfg(target_os = "linux")]
    for cpu in 0..2 {
        let (listeners, sockets) = (&listeners, &sockets);
        // On a thread of its own, which alone is bound to the CPU.
        let is_bound = std::thread::spawn(move || {
            if !run_on(cpu) {
                return false;
            }
            let _client = Client::connect(own).unwrap();
            let client = std::net::UdpSocket::bind(LOCALHOSTS[0]).unwrap();
            client.send_to(b"x", udp_address).unwrap();
            true
        });
        if !is_bound.join().unwrap() {
            return skip("there is one CPU only");
        }
        listeners[cpu].accept().unwrap();
        assert!(listeners[1 - cpu].accept().unwrap_err().is_would_block());
        assert_eq!(sockets[cpu].recv(&mut [0; 2]), Ok(1));
        assert!(sockets[1 - cpu].recv(&mut [0; 2]).unwrap_err().is_would_block());
    }
    drop((listeners, sockets));
}

#[cfg(target_os = "linux")]
fn run_on(cpu: usize) -> bool {
    // SAFETY: the set is of integers, and is read by the kernel.
    unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(cpu, &mut set);
        libc::sched_setaffinity(0, size_of_val(&set), &set) == 0
    }
}

#[test]
fn a_socket_can_prefer_a_cpu() {
    let _alone = alone();
    let options = ListenOptions::new().incoming_cpu(0);
    match options.listen(address(LOCALHOSTS[0])) {
        Err(error) => assert!(!LINUX && error == Error::Unsupported),
        Ok(listener) => assert_eq!(listener.incoming_cpu(), Ok(0)),
    }
}

#[test]
fn only_what_is_of_a_kind_becomes_one() {
    let _alone = alone();
    assert!(!leaks(|| {
        let fd = |socket: &dyn Fn() -> OwnedFd| mio_st::unix::OwnedFd::from(socket());
        let tcp = || OwnedFd::from(std::net::TcpListener::bind(LOCALHOSTS[0]).unwrap());
        let udp = || OwnedFd::from(std::net::UdpSocket::bind(LOCALHOSTS[0]).unwrap());
        let unix = || OwnedFd::from(std::os::unix::net::UnixStream::pair().unwrap().0);
        let file = || OwnedFd::from(std::fs::File::open("/").unwrap());

        let listener = TcpListener::try_from_fd(fd(&tcp)).unwrap();
        assert!(crate::support::net::is_nonblocking(&listener), "what was blocking is not");
        UdpSocket::try_from_fd(fd(&udp)).unwrap();
        UnixStream::try_from_fd(fd(&unix)).unwrap();
        let invalid = Error::InvalidInput;
        assert_eq!(TcpStream::try_from_fd(fd(&tcp)).unwrap_err(), invalid, "it listens");
        assert_eq!(TcpListener::try_from_fd(fd(&udp)).unwrap_err(), invalid, "another type");
        assert_eq!(UnixDatagram::try_from_fd(fd(&unix)).unwrap_err(), invalid);
        assert_eq!(UnixListener::try_from_fd(fd(&unix)).unwrap_err(), invalid);
        assert_eq!(TcpStream::try_from_fd(fd(&unix)).unwrap_err(), invalid, "another family");
        assert_eq!(UnixStream::try_from_fd(fd(&file)).unwrap_err(), Error::Os(libc::ENOTSOCK));

        let blocking = std::net::UdpSocket::bind(LOCALHOSTS[0]).unwrap();
        let adopted = mio_st::net::UdpSocket::from(OwnedFd::from(blocking));
        assert!(crate::support::net::is_nonblocking(&adopted), "without checks too");
        assert!(mio_st::net::TcpStream::try_from_fd(udp()).is_err());
    }));
}

/// One body for each call on a descriptor that is closed behind the socket's back.
#[test]
fn a_closed_descriptor_is_a_clear_error() {
    let _alone = alone();
    let closed = |result: Result<()>| assert_eq!(result, Err(Error::Os(libc::EBADF)));
    let (stream, ..) = pair();
    let udp = UdpSocket::bind(address(LOCALHOSTS[0])).unwrap();
    for fd in [stream.as_raw_fd(), udp.as_raw_fd()] {
        // SAFETY: the sockets are forgotten below.
        unsafe { libc::close(fd) };
    }
    closed(stream.set_keepalive(true));
    closed(stream.linger().map(drop));
    closed(stream.read(&mut [0]).map(drop));
    closed(stream.write(b"x").map(drop));
    closed(stream.peer_addr().map(drop));
    closed(stream.connect_status().map(drop));
    closed(stream.try_clone().map(drop));
    closed(udp.set_recv_destination(true));
    closed(udp.recv_datagram(&mut [0]).map(drop));
    closed(udp.send_to(b"x", SocketAddr::from(([127, 0, 0, 1], 9))).map(drop));
    assert!(format!("{stream:?}").contains("TcpStream"));
    std::mem::forget((stream, udp));
}
