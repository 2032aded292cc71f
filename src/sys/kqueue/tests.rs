extern crate std;

use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::vec::Vec;

use core::ptr;

use super::change::{change, errno};
use super::*;
use crate::error::Error;
use crate::id::EventedId;
use crate::interests::{Interests, PollOption};
use crate::ready::Ready;
use crate::subscription::Subscription;

const ID: EventedId = EventedId(42);

/// One look at what is ready: ids and readiness.
fn look(selector: &Selector) -> Vec<(usize, Ready)> {
    let mut seen = look_once(selector);
    // What the shim reports in parts is put together.
    while std::env::var("MIO_ST_KQUEUE_PERSONALITY").as_deref() == Ok("spiteful") {
        let before = seen.clone();
        for part in look_once(selector) {
            match seen.iter_mut().find(|(id, _)| *id == part.0) {
                Some((_, ready)) => *ready |= part.1,
                None => seen.push(part),
            }
        }
        if seen == before {
            break;
        }
    }
    seen
}

fn look_once(selector: &Selector) -> Vec<(usize, Ready)> {
    let mut events = [RawEvent::new(EventedId(0), Ready::empty()); 256];
    let count = selector.select(&mut events, Wait::No).unwrap();
    events[..count].iter().map(|event| (event.id().0, event.ready())).collect()
}

fn pair() -> (UnixStream, UnixStream) {
    let (here, there) = UnixStream::pair().unwrap();
    here.set_nonblocking(true).unwrap();
    (here, there)
}

#[test]
fn what_fails_by_half_is_taken_back() {
    // Of a kqueue it can be watched that something is ready, but there is nothing to be written.
    let (outer, inner) = (Selector::new().unwrap(), Selector::new().unwrap());
    let (fd, (here, mut there)) = (inner.raw_fd(), pair());
    inner
        .register(here.as_raw_fd(), Subscription::new(ID, Interests::READABLE, PollOption::Level))
        .unwrap();
    there.write_all(b"x").unwrap();

    for interests in [Interests::WRITABLE, Interests::BOTH] {
        let result = outer.register(fd, Subscription::new(ID, interests, PollOption::Level));
        assert_eq!(result, Err(Error::Unsupported), "{interests:?}");
        assert_eq!(look(&outer), []);
        assert_eq!(outer.deregister(fd), Err(Error::NotFound));
    }
    // What was there has gone with a change that fails.
    outer.register(fd, Subscription::new(ID, Interests::READABLE, PollOption::Level)).unwrap();
    assert_eq!(look(&outer), [(42, Ready::READABLE)]);
    let result = outer.reregister(fd, Subscription::new(ID, Interests::BOTH, PollOption::Level));
    assert_eq!(result, Err(Error::Unsupported));
    assert_eq!(outer.deregister(fd), Err(Error::NotFound));
}

#[test]
fn an_unknown_source_is_not_added_by_a_change() {
    let (selector, (here, mut there)) = (Selector::new().unwrap(), pair());
    there.write_all(b"x").unwrap();
    let result = selector
        .reregister(here.as_raw_fd(), Subscription::new(ID, Interests::BOTH, PollOption::Level));
    assert_eq!(result, Err(Error::NotFound));
    assert_eq!(look(&selector), []);
    assert_eq!(selector.deregister(here.as_raw_fd()), Err(Error::NotFound));
}

#[test]
fn a_number_registered_again_is_replaced_as_a_whole() {
    let (selector, (here, mut there)) = (Selector::new().unwrap(), pair());
    let fd = here.as_raw_fd();
    there.write_all(b"x").unwrap();
    selector
        .register(fd, Subscription::new(EventedId(1), Interests::READABLE, PollOption::Level))
        .unwrap();
    selector
        .register(fd, Subscription::new(EventedId(2), Interests::WRITABLE, PollOption::Edge))
        .unwrap();
    assert_eq!(look(&selector), [(2, Ready::WRITABLE)]);
    assert_eq!(look(&selector), []);
    // The mode too, which sticks to a filter that is not deleted.
    selector
        .register(fd, Subscription::new(EventedId(3), Interests::WRITABLE, PollOption::Level))
        .unwrap();
    for _ in 0..2 {
        assert_eq!(look(&selector), [(3, Ready::WRITABLE)]);
    }
    selector.deregister(fd).unwrap();
    assert_eq!(look(&selector), []);
}

