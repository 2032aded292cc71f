//! Short ways to watch and to poll.

use core::time::Duration;
use std::os::fd::{AsRawFd, RawFd};

use mio_st::event::{EventedId, Events, Interests, Ready};
use mio_st::poll::{PollOption, Poller};
use mio_st::unix::EventedFd;
use mio_st::{Error, Result};

use super::{KQUEUE, is_spurious_fine, system};

/// Whether the system reports urgent data.
pub fn urgent() -> bool {
    match system() {
        "freebsd" | "netbsd" => false,
        "unknown" => {
            let (mut poller, (here, _there)) = (Poller::new().unwrap(), super::unix_pair());
            let fd = here.as_raw_fd();
            let answer = try_register(&mut poller, fd, 0, Interests::PRIORITY, PollOption::Level);
            answer != Err(Error::Unsupported)
        }
        _ => true,
    }
}

/// How long to wait for what must come: no load of the machine takes so long, and nothing that
/// works takes it.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// How long to wait for what must not come.
pub const A_WHILE: Duration = Duration::from_millis(20);

pub fn register(
    poller: &mut Poller,
    source: &impl AsRawFd,
    id: usize,
    interests: Interests,
    opt: PollOption,
) {
    try_register(poller, source.as_raw_fd(), id, interests, opt).unwrap();
}

pub fn reregister(
    poller: &mut Poller,
    source: &impl AsRawFd,
    id: usize,
    interests: Interests,
    opt: PollOption,
) {
    poller.reregister(&mut EventedFd(&source.as_raw_fd()), EventedId(id), interests, opt).unwrap();
}

pub fn try_register(
    poller: &mut Poller,
    fd: RawFd,
    id: usize,
    interests: Interests,
    opt: PollOption,
) -> Result<()> {
    poller.register(&mut EventedFd(&fd), EventedId(id), interests, opt)
}

pub fn deregister(poller: &mut Poller, source: &impl AsRawFd) -> Result<()> {
    poller.deregister(&mut EventedFd(&source.as_raw_fd()))
}

/// One poll: who, and what for, in the order of the ids. More than one of a queue that returns less
/// than is ready: then what comes at once, once each.
pub fn poll_for(poller: &mut Poller, timeout: Duration) -> Vec<(usize, Ready)> {
    let mut events = Events::new();
    poller.poll(&mut events, Some(timeout)).unwrap();
    let mut seen: Vec<_> =
        (&mut events).into_iter().map(|event| (event.id().0, event.readiness())).collect();
    seen.sort();
    if is_spurious_fine() {
        gather_more(poller, &mut seen);
    }
    seen
}

/// Polls until nothing comes that has not come before, and adds what did.
fn gather_more(poller: &mut Poller, seen: &mut Vec<(usize, Ready)>) {
    let (mut events, mut in_vain) = (Events::new(), 0);
    while in_vain < 3 {
        in_vain += 1;
        poller.poll(&mut events, Some(Duration::ZERO)).unwrap();
        for event in &mut events {
            let (id, ready) = (event.id().0, event.readiness());
            match seen.iter_mut().find(|seen| seen.0 == id) {
                Some((_, all)) if all.contains(ready) => continue,
                Some((_, all)) => *all |= ready,
                None => seen.push((id, ready)),
            }
            in_vain = 0;
        }
    }
    // In one event both ends would be one.
    for (_, all) in seen.iter_mut() {
        if all.contains(Ready::READ_CLOSED | Ready::WRITE_CLOSED) {
            *all |= Ready::HUP;
        }
    }
    seen.sort();
}

/// One poll that must bring something.
pub fn poll(poller: &mut Poller) -> Vec<(usize, Ready)> {
    let seen = poll_for(poller, PATIENCE);
    assert!(!seen.is_empty(), "nothing came");
    seen
}

/// Nothing is to be heard.
#[track_caller]
pub fn assert_silent(poller: &mut Poller) {
    assert_eq!(poll_for(poller, A_WHILE), [], "expected silence");
}

/// Polls until all of `wanted` has been seen of the only source, and gives all that was.
#[track_caller]
pub fn gather(poller: &mut Poller, wanted: Ready) -> Ready {
    let mut seen = Ready::empty();
    while !seen.contains(wanted) {
        let events = poll_for(poller, PATIENCE);
        assert!(!events.is_empty(), "only {seen}, and not {wanted}");
        for (_, readiness) in events {
            seen |= readiness;
        }
    }
    seen
}

/// The poller does what a poller does: nothing that went before has hurt it.
#[track_caller]
pub fn assert_works(poller: &mut Poller) {
    let (reader, writer) = super::pipe();
    register(poller, &reader, 4711, Interests::READABLE, PollOption::Edge);
    assert_eq!(
        try_register(poller, reader.as_raw_fd(), 1, Interests::READABLE, PollOption::Edge),
        {
            // A plain number has no memory where the kernel has none: there it replaces.
            if KQUEUE { Ok(()) } else { Err(Error::AlreadyExists) }
        }
    );
    reregister(poller, &reader, 4711, Interests::READABLE, PollOption::Edge);
    std::io::Write::write_all(&mut &writer, b"x").unwrap();
    let seen = poll(poller);
    assert!(seen.iter().any(|&(id, ready)| id == 4711 && ready.is_readable()), "{seen:?}");
    deregister(poller, &reader).unwrap();
}
