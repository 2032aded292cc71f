//! Registering, changing and ending, for a handle that owns its descriptor: it remembers where the kernel
//! does not.

mod support;

use core::time::Duration;

use mio_st::event::{EventedId, Interests, Ready};
use mio_st::poll::{PollOption, Poller};
use mio_st::unix::{EventedFd, EventedIo, OwnedFd, Receiver, Sender, new_pipe};
use mio_st::{Error, Result};

use self::PollOption::{Edge, Level, Oneshot};
use self::support::*;

const OPTIONS: [PollOption; 3] = [Edge, Level, Oneshot];
const READ: Interests = Receiver::INTERESTS;

/// A pipe with something to read.
fn readable() -> (Sender, Receiver) {
    let (sender, receiver) = new_pipe().unwrap();
    sender.try_write(b"x").unwrap();
    (sender, receiver)
}

fn add(poller: &mut Poller, receiver: &mut Receiver, id: usize, opt: PollOption) -> Result<()> {
    poller.register(receiver, EventedId(id), READ, opt)
}

#[test]
fn a_second_registration_is_refused_and_the_first_stays() {
    for opt in OPTIONS {
        for second in OPTIONS {
            let (mut poller, (_sender, mut receiver)) = (Poller::new().unwrap(), readable());
            add(&mut poller, &mut receiver, 1, opt).unwrap();
            for _ in 0..2 {
                let twice = add(&mut poller, &mut receiver, 2, second);
                assert_eq!(twice, Err(Error::AlreadyExists), "{opt:?} {second:?}");
            }
            assert_eq!(poll(&mut poller), [(1, Ready::READABLE)]);
            // A oneshot source that is silent is still registered.
            assert_eq!(add(&mut poller, &mut receiver, 2, second), Err(Error::AlreadyExists));
            let again = poll_for(&mut poller, Duration::ZERO);
            assert_eq!(again.len(), if opt == Level { 1 } else { 0 });
        }
    }
}

#[test]
fn what_is_not_registered_is_neither_changed_nor_ended() {
    for opt in OPTIONS {
        let (mut poller, (_sender, mut receiver)) = (Poller::new().unwrap(), readable());
        for _ in 0..2 {
            let unknown = poller.reregister(&mut receiver, EventedId(1), READ, opt);
            assert_eq!(unknown, Err(Error::NotFound), "{opt:?}");
            assert_eq!(poller.deregister(&mut receiver), Err(Error::NotFound));
            assert_silent(&mut poller);

            add(&mut poller, &mut receiver, 2, opt).unwrap();
            assert_eq!(poll(&mut poller), [(2, Ready::READABLE)]);
            poller.deregister(&mut receiver).unwrap();
        }
    }
}

#[test]
fn one_handle_in_two_pollers_reports_to_both() {
    let (mut one, mut other) = (Poller::new().unwrap(), Poller::new().unwrap());
    let (sender, mut receiver) = readable();
    add(&mut one, &mut receiver, 1, Level).unwrap();
    add(&mut other, &mut receiver, 2, Edge).unwrap();
    assert_eq!(add(&mut other, &mut receiver, 3, Edge), Err(Error::AlreadyExists));
    // kqueue does not say it, and the handle remembers the latest only: the first is replaced, by the same.
    let first = add(&mut one, &mut receiver, 1, Level);
    assert_eq!(first, if KQUEUE { Ok(()) } else { Err(Error::AlreadyExists) });
    assert_eq!(poll(&mut one), [(1, Ready::READABLE)]);
    assert_eq!(poll(&mut other), [(2, Ready::READABLE)]);

    // Each is changed and ended by itself.
    one.reregister(&mut receiver, EventedId(4), READ, Level).unwrap();
    assert_eq!(poll(&mut one), [(4, Ready::READABLE)]);
    assert_silent(&mut other);
    one.deregister(&mut receiver).unwrap();
    assert_eq!(one.deregister(&mut receiver), Err(Error::NotFound));
    sender.try_write(b"x").unwrap();
    assert_silent(&mut one);
    assert_eq!(poll(&mut other), [(2, Ready::READABLE)]);
    other.deregister(&mut receiver).unwrap();
    assert_eq!(other.deregister(&mut receiver), Err(Error::NotFound));
}

#[test]
fn a_handle_moves_from_poller_to_poller() {
    let (_sender, mut receiver) = readable();
    let mut pollers = [Poller::new().unwrap(), Poller::new().unwrap(), Poller::new().unwrap()];
    for round in 0..6 {
        let poller = &mut pollers[round % 3];
        add(poller, &mut receiver, round, Level).unwrap();
        assert_eq!(add(poller, &mut receiver, 99, Level), Err(Error::AlreadyExists));
        for (n, poller) in pollers.iter_mut().enumerate() {
            assert_eq!(poll_for(poller, Duration::ZERO).len(), usize::from(n == round % 3));
        }
        pollers[round % 3].deregister(&mut receiver).unwrap();
    }
    // A poller that has gone is remembered by nobody.
    for _ in 0..3 {
        let mut poller = Poller::new().unwrap();
        add(&mut poller, &mut receiver, 7, Level).unwrap();
        assert_eq!(poll(&mut poller), [(7, Ready::READABLE)]);
    }
}

