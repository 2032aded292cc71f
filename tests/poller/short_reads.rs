//! A read that brings less than was asked for says nothing about what is left: it stops at the mark
//! of urgent data, and at data that came with descriptors or credentials.
#![cfg(feature = "std")]
#![allow(unsafe_code)]

use core::time::Duration;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::{AsRawFd, RawFd};

use mio_st::event::{Evented, EventedId, Events, Interests};
use mio_st::net::{TcpStream, UnixStream};
use mio_st::poll::{PollOption, Poller};

use crate::support::*;

/// Waits for an event, if there is one.
fn is_reported(poller: &mut Poller, events: &mut Events) -> bool {
    poller.poll(events, Some(Duration::from_millis(20))).unwrap();
    !events.is_empty()
}

/// Reads once for each event, with a large buffer. Returns the lengths, until no more events come.
fn reads_by_event<S: Read + Evented>(mut stream: S, opt: PollOption) -> Vec<usize> {
    let (mut poller, mut events) = (Poller::new().unwrap(), Events::new());
    poller.register(&mut stream, EventedId(0), Interests::READABLE, opt).unwrap();
    let mut lengths = Vec::new();
    while is_reported(&mut poller, &mut events) {
        lengths.push(stream.read(&mut [0; 64]).unwrap());
    }
    lengths
}

/// Reads until it would block, as `Edge` asks for.
fn read_all(mut stream: impl Read) -> Vec<u8> {
    let mut all = Vec::new();
    loop {
        let mut buffer = [0; 64];
        match stream.read(&mut buffer) {
            Ok(length) => all.extend(&buffer[..length]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return all,
            Err(error) => panic!("{error}"),
        }
    }
}

/// `aaa`, an urgent byte, `cccc`, all of which has come.
fn tcp() -> (TcpStream, std::net::TcpStream) {
    let (mut sender, receiver) = tcp_pair();
    sender.write_all(b"aaa").unwrap();
    send_urgent(&sender);
    sender.write_all(b"cccc").unwrap();
    wait_until_received(&sender);
    (TcpStream::from_std(receiver).unwrap(), sender)
}

/// `aaa`, a byte with a descriptor, `ccc`.
fn unix() -> (UnixStream, std::os::unix::net::UnixStream) {
    let (mut sender, receiver) = unix_pair();
    sender.write_all(b"aaa").unwrap();
    send_descriptor(&sender, sender.as_raw_fd());
    sender.write_all(b"ccc").unwrap();
    (UnixStream::from_std(receiver).unwrap(), sender)
}

fn send_descriptor(socket: &impl AsRawFd, fd: RawFd) {
    let mut part = libc::iovec { iov_base: b"b".as_ptr().cast_mut().cast(), iov_len: 1 };
    let mut control = [0_u64; 4];
    // SAFETY: all zeroes are a value of a message; the kernel reads one byte, and one descriptor
    // from a buffer that has room for it and is aligned for its header.
    unsafe {
        let mut message: libc::msghdr = core::mem::zeroed();
        (message.msg_iov, message.msg_iovlen) = (&mut part, 1);
        message.msg_control = control.as_mut_ptr().cast();
        message.msg_controllen = libc::CMSG_SPACE(size_of::<RawFd>() as u32) as _;
        let header = libc::CMSG_FIRSTHDR(&message);
        (*header).cmsg_level = libc::SOL_SOCKET;
        (*header).cmsg_type = libc::SCM_RIGHTS;
        (*header).cmsg_len = libc::CMSG_LEN(size_of::<RawFd>() as u32) as _;
        libc::CMSG_DATA(header).cast::<RawFd>().write_unaligned(fd);
        assert_eq!(libc::sendmsg(socket.as_raw_fd(), &message, 0), 1);
    }
}

#[test]
fn under_edge_one_short_read_leaves_data_for_which_no_event_comes() {
    let (stream, _sender) = tcp();
    assert_eq!(reads_by_event(stream, PollOption::Edge), [3], "of 7");
    let (stream, _sender) = unix();
    let read: usize = reads_by_event(stream, PollOption::Edge).iter().sum();
    assert!(read < 7, "{read} of 7");
}

#[test]
fn reading_until_it_would_block_brings_everything() {
    let (stream, _sender) = tcp();
    assert_eq!(read_all(stream), b"aaacccc");
    let (stream, _sender) = unix();
    assert_eq!(read_all(stream), b"aaabccc");
}

/// So one read for each event is enough, and the bound of the work that it makes.
#[test]
fn under_level_the_next_poll_reports_what_is_left() {
    let (stream, _sender) = tcp();
    assert_eq!(reads_by_event(stream, PollOption::Level).iter().sum::<usize>(), 7);
    let (stream, _sender) = unix();
    assert_eq!(reads_by_event(stream, PollOption::Level).iter().sum::<usize>(), 7);
}
