//! Nothing allocates, neither when it goes well nor when it does not.

#[path = "alloc/core_sockets.rs"]
mod core_sockets;
#[path = "support/counting.rs"]
mod counting;
mod support;
#[path = "alloc/userspace.rs"]
mod userspace;

use core::hint::black_box;
use core::mem::MaybeUninit;
use core::time::Duration;
use std::fs::File;
use std::io::Write;
use std::os::fd::AsRawFd;

use mio_st::Error;
use mio_st::event::{EventedId, Events, Interests};
use mio_st::poll::{PollOption, Poller, Registry};
use mio_st::unix::{EventedFd, Signal, Signals, new_pipe};

use self::PollOption::{Edge, Level, Oneshot};
use self::counting::*;
use self::support::*;

#[test]
fn one_allocation_is_noticed() {
    assert_eq!(calls_by(|| core::mem::forget(black_box(Box::new(1)))).0, 1);
    assert_eq!(calls_by(|| drop(black_box(Box::new(1)))).0, 2);
    assert_eq!(calls_by(|| core::mem::forget(black_box(vec![0; 9]))).0, 1);
    assert!(calls_by(|| drop(black_box(String::from("x") + "longer than it was"))).0 >= 2);
    assert_eq!(calls_by(|| ()).0, 0);
}

#[test]
#[should_panic = "the heap was used"]
fn one_allocation_fails_a_test() {
    without_allocating(|| drop(black_box(Box::new(1))));
}

#[test]
fn a_poller_is_made_used_and_dropped() {
    let (reader, mut writer) = pipe();
    let fd = reader.as_raw_fd();
    without_allocating(|| {
        let mut poller = Poller::new().unwrap();
        let mut events = Events::new();
        let (mut handle, id) = (EventedFd(&fd), EventedId(1));
        poller.register(&mut handle, id, Interests::READABLE, Edge).unwrap();
        poller.poll(&mut events, Some(Duration::ZERO)).unwrap();
        poller.poll(&mut events, Some(Duration::from_millis(1))).unwrap();
        poller.poll(&mut events, Some(Duration::from_nanos(1))).unwrap();
        writer.write_all(b"x").unwrap();
        for timeout in [None, Some(Duration::ZERO), Some(Duration::MAX)] {
            for opt in [Oneshot, Level, Edge] {
                poller.reregister(&mut handle, id, Interests::BOTH, opt).unwrap();
                poller.poll(&mut events, timeout).unwrap();
                assert_eq!((events.len(), events.is_full()), (1, false));
                assert!((&mut events).into_iter().all(|event| event.readiness().is_readable()));
            }
        }
        poller.deregister(&mut handle).unwrap();
        let mut registry = Registry::new().unwrap();
        let interests = Interests::READABLE;
        registry.register_fd(poller.raw_fd(), EventedId(2), interests, Level).unwrap();
        registry.poll(&mut events, Some(Duration::ZERO)).unwrap();
    });
}

#[test]
fn an_error_is_made_and_shown() {
    struct Text([u8; 128], usize);

    impl core::fmt::Write for Text {
        fn write_str(&mut self, text: &str) -> core::fmt::Result {
            self.0[self.1..][..text.len()].copy_from_slice(text.as_bytes());
            self.1 += text.len();
            Ok(())
        }
    }

    let (file, (reader, _writer)) = (File::open("/").unwrap(), pipe());
    let (file, fd) = (file.as_raw_fd(), reader.as_raw_fd());
    without_allocating(|| {
        use core::fmt::Write;

        let mut poller = Poller::new().unwrap();
        let (id, interests) = (EventedId(usize::MAX), Interests::READABLE);
        poller.register(&mut EventedFd(&fd), id, interests, Edge).unwrap();
        let itself = poller.raw_fd();
        let errors = [
            poller.register(&mut EventedFd(&fd), id, interests, Edge),
            poller.register(&mut EventedFd(&file), id, interests, Edge),
            poller.register(&mut EventedFd(&-1), id, interests, Edge),
            poller.register(&mut EventedFd(&itself), id, interests, Edge),
            poller.reregister(&mut EventedFd(&-1), id, interests, Edge),
            poller.reregister(&mut EventedFd(&file), id, interests, Edge),
            poller.deregister(&mut EventedFd(&file)),
            poller.deregister(&mut EventedFd(&-1)),
        ];
        for error in errors.into_iter().filter_map(Result::err) {
            let mut text = Text([0; 128], 0);
            write!(text, "{error} {error:?}").unwrap();
            assert!(text.1 > 0);
        }
    });
}

