//! Every result of accept(2), as `AcceptGuard` reports it: this program answers the library's calls
//! of accept4(2) itself.
#![cfg(all(feature = "std", target_os = "linux", not(mio_st_backend = "kqueue")))]
#![allow(unsafe_code, clippy::std_instead_of_core)]

mod support;

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::io::{self, ErrorKind, Read};
use std::net::TcpStream as Client;
use std::time::Duration;

use libc::{c_int, sockaddr, socklen_t};
use mio_st::event::{EventedId, Events};
use mio_st::net::{
    AcceptGuard, Acceptor, Incoming, Listener, TcpListener, UnixListener, UnixStream,
};
use mio_st::poll::Poller;
use mio_st::unix::AcceptError;
use mio_st::{Error, unix};

use support::PATIENCE;
use support::net::{Directory, LOCALHOSTS, address};

/// What the next calls of accept4 in this thread do instead of what they would.
#[derive(Copy, Clone)]
enum Answer {
    Fail(c_int),
    /// Accepts, and reports no address, as macOS does for a connection that was reset in the queue.
    NoAddress,
}

thread_local! {
    static ANSWERS: RefCell<VecDeque<Answer>> = const { RefCell::new(VecDeque::new()) };
    /// How many of the next registrations fail, by `ENOMEM`.
    static REFUSALS: Cell<u32> = const { Cell::new(0) };
}

fn answer(answers: &[Answer]) {
    ANSWERS.with_borrow_mut(|queue| queue.extend(answers));
}

/// Takes the place of the C library's.
///
/// # Safety
///
/// As accept4(2).
#[unsafe(no_mangle)]
unsafe extern "C" fn accept4(
    fd: c_int,
    address: *mut sockaddr,
    length: *mut socklen_t,
    flags: c_int,
) -> c_int {
    let answer = ANSWERS.with_borrow_mut(VecDeque::pop_front);
    if let Some(Answer::Fail(errno)) = answer {
        set_errno(errno);
        return -1;
    }
    // SAFETY: as the caller promises.
    let socket = unsafe { libc::syscall(libc::SYS_accept4, fd, address, length, flags) };
    if socket >= 0 && matches!(answer, Some(Answer::NoAddress)) {
        // SAFETY: as the caller promises.
        unsafe { *length = 0 };
    }
    socket as c_int
}

/// Takes the place of the C library's.
///
/// # Safety
///
/// As epoll_ctl(2).
#[unsafe(no_mangle)]
unsafe extern "C" fn epoll_ctl(
    epoll: c_int,
    operation: c_int,
    fd: c_int,
    event: *mut libc::epoll_event,
) -> c_int {
    if operation == libc::EPOLL_CTL_ADD && REFUSALS.get() > 0 {
        REFUSALS.set(REFUSALS.get() - 1);
        set_errno(libc::ENOMEM);
        return -1;
    }
    // SAFETY: as the caller promises.
    unsafe { libc::syscall(libc::SYS_epoll_ctl, epoll, operation, fd, event) as c_int }
}

fn set_errno(errno: c_int) {
    // SAFETY: the pointer to the thread's own errno is always valid.
    unsafe { *libc::__errno_location() = errno };
}

fn listener() -> TcpListener {
    TcpListener::bind(address(LOCALHOSTS[0])).unwrap()
}

fn connect(listener: &TcpListener) -> Client {
    let client = Client::connect(listener.local_addr().unwrap()).unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    client
}

/// Every error that concerns one connection; a call that a signal interrupts is made again.
fn lost() -> impl Iterator<Item = c_int> {
    let is_lost = |errno: &c_int| AcceptError::of(Error::Os(*errno)) == AcceptError::Lost;
    (1..134).filter(is_lost).filter(|&errno| errno != libc::EINTR)
}

const EXHAUSTED: [c_int; 4] = [libc::EMFILE, libc::ENFILE, libc::ENOBUFS, libc::ENOMEM];
const BROKEN: [c_int; 4] = [libc::EBADF, libc::EINVAL, libc::ENOTSOCK, libc::EACCES];

