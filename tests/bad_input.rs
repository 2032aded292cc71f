//! What is refused, how it is called, and that all else works on.

mod support;

use std::fs::File;
use std::io::Write;
use std::os::fd::{AsRawFd, RawFd};

use mio_st::event::{EventedId, Events, Interests, Ready};
use mio_st::poll::{PollOption, Poller};
use mio_st::unix::EventedFd;
use mio_st::{Error, Result};

use self::PollOption::{Edge, Level, Oneshot};
use self::support::*;

/// What the three calls answer for a descriptor that is not registered.
fn all_three(poller: &mut Poller, fd: RawFd) -> [Result<()>; 3] {
    let (mut handle, id) = (EventedFd(&fd), EventedId(1));
    [
        poller.register(&mut handle, id, Interests::READABLE, Edge),
        poller.reregister(&mut handle, id, Interests::READABLE, Edge),
        poller.deregister(&mut handle),
    ]
}

#[test]
fn files_and_directories_cannot_be_watched() {
    let mut poller = Poller::new().unwrap();
    let file = File::open(std::env::current_exe().unwrap()).unwrap();
    let directory = File::open("/").unwrap();
    // To kqueue a device is what its driver says.
    let device = (!KQUEUE).then(|| File::open("/dev/null").unwrap());
    for unsupported in [file, directory].into_iter().chain(device) {
        assert_eq!(
            all_three(&mut poller, unsupported.as_raw_fd()),
            [Err(Error::Unsupported), Err(Error::NotFound), Err(Error::NotFound)]
        );
    }
    assert_silent(&mut poller);
    assert_works(&mut poller);
}

#[test]
fn a_closed_descriptor_is_a_bad_descriptor() {
    let mut poller = Poller::new().unwrap();
    // Nothing opens the highest number.
    let highest = (fd_limits().0 - 1).min(RawFd::MAX as usize) as RawFd;
    for closed in [-1, RawFd::MIN, RawFd::MAX, highest] {
        assert_eq!(all_three(&mut poller, closed), [Err(Error::Os(libc::EBADF)); 3], "{closed}");
    }
    assert_works(&mut poller);
}

#[test]
fn what_is_not_registered_is_not_found() {
    let mut poller = Poller::new().unwrap();
    let (reader, _writer) = pipe();
    let fd = reader.as_raw_fd();
    let (mut handle, id) = (EventedFd(&fd), EventedId(1));
    for opt in [Edge, Level, Oneshot] {
        let unknown = poller.reregister(&mut handle, id, Interests::READABLE, opt);
        assert_eq!(unknown, Err(Error::NotFound));
        assert_eq!(poller.deregister(&mut handle), Err(Error::NotFound));

        poller.register(&mut handle, id, Interests::READABLE, opt).unwrap();
        poller.deregister(&mut handle).unwrap();
        assert_eq!(poller.deregister(&mut handle), Err(Error::NotFound));
    }
    assert_works(&mut poller);
}

#[test]
fn registering_twice_is_refused_and_changes_nothing() {
    let mut poller = Poller::new().unwrap();
    let (one, mut other) = unix_pair();
    register(&mut poller, &one, 1, Interests::READABLE, Level);
    let twice = try_register(&mut poller, one.as_raw_fd(), 2, Interests::WRITABLE, Oneshot);
    if KQUEUE {
        // A plain number has no memory: it is replaced as a whole, as `EventedFd` says.
        assert_eq!(twice, Ok(()));
        assert_eq!(poll(&mut poller), [(2, Ready::WRITABLE)]);
        assert_silent(&mut poller);
        reregister(&mut poller, &one, 1, Interests::READABLE, Level);
    } else {
        assert_eq!(twice, Err(Error::AlreadyExists));
    }

    assert_silent(&mut poller);
    other.write_all(b"x").unwrap();
    for _ in 0..2 {
        assert_eq!(poll(&mut poller), [(1, Ready::READABLE)]);
    }
    deregister(&mut poller, &one).unwrap();
    assert_silent(&mut poller);
}

#[test]
fn every_id_is_legal() {
    let mut poller = Poller::new().unwrap();
    let ids = [0, 1, usize::MAX / 2, usize::MAX / 2 + 1, usize::MAX - 1, usize::MAX];
    let pipes: Vec<_> = ids.iter().map(|_| pipe()).collect();
    for ((reader, writer), id) in pipes.iter().zip(ids) {
        register(&mut poller, reader, id, Interests::READABLE, Edge);
        (&*writer).write_all(b"x").unwrap();
    }
    assert_eq!(poll(&mut poller), ids.map(|id| (id, Ready::READABLE)));
    // They need not differ either.
    for (reader, _) in &pipes {
        reregister(&mut poller, reader, usize::MAX, Interests::READABLE, Edge);
    }
    let seen = poll(&mut poller);
    assert!(seen.iter().all(|event| *event == (usize::MAX, Ready::READABLE)), "{seen:?}");
    // Parts of one id are merged.
    assert!(seen.len() == 6 || reports_in_parts());
}