#[test]
fn a_poller_in_a_forked_child_is_refused() {
    let mut poller = Poller::new().unwrap();
    let mut events = Events::new();
    let answer = in_fork(|| {
        let (calls, answer) = calls_by(|| {
            let forked = poller.poll(&mut events, None) == Err(Error::Forked);
            let made = Poller::new().is_ok();
            forked && made
        });
        if answer { calls as u8 } else { 100 }
    });
    assert_eq!(answer, 0);
}

#[test]
fn without_a_descriptor_left() {
    alone("without_a_descriptor_left", || {
        set_fd_limit(32);
        let mut files: [Option<File>; 32] = Default::default();
        for place in &mut files {
            *place = File::open("/").ok();
        }
        without_allocating(|| {
            let no_more = Error::Os(libc::EMFILE);
            assert_eq!(Poller::new().unwrap_err(), no_more);
            assert_eq!(Poller::init_in(&mut MaybeUninit::<Poller>::uninit()).unwrap_err(), no_more);
            assert_eq!(new_pipe().unwrap_err(), no_more);
            assert_eq!(Signals::new(Signal::USER_1).unwrap_err(), no_more);
        });
        #[cfg(feature = "std")]
        sockets::without_a_descriptor_left();
    });
}

#[cfg(feature = "std")]
mod sockets {
    use core::net::SocketAddr;
    use std::io::{self, ErrorKind, IoSlice, IoSliceMut, Read};
    use std::net::Shutdown;
    use std::os::fd::OwnedFd;

    use mio_st::net::{ConnectStatus, TcpListener, TcpStream};

    use super::*;

    const ANY: SocketAddr =
        SocketAddr::new(core::net::IpAddr::V4(core::net::Ipv4Addr::LOCALHOST), 0);

    pub fn without_a_descriptor_left() {
        let no_more = |error: io::Error| assert_eq!(error.raw_os_error(), Some(libc::EMFILE));
        without_allocating(|| {
            no_more(TcpListener::bind(ANY).unwrap_err());
            no_more(TcpStream::connect("127.0.0.1:9".parse().unwrap()).unwrap_err());
        });
    }

    /// Waits for an event of `id`.
    fn wait(poller: &mut Poller, id: EventedId) {
        let mut events = Events::<8>::sized();
        for _ in 0..100 {
            poller.poll(&mut events, Some(PATIENCE)).unwrap();
            if (&mut events).into_iter().any(|event| event.id() == id) {
                return;
            }
        }
        panic!("nothing came");
    }

