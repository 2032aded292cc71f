//! The error queue of a socket: errors of the network by datagram, and times of sending.
#![allow(unsafe_code)]
#![cfg_attr(
    any(mio_st_backend = "kqueue", not(target_os = "linux")),
    allow(dead_code, unused_imports)
)]

mod support;

use core::net::SocketAddr;
use std::net::UdpSocket;
use std::os::fd::IntoRawFd;

use mio_st::Error;
use mio_st::unix::{EventedIo, QueuedError};

use self::support::net::{LOCALHOSTS, localhosts};

const LINUX: bool = cfg!(any(target_os = "linux", target_os = "android"));

fn own(socket: UdpSocket) -> EventedIo {
    socket.set_nonblocking(true).unwrap();
    // SAFETY: it is open, and its owner has given it away.
    unsafe { EventedIo::from_raw_fd(socket.into_raw_fd()) }
}

/// An address at which nothing listens, of the same host as `at`.
fn nobody(at: &str) -> SocketAddr {
    support::vacant(at.parse::<SocketAddr>().unwrap().ip())
}

/// What `receive` gives when it no longer would block.
fn soon<T>(mut receive: impl FnMut() -> mio_st::Result<T>) -> T {
    let begun = std::time::Instant::now();
    loop {
        match receive() {
            Err(error) if error.is_would_block() => assert!(begun.elapsed() < support::PATIENCE),
            answer => return answer.unwrap(),
        }
    }
}

/// All that is queued, and the datagrams that caused it.
fn queued(socket: &EventedIo) -> Vec<(QueuedError, Vec<u8>)> {
    let mut all = vec![];
    let mut buffer = [0; 64];
    loop {
        match socket.recv_error(&mut buffer) {
            Ok(error) => all.push((error, buffer[..error.len].to_vec())),
            Err(error) => {
                assert!(error.is_would_block(), "{error:?}");
                return all;
            }
        }
    }
}

#[test]
fn an_empty_queue_would_block_and_other_systems_have_none() {
    let socket = own(UdpSocket::bind(LOCALHOSTS[0]).unwrap());
    let answer = socket.recv_error(&mut [0; 8]);
    if LINUX {
        assert!(answer.unwrap_err().is_would_block());
        assert_eq!(socket.set_error_queue(true), Ok(()));
    } else {
        assert_eq!(answer, Err(Error::Unsupported));
        assert_eq!(socket.set_error_queue(true), Err(Error::Unsupported));
    }
}

/// The kernel takes no notice of the flag there: it would give out what was sent.
#[test]
fn what_has_no_such_queue_keeps_its_data() {
    if !LINUX {
        return;
    }
    let (here, there) = std::os::unix::net::UnixDatagram::pair().unwrap();
    let (stream, peer) = std::os::unix::net::UnixStream::pair().unwrap();
    let raw = [there.into_raw_fd(), peer.into_raw_fd()];
    here.send(b"datagram").unwrap();
    std::io::Write::write_all(&mut &stream, b"stream").unwrap();
    for (raw, data) in raw.into_iter().zip([&b"datagram"[..], b"stream"]) {
        // SAFETY: it is open, and its owner has given it away.
        let socket = unsafe { EventedIo::from_raw_fd(raw) };
        let mut buffer = [0; 16];
        assert_eq!(socket.recv_error(&mut buffer), Err(Error::Unsupported));
        let length = socket.try_read(&mut buffer).unwrap();
        assert_eq!(&buffer[..length], data);
    }
    let (_sender, receiver) = mio_st::unix::new_pipe().unwrap();
    // SAFETY: as above.
    let pipe = unsafe { EventedIo::from_raw_fd(receiver.into_raw_fd()) };
    assert_eq!(pipe.recv_error(&mut [0; 8]), Err(Error::Os(libc::ENOTSOCK)));
}

