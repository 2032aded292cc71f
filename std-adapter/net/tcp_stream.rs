//! A TCP connection.

extern crate std;

use core::fmt;
use core::net::SocketAddr;
use core::time::Duration;
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::net::Shutdown;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};

use super::{adopt, peer};
use crate::error::Result;
use crate::id::EventedId;
use crate::interests::{Interests, PollOption};
use crate::poller::{Evented, Registration, Registry};
use crate::std_adapter::unix::{ours, ours_mut};
use crate::sys::address::RawAddress;
use crate::sys::{option, send, socket};

/// A TCP connection, or the attempt at one, like [`std::net::TcpStream`].
///
/// Reading and writing work on `TcpStream` and on `&TcpStream`, and never block: `WouldBlock` says to wait
/// for an event. Writing to a closed peer is an error and raises no `SIGPIPE`.
///
/// Under [`Edge`](PollOption::Edge) an event comes once for each change: read until `WouldBlock`, or, on
/// Linux, until a read brings less than was asked for; that is safe for a stream socket that is watched for
/// `READABLE` (epoll(7), question 9) and saves the last read. It says nothing of the end of the data: where
/// the event
/// [`is_read_closed`](crate::event::Ready::is_read_closed), read on to the 0.
pub struct TcpStream {
    inner: std::net::TcpStream,
    registration: Registration,
}

/// How far a connection attempt has come.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConnectStatus {
    /// Wait for an event that [`is_writable`](crate::event::Ready::is_writable), then ask again.
    InProgress,
    /// The peer has accepted: read and write.
    Connected,
}

impl TcpStream {
    /// What a connection is usually watched for: `BOTH`.
    pub const INTERESTS: Interests = Interests::BOTH;

    /// Begins to connect to `address` and does not wait. Register it; an event that
    /// [`is_writable`](crate::event::Ready::is_writable) says that the attempt has ended, and
    /// [`connect_status`](TcpStream::connect_status) how.
    ///
    /// ```
    /// use std::io;
    /// use std::net::TcpListener;
    ///
    /// use mio_st::event::{EventedId, Events};
    /// use mio_st::net::{ConnectStatus, TcpStream};
    /// use mio_st::poll::{PollOption, Poller};
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0")?;
    /// let mut poller = Poller::new()?;
    /// let mut events = Events::new();
    ///
    /// let mut stream = TcpStream::connect(listener.local_addr()?)?;
    /// poller.register(&mut stream, EventedId(1), TcpStream::INTERESTS, PollOption::Edge)?;
    /// while stream.connect_status()? != ConnectStatus::Connected {
    ///     poller.poll(&mut events, None)?;
    /// }
    /// # Ok::<(), io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The system's, where it can tell at once: `ConnectionRefused` on this machine, `NetworkUnreachable`,
    /// out of descriptors. See socket(2), connect(2).
    pub fn connect(address: SocketAddr) -> io::Result<TcpStream> {
        let stream = socket::socket(socket::family(address), libc::SOCK_STREAM)?;
        socket::connect(&stream, &RawAddress::of(address))?;
        Ok(adopt(stream).into())
    }

    /// How far the attempt has come.
    ///
    /// # Errors
    ///
    /// Why the attempt failed, such as `ConnectionRefused` or `TimedOut`. The system says so once, to this
    /// call or to [`take_error`](TcpStream::take_error); afterwards it is `NotConnected`.
    pub fn connect_status(&self) -> io::Result<ConnectStatus> {
        // First, since a connection whose buffer is full looks like an attempt that has not ended.
        if self.inner.peer_addr().is_ok() {
            return Ok(ConnectStatus::Connected);
        }
        if !socket::has_connect_ended(self.as_raw_fd())? {
            return Ok(ConnectStatus::InProgress);
        }
        match self.inner.take_error()? {
            Some(error) => Err(error),
            None => self.peer_addr().map(|_| ConnectStatus::Connected),
        }
    }

    /// The peer's address.
    ///
    /// # Errors
    ///
    /// `NotConnected`, or the system's, see getpeername(2).
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        peer(self.inner.peer_addr())
    }

    /// Closes one direction or both.
    ///
    /// # Errors
    ///
    /// `NotConnected`, or the system's, see shutdown(2).
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.inner.shutdown(how)
    }

    /// Reads without taking away.
    ///
    /// # Errors
    ///
    /// As for a read, see recv(2).
    pub fn peek(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.peek(buffer)
    }

    /// Small writes go out at once (`TCP_NODELAY`).
    ///
    /// # Errors
    ///
    /// The system's, see tcp(7).
    pub fn nodelay(&self) -> io::Result<bool> {
        self.inner.nodelay()
    }

    /// Sends small writes at once rather than gather them (`TCP_NODELAY`).
    ///
    /// # Errors
    ///
    /// The system's, see tcp(7).
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.inner.set_nodelay(nodelay)
    }

    /// Returns how long closing lets the kernel try to send what is unsent (`SO_LINGER`), or `None` for the
    /// system's default. A time without end, which is a negative number to the system, is 2^31 - 1 seconds.
    ///
    /// # Errors
    ///
    /// The system's, see socket(7).
    pub fn linger(&self) -> io::Result<Option<Duration>> {
        Ok(option::linger(self.as_raw_fd())?)
    }

    /// Sets `SO_LINGER`, in whole seconds, to which the time is rounded up. Zero makes closing reset the
    /// connection. A time that is longer than the system can keep is shortened to the longest that it can:
    /// 2^31 - 1 s on Linux, 65,535 s on FreeBSD and NetBSD, 32,767 s on OpenBSD and DragonFly, 327 s on
    /// Apple's systems.
    ///
    /// # Errors
    ///
    /// The system's, see socket(7).
    pub fn set_linger(&self, linger: Option<Duration>) -> io::Result<()> {
        Ok(option::set_linger(self.as_raw_fd(), linger)?)
    }

    /// The time to live of packets, in hops.
    ///
    /// # Errors
    ///
    /// The system's, see ip(7).
    pub fn ttl(&self) -> io::Result<u32> {
        self.inner.ttl()
    }

    /// Sets the time to live of packets, in hops.
    ///
    /// # Errors
    ///
    /// The system's, see ip(7).
    pub fn set_ttl(&self, hops: u32) -> io::Result<()> {
        self.inner.set_ttl(hops)
    }
}

handle!(TcpStream, std::net::TcpStream, SocketAddr, TcpStream::INTERESTS | Interests::PRIORITY);
read_write!(TcpStream);
