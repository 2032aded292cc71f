//! Descriptors that go over Unix domain sockets, and data that goes without a copy.
#![cfg(feature = "std")]
#![allow(unsafe_code, clippy::std_instead_of_core)]

use std::fs::File;
use std::io::Seek;
use std::os::fd::{AsRawFd, RawFd};

use mio_st::Error;
use mio_st::socket::{TcpListener, UdpSocket, UnixDatagram, UnixStream};
use mio_st::unix::{OwnedFd, Receiver, new_pipe};

use crate::support::net::{
    Directory, LOCALHOSTS, address, alone, child, is_child, leaks, leave_descriptors,
    limit_descriptors, skip,
};
use crate::support::room_for;

const LINUX: bool = cfg!(any(target_os = "linux", target_os = "android"));

/// The end of a pipe that came over a socket.
fn receiver(fd: Option<OwnedFd>) -> Receiver {
    // SAFETY: it is open, and its owner gives it away.
    unsafe { Receiver::from_raw_fd(fd.unwrap().into_raw_fd()) }
}

#[test]
fn what_is_sent_arrives_owned_and_closed_on_exec() {
    let _alone = alone();
    assert!(!leaks(|| {
        let (stream, stream_peer) = UnixStream::pair().unwrap();
        let (datagram, datagram_peer) = UnixDatagram::pair().unwrap();
        let pipes = [new_pipe().unwrap(), new_pipe().unwrap(), new_pipe().unwrap()];
        let numbers: Vec<RawFd> = pipes.iter().map(|(_, end)| end.as_raw_fd()).collect();
        assert_eq!(stream.send_fds(b"three", &numbers), Ok(5));
        assert_eq!(datagram.send_fds(b"", &numbers), Ok(0), "a datagram may be empty");
        for (sender, _) in &pipes {
            sender.try_write(b"one, two").unwrap();
        }
        let senders: Vec<_> = pipes.into_iter().map(|(sender, _)| sender).collect();
        for is_stream in [true, false] {
            let (mut buffer, mut fds) = ([0; 8], [const { None }; 4]);
            let received = match is_stream {
                true => stream_peer.recv_fds(&mut buffer, &mut fds),
                false => datagram_peer.recv_fds(&mut buffer, &mut fds),
            }
            .unwrap();
            assert_eq!((received.len, received.count), (if is_stream { 5 } else { 0 }, 3));
            assert!(!received.truncated && !received.fds_truncated && fds[3].is_none());
            for fd in &mut fds[..3] {
                assert!(crate::support::net::is_cloexec(fd.as_ref().unwrap()));
                let mut data = [0; 4];
                assert_eq!(receiver(fd.take()).try_read(&mut data), Ok(4));
            }
        }
        drop(senders);
    }));
}

#[test]
fn what_has_no_place_is_closed_and_said() {
    let _alone = alone();
    assert!(!leaks(|| {
        let (here, there) = UnixStream::pair().unwrap();
        let (_sender, end) = new_pipe().unwrap();
        let mut kept = [None, Some(OwnedFd::from(UnixStream::pair().unwrap().0)), None];
        let taken = kept[1].as_ref().unwrap().as_raw_fd();
        here.send_fds(b"abc", &[end.as_raw_fd(); 5]).unwrap();
        let received = there.recv_fds(&mut [0; 8], &mut kept).unwrap();
        assert_eq!((received.count, received.fds_truncated), (2, true));
        assert_eq!(kept[1].as_ref().unwrap().as_raw_fd(), taken, "a place that is taken stays so");
        here.send_fds(b"abc", &[end.as_raw_fd(); 5]).unwrap();
        let received = there.recv_fds(&mut [0; 8], &mut []).unwrap();
        assert_eq!((received.len, received.count, received.fds_truncated), (3, 0, true));
        // Nobody asks for them at all; or nobody reads.
        here.send_fds(b"abc", &[end.as_raw_fd(); 5]).unwrap();
        assert_eq!(there.read(&mut [0; 8]), Ok(3));
        here.send_fds(b"abc", &[end.as_raw_fd(); 5]).unwrap();
        // A cut datagram.
        let (here, there) = UnixDatagram::pair().unwrap();
        here.send_fds(b"abcdef", &[end.as_raw_fd()]).unwrap();
        let received = there.recv_fds(&mut [0; 2], &mut kept[..1]).unwrap();
        assert!(received.truncated && received.len == 2);
    }));
}

