//! Of `mio_st::unix` nothing allocates either, neither when it goes well nor when it does not.
#![allow(unsafe_code)]

#[path = "support/counting.rs"]
mod counting;
mod support;

use core::fmt::{self, Write};
use std::os::fd::IntoRawFd;

use mio_st::event::{EventedId, Events, Interests};
use mio_st::poll::{PollOption, Poller};
use mio_st::unix::{
    Child, EventedIo, ExitStatus, IoSlice, IoSliceMut, Receiver, Sender, Signal, SignalSet,
    Signals, Waker, new_pipe,
};

use self::counting::without_allocating;
use self::support::unix::*;

/// Runs `body` in a process that has one thread.
fn alone_without_allocating(name: &str, body: impl FnOnce()) {
    single_threaded(name, || without_allocating(body));
}

/// Writes into nothing: whatever `Debug` and `Display` do by themselves.
struct Nowhere;

impl Write for Nowhere {
    fn write_str(&mut self, _: &str) -> fmt::Result {
        Ok(())
    }
}

fn show(value: &impl fmt::Debug) {
    write!(Nowhere, "{value:?}").unwrap();
}

#[test]
fn descriptors_and_pipes() {
    alone_without_allocating("descriptors_and_pipes", || {
        let mut poller = Poller::new().unwrap();
        let mut events = Events::new();
        let (mut sender, mut receiver) = new_pipe().unwrap();
        poller.register(&mut sender, EventedId(1), Sender::INTERESTS, PollOption::Edge).unwrap();
        poller
            .register(&mut receiver, EventedId(2), Receiver::INTERESTS, PollOption::Level)
            .unwrap();
        poller.register(&mut sender, EventedId(1), Interests::BOTH, PollOption::Edge).unwrap_err();
        sender.try_write(b"ab").unwrap();
        sender.try_write_vectored(&[IoSlice::new(b"c"), IoSlice::new(b"d")]).unwrap();
        poller.poll(&mut events, None).unwrap();
        let mut buffer = [0; 3];
        receiver.try_read(&mut buffer).unwrap();
        receiver.try_read_vectored(&mut [IoSliceMut::new(&mut buffer)]).unwrap();
        show(&receiver.try_read(&mut buffer).unwrap_err());
        show(&(&sender, &receiver));
        drop(receiver);
        show(&sender.try_write(b"x").unwrap_err());

        let (one, other) = std::os::unix::net::UnixStream::pair().unwrap();
        // SAFETY: it is open, and its owner has given it away.
        let mut io = unsafe { EventedIo::from_raw_fd(one.into_raw_fd()) };
        io.set_nonblocking(true).unwrap();
        poller.register(&mut io, EventedId(3), EventedIo::INTERESTS, PollOption::Oneshot).unwrap();
        poller
            .register(&mut io, EventedId(3), EventedIo::INTERESTS, PollOption::Oneshot)
            .unwrap_err();
        io.try_write(b"x").unwrap();
        io.try_write_vectored(&[IoSlice::new(b"y")]).unwrap();
        io.try_read(&mut buffer).unwrap_err();
        drop(other);
        io.try_write(b"x").unwrap_err();
        show(&io);
        poller.deregister(&mut io).unwrap();
    });
}

#[test]
fn wakers() {
    alone_without_allocating("wakers", || {
        let mut poller = Poller::new().unwrap();
        let mut events = Events::new();
        let waker = Waker::new(poller.registry(), EventedId(1)).unwrap();
        let other = Waker::new(poller.registry(), EventedId(2)).unwrap();
        waker.wake().unwrap();
        other.wake().unwrap();
        let mut woken = 0;
        while woken < 2 {
            poller.poll(&mut events, None).unwrap();
            woken += events.len();
        }
        assert_eq!(woken, 2);
        show(&waker);
        drop(poller);
        waker.wake().unwrap();
    });
}

#[test]
fn signals() {
    alone_without_allocating("signals", || {
        let mut poller = Poller::new().unwrap();
        let mut events = Events::new();
        let set = SignalSet::of(&[Signal::USER_1, Signal::USER_2]);
        let mut signals = Signals::new(set).unwrap();
        poller.register(&mut signals, EventedId(1), Signals::INTERESTS, PollOption::Edge).unwrap();
        raise(libc::SIGUSR2);
        poller.poll(&mut events, None).unwrap();
        assert_eq!(signals.receive(), Ok(Some(Signal::USER_2)));
        assert_eq!(signals.receive(), Ok(None));
        show(&(&signals, set));
        show(&Signals::new(Signal::KILL).unwrap_err());
    });
}

#[test]
fn children() {
    alone_without_allocating("children", || {
        let mut poller = Poller::new().unwrap();
        let mut events = Events::new();
        // SAFETY: the child calls nothing but _exit.
        let pid = unsafe {
            match libc::fork() {
                0 => libc::_exit(3),
                pid => pid,
            }
        };
        let mut child = Child::new(pid).unwrap();
        poller.register(&mut child, EventedId(1), Child::INTERESTS, PollOption::Edge).unwrap();
        poller.poll(&mut events, None).unwrap();
        assert_eq!(child.exit_status(), Ok(Some(ExitStatus::Exited(3))));
        show(&child.exit_status().unwrap_err());
        show(&Child::new(1).unwrap_err());
        show(&child);
    });
}