/// Opens descriptors until there are no more.
fn open_all() -> Vec<File> {
    let mut files = Vec::with_capacity(256);
    loop {
        match File::open("/dev/null") {
            Ok(file) => files.push(file),
            Err(error) => {
                assert_eq!(error.raw_os_error(), Some(libc::EMFILE));
                return files;
            }
        }
    }
}

#[test]
fn a_poller_without_a_descriptor_left_is_an_error_and_leaks_nothing() {
    alone("a_poller_without_a_descriptor_left_is_an_error_and_leaks_nothing", || {
        set_fd_limit(64);
        let mut old = Poller::new().unwrap();
        let (reader, mut writer) = pipe();
        register(&mut old, &reader, 1, Interests::READABLE, Edge);
        let mut files = open_all();
        let before = open_fds();
        for _ in 0..10 {
            assert_eq!(Poller::new().unwrap_err(), Error::Os(libc::EMFILE));
        }
        assert_eq!(open_fds(), before);

        // The old one needs none, and a new one is made as soon as there is one.
        writer.write_all(b"x").unwrap();
        assert_eq!(poll(&mut old), [(1, Ready::READABLE)]);
        files.pop();
        let new = Poller::new();
        if new.is_err() && cfg!(mio_st_backend = "kqueue") {
            // What stands in for the kernel needs more than one, and gives them back when it pleases.
            files.truncate(files.len() - 4);
            return drop(Poller::new().unwrap());
        }
        assert_eq!(open_fds(), before);
        drop(new.unwrap());
        assert_eq!(open_fds(), before - 1);
    });
}

#[test]
fn a_failed_poll_is_an_error_and_not_a_panic() {
    alone("a_failed_poll_is_an_error_and_not_a_panic", || {
        let mut poller = Poller::new().unwrap();
        let mut events = Events::new();
        let (reader, _writer) = pipe();
        // Somebody has put another descriptor where the queue was.
        // SAFETY: no memory is involved.
        #[allow(unsafe_code)]
        let answer = unsafe { libc::dup2(reader.as_raw_fd(), poller.raw_fd()) };
        assert_eq!(answer, poller.raw_fd());
        for timeout in [None, Some(core::time::Duration::ZERO), Some(PATIENCE)] {
            assert!(matches!(poller.poll(&mut events, timeout), Err(Error::Os(_))));
            assert!(events.is_empty());
        }
        let fd = reader.as_raw_fd();
        assert!(all_three(&mut poller, fd).iter().all(|answer| answer.is_err()));
    });
}

#[cfg(feature = "std")]
mod sockets {
    use core::net::SocketAddr;
    use std::io::{self, ErrorKind, Read};

    use mio_st::net::{ConnectStatus, TcpListener, TcpStream};

    use super::*;

    fn listen() -> TcpListener {
        TcpListener::bind("127.0.0.1:0".parse().unwrap()).unwrap()
    }

    /// An address at which nobody listens, nor anybody can while the pair lives: the client's.
    fn deaf() -> (SocketAddr, impl Sized) {
        let pair = tcp_pair();
        (pair.0.local_addr().unwrap(), pair)
    }

    #[test]
    fn each_refusal_has_its_kind() {
        let mut poller = Poller::new().unwrap();
        let (id, mut listener) = (EventedId(0), listen());
        let register = poller.register(&mut listener, id, Interests::READABLE, Edge);
        register.unwrap();
        let twice = poller.register(&mut listener, id, Interests::READABLE, Edge);
        let file = File::open(std::env::current_exe().unwrap()).unwrap();
        let mut plain = EventedFd(&file.as_raw_fd());
        let unsupported = poller.register(&mut plain, id, Interests::READABLE, Edge);
        let closed = poller.register(&mut EventedFd(&-1), id, Interests::READABLE, Edge);
        let impossible = poller.reregister(&mut listener, id, Interests::BOTH, Edge);
        poller.deregister(&mut listener).unwrap();
        let unknown = poller.reregister(&mut listener, id, Interests::READABLE, Level);
        let gone = poller.deregister(&mut listener);

        let kind = |answer: Result<()>| io::Error::from(answer.unwrap_err()).kind();
        assert_eq!(kind(twice), ErrorKind::AlreadyExists);
        assert_eq!(kind(impossible), ErrorKind::InvalidInput);
        assert_eq!(kind(unknown), ErrorKind::NotFound);
        assert_eq!(kind(gone), ErrorKind::NotFound);
        assert_eq!(io::Error::from(closed.unwrap_err()).raw_os_error(), Some(libc::EBADF));
        assert_eq!(kind(unsupported), ErrorKind::Unsupported);
        assert_works(&mut poller);
    }