#[test]
fn an_error_of_one_connection_is_lost_and_the_next_is_accepted() {
    let _alone = support::net::alone();
    let (listener, mut guard) = (listener(), AcceptGuard::new().unwrap());
    for errno in lost() {
        let client = connect(&listener);
        answer(&[Answer::Fail(errno)]);
        match guard.accept_next(&listener).unwrap() {
            Incoming::Lost(error) => assert_eq!(error, Error::Os(errno)),
            other => panic!("{errno}: {other:?}"),
        }
        match guard.accept_next(&listener).unwrap() {
            Incoming::Connection(_, peer) => assert_eq!(peer, client.local_addr().unwrap()),
            other => panic!("{errno}: {other:?}"),
        }
        assert!(matches!(guard.accept_next(&listener).unwrap(), Incoming::WouldBlock));
    }
}

#[test]
fn an_interrupted_accept_is_made_again() {
    let _alone = support::net::alone();
    let (listener, mut guard) = (listener(), AcceptGuard::new().unwrap());
    let _client = connect(&listener);
    answer(&[Answer::Fail(libc::EINTR); 3]);
    assert!(matches!(guard.accept_next(&listener).unwrap(), Incoming::Connection(..)));
}

/// Descriptors and kernel memory: the first attempt fails, and the second, with the reserve given
/// up, either accepts the connection in order to close it, or fails as well.
#[test]
fn each_kind_of_shortage_refuses_or_exhausts() {
    let _alone = support::net::alone();
    let (listener, mut guard) = (listener(), AcceptGuard::new().unwrap());
    let before = support::net::descriptors();
    for errno in EXHAUSTED {
        let mut client = connect(&listener);
        answer(&[Answer::Fail(errno)]);
        match guard.accept_next(&listener).unwrap() {
            Incoming::Refused(peer) => assert_eq!(peer, client.local_addr().unwrap()),
            other => panic!("{errno}: {other:?}"),
        }
        assert_eq!(client.read(&mut [0; 1]).unwrap(), 0, "the client is informed");
        assert!(guard.has_reserve());

        let waiting = connect(&listener);
        answer(&[Answer::Fail(errno); 2]);
        assert!(matches!(guard.accept_next(&listener).unwrap(), Incoming::Exhausted));
        match guard.accept_next(&listener).unwrap() {
            Incoming::Connection(_, peer) => assert_eq!(peer, waiting.local_addr().unwrap()),
            other => panic!("{errno}: {other:?}"),
        }
        // The connection that was to be closed has gone, or was never there.
        answer(&[Answer::Fail(errno), Answer::Fail(libc::ECONNABORTED)]);
        assert!(matches!(guard.accept_next(&listener).unwrap(), Incoming::Lost(_)));
        answer(&[Answer::Fail(errno)]);
        assert!(matches!(guard.accept_next(&listener).unwrap(), Incoming::WouldBlock));
    }
    assert_eq!(support::net::descriptors(), before, "the reserve and nothing else");
}

#[test]
fn only_a_broken_listener_is_an_error() {
    let _alone = support::net::alone();
    let (listener, mut guard) = (listener(), AcceptGuard::new().unwrap());
    let _client = connect(&listener);
    for errno in BROKEN {
        answer(&[Answer::Fail(errno)]);
        let error = guard.accept_next(&listener).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(errno));
        answer(&[Answer::Fail(libc::EMFILE), Answer::Fail(errno)]);
        let error = guard.accept_next(&listener).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(errno));
    }
    assert!(guard.has_reserve());
    assert!(matches!(guard.accept_next(&listener).unwrap(), Incoming::Connection(..)));
}

/// macOS accepts connections that were reset in the queue, and reports an address of length 0.
#[test]
fn a_dead_socket_without_an_address_is_a_lost_connection() {
    let _alone = support::net::alone();
    let (listener, mut guard) = (listener(), AcceptGuard::new().unwrap());
    let mut client = connect(&listener);
    let before = support::net::descriptors();
    answer(&[Answer::NoAddress]);
    match guard.accept_next(&listener).unwrap() {
        Incoming::Lost(error) => assert_eq!(error, Error::Os(libc::ECONNABORTED)),
        other => panic!("{other:?}"),
    }
    assert_eq!(support::net::descriptors(), before);
    assert_eq!(client.read(&mut [0; 1]).unwrap(), 0, "it is closed");
    // By the listener alone it is an error that says as much.
    let _client = connect(&listener);
    answer(&[Answer::NoAddress]);
    assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::ConnectionAborted);
}

