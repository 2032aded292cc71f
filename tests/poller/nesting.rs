//! A poller as a source of another poller.

#![allow(unsafe_code)]

use std::io::Write;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use mio_st::Error;
use mio_st::event::{EventedId, Events, Interests, Ready};
use mio_st::poll::{PollOption, Poller, Registry};
use mio_st::unix::EventedFd;

use crate::support::*;

fn watch(outer: &mut Poller, inner: &Poller, opt: PollOption) {
    let fd = inner.raw_fd();
    outer.register(&mut EventedFd(&fd), EventedId(100), Interests::READABLE, opt).unwrap();
}

#[test]
fn a_poller_is_readable_while_it_has_events() {
    let (mut outer, mut inner) = (Poller::new().unwrap(), Poller::new().unwrap());
    watch(&mut outer, &inner, PollOption::Level);
    let (reader, mut writer) = pipe();
    register(&mut inner, &reader, 1, Interests::READABLE, PollOption::Level);
    assert_silent(&mut outer);

    writer.write_all(b"x").unwrap();
    for _ in 0..2 {
        assert_eq!(poll(&mut outer), [(100, Ready::READABLE)]);
        assert_eq!(poll(&mut inner), [(1, Ready::READABLE)]);
    }
    drain(&reader);
    assert_silent(&mut inner);
    assert_silent(&mut outer);
}

#[test]
fn edges_pass_through() {
    let (mut outer, mut inner) = (Poller::new().unwrap(), Poller::new().unwrap());
    watch(&mut outer, &inner, PollOption::Edge);
    let (reader, mut writer) = pipe();
    register(&mut inner, &reader, 1, Interests::READABLE, PollOption::Edge);
    for _ in 0..3 {
        writer.write_all(b"x").unwrap();
        assert_eq!(poll(&mut outer), [(100, Ready::READABLE)]);
        assert_eq!(poll(&mut inner), [(1, Ready::READABLE)]);
        assert_silent(&mut outer);
        assert_silent(&mut inner);
    }
}

#[test]
fn three_levels_and_the_end_of_the_innermost() {
    let mut top = Poller::new().unwrap();
    let (mut middle, mut inner) = (Poller::new().unwrap(), Poller::new().unwrap());
    watch(&mut top, &middle, PollOption::Level);
    watch(&mut middle, &inner, PollOption::Level);
    let (reader, mut writer) = pipe();
    register(&mut inner, &reader, 1, Interests::READABLE, PollOption::Level);
    writer.write_all(b"x").unwrap();
    assert_eq!(poll(&mut top), [(100, Ready::READABLE)]);
    assert_eq!(poll(&mut middle), [(100, Ready::READABLE)]);
    drop(inner);
    assert_silent(&mut middle);
    assert_silent(&mut top);
    assert_works(&mut top);
    assert_works(&mut middle);
}

#[test]
fn a_registry_can_be_watched_too() {
    let mut outer = Poller::new().unwrap();
    let mut registry = Registry::new().unwrap();
    let (reader, mut writer) = pipe();
    let fd = reader.as_raw_fd();
    registry.register_fd(fd, EventedId(7), Interests::READABLE, PollOption::Edge).unwrap();
    let number = registry.raw_fd();
    outer
        .register(&mut EventedFd(&number), EventedId(1), Interests::READABLE, PollOption::Edge)
        .unwrap();
    writer.write_all(b"x").unwrap();
    assert_eq!(poll(&mut outer), [(1, Ready::READABLE)]);
    let mut events = Events::<1>::sized();
    registry.poll(&mut events, None).unwrap();
    assert_eq!((&mut events).into_iter().next().unwrap().id(), EventedId(7));
}

#[test]
fn a_circle_is_refused_and_harms_nothing() {
    let (mut one, mut other) = (Poller::new().unwrap(), Poller::new().unwrap());
    let fd = one.raw_fd();
    for opt in [PollOption::Edge, PollOption::Level, PollOption::Oneshot] {
        for interests in [Interests::READABLE, Interests::BOTH] {
            let itself = try_register(&mut one, fd, 0, interests, opt);
            assert_eq!(itself, Err(Error::Unsupported));
            let change = one.reregister(&mut EventedFd(&fd), EventedId(0), interests, opt);
            assert_eq!(change, Err(Error::NotFound));
            assert_eq!(one.deregister(&mut EventedFd(&fd)), Err(Error::NotFound));
            assert_silent(&mut one);
        }
    }

    // By a duplicate of its descriptor it is the kernel that refuses; some systems do not, and hang.
    if matches!(system(), "linux" | "lenient" | "freebsd" | "macos") {
        // SAFETY: the duplicate is nobody else's.
        let duplicate = unsafe { OwnedFd::from_raw_fd(libc::dup(fd)) };
        let number = duplicate.as_raw_fd();
        let itself = try_register(&mut one, number, 0, Interests::READABLE, PollOption::Edge);
        assert_eq!(itself, Err(Error::Unsupported));
        assert_silent(&mut one);
    }

    // Not every kqueue notices a larger circle, and some hang in one.
    if !KQUEUE {
        watch(&mut one, &other, PollOption::Edge);
        let circle = try_register(&mut other, fd, 0, Interests::READABLE, PollOption::Edge);
        assert_eq!(circle, Err(Error::Os(libc::ELOOP)));
    }
    assert_works(&mut one);
    assert_works(&mut other);
}

#[test]
#[cfg(feature = "std")]
fn the_descriptor_is_lent_to_std_as_well() {
    use std::os::fd::AsFd;

    let poller = Poller::new().unwrap();
    assert_eq!(poller.as_fd().as_raw_fd(), poller.raw_fd());
    assert_eq!(poller.as_raw_fd(), poller.raw_fd());
    let registry = Registry::new().unwrap();
    assert_eq!(registry.as_fd().as_raw_fd(), registry.as_raw_fd());
    // A duplicate serves another library, and closes alone.
    let duplicate = poller.as_fd().try_clone_to_owned().unwrap();
    drop(poller);
    assert!(flags(duplicate.as_raw_fd()).1);
}

#[test]
fn the_queue_is_closed_on_exec() {
    assert!(flags(Poller::new().unwrap().raw_fd()).1);
}