    #[test]
    fn a_listener_is_never_writable() {
        let mut poller = Poller::new().unwrap();
        let mut listener = listen();
        let id = EventedId(0);
        let impossible =
            [Interests::WRITABLE, Interests::BOTH, Interests::READABLE | Interests::PRIORITY];
        for interests in impossible {
            let refused = poller.register(&mut listener, id, interests, Edge);
            assert_eq!(refused, Err(Error::InvalidInput), "{interests:?}");
        }
        // Nothing has been left behind.
        assert_eq!(poller.deregister(&mut listener), Err(Error::NotFound));
        poller.register(&mut listener, id, TcpListener::INTERESTS, Level).unwrap();
        for interests in impossible {
            let refused = poller.reregister(&mut listener, id, interests, Level);
            assert_eq!(refused, Err(Error::InvalidInput), "{interests:?}");
        }
        let _client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        assert_eq!(poll(&mut poller), [(0, Ready::READABLE)]);
    }

    #[test]
    fn a_handle_registered_twice_keeps_what_it_had() {
        let mut poller = Poller::new().unwrap();
        let mut listener = listen();
        let interests = TcpListener::INTERESTS;
        poller.register(&mut listener, EventedId(1), interests, Level).unwrap();
        let twice = poller.register(&mut listener, EventedId(2), interests, Level);
        assert_eq!(twice, Err(Error::AlreadyExists));
        // The refused id must not be taken for the one in force.
        poller.reregister(&mut listener, EventedId(2), interests, Level).unwrap();
        let _client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        assert_eq!(poll(&mut poller), [(2, Ready::READABLE)]);
    }

    #[test]
    fn an_address_in_use_or_not_ours_cannot_be_bound() {
        let listener = listen();
        let used = TcpListener::bind(listener.local_addr().unwrap()).unwrap_err();
        assert_eq!(used.kind(), ErrorKind::AddrInUse);
        // TEST-NET-1, which is nobody's.
        let foreign = TcpListener::bind("192.0.2.1:0".parse().unwrap()).unwrap_err();
        assert_eq!(foreign.kind(), ErrorKind::AddrNotAvailable);
        assert!(listener.take_error().unwrap().is_none());
    }

    /// Connects and waits for the end of the attempt; whatever is known at once needs no waiting.
    fn attempt(address: SocketAddr, opt: PollOption) -> io::Result<TcpStream> {
        let mut poller = Poller::new().unwrap();
        let mut stream = TcpStream::connect(address)?;
        poller.register(&mut stream, EventedId(1), TcpStream::INTERESTS, opt)?;
        let [(1, seen)] = poll(&mut poller)[..] else { panic!() };
        assert!(seen.is_writable(), "{seen}");
        poller.deregister(&mut stream)?;
        // One in some 18,000 is given the very port that it connects to, and is its own peer.
        let own = stream.local_addr()?;
        if stream.peer_addr().is_ok_and(|peer| peer == own) {
            attempt(address, opt)
        } else {
            Ok(stream)
        }
    }

