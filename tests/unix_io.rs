//! Owned descriptors: sockets, pipes, terminals, devices.

#![allow(unsafe_code)]

mod support;

use std::fs::File;
use std::net::UdpSocket;
use std::os::fd::{AsRawFd, IntoRawFd};
use std::os::unix::net::{UnixDatagram, UnixStream};

use mio_st::event::{EventedId, Interests, Ready};
use mio_st::poll::{PollOption, Poller};
use mio_st::unix::{EventedIo, IoSlice, IoSliceMut};
use mio_st::{Error, Result};

use self::support::unix::*;
use self::support::*;

const EPIPE: Result<usize> = Err(Error::Os(libc::EPIPE));

fn own(source: impl IntoRawFd) -> EventedIo {
    // SAFETY: it is open, and its owner has given it away.
    unsafe { EventedIo::from_raw_fd(source.into_raw_fd()) }
}

fn socket_pair() -> (EventedIo, EventedIo) {
    let (one, other) = unix_pair();
    (own(one), own(other))
}

fn register(poller: &mut Poller, io: &mut EventedIo, id: usize) {
    poller.register(io, EventedId(id), EventedIo::INTERESTS, PollOption::Edge).unwrap();
}

#[test]
fn what_goes_in_comes_out_and_events_say_when() {
    let mut poller = Poller::new().unwrap();
    for (here, mut there) in [socket_pair(), tcp()] {
        register(&mut poller, &mut there, 4);
        assert_eq!(poll(&mut poller), [(4, Ready::WRITABLE)]);

        assert_eq!(here.try_write(b"hello"), Ok(5));
        // Linux reports both directions when one changes.
        let seen = poll(&mut poller);
        assert!(seen.len() == 1 && seen[0].0 == 4 && seen[0].1.is_readable(), "{seen:?}");
        let mut buffer = [0; 8];
        assert_eq!(there.try_read(&mut buffer[..3]), Ok(3));
        assert_eq!(there.try_read(&mut buffer[3..]), Ok(2));
        assert_eq!(&buffer[..5], b"hello");
        assert!(there.try_read(&mut buffer).unwrap_err().is_would_block());

        assert_eq!(there.try_write(b""), Ok(0));
        assert_eq!(there.try_read(&mut []), Ok(0));
        drop(here);
        assert!(poll(&mut poller)[0].1.is_read_closed());
        assert_eq!(there.try_read(&mut buffer), Ok(0));
        poller.deregister(&mut there).unwrap();
    }
}

fn tcp() -> (EventedIo, EventedIo) {
    let (one, other) = tcp_pair();
    (own(one), own(other))
}

#[test]
fn vectored_calls_go_through_all_buffers_in_order() {
    let (sender, receiver) = {
        let (reader, writer) = pipe();
        (own(writer), own(reader))
    };
    for (here, there) in [socket_pair(), (sender, receiver)] {
        let parts: [&[u8]; 4] = [b"ab", b"", b"cde", b"f"];
        // Twice: how it is written to is known the second time.
        for _ in 0..2 {
            assert_eq!(here.try_write_vectored(&parts.map(IoSlice::new)), Ok(6));
            let (mut first, mut second) = ([0; 1], [0; 9]);
            let buffers = &mut [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)];
            assert_eq!(there.try_read_vectored(buffers), Ok(6));
            assert_eq!((&first, &second[..5]), (b"a", &b"bcdef"[..]));
        }
        assert_eq!(here.try_write_vectored(&[]), Ok(0));
        assert_eq!(there.try_read_vectored(&mut []), Ok(0));
        assert_eq!(here.try_write_vectored(&[IoSlice::new(b""); 3]), Ok(0));
        assert_eq!(there.try_read_vectored(&mut [IoSliceMut::new(&mut [])]), Ok(0));
        // More than the system takes: as many as it takes.
        assert_eq!(here.try_write_vectored(&[IoSlice::new(b"x"); 1500]), Ok(1024));
        let mut room = vec![0; 3000];
        let mut buffers: Vec<_> = room.chunks_mut(2).map(IoSliceMut::new).collect();
        assert_eq!(there.try_read_vectored(&mut buffers), Ok(1024));
        assert!(there.try_read_vectored(&mut buffers).unwrap_err().is_would_block());
        assert!(room[..1024].iter().all(|&byte| byte == b'x') && room[1024] == 0);
    }
}