/// Of a Unix socket an address of length 0 says that the peer is unnamed, as most are.
#[test]
fn a_unix_connection_without_an_address_is_a_connection() {
    let _alone = support::net::alone();
    let directory = Directory::new();
    let path = directory.join("socket");
    let listener = UnixListener::bind(&path).unwrap();
    let mut guard = AcceptGuard::new().unwrap();
    let _client = UnixStream::connect(&path).unwrap();
    answer(&[Answer::NoAddress]);
    match guard.accept_next(&listener).unwrap() {
        unix::Incoming::Connection(_, peer) => assert!(peer.is_unnamed()),
        other => panic!("{other:?}"),
    }
    for errno in lost() {
        answer(&[Answer::Fail(errno)]);
        assert!(matches!(guard.accept_next(&listener).unwrap(), unix::Incoming::Lost(_)));
    }
}

#[test]
#[allow(deprecated)]
fn the_older_call_has_the_older_results() {
    let _alone = support::net::alone();
    use mio_st::net::Accepted;

    let (listener, mut guard) = (listener(), AcceptGuard::new().unwrap());
    assert_eq!(guard.accept(&listener).unwrap_err().kind(), ErrorKind::WouldBlock);
    let _clients = [connect(&listener), connect(&listener)];
    answer(&[Answer::Fail(libc::EMFILE); 2]);
    assert!(matches!(guard.accept(&listener), Ok(Accepted::Pause)));
    answer(&[Answer::Fail(libc::EMFILE)]);
    assert!(matches!(guard.accept(&listener), Ok(Accepted::Refused(_))));
    assert!(matches!(guard.accept(&listener), Ok(Accepted::Connection(..))));
    answer(&[Answer::Fail(libc::EPROTO)]);
    assert_eq!(guard.accept(&listener).unwrap_err().raw_os_error(), Some(libc::EPROTO));
}

/// A listener of the user's, whose errors have text and perhaps no number.
struct Fails(fn() -> io::Error);

impl Listener for Fails {
    type Stream = ();
    type Address = ();

    fn accept(&self) -> io::Result<((), ())> {
        Err((self.0)())
    }
}

impl fmt::Debug for Fails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fails")
    }
}

#[test]
fn errors_of_other_listeners_count_by_their_kind_and_keep_their_text() {
    let _alone = support::net::alone();
    let mut guard = AcceptGuard::new().unwrap();
    let would_block = Fails(|| ErrorKind::WouldBlock.into());
    assert!(matches!(guard.accept_next(&would_block), Ok(unix::Incoming::WouldBlock)));
    let aborted = Fails(|| io::Error::new(ErrorKind::ConnectionAborted, "no handshake"));
    assert!(matches!(guard.accept_next(&aborted), Ok(unix::Incoming::Lost(_))));
    let broken = Fails(|| io::Error::other("no certificate"));
    assert_eq!(guard.accept_next(&broken).unwrap_err().to_string(), "no certificate");
}

#[test]
fn without_std_the_guard_works_with_any_function() {
    let _alone = support::net::alone();
    let mut guard = unix::AcceptGuard::new().unwrap();
    let mut calls = 0;
    let mut results = [Ok(("stream", "peer")), Err(Error::Os(libc::ENOBUFS))].into_iter();
    let incoming = guard.accept_with(|| {
        calls += 1;
        results.next_back().unwrap()
    });
    assert!(matches!(incoming, Ok(unix::Incoming::Refused("peer"))) && calls == 2);
    let broken = guard.accept_with(|| Err::<((), ()), _>(Error::Os(libc::ENOTSOCK)));
    assert_eq!(broken.unwrap_err(), Error::Os(libc::ENOTSOCK));
    assert_eq!(AcceptError::of(Error::Os(libc::EPERM)), AcceptError::Lost);
}

