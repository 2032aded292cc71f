//! Unix domain sockets.
#![allow(unsafe_code, clippy::std_instead_of_core)]
#![allow(unused_imports, unused_mut, clippy::needless_borrow)] // One of the two faces needs it.

use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, IntoRawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net as std_net;
use std::path::{Path, PathBuf};

use mio_st::Error;
use mio_st::event::{EventedId, Interests};
use mio_st::poll::{PollOption, Poller};

use crate::face::*;

use crate::support::net::{Directory, alone, is_quiet, leaks, next, skip, system, until};
use crate::support::room_for;

const ID: EventedId = EventedId(3);

/// The longest path that fits with its NUL.
const LONGEST: usize = if cfg!(target_os = "linux") { 107 } else { 103 };

fn impossible_paths() -> [PathBuf; 4] {
    let too_long = "x".repeat(LONGEST + 1);
    ["".into(), "a\0b".into(), "\0abstract".into(), too_long.into()]
}

fn kind<T>(answer: Result<T>) -> ErrorKind {
    answer.err().expect("an error").kind()
}

#[test]
fn a_client_connects_and_both_talk() {
    let _alone = alone();
    let directory = Directory::new();
    let path = directory.join("socket");
    let mut listener = unix_listener(&path).unwrap();
    let mut poller = Poller::new().unwrap();
    poller.register(&mut listener, ID, UnixListener::INTERESTS, PollOption::Edge).unwrap();
    assert_eq!(kind(listener.accept()), ErrorKind::WouldBlock);
    assert_eq!(path_of(&listener.local_addr().unwrap()), Some(&*path));

    let mut client = unix_stream(&path).unwrap();
    assert!(next(&mut poller).readiness().is_readable());
    let (mut server, address) = listener.accept().unwrap();
    assert!(address.is_unnamed() && server.peer_addr().unwrap().is_unnamed());
    assert_eq!(path_of(&client.peer_addr().unwrap()), Some(&*path));
    for stream in [&client, &server] {
        assert!(
            crate::support::net::is_cloexec(stream) && crate::support::net::is_nonblocking(stream)
        );
    }

    let id = EventedId(4);
    poller.register(&mut server, id, UnixStream::INTERESTS, PollOption::Edge).unwrap();
    client.write_all(b"hello").unwrap();
    until(&mut poller, id, |event| event.readiness().is_readable());
    let mut buffer = [0; 8];
    assert_eq!(server.peek(&mut buffer).unwrap(), 5);
    assert_eq!(server.read(&mut buffer).unwrap(), 5);
    assert_eq!(kind(server.read(&mut buffer)), ErrorKind::WouldBlock);

    let parts = [IoSlice::new(b"goo"), IoSlice::new(b""), IoSlice::new(b"d bye")];
    assert_eq!((&server).write_vectored(&parts).unwrap(), 8);
    let (mut one, mut two) = ([0; 4], [0; 8]);
    let mut parts = [IoSliceMut::new(&mut one), IoSliceMut::new(&mut two)];
    assert_eq!((&client).read_vectored(&mut parts).unwrap(), 8);
    assert_eq!((&one[..], &two[..4]), (&b"good"[..], &b" bye"[..]));

    client.shutdown(Shutdown::Write).unwrap();
    let event = until(&mut poller, id, |event| event.readiness().is_read_closed());
    assert!(event.readiness().is_readable() && !event.readiness().is_hup());
    assert_eq!(server.read(&mut buffer).unwrap(), 0);
    drop(client);
    // A hang-up; but on kqueue each direction ends by itself, and the batch has room for one.
    until(&mut poller, id, |event| event.readiness().is_write_closed());
    assert!(server.take_error().unwrap().is_none());
}

#[test]
fn a_vectored_write_of_very_many_parts_says_how_far_it_came() {
    let _alone = alone();
    let (mut here, mut there) = UnixStream::pair().unwrap();
    let data: Vec<u8> = (0..200).collect();
    let parts: Vec<IoSlice<'_>> = data.chunks(2).map(IoSlice::new).collect();
    let written = here.write_vectored(&parts).unwrap();
    assert!(written > 1 && written % 2 == 0);
    let mut buffer = [0; 256];
    assert_eq!(there.read(&mut buffer).unwrap(), written);
    assert_eq!(&buffer[..written], &data[..written]);
    assert_eq!(here.write_vectored(&[]).unwrap(), 0);
}

