//! A handle of the user's own, built on `Source`.
#![allow(unsafe_code)]

use core::time::Duration;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, IntoRawFd};
use std::os::unix::net::UnixStream;

use mio_st::event::{EventedId, Events, Interests};
use mio_st::poll::{PollOption, Poller};
use mio_st::unix::{AsSource, Descriptor, OwnedFd, RawFd, Source};
use mio_st::{Error, Result};

struct Port(UnixStream);

impl Descriptor for Port {
    fn watched_fd(&self) -> Result<RawFd> {
        Ok(self.0.as_raw_fd())
    }
}

struct Device {
    source: Source<Port>,
}

impl AsSource for Device {
    type Descriptor = Port;

    fn as_source(&mut self) -> &mut Source<Port> {
        &mut self.source
    }
}

fn device() -> (Device, UnixStream) {
    let (here, there) = UnixStream::pair().unwrap();
    here.set_nonblocking(true).unwrap();
    (Device { source: Source::new(Port(here), Interests::READABLE) }, there)
}

fn ids(poller: &mut Poller) -> Vec<usize> {
    let mut events = Events::<8>::sized();
    poller.poll(&mut events, Some(Duration::ZERO)).unwrap();
    events.iter().map(|event| event.id().0).collect()
}

const READABLE: Interests = Interests::READABLE;

#[test]
fn a_users_handle_is_registered_as_one_of_the_library_is() {
    let mut poller = Poller::new().unwrap();
    let (mut device, mut peer) = device();
    let (one, two) = (EventedId(1), EventedId(2));
    assert_eq!(
        poller.reregister(&mut device, one, READABLE, PollOption::Edge),
        Err(Error::NotFound)
    );
    assert_eq!(poller.deregister(&mut device), Err(Error::NotFound));
    poller.register(&mut device, one, READABLE, PollOption::Level).unwrap();
    for opt in [PollOption::Level, PollOption::Edge, PollOption::Oneshot] {
        let again = poller.register(&mut device, two, READABLE, opt);
        assert_eq!(again, Err(Error::AlreadyExists));
    }
    for impossible in [Interests::WRITABLE, Interests::BOTH, Interests::PRIORITY] {
        let answer = poller.reregister(&mut device, two, impossible, PollOption::Level);
        assert_eq!(answer, Err(Error::InvalidInput));
    }
    peer.write_all(b"x").unwrap();
    assert_eq!(ids(&mut poller), [1], "what failed has changed nothing");
    poller.reregister(&mut device, two, READABLE, PollOption::Level).unwrap();
    assert_eq!(ids(&mut poller), [2]);
    poller.deregister(&mut device).unwrap();
    assert!(ids(&mut poller).is_empty());
    poller.register(&mut device, one, READABLE, PollOption::Level).unwrap();
    assert_eq!(ids(&mut poller), [1]);
}

#[test]
fn a_source_is_a_handle_itself_and_owns_what_it_watches() {
    let mut poller = Poller::new().unwrap();
    let (here, mut there) = UnixStream::pair().unwrap();
    // SAFETY: its owner has given it away.
    let fd = unsafe { OwnedFd::from_raw_fd(here.into_raw_fd()) };
    fd.set_nonblocking(true).unwrap();
    let mut source = Source::new(fd, Interests::BOTH);
    poller.register(&mut source, EventedId(7), READABLE, PollOption::Edge).unwrap();
    there.write_all(b"x").unwrap();
    assert_eq!(ids(&mut poller), [7]);
    assert!(format!("{source:?}").contains(&source.descriptor().as_raw_fd().to_string()));
    drop(source);
    assert!(there.write_all(b"x").is_err(), "it is closed");
}

#[test]
fn what_a_source_owned_comes_out_open() {
    let (device, mut peer) = device();
    let port = device.source.into_descriptor();
    peer.write_all(b"x").unwrap();
    assert_eq!((&port.0).read(&mut [0; 2]).unwrap(), 1);
}

#[test]
fn a_descriptor_that_blocks_is_made_non_blocking_on_the_way_in() {
    let owned = |stream: UnixStream| {
        // SAFETY: its owner has given it away.
        unsafe { OwnedFd::from_raw_fd(stream.into_raw_fd()) }
    };
    let (one, other) = UnixStream::pair().unwrap();
    let io = mio_st::unix::EventedIo::try_from_fd(owned(one)).unwrap();
    assert!(io.try_read(&mut [0]).unwrap_err().is_would_block());
    let end = mio_st::unix::Receiver::try_from_fd(owned(other)).unwrap();
    assert!(end.try_read(&mut [0]).unwrap_err().is_would_block());
    // SAFETY: nothing is open at this number, and closing it is an error that nothing minds.
    let closed = unsafe { OwnedFd::from_raw_fd(1_000_000) };
    let answer = mio_st::unix::Sender::try_from_fd(closed);
    assert_eq!(answer.err(), Some(Error::Os(libc::EBADF)));
}
