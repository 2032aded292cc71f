//! How the end of a connection, of a pipe or of the peer shows.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream, UdpSocket};
use std::os::fd::AsRawFd;

use mio_st::Error;
use mio_st::event::{Interests, Ready};
use mio_st::poll::{PollOption, Poller};

use self::PollOption::{Edge, Level, Oneshot};
use crate::support::*;

const OPTIONS: [PollOption; 3] = [Edge, Level, Oneshot];

#[test]
fn a_peer_that_sends_no_more_is_read_closed_and_readable_but_no_hang_up() {
    for opt in OPTIONS {
        let mut poller = Poller::new().unwrap();
        let (one, mut other) = tcp_pair();
        register(&mut poller, &one, 1, Interests::READABLE, opt);
        other.write_all(b"last").unwrap();
        other.shutdown(Shutdown::Write).unwrap();
        if opt == Oneshot {
            let first = poll(&mut poller)[0].1;
            assert!(first.is_readable() && !first.is_hup());
            reregister(&mut poller, &one, 1, Interests::READABLE, opt);
        }
        let seen = gather(&mut poller, Ready::READABLE | Ready::READ_CLOSED);
        assert_eq!(seen, Ready::READABLE | Ready::READ_CLOSED, "{opt:?}");
        assert!(seen.is_read_closed() && !seen.is_hup() && !seen.is_writable());

        // The data is still there, and the other direction still works.
        assert_eq!(drain(&one), 4);
        (&one).write_all(b"answer").unwrap();
        assert_eq!(wait_and_drain(&other), 6);
    }
}

#[test]
fn shutting_the_own_write_side_is_no_event_to_who_waits_for_data() {
    let mut poller = Poller::new().unwrap();
    let (one, mut other) = tcp_pair();
    register(&mut poller, &one, 1, Interests::READABLE, Level);
    one.shutdown(Shutdown::Write).unwrap();
    assert_silent(&mut poller);
    other.write_all(b"x").unwrap();
    assert_eq!(poll(&mut poller), [(1, Ready::READABLE)]);
}

#[test]
fn both_directions_shut_is_a_hang_up() {
    // kqueue must be asked for both, since each of its filters knows one direction; and under `Level`, for both to be in
    // one batch.
    let (interests, opt) =
        if KQUEUE { (Interests::BOTH, Level) } else { (Interests::READABLE, Edge) };
    // Whichever comes last.
    for ours_first in [true, false] {
        let mut poller = Poller::new().unwrap();
        let (one, other) = tcp_pair();
        register(&mut poller, &one, 1, interests, opt);
        if ours_first {
            one.shutdown(Shutdown::Write).unwrap();
        } else {
            other.shutdown(Shutdown::Write).unwrap();
            gather(&mut poller, Ready::READ_CLOSED);
        }
        (if ours_first { &other } else { &one }).shutdown(Shutdown::Write).unwrap();
        let seen = gather(&mut poller, Ready::HUP | Ready::READ_CLOSED);
        assert!(seen.is_readable() && seen.is_writable() && seen.is_write_closed(), "{seen}");
        assert!(!seen.is_error());
        assert_eq!((&one).read(&mut [0; 8]).unwrap(), 0);
    }
}

#[test]
fn a_closed_unix_stream_is_a_hang_up() {
    let mut poller = Poller::new().unwrap();
    let (one, other) = unix_pair();
    // On kqueue each direction tells its end to who asked for it.
    let interests = if KQUEUE { Interests::BOTH } else { Interests::READABLE };
    register(&mut poller, &one, 1, interests, Edge);
    drop(other);
    let seen = gather(&mut poller, Ready::HUP);
    assert!(seen.is_readable() && seen.is_read_closed() && !seen.is_error(), "{seen}");
}