    #[test]
    fn a_refused_connection_is_an_event_and_an_error() {
        let (deaf, _pair) = deaf();
        for opt in [Edge, Level, Oneshot] {
            match attempt(deaf, opt) {
                Ok(mut stream) => {
                    let error = stream.connect_status().unwrap_err();
                    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
                    // It is told once.
                    assert!(stream.take_error().unwrap().is_none());
                    let error = stream.connect_status().unwrap_err();
                    assert_eq!(error.kind(), ErrorKind::NotConnected);
                    assert_eq!(stream.peer_addr().unwrap_err().kind(), ErrorKind::NotConnected);
                    assert!(
                        !matches!(stream.read(&mut [0]), Err(error) if error.kind() == ErrorKind::WouldBlock)
                    );
                }
                Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionRefused),
            }
        }
    }

    #[test]
    fn take_error_tells_of_the_refusal_too() {
        let (deaf, _pair) = deaf();
        match attempt(deaf, Edge) {
            Ok(stream) => {
                let error = stream.take_error().unwrap().expect("no error");
                assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
                assert!(stream.take_error().unwrap().is_none());
            }
            Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionRefused),
        }
    }

    #[test]
    fn a_connection_that_stands_says_so_for_as_long_as_it_does() {
        let listener = listen();
        let stream = attempt(listener.local_addr().unwrap(), Edge).unwrap();
        assert_eq!(stream.connect_status().unwrap(), ConnectStatus::Connected);
        // Also when nothing more can be written for now.
        let (peer, _) = listener.accept().unwrap();
        fill(&stream);
        assert_eq!(stream.connect_status().unwrap(), ConnectStatus::Connected);
        drop(peer);
    }

    /// A listener whose queue is full drops what asks to connect, as a filter does.
    #[test]
    #[cfg(target_os = "linux")]
    fn a_port_that_does_not_answer_stays_in_progress_until_it_does() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        set_backlog(&listener, 0);
        let mut poller = Poller::new().unwrap();
        let mut connected = Vec::new();
        let mut stream = loop {
            let mut stream = TcpStream::connect(address).unwrap();
            poller.register(&mut stream, EventedId(1), TcpStream::INTERESTS, Edge).unwrap();
            if poll_for(&mut poller, core::time::Duration::from_millis(200)).is_empty() {
                break stream;
            }
            poller.deregister(&mut stream).unwrap();
            connected.push(stream);
            assert!(connected.len() < 10, "no limit");
        };
        for _ in 0..2 {
            assert_eq!(stream.connect_status().unwrap(), ConnectStatus::InProgress);
            assert!(stream.take_error().unwrap().is_none());
            assert_eq!(stream.peer_addr().unwrap_err().kind(), ErrorKind::NotConnected);
            assert_eq!(stream.write(b"x").unwrap_err().kind(), ErrorKind::WouldBlock);
            assert_silent(&mut poller);
        }
        // The next attempt, a second after the first, is refused.
        drop(listener);
        gather(&mut poller, Ready::ERROR);
        let error = stream.connect_status().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    }

    #[test]
    fn sockets_without_a_descriptor_left_are_errors_and_leak_nothing() {
        alone("sockets::sockets_without_a_descriptor_left_are_errors_and_leak_nothing", || {
            set_fd_limit(64);
            let mut poller = Poller::new().unwrap();
            let (listener, (deaf, _pair)) = (listen(), deaf());
            let address = listener.local_addr().unwrap();
            let (mut edge, mut level) = (listener, listen());
            poller.register(&mut edge, EventedId(1), TcpListener::INTERESTS, Edge).unwrap();
            poller.register(&mut level, EventedId(2), TcpListener::INTERESTS, Level).unwrap();
            let clients = [address, level.local_addr().unwrap()]
                .map(|address| std::net::TcpStream::connect(address).unwrap());
            let mut files = open_all();
            let before = open_fds();
            let no_more = |error: io::Error| assert_eq!(error.raw_os_error(), Some(libc::EMFILE));
            for _ in 0..10 {
                no_more(edge.accept().unwrap_err());
                no_more(edge.try_clone().unwrap_err());
                no_more(TcpListener::bind("127.0.0.1:0".parse().unwrap()).unwrap_err());
                no_more(TcpStream::connect(address).unwrap_err());
                no_more(TcpStream::connect(deaf).unwrap_err());
            }
            assert_eq!(open_fds(), before);

            // The connections wait; the event for them comes again under Level only.
            gather_ids(&mut poller, &[1, 2]);
            assert_eq!(poll(&mut poller), [(2, Ready::READABLE)]);
            files.pop();
            let (stream, from) = edge.accept().unwrap();
            assert_eq!(from, clients[0].local_addr().unwrap());
            no_more(level.accept().unwrap_err());
            drop(stream);
            level.accept().unwrap();
            assert_eq!(open_fds(), before - 1);
        });
    }

    /// Polls until each of the ids has come.
    fn gather_ids(poller: &mut Poller, ids: &[usize]) {
        let mut seen = Vec::new();
        while !ids.iter().all(|id| seen.contains(id)) {
            seen.extend(poll(poller).iter().map(|&(id, _)| id));
        }
    }

    #[test]
    fn no_refusal_leaks() {
        alone("sockets::no_refusal_leaks", || {
            let listener = listen();
            let (used, (deaf, _pair)) = (listener.local_addr().unwrap(), deaf());
            let refuse = || {
                TcpListener::bind(used).unwrap_err();
                TcpListener::bind("192.0.2.1:0".parse().unwrap()).unwrap_err();
                // Link-local without a link; and a broadcast is no peer.
                TcpStream::connect("[fe80::1]:9".parse().unwrap()).unwrap_err();
                TcpStream::connect("255.255.255.255:9".parse().unwrap()).unwrap_err();
                drop(TcpStream::connect(deaf));
                let mut poller = Poller::new().unwrap();
                assert!(all_three(&mut poller, -1).iter().all(|answer| answer.is_err()));
                assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
                TcpListener::from_std(std::net::TcpListener::bind("127.0.0.1:0").unwrap()).unwrap();
            };
            refuse();
            let before = open_fds();
            for _ in 0..20 {
                refuse();
            }
            assert_eq!(open_fds(), before);
        });
    }
}