const LISTENER: EventedId = EventedId(7);

/// Waits for one event of the listener, if there is one within `timeout`; whether it is a timer's.
fn event<const T: usize>(poller: &mut Poller<0, T>, timeout: Duration) -> Option<bool> {
    let mut events = Events::<8>::sized();
    poller.poll(&mut events, Some(timeout)).unwrap();
    assert!(events.len() <= 1);
    let event = (&mut events).into_iter().next()?;
    assert_eq!(event.id(), LISTENER);
    Some(event.readiness().is_timer())
}

const SHORT: Duration = Duration::from_millis(5);
const LONG: Duration = PATIENCE;

#[test]
fn an_acceptor_pauses_by_itself_and_goes_on() {
    let _alone = support::net::alone();
    let mut poller = Poller::<0, 1>::sized().unwrap();
    let mut acceptor = Acceptor::new(&mut poller, LISTENER, listener()).unwrap();
    let clients = [connect(acceptor.listener()), connect(acceptor.listener())];
    for client in &clients {
        assert_eq!(event(&mut poller, LONG), Some(false));
        // Nothing for the connection, nothing for the reserve.
        answer(&[Answer::Fail(libc::ENFILE); 2]);
        assert!(matches!(acceptor.accept(&mut poller).unwrap(), Incoming::Exhausted));
        assert_eq!(event(&mut poller, LONG), Some(true), "it is left alone, and tried again");
        // The call that ends the pause accepts.
        match acceptor.accept(&mut poller).unwrap() {
            Incoming::Connection(_, peer) => assert_eq!(peer, client.local_addr().unwrap()),
            other => panic!("{other:?}"),
        }
        assert_eq!(poller.next_deadline(), None);
    }
    assert!(matches!(acceptor.accept(&mut poller).unwrap(), Incoming::WouldBlock));
    assert_eq!(event(&mut poller, SHORT), None);
}

#[test]
fn a_pause_lasts_until_the_listener_can_be_registered_again() {
    let _alone = support::net::alone();
    let mut poller = Poller::<0, 1>::sized().unwrap();
    let mut acceptor = Acceptor::new(&mut poller, LISTENER, listener()).unwrap();
    let _client = connect(acceptor.listener());
    acceptor.pause(&mut poller, SHORT);
    REFUSALS.set(2);
    for _ in 0..2 {
        assert_eq!(event(&mut poller, LONG), Some(true));
        assert!(matches!(acceptor.accept(&mut poller).unwrap(), Incoming::Exhausted));
    }
    assert_eq!(event(&mut poller, LONG), Some(true));
    assert!(matches!(acceptor.accept(&mut poller).unwrap(), Incoming::Connection(..)));
    // Longer pauses replace shorter ones, and a call ends them early.
    acceptor.pause(&mut poller, SHORT);
    acceptor.pause(&mut poller, LONG);
    let _client = connect(acceptor.listener());
    assert_eq!(event(&mut poller, 3 * SHORT), None);
    assert!(matches!(acceptor.accept(&mut poller).unwrap(), Incoming::Connection(..)));
    assert_eq!(poller.next_deadline(), None);
}

#[test]
fn an_acceptor_that_is_stopped_leaves_nothing_behind() {
    let _alone = support::net::alone();
    let mut poller = Poller::<0, 1>::sized().unwrap();
    for pause in [false, true] {
        let mut acceptor = Acceptor::new(&mut poller, LISTENER, listener()).unwrap();
        let client = connect(acceptor.listener());
        if pause {
            acceptor.pause(&mut poller, LONG);
        }
        let listener = acceptor.stop(&mut poller);
        assert_eq!((poller.next_deadline(), event(&mut poller, SHORT)), (None, None));
        assert_eq!(listener.accept().unwrap().1, client.local_addr().unwrap());
    }
}

