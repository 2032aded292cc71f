//! One listener in several pollers, and busy polling: what not every kernel can do.
#![allow(unsafe_code, clippy::std_instead_of_core)]
#![allow(unused_imports, unused_mut, clippy::needless_borrow)] // One of the two faces needs it.

use std::io::ErrorKind;
use std::net::TcpStream as Client;
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc;
use std::thread;

use mio_st::Error;
use mio_st::event::{EventedId, Events, Interests};
use mio_st::poll::{BusyPoll, PollOption, Poller};
use mio_st::unix::Waker;

use crate::face::*;
use crate::support::net::{Directory, LOCALHOSTS, address, alone, is_quiet, leaks, next, skip};
use crate::support::{A_WHILE, succeeds, thread_id, wait_until_it_sleeps};

const ID: EventedId = EventedId(5);

const HAS_EXCLUSIVE: bool =
    cfg!(all(any(target_os = "linux", target_os = "android"), not(mio_st_backend = "kqueue")));

fn listener() -> TcpListener {
    TcpListener::bind(address(LOCALHOSTS[0])).unwrap()
}

#[test]
fn an_exclusive_registration_reports_and_ends_like_another() {
    let _alone = alone();
    for opt in [PollOption::Level, PollOption::Edge] {
        let mut poller = Poller::new().unwrap();
        let mut listener = listener();
        let answer = listener.register_exclusive(poller.registry(), ID, opt);
        if !HAS_EXCLUSIVE {
            assert_eq!(answer, Err(Error::Unsupported));
            assert_eq!(poller.deregister(&mut listener), Err(Error::NotFound));
            continue;
        }
        answer.unwrap();
        let again = listener.register_exclusive(poller.registry(), ID, opt);
        assert_eq!(again, Err(Error::AlreadyExists));
        assert!(is_quiet(&mut poller));
        let _client = Client::connect(listener.local_addr().unwrap()).unwrap();
        let event = next(&mut poller);
        assert!(event.id() == ID && event.readiness().is_readable());
        assert_eq!(is_quiet(&mut poller), opt == PollOption::Edge);
        listener.accept().unwrap();

        // It cannot be changed, only ended, and is untouched by the attempt.
        let change = poller.reregister(&mut listener, ID, TcpListener::INTERESTS, opt);
        assert_eq!(change, Err(Error::Unsupported));
        let _client = Client::connect(listener.local_addr().unwrap()).unwrap();
        assert_eq!(next(&mut poller).id(), ID);
        poller.deregister(&mut listener).unwrap();
        assert!(is_quiet(&mut poller));
        poller.register(&mut listener, ID, TcpListener::INTERESTS, opt).unwrap();
        next(&mut poller);
    }
}

#[test]
fn what_does_not_go_with_it_is_refused() {
    let _alone = alone();
    let mut poller = Poller::new().unwrap();
    let mut listener = listener();
    let refused = if HAS_EXCLUSIVE { Error::InvalidInput } else { Error::Unsupported };
    let oneshot = listener.register_exclusive(poller.registry(), ID, PollOption::Oneshot);
    assert_eq!(oneshot, Err(refused));
    let fd = listener.as_raw_fd();
    let level = PollOption::Level;
    let urgent = poller.registry().register_fd_exclusive(fd, ID, Interests::PRIORITY, level);
    assert_eq!(urgent, Err(refused));

    let file = std::fs::File::open("/").unwrap();
    let readable = Interests::READABLE;
    let file = poller.registry().register_fd_exclusive(file.as_raw_fd(), ID, readable, level);
    assert_eq!(file, Err(Error::Unsupported));
    let other = Poller::new().unwrap();
    let nested = poller.registry().register_fd_exclusive(other.raw_fd(), ID, readable, level);
    assert_eq!(nested, Err(Error::Unsupported));
    if HAS_EXCLUSIVE {
        let closed = poller.registry().register_fd_exclusive(-1, ID, readable, level);
        assert_eq!(closed, Err(Error::Os(libc::EBADF)));
    }
    assert_eq!(poller.deregister(&mut listener), Err(Error::NotFound));
}