#[cfg(any(target_os = "linux", target_os = "android"))]
#[test]
fn each_datagram_has_its_own_error_and_what_does_not_fit_is_cut() {
    let here = UdpSocket::bind(LOCALHOSTS[0]).unwrap();
    let socket = own(here.try_clone().unwrap());
    socket.set_error_queue(true).unwrap();
    let others = [nobody(LOCALHOSTS[0]), nobody(LOCALHOSTS[0]), nobody(LOCALHOSTS[0])];
    for (other, data) in others.iter().zip([&b"one"[..], b"two", b"three"]) {
        // An error that is pending is told by the next call, once.
        while here.send_to(data, other).is_err() {}
    }
    let mut buffer = [0; 4];
    let errors = [(); 3].map(|()| {
        let error = soon(|| socket.recv_error(&mut buffer));
        (error, buffer[..error.len].to_vec())
    });
    for ((error, datagram), (other, (data, cut))) in errors.iter().zip(others.iter().zip([
        (&b"one"[..], false),
        (b"two", false),
        (b"thre", true),
    ])) {
        assert_eq!(error.destination, Some(*other));
        assert_eq!((&datagram[..], error.truncated), (data, cut));
    }
    // A buffer of nothing is enough to take it.
    while here.send_to(b"x", others[0]).is_err() {}
    let error = soon(|| socket.recv_error(&mut []));
    assert!(error.len == 0 && error.truncated && error.errno == libc::ECONNREFUSED);
}

#[cfg(all(feature = "std", any(target_os = "linux", target_os = "android")))]
#[test]
fn the_library_s_own_sockets_have_the_queue_too() {
    use mio_st::net;

    for &at in localhosts() {
        let socket = net::UdpSocket::bind(at.parse().unwrap()).unwrap();
        let answer = socket.recv_error(&mut []).unwrap_err();
        assert_eq!(answer.kind(), std::io::ErrorKind::WouldBlock);
        socket.set_error_queue(true).unwrap();
        let there = nobody(at);
        socket.send_to(b"x", there).unwrap();
        let error = soon(|| socket.as_socket().recv_error(&mut []));
        assert_eq!((error.destination, error.errno), (Some(there), libc::ECONNREFUSED));
    }
    let listener = net::TcpListener::bind(LOCALHOSTS[0].parse().unwrap()).unwrap();
    let stream = net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let answer = stream.recv_error(&mut []).unwrap_err();
    assert_eq!(answer.kind(), std::io::ErrorKind::WouldBlock);
}

/// On kqueue there is no such queue; on the shim, which has Linux's sockets, no event tells of it.
#[cfg(all(any(target_os = "linux", target_os = "android"), not(mio_st_backend = "kqueue")))]
mod with_events {
    use core::time::Duration;
    use std::os::fd::RawFd;
    use std::time::SystemTime;

    use mio_st::event::{EventedId, Events, Interests, Ready};
    use mio_st::poll::{PollOption, Poller};
    use mio_st::unix::ErrorOrigin;

    use super::support::*;
    use super::*;

    /// What the documentation of `ERROR` says ends the events: `take_error`, reading, and the error
    /// queue.
    #[test]
    fn a_level_poll_spins_until_the_error_queue_is_read() {
        for &at in localhosts() {
            let here = UdpSocket::bind(at).unwrap();
            let there = nobody(at);
            let mut socket = own(here.try_clone().unwrap());
            socket.set_error_queue(true).unwrap();
            let mut poller = Poller::new().unwrap();
            let (id, level) = (EventedId(1), PollOption::Level);
            poller.register(&mut socket, id, Interests::READABLE, level).unwrap();
            here.send_to(b"anybody?", there).unwrap();
            let seen = poll(&mut poller);
            assert!(seen[0].1.is_error() && seen[0].1.is_readable(), "{seen:?}");

            // Neither of these takes it out of the queue.
            here.take_error().unwrap();
            assert!(socket.try_read(&mut [0; 8]).unwrap_err().is_would_block());
            let seen = poll(&mut poller);
            assert!(seen[0].1.is_error(), "{seen:?}");

            let (error, datagram) = queued(&socket).pop().unwrap();
            assert_eq!(datagram, b"anybody?");
            assert_eq!(error.destination, Some(there));
            assert_eq!(error.errno, libc::ECONNREFUSED);
            // Port unreachable: type 3 and code 3 of ICMP, 1 and 4 of ICMPv6.
            let (origin, kind, code) = match there {
                SocketAddr::V4(_) => (ErrorOrigin::Icmp, 3, 3),
                SocketAddr::V6(_) => (ErrorOrigin::Icmp6, 1, 4),
            };
            assert_eq!((error.origin, error.kind, error.code), (origin, kind, code));
            assert_eq!(error.offender.unwrap().ip(), there.ip());
            assert!(
                !error.truncated && error.sent_at.is_none() && error.sent_at_hardware.is_none()
            );
            assert_silent(&mut poller);
        }
    }

