//! Ids that know their dead: a `Slab` resolves no event of a connection that is gone.

mod support;

use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;

use mio_st::event::{EventedId, Events, Interests};
use mio_st::poll::{PollOption, Poller};
use mio_st::slab::{Key, Slab};
use mio_st::unix::EventedFd;

use self::support::{alone, reports_in_parts};

/// Puts one end of a new pair into the slab and registers it with its key; gives the other end.
fn connect<const N: usize>(
    poller: &mut Poller,
    connections: &mut Slab<UnixStream, N>,
) -> (Key, UnixStream) {
    let (here, there) = UnixStream::pair().unwrap();
    let fd = there.as_raw_fd();
    let key = connections.insert(there).unwrap();
    poller
        .register(&mut EventedFd(&fd), key.into(), Interests::READABLE, PollOption::Level)
        .unwrap();
    (key, here)
}

/// The two events must be in one batch, of which no system makes a promise, but all but one do it.
#[test]
fn an_event_of_the_batch_in_hand_resolves_to_nothing_once_its_connection_is_closed() {
    // Alone, or another test could take the descriptor number that is to be used again.
    alone(
        "an_event_of_the_batch_in_hand_resolves_to_nothing_once_its_connection_is_closed",
        || {
            close_one_connection_while_handling_the_other();
        },
    );
}

fn close_one_connection_while_handling_the_other() {
    let mut poller = Poller::new().unwrap();
    let mut events = Events::new();
    let mut connections = Slab::<UnixStream, 2>::new();
    let (first, mut to_first) = connect(&mut poller, &mut connections);
    let (second, mut to_second) = connect(&mut poller, &mut connections);
    to_first.write_all(b"x").unwrap();
    to_second.write_all(b"x").unwrap();

    poller.poll(&mut events, None).unwrap();
    if reports_in_parts() {
        return;
    }
    assert_eq!(events.len(), 2, "both are ready in one batch");
    let mut newcomer = None;
    let mut handled = 0;
    for event in &mut events {
        let Some(_connection) = connections.get(event.id()) else { continue };
        handled += 1;
        let (me, other) = match event.id() == first.into() {
            true => (first, second),
            false => (second, first),
        };
        // Handling the first closes the second, and a new connection takes its slot and its number.
        let closed = connections.remove(other).unwrap();
        let number = closed.as_raw_fd();
        poller.deregister(&mut EventedFd(&number)).unwrap();
        drop(closed);
        let (key, to_newcomer) = connect(&mut poller, &mut connections);
        assert_ne!(key, other);
        // The pair took the lowest free numbers: one of its ends has the number that was closed.
        let numbers = [connections.get(key).unwrap().as_raw_fd(), to_newcomer.as_raw_fd()];
        assert!(numbers.contains(&number), "the descriptor number is used again");
        newcomer = Some((me, key, to_newcomer));
    }
    assert_eq!(handled, 1, "the event of the closed connection reached somebody");

    // The newcomer is a connection like any other.
    let (_, key, mut to_newcomer) = newcomer.unwrap();
    to_newcomer.write_all(b"x").unwrap();
    poller.poll(&mut events, None).unwrap();
    assert!((&mut events).into_iter().any(|event| event.id() == key.into()));
}

/// On epoll a registration lives on while a duplicate of the descriptor does, closed or not.
#[cfg(all(target_os = "linux", not(mio_st_backend = "kqueue")))]
#[test]
fn the_ghost_of_a_duplicated_descriptor_resolves_to_nothing() {
    let mut poller = Poller::new().unwrap();
    let mut events = Events::new();
    let mut connections = Slab::<UnixStream, 1>::new();
    let (key, mut to_ghost) = connect(&mut poller, &mut connections);
    let duplicate = connections.get(key).unwrap().try_clone().unwrap();
    // Closed without deregistering: the fault that this guards against.
    drop(connections.remove(key));
    let (newcomer, mut to_newcomer) = connect(&mut poller, &mut connections);

    to_ghost.write_all(b"x").unwrap();
    poller.poll(&mut events, None).unwrap();
    let ids: Vec<EventedId> = (&mut events).into_iter().map(|event| event.id()).collect();
    assert_eq!(ids, [key.into()], "the kernel still reports the ghost");
    assert!(connections.get(ids[0]).is_none(), "and nobody hears of it");

    to_newcomer.write_all(b"x").unwrap();
    poller.poll(&mut events, None).unwrap();
    let live = (&mut events).into_iter().filter(|event| connections.contains(event.id()));
    assert!(live.map(|event| event.id()).eq([newcomer.into()]));
    drop(duplicate);
    poller.poll(&mut events, Some(core::time::Duration::ZERO)).unwrap();
    assert!((&mut events).into_iter().all(|event| event.id() == newcomer.into()));
}

/// The ids below 2^32 (on 32 bits, below the capacity) are the user's own, whatever the slab does.
#[test]
fn small_ids_are_free_for_the_users_constants() {
    let mut slab = Slab::<u8, 4>::new();
    for round in 0..100 {
        let keys = [0, 1, 2, 3].map(|n| slab.insert(n).unwrap());
        for id in 0..4 {
            assert!(slab.get(EventedId(id)).is_none());
        }
        for key in keys {
            assert!(EventedId::from(key).0 > 3, "round {round}");
            slab.remove(key);
        }
    }
}