#[test]
fn a_client_that_is_bound_shows_its_path() {
    let _alone = alone();
    let directory = Directory::new();
    let path = directory.join("socket");
    let listener = unix_listener(&path).unwrap();
    // The kernel takes a path that fills the structure, without a NUL; `std` can name it, if not make it.
    let own = directory.join("client");
    let fill = LONGEST + 1 - own.as_os_str().len();
    for own in [own.clone(), format!("{}{}", own.display(), "x".repeat(fill)).into()] {
        let _client = bound_client(&own, &path);
        let (_, address) = listener.accept().unwrap();
        assert_eq!(path_of(&address), Some(&*own), "{}", own.as_os_str().len());
    }
}

/// A stream socket bound to `own`, by hand, since `std` has no such thing.
fn bound_client(own: &Path, path: &Path) -> std::os::fd::OwnedFd {
    // SAFETY: the structure is of integers; the kernel reads as much as there is.
    unsafe {
        let fd = libc::socket(libc::AF_UNIX, libc::SOCK_STREAM, 0);
        let fd = std::os::fd::OwnedFd::from_raw_fd(fd);
        for (path, call) in [(own, libc::bind as Call), (path, libc::connect as Call)] {
            let mut address: libc::sockaddr_un = std::mem::zeroed();
            address.sun_family = libc::AF_UNIX as libc::sa_family_t;
            let bytes = path.as_os_str().as_bytes();
            for (place, &byte) in address.sun_path.iter_mut().zip(bytes) {
                *place = byte as libc::c_char;
            }
            let length = std::mem::offset_of!(libc::sockaddr_un, sun_path) + bytes.len();
            let answer = call(fd.as_raw_fd(), (&raw const address).cast(), length as _);
            assert_eq!(answer, 0, "{}", io::Error::last_os_error());
        }
        fd
    }
}

type Call = unsafe extern "C" fn(i32, *const libc::sockaddr, libc::socklen_t) -> i32;

#[test]
fn bad_paths_are_clear_errors_and_leave_nothing_open() {
    let _alone = alone();
    let directory = Directory::new();
    assert!(!leaks(|| {
        for path in impossible_paths() {
            assert_eq!(kind(unix_listener(&path)), ErrorKind::InvalidInput);
            assert_eq!(kind(unix_stream(&path)), ErrorKind::InvalidInput);
            assert_eq!(kind(unix_datagram(&path)), ErrorKind::InvalidInput);
        }
        let datagram = UnixDatagram::unbound().unwrap();
        for path in &impossible_paths()[1..] {
            assert_eq!(kind(connect_to(&datagram, path)), ErrorKind::InvalidInput);
            assert_eq!(kind(send_to(&datagram, b"x", path)), ErrorKind::InvalidInput);
        }
        assert!(connect_to(&datagram, "").is_err() && send_to(&datagram, b"x", "").is_err());

        let missing = directory.join("missing");
        assert_eq!(kind(unix_stream(&missing)), ErrorKind::NotFound);
        assert_eq!(kind(send_to(&datagram, b"x", &missing)), ErrorKind::NotFound);
        assert_eq!(kind(unix_listener(missing.join("x"))), ErrorKind::NotFound);

        let path = directory.join("closed");
        drop(unix_listener(&path).unwrap());
        assert_eq!(kind(unix_stream(&path)), ErrorKind::ConnectionRefused);
        assert_eq!(kind(unix_listener(&path)), ErrorKind::AddrInUse);
        assert_eq!(kind(unix_datagram(&path)), ErrorKind::AddrInUse);
        assert!(connect_to(&datagram, &path).is_err(), "a stream's path");
    }));
}