#[test]
fn bad_input_is_an_error_and_sends_nothing() {
    let _alone = alone();
    if !room_for(300) {
        return;
    }
    assert!(!leaks(|| {
        let (here, there) = UnixStream::pair().unwrap();
        let end = new_pipe().unwrap().1;
        assert_eq!(here.send_fds(b"", &[end.as_raw_fd()]), Err(Error::InvalidInput));
        assert_eq!(here.send_fds(b"x", &[end.as_raw_fd(); 254]), Err(Error::InvalidInput));
        assert_eq!(here.send_fds(b"x", &[end.as_raw_fd(), -1]), Err(Error::Os(libc::EBADF)));
        assert!(there.recv_fds(&mut [0; 2], &mut []).unwrap_err().is_would_block());
        if LINUX {
            assert_eq!(here.send_fds(b"x", &[end.as_raw_fd(); 253]), Ok(1));
            let mut fds = [const { None }; 253];
            assert_eq!(there.recv_fds(&mut [0; 2], &mut fds).unwrap().count, 253);
        }
        assert_eq!(here.send_fds(b"x", &[]), Ok(1), "without any it is a write");
        assert_eq!(there.recv_fds(&mut [0; 2], &mut []).unwrap().len, 1);
        drop(there);
        assert_eq!(here.send_fds(b"x", &[end.as_raw_fd()]), Err(Error::Os(libc::EPIPE)));
    }));
}

/// In a process of its own, which is out of descriptors when some arrive.
/// As when nothing but data is sent.
#[test]
fn a_full_queue_would_block_with_descriptors_too() {
    let _alone = alone();
    let (here, _there) = UnixDatagram::pair().unwrap();
    let fds = [here.as_raw_fd()];
    let full = (0..1_000_000).find_map(|_| here.send_fds(b"datagram", &fds).err());
    assert!(full.is_some_and(Error::is_would_block), "{full:?}");
    assert!(here.send(b"datagram").unwrap_err().is_would_block());
}

#[test]
fn a_process_without_descriptors_hears_of_it() {
    let _alone = alone();
    if !is_child() {
        assert!(
            child("fd_passing::a_process_without_descriptors_hears_of_it")
                .status()
                .unwrap()
                .success()
        );
        return;
    }
    let (here, there) = UnixStream::pair().unwrap();
    let end = new_pipe().unwrap().1;
    here.send_fds(b"abc", &[end.as_raw_fd(); 3]).unwrap();
    let former = leave_descriptors(1);
    let mut fds = [const { None }; 4];
    let received = there.recv_fds(&mut [0; 8], &mut fds);
    limit_descriptors(former);
    if LINUX {
        let received = received.unwrap();
        assert!(received.len == 3 && received.count == 1 && received.fds_truncated);
    }
    drop(fds);
}

#[test]
fn a_listener_passed_on_accepts() {
    let _alone = alone();
    let (here, there) = UnixStream::pair().unwrap();
    let listener = TcpListener::bind(address(LOCALHOSTS[0])).unwrap();
    here.send_fds(b"x", &[listener.as_raw_fd()]).unwrap();
    drop(listener);
    let mut fds = [None];
    there.recv_fds(&mut [0; 2], &mut fds).unwrap();
    assert_eq!(UdpSocket::try_from_fd(fds[0].take().unwrap()).unwrap_err(), Error::InvalidInput);
    let listener = TcpListener::bind(address(LOCALHOSTS[0])).unwrap();
    let own = listener.local_addr().unwrap();
    here.send_fds(b"x", &[listener.as_raw_fd()]).unwrap();
    there.recv_fds(&mut [0; 2], &mut fds).unwrap();
    let passed = TcpListener::try_from_fd(fds[0].take().unwrap()).unwrap();
    let _client = std::net::TcpStream::connect(own).unwrap();
    while passed.accept().is_err() {}
}