/// More buffers than a call takes (`IOV_MAX`), of which only the last, or all, hold something.
const TOO_MANY: usize = 1_100;

#[test]
fn empty_buffers_do_not_pass_for_the_end_however_many_there_are() {
    let (sender, receiver) = {
        let (reader, writer) = pipe();
        (own(writer), own(reader))
    };
    for (here, there) in [socket_pair(), tcp(), (sender, receiver)] {
        let mut parts = vec![IoSlice::new(b""); TOO_MANY];
        assert_eq!(here.try_write_vectored(&parts), Ok(0));
        parts.push(IoSlice::new(b"last"));
        assert_eq!(here.try_write_vectored(&parts), Ok(4));

        let mut last = [0; 9];
        let mut buffers: Vec<_> = (0..TOO_MANY).map(|_| IoSliceMut::new(&mut [])).collect();
        buffers.push(IoSliceMut::new(&mut last));
        assert_eq!(there.try_read_vectored(&mut buffers), Ok(4));
        assert_eq!(&last[..4], b"last");
    }
}

#[test]
fn a_datagram_of_too_many_buffers_is_refused_and_not_cut() {
    const TOO_LONG: Result<usize> = Err(Error::Os(libc::EMSGSIZE));
    let datagrams = UnixDatagram::pair().unwrap();
    let packets = unix_packets();
    for (here, there) in [(own(datagrams.0), own(datagrams.1)), packets] {
        there.set_nonblocking(true).unwrap();
        assert_eq!(here.try_write_vectored(&[IoSlice::new(b"x"); TOO_MANY]), TOO_LONG);
        assert!(there.try_read(&mut [0; 9]).unwrap_err().is_would_block());

        // As many that are empty are an empty datagram, as one is.
        for parts in [TOO_MANY, 1] {
            assert_eq!(here.try_write_vectored(&vec![IoSlice::new(b""); parts]), Ok(0));
            assert_eq!(there.try_read(&mut [0; 9]), Ok(0));
        }
        assert!(there.try_read(&mut [0; 9]).unwrap_err().is_would_block());

        // Only what holds something counts.
        let mut parts = vec![IoSlice::new(b""); TOO_MANY];
        parts[500] = IoSlice::new(b"two ");
        parts[501] = IoSlice::new(b"parts");
        assert_eq!(here.try_write_vectored(&parts), Ok(9));
        let mut room = [0; TOO_MANY];
        {
            let mut buffers: Vec<_> = room.chunks_mut(1).map(IoSliceMut::new).collect();
            assert_eq!(there.try_read_vectored(&mut buffers), TOO_LONG);
        }
        // Nothing was taken, and nothing was sent before it.
        assert_eq!(there.try_read(&mut room), Ok(9));
        assert_eq!(&room[..9], b"two parts");
        assert!(there.try_read(&mut room).unwrap_err().is_would_block());
    }
}

#[test]
fn a_device_keeps_boundaries_too_and_a_terminal_does_not() {
    let null = own(File::create("/dev/null").unwrap());
    let too_long = Err(Error::Os(libc::EMSGSIZE));
    assert_eq!(null.try_write_vectored(&[IoSlice::new(b"x"); TOO_MANY]), too_long);

    let terminal = own(File::options().read(true).write(true).open("/dev/ptmx").unwrap());
    assert_eq!(terminal.try_write_vectored(&[IoSlice::new(b"x"); TOO_MANY]), Ok(1024));
}