#[cfg(target_os = "linux")]
#[test]
fn abstract_names_need_no_file() {
    let _alone = alone();
    let name = format!("mio-st\0{}", std::process::id());
    let address = by_address::of_name(&name);
    let listener = by_address::listener(&address).unwrap();
    assert_eq!(by_address::name_of(&listener.local_addr().unwrap()), Some(name.as_bytes()));
    assert_eq!(kind(by_address::listener(&address)), ErrorKind::AddrInUse);
    let client = by_address::stream(&address).unwrap();
    assert_eq!(by_address::name_of(&client.peer_addr().unwrap()), Some(name.as_bytes()));
    listener.accept().unwrap();

    let unnamed = by_address::unnamed();
    let (one, other) = (by_address::datagram(&unnamed).unwrap(), UnixDatagram::unbound().unwrap());
    let chosen = one.local_addr().unwrap();
    assert!(by_address::name_of(&chosen).is_some(), "Linux chooses a name");
    by_address::send(&other, b"hello", &chosen).unwrap();
    by_address::connect(&other, &chosen).unwrap();
    other.send(b"again").unwrap();
    let mut buffer = [0; 8];
    for data in [b"hello", b"again"] {
        assert_eq!(one.recv(&mut buffer).unwrap(), 5);
        assert_eq!(&buffer[..5], data);
    }
}

#[test]
fn datagrams_keep_their_borders_their_order_and_their_sender() {
    let _alone = alone();
    let directory = Directory::new();
    let (here_path, there_path) = (directory.join("here"), directory.join("there"));
    let mut here = unix_datagram(&here_path).unwrap();
    let there = unix_datagram(&there_path).unwrap();
    let mut poller = Poller::new().unwrap();
    poller.register(&mut here, ID, Interests::READABLE, PollOption::Edge).unwrap();
    assert!(is_quiet(&mut poller));

    let mut buffer = [0; 8];
    assert_eq!(kind(here.recv_from(&mut buffer)), ErrorKind::WouldBlock);
    send_to(&there, b"one", &here_path).unwrap();
    connect_to(&there, &here_path).unwrap();
    assert_eq!(path_of(&there.peer_addr().unwrap()), Some(&*here_path));
    for data in [&b"a rather long one"[..], b"", b"exactly8"] {
        assert_eq!(there.send(data).unwrap(), data.len());
    }
    assert!(next(&mut poller).readiness().is_readable());
    assert_eq!(here.peek(&mut buffer).unwrap(), 3);
    let (length, from) = here.peek_from(&mut buffer).unwrap();
    assert!(length == 3 && path_of(&from) == Some(&*there_path));
    let (length, from) = here.recv_from(&mut buffer).unwrap();
    assert!(length == 3 && path_of(&from) == Some(&*there_path));
    for (len, truncated) in [(8, true), (0, false), (8, false)] {
        let datagram = here.recv_datagram(&mut buffer).unwrap();
        assert_eq!((datagram.len, datagram.truncated), (len, truncated));
        assert_eq!(path_of(&datagram.address), Some(&*there_path));
    }
    assert_eq!(kind(here.recv_datagram(&mut buffer)), ErrorKind::WouldBlock);

    by_address::send(&here, b"back", &from).unwrap();
    assert_eq!(there.recv(&mut buffer).unwrap(), 4);
    drop(here);
    assert!(there.send(b"gone").is_err());
}

/// Whether the sender of Unix datagrams is told that the receiver's queue has room again; as documented.
fn hears_of_room() -> bool {
    matches!(system(), "linux" | "lenient")
}

#[test]
fn a_connected_datagram_socket_hears_when_there_is_room_again() {
    let _alone = alone();
    let (mut here, there) = UnixDatagram::pair().unwrap();
    let mut poller = Poller::new().unwrap();
    while here.send(&[0; 1024]).is_ok() {}
    assert_eq!(kind(here.send(&[0; 1024])), ErrorKind::WouldBlock);
    poller.register(&mut here, ID, Interests::WRITABLE, PollOption::Edge).unwrap();
    if hears_of_room() {
        assert!(is_quiet(&mut poller));
        while there.recv(&mut [0; 1024]).is_ok() {}
        assert!(next(&mut poller).readiness().is_writable());
    } else {
        while there.recv(&mut [0; 1024]).is_ok() {}
    }
    here.send(&[0; 1024]).unwrap();
    let too_long = here.send(&vec![0; 16 << 20]).unwrap_err();
    assert_eq!(too_long.raw_os_error(), Some(libc::EMSGSIZE));
}

