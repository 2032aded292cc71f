//! The two ends of a pipe.

#![allow(unsafe_code)]

mod support;

use core::time::Duration;
use std::process::{Command, Stdio};

use std::os::fd::{FromRawFd, OwnedFd};

use mio_st::event::{EventedId, Interests, Ready};
use mio_st::poll::{PollOption, Poller};
use mio_st::unix::{IoSlice, IoSliceMut, Receiver, Sender, new_pipe};
use mio_st::{Error, Result};

use self::support::unix::*;
use self::support::*;

const REFUSED: Result<()> = Err(Error::InvalidInput);

fn watched(opt: PollOption) -> (Poller, Sender, Receiver) {
    let mut poller = Poller::new().unwrap();
    let (mut sender, mut receiver) = new_pipe().unwrap();
    poller.register(&mut sender, EventedId(1), Sender::INTERESTS, opt).unwrap();
    poller.register(&mut receiver, EventedId(2), Receiver::INTERESTS, opt).unwrap();
    (poller, sender, receiver)
}

#[test]
fn bytes_go_from_the_sender_to_the_receiver() {
    let (mut poller, sender, receiver) = watched(PollOption::Edge);
    assert_eq!(poll(&mut poller), [(1, Ready::WRITABLE)]);
    assert_eq!(sender.try_write(b"one"), Ok(3));
    assert_eq!(sender.try_write_vectored(&[IoSlice::new(b"tw"), IoSlice::new(b"o")]), Ok(3));
    assert!(poll(&mut poller).contains(&(2, Ready::READABLE)));
    let (mut first, mut second) = ([0; 2], [0; 9]);
    assert_eq!(receiver.try_read(&mut first), Ok(2));
    let buffers = &mut [IoSliceMut::new(&mut second)];
    assert_eq!(receiver.try_read_vectored(buffers), Ok(4));
    assert_eq!((&first, &second[..4]), (b"on", &b"etwo"[..]));
    assert!(receiver.try_read(&mut first).unwrap_err().is_would_block());
}

#[test]
fn a_full_pipe_is_writable_again_when_it_was_read() {
    let (mut poller, sender, receiver) = watched(PollOption::Level);
    let mut sum = 0;
    let chunk = [5; 4096];
    let full = loop {
        match sender.try_write(&chunk) {
            Ok(count) => sum += count,
            Err(error) => break error,
        }
    };
    assert!(full.is_would_block() && sum >= 4096);
    assert_eq!(poll(&mut poller), [(2, Ready::READABLE)]);
    let mut buffer = [0; 4096];
    while let Ok(count) = receiver.try_read(&mut buffer) {
        sum -= count;
    }
    assert_eq!(sum, 0);
    assert_eq!(poll(&mut poller), [(1, Ready::WRITABLE)]);
}

#[test]
fn each_end_hears_that_the_other_has_gone() {
    for opt in [PollOption::Edge, PollOption::Level, PollOption::Oneshot] {
        let (mut poller, sender, receiver) = watched(opt);
        assert_eq!(poll(&mut poller), [(1, Ready::WRITABLE)]);
        sender.try_write(b"last").unwrap();
        drop(sender);
        let seen = gather_of(&mut poller, 2);
        assert!(seen.is_readable(), "{opt:?} {seen:?}");
        assert_eq!(receiver.try_read(&mut [0; 9]), Ok(4));
        assert_eq!(receiver.try_read(&mut [0; 9]), Ok(0));

        let (mut poller, mut sender, receiver) = watched(opt);
        assert_eq!(poll(&mut poller), [(1, Ready::WRITABLE)]);
        drop(receiver);
        if opt == PollOption::Oneshot {
            poller.reregister(&mut sender, EventedId(1), Sender::INTERESTS, opt).unwrap();
        }
        let seen = gather_of(&mut poller, 1);
        assert!(seen.is_writable(), "{opt:?} {seen:?}");
        assert_eq!(sender.try_write(b"x"), Err(Error::Os(libc::EPIPE)));
    }
}