#[test]
fn each_change_has_its_receipt_and_brings_no_event() {
    let (selector, (here, mut there)) = (Selector::new().unwrap(), pair());
    let fd = here.as_raw_fd();
    there.write_all(b"x").unwrap();
    selector.register(fd, Subscription::new(ID, Interests::READABLE, PollOption::Edge)).unwrap();
    let mut changes = [
        change(fd as usize, abi::EVFILT_WRITE, abi::EV_DELETE),
        change(fd as usize, abi::EVFILT_READ, abi::EV_DISABLE),
        change(usize::MAX, abi::EVFILT_READ, abi::EV_ADD),
        change(fd as usize, abi::EVFILT_READ, abi::EV_ENABLE),
    ];
    // Some systems replace the id with each change.
    changes.iter_mut().for_each(|change| change.udata = ptr::without_provenance_mut(ID.0));
    selector.kqueue.change(&mut changes).unwrap();
    assert!(changes.iter().all(|receipt| receipt.flags & abi::EV_ERROR != 0));
    assert_eq!(changes.map(|receipt| errno(&receipt)), [libc::ENOENT, 0, libc::EBADF, 0]);
    // The event that was ready all the time has not been lost.
    assert_eq!(look(&selector), [(42, Ready::READABLE)]);
}

#[test]
fn it_is_asked_whether_a_filter_is_there() {
    let (selector, (here, _there)) = (Selector::new().unwrap(), pair());
    let ident = here.as_raw_fd() as usize;
    assert!(!selector.is_there(ident, abi::EVFILT_WRITE, ID));
    selector.kqueue.change_one(change(ident, abi::EVFILT_WRITE, abi::EV_ADD)).unwrap();
    assert!(selector.is_there(ident, abi::EVFILT_WRITE, ID));
}

#[test]
fn many_oneshot_sources_are_silent_after_their_event() {
    // More than one call's worth of changes, and other sources among them.
    let selector = Selector::new().unwrap();
    let mut pairs: Vec<_> = (0..70).map(|_| pair()).collect();
    let opt = |n| if n % 10 == 9 { PollOption::Level } else { PollOption::Oneshot };
    for (n, (here, _)) in pairs.iter().enumerate() {
        selector
            .register(here.as_raw_fd(), Subscription::new(EventedId(n), Interests::BOTH, opt(n)))
            .unwrap();
    }
    let mut seen = look(&selector);
    seen.sort();
    assert!(seen.into_iter().eq((0..70).map(|n| (n, Ready::WRITABLE))));

    // The other half stays silent, and is found when the source is armed again.
    for (_, there) in &mut pairs {
        there.write_all(b"x").unwrap();
    }
    let mut seen = look(&selector);
    seen.sort();
    assert!(
        seen.into_iter().eq((9..70).step_by(10).map(|n| (n, Ready::READABLE | Ready::WRITABLE)))
    );
    for (n, (here, _)) in pairs.iter().enumerate() {
        selector
            .reregister(
                here.as_raw_fd(),
                Subscription::new(EventedId(n), Interests::READABLE, opt(n)),
            )
            .unwrap();
    }
    let mut seen = look(&selector);
    seen.sort();
    assert!(seen.into_iter().eq((0..70).map(|n| (n, Ready::READABLE))));
    for (here, _) in &pairs {
        selector.deregister(here.as_raw_fd()).unwrap();
    }
}

#[test]
fn a_timeout_is_never_longer_than_asked_nor_too_long() {
    for (nanos, seconds, rest) in [
        (0, 0, 0),
        (1, 0, 1),
        (999_999_999, 0, 999_999_999),
        (1_000_000_000, 1, 0),
        (1_000_000_000_000_000, 1_000_000, 0),
        (u64::MAX, 1_000_000, 709_551_615),
    ] {
        let time = timespec(nanos);
        assert_eq!((time.tv_sec as u64, time.tv_nsec as u64), (seconds, rest), "{nanos}");
    }
    // And every kernel takes it.
    let (selector, (here, mut there)) = (Selector::new().unwrap(), pair());
    there.write_all(b"x").unwrap();
    selector
        .register(here.as_raw_fd(), Subscription::new(ID, Interests::READABLE, PollOption::Level))
        .unwrap();
    for nanos in [u64::MAX, u64::MAX - 1, 1 << 62, 1] {
        let mut events = [RawEvent::new(EventedId(0), Ready::empty()); 4];
        assert_eq!(selector.select_for(&mut events, nanos), Ok(1));
    }
}
