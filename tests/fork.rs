//! A poller in a forked child.

mod support;

use core::time::Duration;
use std::io::Write;
use std::os::fd::AsRawFd;

use mio_st::event::{EventedId, Events, Interests, Ready};
use mio_st::poll::{PollOption, Poller};
use mio_st::time::Instant;
use mio_st::unix::{EventedFd, RawFd};
use mio_st::{Error, Result};

use self::support::*;

const FORKED: Result<()> = Err(Error::Forked);

/// Makes every call that there is, and gives the number of the first that is not refused; 0 for
/// none. Without a panic: it runs in a forked child.
fn first_not_refused(poller: &mut Poller, fd: RawFd) -> u8 {
    let mut events = Events::<4>::sized();
    let (mut handle, id) = (EventedFd(&fd), EventedId(66));
    let answers = [
        poller.poll(&mut events, None),
        poller.poll(&mut events, Some(Duration::ZERO)),
        poller.poll(&mut events, Some(Duration::from_secs(1))),
        poller.poll_interruptible(&mut events, None),
        poller.poll_userspace(&mut events),
        poller.registry().poll(&mut events, None),
        poller.register(&mut handle, id, Interests::READABLE, PollOption::Edge),
        poller.reregister(&mut handle, id, Interests::READABLE, PollOption::Edge),
        poller.deregister(&mut handle),
        poller.registry().register_fd(fd, id, Interests::READABLE, PollOption::Edge),
        poller.registry().reregister_fd(fd, id, Interests::READABLE, PollOption::Edge),
        poller.registry().deregister_fd(fd),
        poller.registry().set_precise(true),
    ];
    answers.iter().position(|answer| *answer != FORKED).map_or(0, |n| n as u8 + 1)
}

/// A new poller hears of `fd`, which is readable. Without a panic.
fn a_new_one_works(fd: RawFd) -> Option<Poller> {
    let mut poller = Poller::new().ok()?;
    let mut events = Events::<4>::sized();
    let id = EventedId(5);
    poller.register(&mut EventedFd(&fd), id, Interests::READABLE, PollOption::Level).ok()?;
    poller.poll(&mut events, None).ok()?;
    let event = (&mut events).into_iter().next()?;
    (event.id() == id && event.readiness() == Ready::READABLE).then_some(poller)
}

#[test]
fn every_call_of_the_child_is_refused_and_the_parent_hears_as_before() {
    let mut poller = Poller::new().unwrap();
    let (reader, mut writer) = pipe();
    let (unknown, _writer) = pipe();
    register(&mut poller, &reader, 1, Interests::READABLE, PollOption::Edge);
    writer.write_all(b"x").unwrap();

    // Of what is registered, and of what is not: neither is registered, changed nor removed.
    for fd in [reader.as_raw_fd(), unknown.as_raw_fd()] {
        assert_eq!(in_fork(|| first_not_refused(&mut poller, fd)), 0);
    }
    assert_eq!(poll(&mut poller), [(1, Ready::READABLE)]);
    assert_eq!(deregister(&mut poller, &unknown), Err(Error::NotFound));
    deregister(&mut poller, &reader).unwrap();
    assert_works(&mut poller);
}

#[test]
fn a_refused_poll_has_no_event_of_the_batch_before() {
    type Poll = fn(&mut Poller, &mut Events<4>) -> Result<()>;
    let polls: [Poll; 3] = [
        |poller, events| poller.poll(events, None),
        |poller, events| poller.poll_userspace(events),
        |poller, events| poller.registry().poll(events, None),
    ];
    let mut poller = Poller::new().unwrap();
    let (reader, mut writer) = pipe();
    register(&mut poller, &reader, 1, Interests::READABLE, PollOption::Level);
    writer.write_all(b"x").unwrap();
    let mut events = Events::<4>::sized();
    poller.poll(&mut events, None).unwrap();
    assert_eq!((&mut events).into_iter().count(), 1);
    for (n, poll) in polls.iter().enumerate() {
        let answer = in_fork(|| {
            let refused = poll(&mut poller, &mut events) == FORKED;
            if refused && events.is_empty() { 0 } else { 1 }
        });
        assert_eq!(answer, 0, "{n}");
    }
}

#[test]
fn dropping_it_in_the_child_closes_the_childs_descriptor_only() {
    let mut poller = Some(Poller::new().unwrap());
    let (reader, mut writer) = pipe();
    register(poller.as_mut().unwrap(), &reader, 1, Interests::READABLE, PollOption::Level);
    let answer = in_fork(|| {
        let fd = poller.as_ref().map_or(-1, Poller::raw_fd);
        drop(poller.take());
        if is_open(fd) { 1 } else { 0 }
    });
    assert_eq!(answer, 0);
    let mut poller = poller.unwrap();
    writer.write_all(b"x").unwrap();
    assert_eq!(poll(&mut poller), [(1, Ready::READABLE)]);
    assert_works(&mut poller);
}