/// Two sockets that keep the boundaries of what is written, and are connected.
fn unix_packets() -> (EventedIo, EventedIo) {
    let mut fds = [0; 2];
    // SAFETY: the kernel writes two descriptors, which have no other owner.
    unsafe {
        assert_eq!(libc::socketpair(libc::AF_UNIX, libc::SOCK_SEQPACKET, 0, fds.as_mut_ptr()), 0);
        (EventedIo::from_raw_fd(fds[0]), EventedIo::from_raw_fd(fds[1]))
    }
}

#[test]
fn another_file_at_the_descriptor_s_number_is_written_to_as_what_it_is() {
    let (here, there) = socket_pair();
    assert_eq!(here.try_write(b"socket"), Ok(6));
    assert_eq!(there.try_read(&mut [0; 9]), Ok(6));
    let (reader, writer) = pipe();
    // SAFETY: `here` owns its number, and keeps it.
    assert!(unsafe { libc::dup2(writer.as_raw_fd(), here.as_raw_fd()) } >= 0);
    let reader = own(reader);
    for _ in 0..2 {
        assert_eq!(here.try_write(b"pipe"), Ok(4));
        assert_eq!(here.try_write_vectored(&[IoSlice::new(b"pipe")]), Ok(4));
        assert_eq!(reader.try_read(&mut [0; 9]), Ok(8));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn one_failed_write_does_not_decide_how_to_write() {
    alone("one_failed_write_does_not_decide_how_to_write", || {
        // SAFETY: nobody owns the number.
        let io = unsafe { EventedIo::from_raw_fd(200) };
        assert_eq!(io.try_write(b"x"), Err(Error::Os(libc::EBADF)));
        let (reader, writer) = pipe();
        // SAFETY: as above.
        assert_eq!(unsafe { libc::dup2(writer.as_raw_fd(), 200) }, 200);
        assert_eq!(io.try_write(b"xyz"), Ok(3));
        assert_eq!(own(reader).try_read(&mut [0; 9]), Ok(3));
    });
}

#[cfg(target_os = "linux")]
fn a_sandbox_that_refuses_sending_lets_pipes_be_written_to(name: &str, errno: libc::c_int) {
    alone(name, || {
        let (one, other) = UnixStream::pair().unwrap();
        refuse(libc::SYS_sendto, errno);
        refuse(libc::SYS_sendmsg, errno);
        let (sender, receiver) = mio_st::unix::new_pipe().unwrap();
        assert_eq!(sender.try_write(b"xy"), Ok(2));
        assert_eq!(sender.try_write_vectored(&[IoSlice::new(b"z")]), Ok(1));
        let (reader, writer) = pipe();
        let writer = own(writer);
        for _ in 0..2 {
            assert_eq!(writer.try_write(b"xy"), Ok(2));
            assert_eq!(writer.try_write_vectored(&[IoSlice::new(b"z")]), Ok(1));
        }
        assert_eq!(receiver.try_read(&mut [0; 9]), Ok(3));
        assert_eq!(own(reader).try_read(&mut [0; 9]), Ok(6));
        // A socket cannot be written to without a signal then.
        assert_eq!(own(one).try_write(b"x"), Err(Error::Os(errno)));
        drop(other);
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_sandbox_that_does_not_permit_sending() {
    a_sandbox_that_refuses_sending_lets_pipes_be_written_to(
        "a_sandbox_that_does_not_permit_sending",
        libc::EPERM,
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_sandbox_that_denies_access_to_sending() {
    a_sandbox_that_refuses_sending_lets_pipes_be_written_to(
        "a_sandbox_that_denies_access_to_sending",
        libc::EACCES,
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_sandbox_that_does_not_know_sending() {
    a_sandbox_that_refuses_sending_lets_pipes_be_written_to(
        "a_sandbox_that_does_not_know_sending",
        libc::ENOSYS,
    );
}

/// Once it is known that it is no socket, no write asks again.
#[cfg(target_os = "linux")]
#[test]
fn a_pipe_is_remembered_as_plain() {
    alone("a_pipe_is_remembered_as_plain", || {
        let (reader, writer) = pipe();
        let writer = own(writer);
        assert_eq!(writer.try_write(b"x"), Ok(1));
        // An error that says nothing about whether the call is there.
        refuse(libc::SYS_sendto, libc::ENOTCONN);
        assert_eq!(writer.try_write(b"y"), Ok(1));
        assert_eq!(own(reader).try_read(&mut [0; 9]), Ok(2));
        // The ends that `new_pipe` makes never send.
        let (sender, receiver) = mio_st::unix::new_pipe().unwrap();
        assert_eq!(sender.try_write(b"x"), Ok(1));
        assert_eq!(receiver.try_read(&mut [0; 9]), Ok(1));
    });
}

#[test]
fn a_partial_vectored_write_is_continued_by_advancing() {
    let (here, there) = socket_pair();
    let mut rng = Rng::new(11);
    let data: Vec<u8> = (0..1 << 20).map(|_| rng.next() as u8).collect();
    let mut parts: Vec<_> =
        data.chunks(1 << 14).flat_map(|chunk| chunk.split_at_checked(5_000)).collect();
    parts.push((&[], &[]));
    let mut slices: Vec<_> =
        parts.iter().flat_map(|(one, two)| [IoSlice::new(one), IoSlice::new(two)]).collect();
    let (mut rest, mut seen, mut buffer) = (&mut slices[..], vec![], [0; 1 << 16]);
    let mut partial = 0;
    while !rest.is_empty() {
        match here.try_write_vectored(rest) {
            Ok(count) => IoSlice::advance_slices(&mut rest, count),
            Err(error) => assert!(error.is_would_block()),
        }
        partial += u32::from(!rest.is_empty());
        while let Ok(count) = there.try_read(&mut buffer[..1 + rng.below(1 << 15) as usize]) {
            seen.extend_from_slice(&buffer[..count]);
        }
    }
    assert!(partial > 1, "the socket took all of it at once");
    assert!(seen == data);
}

/// Writes until the peer is known to have gone.
fn last_error(io: &EventedIo, vectored: bool) -> Error {
    loop {
        let answer = if vectored {
            io.try_write_vectored(&[IoSlice::new(b"x")])
        } else {
            io.try_write(b"x")
        };
        if let Err(error) = answer {
            return error;
        }
    }
}

#[test]
fn writing_to_a_closed_socket_raises_no_signal() {
    alone("writing_to_a_closed_socket_raises_no_signal", || {
        default_action(libc::SIGPIPE);
        for vectored in [false, true] {
            let (here, there) = socket_pair();
            drop(there);
            assert_eq!(last_error(&here, vectored), Error::Os(libc::EPIPE));
            assert_eq!(last_error(&here, vectored), Error::Os(libc::EPIPE));

            let (here, there) = tcp();
            here.try_write(b"unread").unwrap();
            drop(there);
            let first = last_error(&here, vectored);
            assert!(matches!(first, Error::Os(libc::ECONNRESET | libc::EPIPE)), "{first}");
            assert_eq!(last_error(&here, vectored), Error::Os(libc::EPIPE));

            let (one, other) = UnixDatagram::pair().unwrap();
            drop(other);
            let refused = own(one).try_write(b"x").unwrap_err();
            // The BSDs and Apple's systems: ECONNRESET.
            let errors = [libc::ECONNREFUSED, libc::EPIPE, libc::ECONNRESET].map(Error::Os);
            assert!(errors.contains(&refused), "{refused}");
        }
    });
}

#[test]
fn writing_to_a_closed_pipe_is_an_error() {
    let (reader, writer) = pipe();
    drop(reader);
    // The tests ignore SIGPIPE, as all programs with std do.
    let writer = own(writer);
    assert_eq!(writer.try_write(b"x"), EPIPE);
    assert_eq!(writer.try_write_vectored(&[IoSlice::new(b"x")]), EPIPE);
}

#[test]
fn a_datagram_is_one_read_whatever_the_way() {
    let (one, other) =
        (UdpSocket::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
    one.connect(other.local_addr().unwrap()).unwrap();
    other.connect(one.local_addr().unwrap()).unwrap();
    let (one, mut other) = (own(one), own(other));
    other.set_nonblocking(true).unwrap();
    let mut poller = Poller::new().unwrap();
    poller.register(&mut other, EventedId(1), Interests::READABLE, PollOption::Level).unwrap();
    assert_eq!(one.try_write(b"first"), Ok(5));
    assert_eq!(one.try_write_vectored(&[IoSlice::new(b"sec"), IoSlice::new(b"ond")]), Ok(6));
    let mut buffer = [0; 64];
    for expected in [&b"first"[..], b"second"] {
        assert_eq!(poll(&mut poller), [(1, Ready::READABLE)]);
        let length = other.try_read(&mut buffer).unwrap();
        assert_eq!(&buffer[..length], expected);
    }
    assert_silent(&mut poller);
}

#[test]
fn it_owns_its_descriptor() {
    alone("it_owns_its_descriptor", || {
        let (one, other) = UnixStream::pair().unwrap();
        let raw = one.as_raw_fd();
        let io = own(one);
        assert_eq!(io.as_raw_fd(), raw);
        assert_eq!(format!("{io:?}"), format!("EventedIo {{ fd: {raw} }}"));
        assert!(!flags(raw).0);
        io.set_nonblocking(true).unwrap();
        io.set_nonblocking(true).unwrap();
        assert!(flags(raw).0);
        io.set_nonblocking(false).unwrap();
        assert!(!flags(raw).0);
        assert_eq!(io.into_raw_fd(), raw);
        assert!(is_open(raw));
        // SAFETY: it was given away.
        drop(unsafe { EventedIo::from_raw_fd(raw) });
        assert!(!is_open(raw));
        drop(other);
    });
}

#[test]
fn registrations_are_errors_where_they_are_with_sockets() {
    let (mut here, there) = socket_pair();
    let (mut poller, mut another) = (Poller::new().unwrap(), Poller::new().unwrap());
    let (id, edge) = (EventedId(2), PollOption::Edge);
    assert_eq!(poller.reregister(&mut here, id, Interests::BOTH, edge), Err(Error::NotFound));
    assert_eq!(poller.deregister(&mut here), Err(Error::NotFound));
    register(&mut poller, &mut here, 1);
    assert_eq!(poller.register(&mut here, id, Interests::BOTH, edge), Err(Error::AlreadyExists));
    assert_eq!(poll(&mut poller), [(1, Ready::WRITABLE)]);
    register(&mut another, &mut here, 7);
    assert_eq!(poll(&mut another), [(7, Ready::WRITABLE)]);
    poller.reregister(&mut here, id, Interests::READABLE, PollOption::Oneshot).unwrap();
    there.try_write(b"xy").unwrap();
    assert_eq!(poll(&mut poller), [(2, Ready::READABLE)]);
    there.try_write(b"z").unwrap();
    assert_silent(&mut poller);
    poller.deregister(&mut here).unwrap();
    assert_eq!(poller.deregister(&mut here), Err(Error::NotFound));
    // What the system takes without complaint, so that other libraries' descriptors can be watched
    // for it.
    let answer = poller.register(&mut here, id, Interests::PRIORITY, edge);
    assert_eq!(answer, if urgent() { Ok(()) } else { Err(Error::Unsupported) });
}

#[test]
fn what_cannot_be_watched_is_unsupported_and_what_is_closed_an_error() {
    let mut poller = Poller::new().unwrap();
    for path in ["/etc/passwd", "/etc"] {
        let mut file = own(File::open(path).unwrap());
        let answer =
            poller.register(&mut file, EventedId(1), Interests::READABLE, PollOption::Edge);
        assert_eq!(answer, Err(Error::Unsupported), "{path}");
    }
    let mut directory = [0; 8];
    assert_eq!(
        own(File::open("/etc").unwrap()).try_read(&mut directory),
        Err(Error::Os(libc::EISDIR))
    );
    let reader = own(File::open("/dev/zero").unwrap());
    assert_eq!(reader.try_read(&mut directory), Ok(8));
    assert_eq!(reader.try_write(b"x"), Err(Error::Os(libc::EBADF)));
    assert_eq!(own(File::create("/dev/null").unwrap()).try_write(b"xyz"), Ok(3));

    // A number that nothing has: nothing is closed by dropping it.
    // SAFETY: nobody owns it.
    let mut closed = unsafe { EventedIo::from_raw_fd(1 << 20) };
    let bad = Error::Os(libc::EBADF);
    assert_eq!(closed.try_read(&mut [0]), Err(bad));
    assert_eq!(closed.try_write(b"x"), Err(bad));
    assert_eq!(closed.try_write_vectored(&[IoSlice::new(b"x")]), Err(bad));
    assert_eq!(closed.set_nonblocking(true), Err(bad));
    let answer = poller.register(&mut closed, EventedId(1), Interests::READABLE, PollOption::Edge);
    assert_eq!(answer, Err(bad));
}

#[test]
fn nothing_leaks_in_5000_cycles() {
    alone("nothing_leaks_in_5000_cycles", || {
        let mut poller = Poller::new().unwrap();
        let before = settled_fds();
        for _ in 0..2_500 {
            let (mut here, mut there) = socket_pair();
            register(&mut poller, &mut here, 1);
            register(&mut poller, &mut there, 2);
            assert_eq!(here.try_write(b"x"), Ok(1));
            assert_eq!(there.try_read(&mut [0; 2]), Ok(1));
        }
        assert_eq!(settled_fds(), before);
        assert_silent(&mut poller);
    });
}

#[cfg(feature = "std")]
mod with_std {
    use std::io::{self, ErrorKind, PipeReader, Read, Write};
    use std::os::fd::{AsFd, FromRawFd, OwnedFd};

    use mio_st::unix::{Receiver, Sender, new_pipe};

    use super::*;

    fn copy(mut reader: impl Read, mut writer: impl Write) -> io::Result<()> {
        let mut buffer = [0; 3];
        let length = reader.read(&mut buffer)?;
        writer.write_all(&buffer[..length])?;
        writer.flush()
    }

    #[test]
    fn values_and_references_are_readers_and_writers() {
        let (sender, receiver) = new_pipe().unwrap();
        let (here, there) = socket_pair();
        for _ in 0..2 {
            assert_eq!(copy(&receiver, &here).unwrap_err().kind(), ErrorKind::WouldBlock);
            Write::write_all(&mut &sender, b"abc").unwrap();
            copy(&receiver, &here).unwrap();
            copy(&there, &sender).unwrap();
            let (mut one, mut two) = ([0; 1], [0; 5]);
            let buffers = &mut [io::IoSliceMut::new(&mut one), io::IoSliceMut::new(&mut two)];
            assert_eq!(Read::read_vectored(&mut &receiver, buffers).unwrap(), 3);
            assert_eq!((&one, &two), (b"a", b"bc\0\0\0"));
            let buffers = &[io::IoSlice::new(b"de"), io::IoSlice::new(b"f")];
            assert_eq!(Write::write_vectored(&mut &here, buffers).unwrap(), 3);
            copy(&there, io::sink()).unwrap();
        }
        copy(there, sender).unwrap_err();
        assert_eq!(Read::read(&mut { receiver }, &mut [0]).unwrap(), 0);
        assert_eq!(Write::write(&mut { here }, &[0]).unwrap_err().kind(), ErrorKind::BrokenPipe);
    }

    /// With the traits in scope, what a call means must not depend on how the variable is declared.
    #[test]
    fn the_methods_mean_the_same_by_value_and_by_either_reference() {
        let (mut sender, mut receiver) = new_pipe().unwrap();
        let (mut io, other) = socket_pair();
        let (mut buffer, full) = ([0; 8], vec![7; 1 << 16]);
        for chunk in [&full[..], &full[..1]] {
            while sender.try_write(chunk).is_ok() {}
            while io.try_write(chunk).is_ok() {}
        }

        let by_value: [Result<usize>; 2] = [sender.try_write(b"x"), io.try_write(b"x")];
        let (one, two) = (&sender, &io);
        let by_shared: [Result<usize>; 2] = [one.try_write(b"x"), two.try_write(b"x")];
        let (one, two) = (&mut sender, &mut io);
        let by_unique: [Result<usize>; 2] = [one.try_write(b"x"), two.try_write(b"x")];
        for answers in [by_value, by_shared, by_unique] {
            assert_eq!(answers, [Err(Error::Os(libc::EAGAIN)); 2]);
        }
        let part = &[IoSlice::new(b"x")];
        let by_unique: [Result<usize>; 2] =
            [one.try_write_vectored(part), two.try_write_vectored(part)];
        assert_eq!(by_unique, [Err(Error::Os(libc::EAGAIN)); 2]);
        // And those of the traits.
        let errors: [io::Result<usize>; 2] = [one.write(b"x"), two.write(b"x")];
        assert!(errors.iter().all(|answer| answer.is_err()));

        while receiver.try_read(&mut [0; 1 << 16]).is_ok() {}
        let by_value: Result<usize> = receiver.try_read(&mut buffer);
        let reference = &mut receiver;
        let by_unique: Result<usize> = reference.try_read(&mut buffer);
        let listed: Result<usize> =
            reference.try_read_vectored(&mut [IoSliceMut::new(&mut buffer)]);
        assert_eq!([by_value, by_unique, listed], [Err(Error::Os(libc::EAGAIN)); 3]);
        drop(other);
    }

    /// Programs that were written for the former names still compile, with a warning.
    #[test]
    #[allow(deprecated)]
    fn the_former_names_do_the_same() {
        let (sender, receiver) = new_pipe().unwrap();
        assert_eq!(sender.write(b"ab"), Ok(2));
        assert_eq!(sender.write_vectored(&[IoSlice::new(b"c")]), Ok(1));
        assert_eq!(receiver.read(&mut [0; 1]), Ok(1));
        assert_eq!(receiver.read_vectored(&mut [IoSliceMut::new(&mut [0; 8])]), Ok(2));
        let (here, there) = socket_pair();
        assert_eq!(here.write(b"ab"), Ok(2));
        assert_eq!(there.read(&mut [0; 8]), Ok(2));
    }

    #[test]
    fn descriptors_go_in_and_out_of_std_s_types() {
        let (sender, receiver) = new_pipe().unwrap();
        assert_eq!(receiver.as_fd().as_raw_fd(), Receiver::as_raw_fd(&receiver));
        let mut reader = PipeReader::from(OwnedFd::from(receiver));
        let sender = Sender::from(OwnedFd::from(sender));
        sender.try_write(b"x").unwrap();
        assert_eq!(reader.read(&mut [0; 2]).unwrap(), 1);
        let receiver = Receiver::from(OwnedFd::from(reader));
        sender.try_write(b"yz").unwrap();
        assert_eq!(receiver.try_read(&mut [0; 4]), Ok(2));
        let raw = IntoRawFd::into_raw_fd(sender);
        // SAFETY: it was given away just now.
        let io: EventedIo = unsafe { FromRawFd::from_raw_fd(raw) };
        assert_eq!(AsRawFd::as_raw_fd(&io), raw);
    }
}