#[test]
fn the_peer_is_who_it_is() {
    let _alone = alone();
    let directory = Directory::new();
    let path = directory.join("socket");
    let listener = unix_listener(&path).unwrap();
    let client = unix_stream(&path).unwrap();
    let (server, _) = listener.accept().unwrap();
    // SAFETY: no memory is involved.
    let (uid, gid) = unsafe { (libc::geteuid(), libc::getegid()) };
    for stream in [&client, &server] {
        let peer = stream.peer_credentials().unwrap();
        assert_eq!((peer.uid, peer.gid), (uid, gid));
        assert!(peer.pid.is_none_or(|pid| pid as u32 == std::process::id()));
    }
    let nobody = UnixStream::from(OwnedFd::from(UnixDatagram::unbound().unwrap()));
    assert!(nobody.peer_credentials().is_err());
}

#[test]
fn a_full_queue_refuses_a_client_at_once() {
    let _alone = alone();
    // The queue is as long as the system allows, which is 4096 on Linux today.
    if !room_for(4100) {
        return;
    }
    let directory = Directory::new();
    let path = directory.join("socket");
    let listener = unix_listener(&path).unwrap();
    assert!(!leaks(|| {
        let mut clients = Vec::new();
        let refused = loop {
            match unix_stream(&path) {
                Ok(client) => clients.push(client),
                Err(error) => break error,
            }
        };
        let expected = if cfg!(target_os = "linux") {
            ErrorKind::WouldBlock
        } else {
            ErrorKind::ConnectionRefused
        };
        assert_eq!(refused.kind(), expected);
        listener.accept().unwrap();
        unix_stream(&path).unwrap();
    }));
}

#[test]
fn impossible_interests_and_wrong_registrations_are_clear_errors() {
    let _alone = alone();
    let directory = Directory::new();
    let mut poller = Poller::new().unwrap();
    let mut listener = unix_listener(directory.join("socket")).unwrap();
    for impossible in [Interests::WRITABLE, Interests::BOTH, Interests::PRIORITY] {
        let answer = poller.register(&mut listener, ID, impossible, PollOption::Edge);
        assert_eq!(answer, Err(Error::InvalidInput));
    }
    let (mut datagram, _other) = UnixDatagram::pair().unwrap();
    let answer = poller.register(&mut datagram, ID, Interests::PRIORITY, PollOption::Edge);
    assert_eq!(answer, Err(Error::InvalidInput));

    let (mut stream, _other) = UnixStream::pair().unwrap();
    assert_eq!(poller.deregister(&mut stream), Err(Error::NotFound));
    let both = UnixStream::INTERESTS;
    poller.register(&mut stream, ID, both, PollOption::Oneshot).unwrap();
    let answer = poller.register(&mut stream, ID, both, PollOption::Oneshot);
    assert_eq!(answer, Err(Error::AlreadyExists));
    next(&mut poller);
    assert!(is_quiet(&mut poller));
    poller.reregister(&mut stream, ID, both, PollOption::Oneshot).unwrap();
    assert!(next(&mut poller).readiness().is_writable());
    poller.deregister(&mut stream).unwrap();
}

#[cfg(all(target_os = "linux", not(mio_st_backend = "kqueue")))]
#[test]
fn urgent_data_is_priority() {
    let _alone = alone();
    let (here, mut there) = UnixStream::pair().unwrap();
    let mut poller = Poller::new().unwrap();
    poller.register(&mut there, ID, Interests::PRIORITY, PollOption::Level).unwrap();
    // SAFETY: the kernel reads the one byte.
    let sent = unsafe { libc::send(here.as_raw_fd(), b"!".as_ptr().cast(), 1, libc::MSG_OOB) };
    if sent != 1 {
        return skip(format_args!("no urgent data: {}", io::Error::last_os_error()));
    }
    let ready = next(&mut poller).readiness();
    assert!(ready.is_priority() && !ready.is_readable());
}