/// What needs no kernel changes the child's copy of the memory, and no event of it can be had
/// there.
#[test]
fn user_events_and_deadlines_of_the_child_go_nowhere() {
    let mut poller = Poller::new().unwrap();
    let source = poller.add_source(EventedId(1), Interests::READABLE, PollOption::Level).unwrap();
    let deadline = poller.add_deadline(EventedId(2), Instant::MAX).unwrap();
    poller.notify(EventedId(3), Ready::USER_0).unwrap();
    let (reader, _writer) = pipe();
    let fd = reader.as_raw_fd();
    let answer = in_fork(|| {
        // Each may work or be refused; what counts is that nothing breaks and nothing comes.
        let _ = poller.notify(EventedId(4), Ready::USER_1);
        let _ = poller.set_ready(source, Ready::READABLE);
        let _ = poller.clear_ready(source, Ready::PRIORITY);
        let _ = poller.rearm(source);
        let _ = poller.add_source(EventedId(5), Interests::READABLE, PollOption::Edge);
        let _ = poller.update_deadline(deadline, Instant::ZERO);
        let _ = poller.add_deadline(EventedId(6), Instant::ZERO);
        let _ = poller.add_timeout(EventedId(7), Duration::ZERO);
        let _ = poller.add_interval(EventedId(8), Duration::from_nanos(1));
        let _ = poller.remove_deadline(EventedId(6));
        let _ = poller.next_deadline();
        let refused = first_not_refused(&mut poller, fd);
        let _ = poller.remove_source(source);
        let _ = poller.cancel_deadline(deadline);
        refused
    });
    assert_eq!(answer, 0);
    // The parent's are as they were.
    assert_eq!(poll(&mut poller), [(3, Ready::USER_0)]);
    assert_silent(&mut poller);
    poller.set_ready(source, Ready::READABLE).unwrap();
    assert_eq!(poll(&mut poller), [(1, Ready::READABLE)]);
    poller.update_deadline(deadline, Instant::ZERO).unwrap();
    assert_eq!(poll(&mut poller), [(1, Ready::READABLE), (2, Ready::TIMER)]);
    poller.remove_source(source).unwrap();
    assert_works(&mut poller);
}

#[test]
fn a_new_poller_works_in_the_child_and_is_foreign_to_the_grandchild() {
    let mut poller = Poller::new().unwrap();
    let (reader, mut writer) = pipe();
    writer.write_all(b"x").unwrap();
    let fd = reader.as_raw_fd();
    let child = || -> u8 {
        let Some(mut own) = a_new_one_works(fd) else { return 100 };
        // The parent's stays what it was, also now that the child has made its own mark.
        if first_not_refused(&mut poller, fd) != 0 {
            return 101;
        }
        let grandchild =
            || match (first_not_refused(&mut own, fd), first_not_refused(&mut poller, fd)) {
                (0, 0) if a_new_one_works(fd).is_some() => 0,
                (0, 0) => 102,
                (own, parents) => own.max(parents),
            };
        if in_fork(grandchild) != 0 {
            return 103;
        }
        // And the child's own still works.
        let mut events = Events::<4>::sized();
        if own.poll(&mut events, None).is_ok() && events.len() == 1 { 0 } else { 104 }
    };
    assert_eq!(in_fork(child), 0);
    assert_works(&mut poller);
}

#[test]
fn a_poller_made_after_a_child_has_gone_works() {
    let poller = Poller::new().unwrap();
    for _ in 0..3 {
        assert_eq!(in_fork(|| if Poller::new().is_ok() { 0 } else { 1 }), 0);
        assert_works(&mut Poller::new().unwrap());
    }
    drop(poller);
}

/// Old emulators answer every madvise(2) with success.
#[cfg(target_os = "linux")]
#[test]
fn an_emulator_whose_madvise_has_no_effect_is_seen_through() {
    alone("an_emulator_whose_madvise_has_no_effect_is_seen_through", || {
        pretend(libc::SYS_madvise);
        let mut poller = Poller::new().unwrap();
        let (reader, _writer) = pipe();
        assert_eq!(in_fork(|| first_not_refused(&mut poller, reader.as_raw_fd())), 0);
        assert_works(&mut poller);
    });
}

#[cfg(feature = "std")]
mod with_handles {
    use mio_st::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn a_handle_that_remembers_its_registration_is_refused_too() {
        let mut poller = Poller::new().unwrap();
        let mut listener = TcpListener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let (id, level) = (EventedId(1), PollOption::Level);
        let interests = TcpListener::INTERESTS;
        poller.register(&mut listener, id, interests, level).unwrap();
        let answer = in_fork(|| {
            // The first would make no system call in the parent.
            let answers = [
                poller.reregister(&mut listener, id, interests, level),
                poller.reregister(&mut listener, EventedId(2), interests, level),
                poller.register(&mut listener, id, interests, level),
                poller.deregister(&mut listener),
            ];
            answers.iter().position(|answer| *answer != FORKED).map_or(0, |n| n as u8 + 1)
        });
        assert_eq!(answer, 0);
        let _client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        assert_eq!(poll(&mut poller), [(1, Ready::READABLE)]);
    }
}