/// It holds for as long as the sender lives, and the sender stays registered.
#[test]
fn that_the_reader_has_gone_is_told_for_as_long_as_it_holds() {
    for full in [false, true] {
        for opt in [PollOption::Edge, PollOption::Level, PollOption::Oneshot] {
            let (mut poller, mut sender, receiver) = watched(opt);
            if full {
                while sender.try_write(&[7; 4096]).is_ok() {}
            }
            poller.reregister(&mut sender, EventedId(1), Sender::INTERESTS, opt).unwrap();
            drop(receiver);
            let case = format!("{opt:?}, full: {full}");
            assert!(gather_of(&mut poller, 1).is_writable(), "{case}");
            for _ in 0..3 {
                if opt != PollOption::Level {
                    while !poll_for(&mut poller, Duration::ZERO).is_empty() {}
                    poller.reregister(&mut sender, EventedId(1), Sender::INTERESTS, opt).unwrap();
                }
                assert!(gather_of(&mut poller, 1).is_writable(), "{case}");
            }
            poller.reregister(&mut sender, EventedId(3), Sender::INTERESTS, opt).unwrap();
            assert!(gather_of(&mut poller, 3).is_writable(), "{case}");
            poller.deregister(&mut sender).unwrap();
            assert_eq!(poller.deregister(&mut sender), Err(Error::NotFound));
            assert_silent(&mut poller);
            // And what is registered only now.
            poller.register(&mut sender, EventedId(4), Sender::INTERESTS, opt).unwrap();
            assert!(gather_of(&mut poller, 4).is_writable(), "{case}");
            drop(sender);
            assert_silent(&mut poller);
        }
    }
}

/// The number of a closed sender means nothing, even if another descriptor gets it.
#[test]
fn a_closed_sender_leaves_nothing_to_report() {
    alone("a_closed_sender_leaves_nothing_to_report", || {
        for opt in [PollOption::Edge, PollOption::Level, PollOption::Oneshot] {
            let (mut poller, sender, receiver) = watched(opt);
            drop(receiver);
            assert!(gather_of(&mut poller, 1).is_writable());
            let (_there, here) = new_pipe().unwrap();
            let number = sender.as_raw_fd();
            drop(sender);
            // SAFETY: the number is free, and the new descriptor is nobody else's.
            let mut other = unsafe {
                assert_eq!(libc::dup2(here.as_raw_fd(), number), number);
                Receiver::from_raw_fd(number)
            };
            assert_silent(&mut poller);
            let unknown = poller.reregister(&mut other, EventedId(5), Receiver::INTERESTS, opt);
            assert_eq!(unknown, Err(Error::NotFound));
            poller.register(&mut other, EventedId(5), Receiver::INTERESTS, opt).unwrap();
            assert_silent(&mut poller);
        }
    });
}

/// What is said of one of them, when it is said.
#[track_caller]
fn gather_of(poller: &mut Poller, id: usize) -> Ready {
    for _ in 0..20 {
        if let Some(seen) = poll(poller).iter().find(|seen| seen.0 == id) {
            return seen.1;
        }
    }
    panic!("nothing came of it");
}