#[test]
fn they_become_std_sockets_and_back() {
    let _alone = alone();
    let directory = Directory::new();
    let path = directory.join("socket");
    assert!(!leaks(|| {
        let listener = std_net::UnixListener::from(unix_listener(&path).unwrap());
        listener.set_nonblocking(false).unwrap();
        let listener = UnixListener::from_std(listener).unwrap();
        let listener = listener.try_clone().unwrap();
        assert!(
            crate::support::net::is_nonblocking(&listener)
                && crate::support::net::is_cloexec(&listener)
        );

        let stream = std_net::UnixStream::from(unix_stream(&path).unwrap());
        stream.set_nonblocking(false).unwrap();
        let stream = UnixStream::from_std(stream).unwrap();
        let raw = stream.try_clone().unwrap().into_raw_fd();
        // SAFETY: the descriptor was given away just now.
        let clone = unsafe { UnixStream::from_raw_fd(raw) };
        assert!(
            crate::support::net::is_nonblocking(&clone) && crate::support::net::is_cloexec(&clone)
        );
        assert_eq!(path_of(&clone.peer_addr().unwrap()), Some(&*path));

        let (one, other) = UnixDatagram::pair().unwrap();
        let one = UnixDatagram::from_std(std_net::UnixDatagram::from(one)).unwrap();
        let other = UnixDatagram::from(OwnedFd::from(other)).try_clone().unwrap();
        one.send(b"x").unwrap();
        assert_eq!(other.recv(&mut [0; 4]).unwrap(), 1);
        one.shutdown(Shutdown::Both).unwrap();
        assert!(one.send(b"x").is_err());
    }));
}

#[test]
fn five_thousand_of_each_leave_nothing_open() {
    let _alone = alone();
    let directory = Directory::new();
    let path = directory.join("socket");
    let mut poller = Poller::new().unwrap();
    assert!(!leaks(|| {
        for round in 0..5_000 {
            let mut listener = unix_listener(&path).unwrap();
            poller.register(&mut listener, ID, UnixListener::INTERESTS, PollOption::Edge).unwrap();
            let client = unix_stream(&path).unwrap();
            let (mut server, _) = listener.accept().unwrap();
            poller.register(&mut server, ID, UnixStream::INTERESTS, PollOption::Edge).unwrap();
            if round % 2 == 0 {
                poller.deregister(&mut server).unwrap();
            }
            drop((client, server, listener));
            std::fs::remove_file(&path).unwrap();
            let mut datagram = unix_datagram(&path).unwrap();
            poller.register(&mut datagram, ID, UnixDatagram::INTERESTS, PollOption::Level).unwrap();
            drop((datagram, UnixDatagram::pair().unwrap(), UnixStream::pair().unwrap()));
            std::fs::remove_file(&path).unwrap();
        }
    }));
    assert!(is_quiet(&mut poller));
}

/// In a process of its own, where `SIGPIPE` kills, as it does in a C program.
#[test]
fn writing_to_a_closed_peer_raises_no_signal() {
    if !crate::support::net::is_child() {
        let status =
            crate::support::net::child("unix::writing_to_a_closed_peer_raises_no_signal").status();
        assert!(status.unwrap().success());
        return;
    }
    // SAFETY: the default action runs no code of ours.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
    let (mut here, there) = UnixStream::pair().unwrap();
    drop(there);
    assert_eq!(kind(here.write(b"x")), ErrorKind::BrokenPipe);
    assert_eq!(kind(here.write_vectored(&[IoSlice::new(b"x")])), ErrorKind::BrokenPipe);

    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let std = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let mut here = TcpStream::from_std(std).unwrap();
    here.shutdown(Shutdown::Write).unwrap();
    assert_eq!(kind(here.write(b"x")), ErrorKind::BrokenPipe);
    assert_eq!(kind(here.write_vectored(&[IoSlice::new(b"x")])), ErrorKind::BrokenPipe);

    let (here, _there) = UnixDatagram::pair().unwrap();
    here.shutdown(Shutdown::Write).unwrap();
    assert_eq!(kind(here.send(b"x")), ErrorKind::BrokenPipe);
}