#[test]
fn a_proxy_needs_no_copy() {
    let _alone = alone();
    let (client, proxy_in) = UnixStream::pair().unwrap();
    let (proxy_out, server) = UnixStream::pair().unwrap();
    let (sender, pipe) = new_pipe().unwrap();
    if !LINUX {
        assert_eq!(proxy_in.splice_to(&sender, 1), Err(Error::Unsupported));
        assert_eq!(proxy_out.splice_from(&pipe, 1), Err(Error::Unsupported));
        return;
    }
    assert!(proxy_in.splice_to(&sender, 10).unwrap_err().is_would_block());
    assert!(proxy_out.splice_from(&pipe, 10).unwrap_err().is_would_block());
    assert_eq!(proxy_in.splice_to(&sender, 0), Ok(0));
    // More than the pipe and the sockets hold.
    let data: Vec<u8> = (0..1 << 20).map(|at: u32| (at / 7) as u8).collect();
    let (mut sent, mut in_pipe, mut seen) = (0, 0, Vec::new());
    let mut buffer = vec![0; 1 << 16];
    while seen.len() < data.len() {
        sent += client.write(&data[sent..]).unwrap_or(0);
        in_pipe += proxy_in.splice_to(&sender, 1 << 16).unwrap_or(0);
        in_pipe -= proxy_out.splice_from(&pipe, in_pipe).unwrap_or(0);
        let count = server.read(&mut buffer).unwrap_or(0);
        seen.extend_from_slice(&buffer[..count]);
    }
    assert!(seen == data && in_pipe == 0);
    // As much as there is.
    client.write(b"more").unwrap();
    assert_eq!(proxy_in.splice_to(&sender, usize::MAX), Ok(4));
    assert_eq!(proxy_out.splice_from(&pipe, usize::MAX), Ok(4));
    drop(client);
    assert_eq!(proxy_in.splice_to(&sender, 10), Ok(0), "the end");
}

#[test]
fn a_file_is_sent_as_far_as_there_is_room() {
    let _alone = alone();
    let directory = Directory::new();
    let path = directory.join("file");
    let data: Vec<u8> = (0..1 << 20).map(|at: u32| (at / 3) as u8).collect();
    std::fs::write(&path, &data).unwrap();
    let mut file = File::open(&path).unwrap();
    let (here, there) = UnixStream::pair().unwrap();
    if here.send_file(file.as_raw_fd(), 0, 1) == Err(Error::Unsupported) {
        return skip("this system has no sendfile for sockets");
    }
    there.read(&mut [0; 2]).unwrap();
    let (mut sent, mut seen, mut buffer) = (7, Vec::new(), vec![0; 1 << 16]);
    while seen.len() < data.len() - 7 {
        let full = loop {
            match here.send_file(file.as_raw_fd(), sent as u64, 1 << 20) {
                Ok(0) => break None,
                Ok(count) => sent += count,
                Err(error) => break Some(error),
            }
        };
        assert!(full.is_some_and(Error::is_would_block) || sent == data.len());
        let count = there.read(&mut buffer).unwrap_or(0);
        seen.extend_from_slice(&buffer[..count]);
    }
    assert!(seen == data[7..]);
    assert_eq!(here.send_file(file.as_raw_fd(), data.len() as u64, 10), Ok(0), "the end");
    assert_eq!(here.send_file(file.as_raw_fd(), 0, 0), Ok(0));
    // To the end, however far it is.
    for length in [isize::MAX as usize, usize::MAX] {
        for offset in [0, 5] {
            let from = data.len() as u64 - 10 + offset;
            assert_eq!(here.send_file(file.as_raw_fd(), from, length), Ok(10 - offset as usize));
        }
    }
    assert_eq!(file.stream_position().unwrap(), 0, "the file's own position stays");

    assert_eq!(here.send_file(file.as_raw_fd(), u64::MAX, 10), Err(Error::InvalidInput));
    assert_eq!(here.send_file(-1, 0, 10), Err(Error::Os(libc::EBADF)));
    assert!(here.send_file(there.as_raw_fd(), 0, 10).is_err(), "no file");
    drop(there);
    assert_eq!(here.send_file(file.as_raw_fd(), 0, 10), Err(Error::Os(libc::EPIPE)));
}