#[test]
fn what_can_never_happen_is_refused_and_changes_nothing() {
    let mut poller = Poller::new().unwrap();
    let (mut sender, mut receiver) = new_pipe().unwrap();
    let (id, opt) = (EventedId(5), PollOption::Level);
    for registered in [false, true] {
        for wrong in
            [Interests::READABLE, Interests::BOTH, Interests::WRITABLE | Interests::PRIORITY]
        {
            let answer = match registered {
                false => poller.register(&mut sender, id, wrong, opt),
                true => poller.reregister(&mut sender, id, wrong, opt),
            };
            assert_eq!(answer, REFUSED, "{wrong:?}");
        }
        for wrong in [Interests::WRITABLE, Interests::BOTH, Interests::PRIORITY] {
            let answer = match registered {
                false => poller.register(&mut receiver, id, wrong, opt),
                true => poller.reregister(&mut receiver, id, wrong, opt),
            };
            assert_eq!(answer, REFUSED, "{wrong:?}");
        }
        if !registered {
            assert_silent(&mut poller);
            poller.register(&mut sender, EventedId(1), Sender::INTERESTS, opt).unwrap();
            poller.register(&mut receiver, EventedId(2), Receiver::INTERESTS, opt).unwrap();
        }
    }
    assert_eq!(poll(&mut poller), [(1, Ready::WRITABLE)]);
    let again = poller.register(&mut sender, id, Sender::INTERESTS, opt);
    assert_eq!(again, Err(Error::AlreadyExists));
    poller.deregister(&mut sender).unwrap();
    assert_eq!(poller.deregister(&mut sender), Err(Error::NotFound));
    sender.try_write(b"x").unwrap();
    assert_eq!(poll(&mut poller), [(2, Ready::READABLE)]);
}

#[test]
fn both_ends_are_nonblocking_and_closed_on_exec_and_can_be_given_away() {
    alone("both_ends_are_nonblocking_and_closed_on_exec_and_can_be_given_away", || {
        let before = settled_fds();
        let (sender, receiver) = new_pipe().unwrap();
        assert_eq!(flags(sender.as_raw_fd()), (true, true));
        assert_eq!(flags(receiver.as_raw_fd()), (true, true));
        sender.set_nonblocking(false).unwrap();
        assert_eq!(flags(sender.as_raw_fd()), (false, true));

        // A child process writes to it.
        // SAFETY: it is open, and its owner has given it away.
        let stdout = unsafe { OwnedFd::from_raw_fd(sender.into_raw_fd()) };
        let mut command = Command::new("printf");
        let mut child = command.arg("text").stdout(Stdio::from(stdout)).spawn().unwrap();
        drop(command);
        let mut poller = Poller::new().unwrap();
        // SAFETY: as above.
        let mut receiver = unsafe { Receiver::from_raw_fd(receiver.into_raw_fd()) };
        poller
            .register(&mut receiver, EventedId(3), Receiver::INTERESTS, PollOption::Level)
            .unwrap();
        let mut text = vec![];
        loop {
            assert!(poll(&mut poller)[0].1.is_readable());
            let mut buffer = [0; 3];
            match receiver.try_read(&mut buffer).unwrap() {
                0 => break,
                count => text.extend_from_slice(&buffer[..count]),
            }
        }
        assert_eq!(text, b"text");
        assert!(child.wait().unwrap().success());
        drop((poller, receiver));
        assert_eq!(settled_fds(), before);
    });
}

#[test]
fn running_out_of_descriptors_is_an_error_and_leaks_none() {
    alone("running_out_of_descriptors_is_an_error_and_leaks_none", || {
        // The kqueue shim's descriptors, which stay, are not to take the room.
        settled_fds();
        leave_room(3);
        let before = open_fds();
        let _pipe = new_pipe().unwrap();
        for _ in 0..3 {
            assert_eq!(new_pipe().unwrap_err(), Error::Os(libc::EMFILE));
        }
        assert_eq!(open_fds(), before + 2);
    });
}

#[test]
fn nothing_leaks_in_5000_cycles() {
    alone("nothing_leaks_in_5000_cycles", || {
        let mut poller = Poller::new().unwrap();
        let before = settled_fds();
        for round in 0..5_000 {
            let (mut sender, mut receiver) = new_pipe().unwrap();
            poller
                .register(&mut sender, EventedId(1), Sender::INTERESTS, PollOption::Edge)
                .unwrap();
            poller
                .register(&mut receiver, EventedId(2), Receiver::INTERESTS, PollOption::Edge)
                .unwrap();
            sender.try_write(b"x").unwrap();
            if round % 2 == 0 {
                poller.deregister(&mut receiver).unwrap();
            }
        }
        assert_eq!(settled_fds(), before);
        assert_silent(&mut poller);
    });
}