#[test]
fn a_reset_is_an_error_whatever_is_waited_for() {
    for interests in [Interests::READABLE, Interests::WRITABLE, Interests::BOTH] {
        for opt in OPTIONS {
            let mut poller = Poller::new().unwrap();
            let (one, other) = tcp_pair();
            fill(&one);
            register(&mut poller, &one, 1, interests, opt);
            reset_on_close(&other);
            drop(other);
            let seen = gather(&mut poller, Ready::ERROR | Ready::HUP);
            assert!(seen.is_readable() && seen.is_writable(), "{interests:?} {opt:?}: {seen}");
            let error = (&one).read(&mut [0; 8]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        }
    }
}

#[test]
fn a_reset_that_a_silenced_source_missed_shows_when_it_is_armed_again() {
    let mut poller = Poller::new().unwrap();
    let (one, mut other) = tcp_pair();
    register(&mut poller, &one, 1, Interests::READABLE, Oneshot);
    other.write_all(b"x").unwrap();
    assert_eq!(poll(&mut poller), [(1, Ready::READABLE)]);
    reset_on_close(&other);
    drop(other);
    assert_silent(&mut poller);
    reregister(&mut poller, &one, 1, Interests::READABLE, Oneshot);
    gather(&mut poller, Ready::ERROR | Ready::HUP);
}

#[test]
fn a_pipe_without_a_writer_wakes_the_reader() {
    for opt in OPTIONS {
        for last_words in [&b""[..], b"bye"] {
            let mut poller = Poller::new().unwrap();
            let (reader, mut writer) = pipe();
            writer.write_all(last_words).unwrap();
            register(&mut poller, &reader, 1, Interests::READABLE, opt);
            drop(writer);
            // A pipe has one direction: to kqueue its end is read-closed, and no hang-up.
            let seen = gather(&mut poller, if KQUEUE { Ready::READ_CLOSED } else { Ready::HUP });
            assert!(seen.is_readable() && seen.is_read_closed(), "{seen}");
            // On epoll the hang-up of an empty pipe comes alone.
            if !KQUEUE {
                assert_eq!(seen.contains(Ready::READABLE), !last_words.is_empty());
            }
            assert_eq!(drain(&reader), last_words.len());
        }
    }
}

#[test]
fn a_pipe_without_a_reader_wakes_the_writer() {
    for opt in OPTIONS {
        for full in [true, false] {
            let mut poller = Poller::new().unwrap();
            let (reader, writer) = pipe();
            if full {
                fill(&writer);
            }
            register(&mut poller, &writer, 1, Interests::WRITABLE, opt);
            drop(reader);
            let [(1, seen)] = poll(&mut poller)[..] else { panic!() };
            assert!(seen.is_writable(), "{seen}");
            // On epoll the error of a full pipe comes alone.
            if !KQUEUE {
                assert!(seen.is_error());
                assert_eq!(seen.contains(Ready::WRITABLE), !full);
            }
            assert_eq!((&writer).write(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
        }
    }
}

#[test]
fn urgent_data_shows_only_to_who_asks_and_is_no_error() {
    for interests in [Interests::PRIORITY, Interests::PRIORITY | Interests::READABLE] {
        let mut poller = Poller::new().unwrap();
        let (one, other) = tcp_pair();
        let answer = try_register(&mut poller, one.as_raw_fd(), 1, interests, Edge);
        assert_eq!(answer, if urgent() { Ok(()) } else { Err(Error::Unsupported) });
        if !urgent() {
            continue;
        }
        send_urgent(&other);
        let seen = gather(&mut poller, Ready::PRIORITY);
        assert!(seen.is_priority() && !seen.is_error() && !seen.is_hup(), "{seen}");
        // An urgent byte, out of the line, is nothing to be read.
        assert!(!seen.contains(Ready::WRITABLE), "{seen}");
        assert_eq!(drain(&one), 0);
    }
}

#[test]
fn urgent_data_is_hidden_from_who_does_not_ask() {
    let mut poller = Poller::new().unwrap();
    let (one, other) = tcp_pair();
    register(&mut poller, &one, 1, Interests::BOTH, Level);
    send_urgent(&other);
    std::thread::sleep(A_WHILE);
    for _ in 0..3 {
        let [(1, seen)] = poll(&mut poller)[..] else { panic!() };
        assert!(!seen.is_priority() && !seen.is_error(), "{seen}");
    }
}

#[test]
fn an_unreachable_udp_peer_is_an_error_and_not_the_end() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let deaf = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = deaf.local_addr().unwrap();
    drop(deaf);
    socket.connect(address).unwrap();
    set_nonblocking(&socket);
    let mut poller = Poller::new().unwrap();
    register(&mut poller, &socket, 1, Interests::READABLE, Edge);
    socket.send(b"anyone?").unwrap();
    let [(1, seen)] = poll(&mut poller)[..] else { panic!() };
    assert!(seen.is_readable() && !seen.is_hup() && !seen.is_read_closed(), "{seen}");
    let error = socket.recv(&mut [0; 8]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    // The socket lives on.
    let peer = UdpSocket::bind(address).unwrap();
    peer.send_to(b"me", socket.local_addr().unwrap()).unwrap();
    gather(&mut poller, Ready::READABLE);
    assert_eq!(socket.recv(&mut [0; 8]).unwrap(), 2);
}

#[test]
fn a_socket_that_was_never_connected_does_not_hang_its_waiter() {
    let socket = fresh_socket();
    let mut poller = Poller::new().unwrap();
    register(&mut poller, &socket, 1, Interests::BOTH, Edge);
    // kqueue says nothing until there is a connection, epoll at once that there is none.
    let seen = poll_for(&mut poller, if KQUEUE { A_WHILE } else { PATIENCE });
    assert!(matches!(seen[..], [(1, seen)] if seen.is_writable()) || KQUEUE && seen.is_empty());

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    connect(&socket, &listener);
    gather(&mut poller, Ready::WRITABLE);
}

#[test]
fn closing_without_a_duplicate_ends_the_registration() {
    let mut poller = Poller::new().unwrap();
    let (one, mut other) = unix_pair();
    other.write_all(b"x").unwrap();
    register(&mut poller, &one, 1, Interests::READABLE, Level);
    drop(one);
    assert_silent(&mut poller);
    assert_works(&mut poller);
}

/// Each is closed as it is, and its number goes to the next.
#[test]
fn what_is_closed_leaves_no_registration_and_no_event_for_the_next_of_its_number() {
    let mut poller = Poller::new().unwrap();
    let mut numbers = std::collections::HashSet::new();
    for id in 0..50 {
        let (one, mut other) = unix_pair();
        let fd = one.as_raw_fd();
        numbers.insert(fd);
        // Nothing is registered by this number, and what is registered now is the only one.
        assert_eq!(deregister(&mut poller, &one), Err(Error::NotFound));
        try_register(&mut poller, fd, id, Interests::READABLE, [Level, Edge][id % 2]).unwrap();
        assert_silent(&mut poller);
        other.write_all(b"x").unwrap();
        assert_eq!(poll(&mut poller), [(id, Ready::READABLE)]);
        // Closed while there is an event that no poll has returned.
        other.write_all(b"x").unwrap();
        drop(one);
        assert_silent(&mut poller);
    }
    assert!(numbers.len() < 50, "no number was used twice");
}

/// epoll's registrations belong to what is open and not to its number, which is why one deregisters first; kqueue's to
/// the number.
#[test]
fn a_duplicate_keeps_a_registration_alive_unless_it_is_ended_first() {
    for ended_first in [true, false] {
        let mut poller = Poller::new().unwrap();
        let (one, mut other) = unix_pair();
        let duplicate = one.try_clone().unwrap();
        register(&mut poller, &one, 1, Interests::READABLE, Edge);
        if ended_first {
            deregister(&mut poller, &one).unwrap();
        }
        drop(one);
        other.write_all(b"x").unwrap();
        assert_eq!(poll_for(&mut poller, A_WHILE).is_empty(), ended_first || KQUEUE);
        assert_eq!(drain(&duplicate), 1);
    }
}

fn wait_and_drain(stream: &TcpStream) -> usize {
    let mut poller = Poller::new().unwrap();
    register(&mut poller, stream, 1, Interests::READABLE, Level);
    poll(&mut poller);
    drain(stream)
}