#[test]
fn who_is_ended_by_the_number_learns_of_it() {
    for by_change in [true, false] {
        let (mut poller, (_sender, mut receiver)) = (Poller::new().unwrap(), readable());
        add(&mut poller, &mut receiver, 1, Level).unwrap();
        poller.deregister(&mut EventedFd(&receiver.as_raw_fd())).unwrap();
        let unknown = match by_change {
            true => poller.reregister(&mut receiver, EventedId(2), READ, Edge),
            false => poller.deregister(&mut receiver),
        };
        assert_eq!(unknown, Err(Error::NotFound));
        assert_silent(&mut poller);
        add(&mut poller, &mut receiver, 3, Level).unwrap();
        assert_eq!(poll(&mut poller), [(3, Ready::READABLE)]);
    }
}

/// What was done by the number is not undone by the handle's memory of what it did.
#[test]
fn an_unchanged_reregistration_reaches_the_kernel() {
    for opt in OPTIONS {
        let (mut poller, (_sender, mut receiver)) = (Poller::new().unwrap(), readable());
        let fd = receiver.as_raw_fd();
        add(&mut poller, &mut receiver, 1, opt).unwrap();
        poller.reregister(&mut EventedFd(&fd), EventedId(2), READ, Oneshot).unwrap();
        assert_eq!(poll(&mut poller), [(2, Ready::READABLE)]);
        poller.reregister(&mut receiver, EventedId(1), READ, opt).unwrap();
        assert_eq!(poll(&mut poller), [(1, Ready::READABLE)], "{opt:?}");

        poller.deregister(&mut EventedFd(&fd)).unwrap();
        let ended = poller.reregister(&mut receiver, EventedId(1), READ, opt);
        assert_eq!(ended, Err(Error::NotFound), "{opt:?}");
        assert_silent(&mut poller);
        add(&mut poller, &mut receiver, 3, opt).unwrap();
        assert_eq!(poll(&mut poller), [(3, Ready::READABLE)], "{opt:?}");
    }
}

#[test]
#[allow(unsafe_code)]
fn a_change_that_is_refused_changes_nothing() {
    for opt in OPTIONS {
        let (mut poller, (_sender, mut receiver)) = (Poller::new().unwrap(), readable());
        add(&mut poller, &mut receiver, 1, opt).unwrap();
        let impossible = poller.reregister(&mut receiver, EventedId(2), Interests::BOTH, opt);
        assert_eq!(impossible, Err(Error::InvalidInput));
        assert_eq!(poll(&mut poller), [(1, Ready::READABLE)]);

        // Of a poller, the kernel says it: kqueue watches it for events only.
        let inner = Poller::new().unwrap();
        // SAFETY: the duplicate is open and nobody else's.
        let mut handle = unsafe { EventedIo::from_raw_fd(libc::dup(inner.raw_fd())) };
        let mut inner = inner;
        add(&mut inner, &mut receiver, 5, Level).unwrap();
        let mut outer = Poller::new().unwrap();
        outer.register(&mut handle, EventedId(3), READ, opt).unwrap();
        if KQUEUE {
            let refused = outer.reregister(&mut handle, EventedId(4), Interests::BOTH, opt);
            assert_eq!(refused, Err(Error::Unsupported));
        }
        assert_eq!(poll(&mut outer), [(3, Ready::READABLE)]);
        let twice = outer.register(&mut handle, EventedId(4), READ, opt);
        assert_eq!(twice, Err(Error::AlreadyExists));
        outer.deregister(&mut handle).unwrap();
    }
}

/// Not even where the system cannot watch for urgent data.
#[test]
fn a_change_that_is_refused_arms_nothing() {
    let (mut poller, (here, there)) = (Poller::new().unwrap(), pair());
    let mut here = EventedIo::try_from_fd(here).unwrap();
    there.try_write(b"x").unwrap();
    poller.register(&mut here, EventedId(1), READ, Oneshot).unwrap();
    assert_eq!(poll(&mut poller), [(1, Ready::READABLE)]);
    let urgent = READ | Interests::PRIORITY;
    if poller.reregister(&mut here, EventedId(2), urgent, Oneshot).is_ok() {
        return; // It was not refused.
    }
    assert_silent(&mut poller);
    poller.reregister(&mut here, EventedId(3), READ, Oneshot).unwrap();
    assert_eq!(poll(&mut poller), [(3, Ready::READABLE)]);
}

/// Two sockets, each the other's peer.
fn pair() -> (OwnedFd, EventedIo) {
    let (here, there) = mio_st::socket::UnixStream::pair().unwrap();
    let [here, there] = [here, there].map(OwnedFd::from);
    (here, EventedIo::try_from_fd(there).unwrap())
}

#[test]
fn a_storm_of_signals_undoes_no_change() {
    alone("a_storm_of_signals_undoes_no_change", || {
        let (mut poller, (_sender, mut receiver)) = (Poller::new().unwrap(), readable());
        storm(Duration::from_micros(200));
        let mut rounds = 0;
        while signals() < 200 {
            add(&mut poller, &mut receiver, 1, Oneshot).unwrap();
            assert_eq!(poll(&mut poller), [(1, Ready::READABLE)]);
            poller.reregister(&mut receiver, EventedId(2), READ, Edge).unwrap();
            assert_eq!(poll(&mut poller), [(2, Ready::READABLE)]);
            poller.deregister(&mut receiver).unwrap();
            assert_eq!(poller.deregister(&mut receiver), Err(Error::NotFound));
            rounds += 1;
        }
        storm(Duration::ZERO);
        assert!(rounds > 0);
    });
}