#[test]
fn a_unix_listener_can_do_it_too() {
    let _alone = alone();
    if !HAS_EXCLUSIVE {
        return;
    }
    let directory = Directory::new();
    let path = directory.join("socket");
    let mut poller = Poller::new().unwrap();
    assert!(!leaks(|| {
        let mut listener = unix_listener(&path).unwrap();
        listener.register_exclusive(poller.registry(), ID, PollOption::Edge).unwrap();
        let _client = unix_stream(&path).unwrap();
        assert!(next(&mut poller).readiness().is_readable());
    }));
}

/// How many of four threads that sleep on one listener a connection wakes.
fn woken_by_a_connection(exclusive: bool) -> usize {
    const THREADS: usize = 4;
    const END: EventedId = EventedId(6);
    let shared = listener();
    let woken = AtomicUsize::new(0);
    thread::scope(|scope| {
        let (sender, receiver) = mpsc::channel();
        for _ in 0..THREADS {
            let listener = OwnedFd::from(shared.try_clone().unwrap());
            let (sender, woken) = (sender.clone(), &woken);
            scope.spawn(move || {
                let mut listener = TcpListener::from(listener);
                let mut poller = Poller::new().unwrap();
                let end = Waker::new(poller.registry(), END).unwrap();
                let level = PollOption::Level;
                if exclusive {
                    listener.register_exclusive(poller.registry(), ID, level).unwrap();
                } else {
                    poller.register(&mut listener, ID, TcpListener::INTERESTS, level).unwrap();
                }
                sender.send((thread_id(), end)).unwrap();
                let event = next(&mut poller);
                woken.fetch_add(usize::from(event.id() == ID), SeqCst);
            });
        }
        let threads: Vec<_> = receiver.iter().take(THREADS).collect();
        threads.iter().for_each(|&(thread, _)| wait_until_it_sleeps(thread));
        let _client = Client::connect(shared.local_addr().unwrap()).unwrap();
        let expected = if exclusive { 1 } else { THREADS };
        assert!(succeeds(|| woken.load(SeqCst) >= expected), "{woken:?} of {expected} wake");
        // Time for the others to wake, if they will.
        thread::sleep(A_WHILE);
        let woken = woken.load(SeqCst);
        threads.iter().for_each(|(_, end)| end.wake().unwrap());
        // The wakers live for as long as the threads.
        (woken, threads)
    })
    .0
}

#[test]
fn a_connection_wakes_one_of_many() {
    let _alone = alone();
    if !HAS_EXCLUSIVE {
        return;
    }
    let both = [false, true].map(woken_by_a_connection);
    assert_eq!(both, [4, 1], "without and with an exclusive registration");
}

#[test]
fn busy_polling_is_set_or_unsupported() {
    let _alone = alone();
    let mut poller = Poller::new().unwrap();
    let registry = poller.registry();
    let wanted = BusyPoll { usecs: 42, budget: 16, prefer: true };
    match registry.set_busy_poll(wanted) {
        Err(Error::Unsupported) => {
            skip("this kernel has no busy polling of an epoll instance");
            assert_eq!(registry.busy_poll(), Err(Error::Unsupported));
            return;
        }
        answer => answer.unwrap(),
    }
    assert_eq!(registry.busy_poll(), Ok(wanted));
    let too_long = BusyPoll { usecs: 1 << 31, ..wanted };
    assert_eq!(registry.set_busy_poll(too_long), Err(Error::InvalidInput));
    assert_eq!(registry.busy_poll(), Ok(wanted));
    // A large budget is a privilege: allowed or not, but never half done.
    let much = BusyPoll { budget: u16::MAX, ..wanted };
    match registry.set_busy_poll(much) {
        Ok(()) => assert_eq!(registry.busy_poll(), Ok(much)),
        Err(error) => assert_eq!(error, Error::Os(libc::EPERM)),
    }
    registry.set_busy_poll(BusyPoll::default()).unwrap();
    assert_eq!(registry.busy_poll(), Ok(BusyPoll::default()));
    assert!(is_quiet(&mut poller));
}