#[test]
fn without_room_for_a_timeout_an_acceptor_is_reported_further() {
    let _alone = support::net::alone();
    let mut poller = Poller::<0, 0>::sized().unwrap();
    let mut acceptor = Acceptor::new(&mut poller, LISTENER, listener()).unwrap();
    let _client = connect(acceptor.listener());
    answer(&[Answer::Fail(libc::ENFILE); 2]);
    assert!(matches!(acceptor.accept(&mut poller).unwrap(), Incoming::Exhausted));
    assert_eq!(event(&mut poller, LONG), Some(false));
    assert!(matches!(acceptor.accept(&mut poller).unwrap(), Incoming::Connection(..)));
}

/// While there was a pause, its timeout has gone, and another took the place.
#[test]
fn a_pause_that_cannot_go_on_ends() {
    let _alone = support::net::alone();
    for refusals in [0, 1] {
        let mut poller = Poller::<0, 1>::sized().unwrap();
        let mut acceptor = Acceptor::new(&mut poller, LISTENER, listener()).unwrap();
        acceptor.pause(&mut poller, SHORT);
        assert_eq!(event(&mut poller, LONG), Some(true));
        let key = poller.add_timeout(EventedId(1), 100 * LONG).unwrap();
        let _client = connect(acceptor.listener());
        REFUSALS.set(refusals);
        acceptor.pause(&mut poller, LONG);
        if refusals != 0 {
            // Nor can the listener be registered: the next call tries it again.
            assert_eq!(event(&mut poller, SHORT), None);
            REFUSALS.set(3);
            assert!(matches!(acceptor.accept(&mut poller).unwrap(), Incoming::Exhausted));
            assert_eq!(event(&mut poller, SHORT), None);
            assert!(matches!(acceptor.accept(&mut poller).unwrap(), Incoming::Exhausted));
            REFUSALS.set(0);
            assert!(matches!(acceptor.accept(&mut poller).unwrap(), Incoming::Connection(..)));
            let _client = connect(acceptor.listener());
            assert_eq!(event(&mut poller, LONG), Some(false));
        } else {
            assert_eq!(event(&mut poller, LONG), Some(false), "it is reported further");
        }
        assert!(matches!(acceptor.accept(&mut poller).unwrap(), Incoming::Connection(..)));
        poller.cancel_deadline(key).unwrap();
    }
}

#[test]
fn an_acceptor_passes_on_what_became_of_a_connection_and_of_the_listener() {
    let _alone = support::net::alone();
    let mut poller = Poller::<0, 1>::sized().unwrap();
    let mut acceptor = Acceptor::new(&mut poller, LISTENER, listener()).unwrap();
    let _client = connect(acceptor.listener());
    answer(&[Answer::Fail(libc::EPERM)]);
    assert!(matches!(acceptor.accept(&mut poller).unwrap(), Incoming::Lost(_)));
    answer(&[Answer::Fail(libc::EMFILE)]);
    assert!(matches!(acceptor.accept(&mut poller).unwrap(), Incoming::Refused(_)));
    answer(&[Answer::Fail(libc::EBADF)]);
    let error = acceptor.accept(&mut poller).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::EBADF));
    REFUSALS.set(1);
    let refused = Acceptor::new(&mut poller, LISTENER, listener()).unwrap_err();
    assert_eq!(refused, Error::Os(libc::ENOMEM));
}

/// Without `std`'s types it is the same.
#[test]
fn an_acceptor_of_the_core_pauses_too() {
    use mio_st::socket;

    let _alone = support::net::alone();
    let mut poller = Poller::<0, 1>::sized().unwrap();
    let listener = socket::TcpListener::bind(address(LOCALHOSTS[0])).unwrap();
    let mut acceptor = Acceptor::new(&mut poller, LISTENER, listener).unwrap();
    let _client = Client::connect(acceptor.listener().local_addr().unwrap()).unwrap();
    answer(&[Answer::Fail(libc::EMFILE); 2]);
    assert!(matches!(acceptor.accept(&mut poller), Ok(Incoming::Exhausted)));
    assert_eq!(event(&mut poller, LONG), Some(true));
    assert!(matches!(acceptor.accept(&mut poller), Ok(Incoming::Connection(..))));
}