    fn set_timestamping(socket: RawFd, flags: libc::c_uint) {
        // SAFETY: the kernel reads a number that is alive.
        let answer = unsafe {
            libc::setsockopt(
                socket,
                libc::SOL_SOCKET,
                libc::SO_TIMESTAMPING,
                (&raw const flags).cast(),
                size_of_val(&flags) as libc::socklen_t,
            )
        };
        assert_eq!(answer, 0);
    }

    #[test]
    fn times_of_sending_are_read_and_end_the_spin() {
        let now = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        for &at in localhosts() {
            let (here, there) = (UdpSocket::bind(at).unwrap(), UdpSocket::bind(at).unwrap());
            let mut socket = own(here.try_clone().unwrap());
            let flags = libc::SOF_TIMESTAMPING_TX_SOFTWARE
                | libc::SOF_TIMESTAMPING_SOFTWARE
                | libc::SOF_TIMESTAMPING_OPT_ID
                | libc::SOF_TIMESTAMPING_OPT_TSONLY;
            set_timestamping(socket.as_raw_fd(), flags);
            let mut poller = Poller::new().unwrap();
            let id = EventedId(2);
            poller.register(&mut socket, id, Interests::READABLE, PollOption::Level).unwrap();
            let before = now();
            for number in 0..3 {
                here.send_to(b"when?", there.local_addr().unwrap()).unwrap();
                let seen = poll(&mut poller);
                assert!(seen[0].1.contains(Ready::ERROR), "{seen:?}");
                assert!(here.take_error().unwrap().is_none());
                let all = queued(&socket);
                let (error, datagram) = &all[0];
                assert!(all.len() == 1 && datagram.is_empty());
                assert_eq!((error.origin, error.errno), (ErrorOrigin::Timestamp, libc::ENOMSG));
                assert_eq!(error.data, number);
                let sent_at = error.sent_at.unwrap();
                assert!(
                    before <= sent_at + Duration::from_millis(1) && sent_at <= now(),
                    "{sent_at:?}"
                );
                assert_silent(&mut poller);
            }
        }
    }

    /// The loop that the documentation shows: what it does for each kind of event ends each kind.
    #[test]
    fn the_documented_loop_sleeps_when_everything_is_read() {
        let here = UdpSocket::bind(LOCALHOSTS[0]).unwrap();
        let mut socket = own(here.try_clone().unwrap());
        socket.set_error_queue(true).unwrap();
        let mut poller = Poller::new().unwrap();
        poller.register(&mut socket, EventedId(3), Interests::READABLE, PollOption::Level).unwrap();
        here.send_to(b"x", nobody(LOCALHOSTS[0])).unwrap();
        let (mut events, mut polls) = (Events::new(), 0);
        loop {
            let timeout = if polls == 0 { PATIENCE } else { A_WHILE };
            poller.poll(&mut events, Some(timeout)).unwrap();
            if events.is_empty() {
                break;
            }
            polls += 1;
            assert!(polls <= 2, "it spins");
            for event in &mut events {
                if event.readiness().is_error() {
                    queued(&socket);
                }
                while socket.try_read(&mut [0; 8]).is_ok() {}
            }
        }
        assert!(polls > 0);
    }
}