    #[test]
    fn a_server_and_its_client_live_and_end() {
        without_allocating(|| {
            let mut poller = Poller::new().unwrap();
            let mut listener = TcpListener::bind(ANY).unwrap();
            let [door, ours, theirs] = [0, 1, 2].map(EventedId);
            poller.register(&mut listener, door, TcpListener::INTERESTS, Edge).unwrap();
            assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);

            let address = listener.local_addr().unwrap();
            let mut client = TcpStream::connect(address).unwrap();
            poller.register(&mut client, theirs, TcpStream::INTERESTS, Level).unwrap();
            wait(&mut poller, theirs);
            assert_eq!(client.connect_status().unwrap(), ConnectStatus::Connected);
            let (mut server, from) = loop {
                match listener.accept() {
                    Ok(accepted) => break accepted,
                    Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
                }
            };
            assert_eq!(from, client.local_addr().unwrap());
            assert_eq!(client.peer_addr().unwrap(), address);
            poller.register(&mut server, ours, Interests::READABLE, Edge).unwrap();

            assert_eq!(server.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
            client.write_all(b"one").unwrap();
            let parts = [IoSlice::new(b"two"), IoSlice::new(b"three")];
            assert_eq!(client.write_vectored(&parts).unwrap(), 8);
            client.flush().unwrap();
            wait(&mut poller, ours);
            let (mut head, mut tail) = ([0; 2], [0; 32]);
            assert!(server.peek(&mut tail).unwrap() > 0);
            let mut parts = [IoSliceMut::new(&mut head), IoSliceMut::new(&mut tail)];
            assert!(server.read_vectored(&mut parts).unwrap() > 0);

            client.set_nodelay(true).unwrap();
            client.set_ttl(9).unwrap();
            client.set_linger(Some(Duration::from_secs(1))).unwrap();
            let options =
                (client.nodelay().unwrap(), client.ttl().unwrap(), client.linger().unwrap());
            assert_eq!(options, (true, 9, Some(Duration::from_secs(1))));
            assert!(client.take_error().unwrap().is_none());
            let clone = client.try_clone().unwrap();
            drop(TcpStream::from(OwnedFd::from(clone)));

            poller.reregister(&mut client, theirs, Interests::READABLE, Level).unwrap();
            poller.reregister(&mut client, theirs, Interests::READABLE, Level).unwrap();
            server.shutdown(Shutdown::Write).unwrap();
            wait(&mut poller, theirs);
            assert_eq!(client.read(&mut [0]).unwrap(), 0);
            assert_eq!(server.write(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
            let parts = [IoSlice::new(b"x")];
            assert_eq!(server.write_vectored(&parts).unwrap_err().kind(), ErrorKind::BrokenPipe);
            poller.deregister(&mut client).unwrap();
            poller.deregister(&mut server).unwrap();
            poller.deregister(&mut listener).unwrap();
        });
    }

    #[test]
    fn all_refusals() {
        let (deaf, _peer) = tcp_pair();
        let deaf = deaf.local_addr().unwrap();
        without_allocating(|| {
            let kind = |error: Error| io::Error::from(error).kind();
            let mut poller = Poller::new().unwrap();
            let mut listener = TcpListener::bind(ANY).unwrap();
            let id = EventedId(1);
            let used = TcpListener::bind(listener.local_addr().unwrap()).unwrap_err();
            assert_eq!(used.kind(), ErrorKind::AddrInUse);
            let foreign = TcpListener::bind("192.0.2.1:0".parse().unwrap()).unwrap_err();
            assert_eq!(foreign.kind(), ErrorKind::AddrNotAvailable);

            let refused = poller.register(&mut listener, id, Interests::BOTH, Edge);
            assert_eq!(kind(refused.unwrap_err()), ErrorKind::InvalidInput);
            let unknown = poller.deregister(&mut listener);
            assert_eq!(kind(unknown.unwrap_err()), ErrorKind::NotFound);
            poller.register(&mut listener, id, TcpListener::INTERESTS, Edge).unwrap();
            let twice = poller.register(&mut listener, id, TcpListener::INTERESTS, Edge);
            assert_eq!(kind(twice.unwrap_err()), ErrorKind::AlreadyExists);

            if let Ok(mut stream) = TcpStream::connect(deaf) {
                let id = EventedId(2);
                poller.register(&mut stream, id, TcpStream::INTERESTS, Edge).unwrap();
                wait(&mut poller, id);
                let error = stream.connect_status().unwrap_err();
                assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
                let error = stream.peer_addr().unwrap_err();
                assert_eq!(error.kind(), ErrorKind::NotConnected);
            }
            // And back, for those who do I/O in a source of their own.
            let back = Error::from(io::Error::from(ErrorKind::WouldBlock));
            assert_eq!(back, Error::Os(libc::EAGAIN));
        });
    }
}
