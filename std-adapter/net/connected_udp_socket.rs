//! A UDP socket that talks to one peer.

extern crate std;

use core::fmt;
use core::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};

use super::Datagram;
use crate::error::Result;
use crate::id::EventedId;
use crate::interests::{Interests, PollOption};
use crate::poller::{Evented, Registration, Registry};
use crate::sys::{message, option};

/// A UDP socket that was connected, by [`UdpSocket::connect`](super::UdpSocket::connect): it sends to and
/// receives from one peer only. Of one that comes from `std` or from an `OwnedFd` nobody checks whether it
/// is connected; if it is not, sending is an error.
///
/// Where nobody listens at the peer's address, the peer's machine says so, an event that
/// [`is_error`](crate::event::Ready::is_error) comes, and the next call fails with `ConnectionRefused`,
/// once. The socket is as good as before.
pub struct ConnectedUdpSocket {
    inner: std::net::UdpSocket,
    registration: Registration,
}

impl ConnectedUdpSocket {
    /// What a socket is usually watched for: `BOTH`.
    pub const INTERESTS: Interests = Interests::BOTH;

    pub(super) fn of(inner: std::net::UdpSocket, registration: Registration) -> ConnectedUdpSocket {
        ConnectedUdpSocket { inner, registration }
    }

    /// The peer's address.
    ///
    /// # Errors
    ///
    /// `NotConnected`, or the system's, see getpeername(2).
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        super::peer(self.inner.peer_addr())
    }

    /// Sends a datagram to the peer, and says how long it was: all of the buffer.
    ///
    /// # Errors
    ///
    /// `WouldBlock`; `EMSGSIZE` for one that is too long, of which nothing is sent; `ConnectionRefused` for
    /// an earlier one; and the system's. See send(2).
    pub fn send(&self, buffer: &[u8]) -> io::Result<usize> {
        self.inner.send(buffer)
    }

    /// Takes the peer's next datagram. What does not fit is lost, silently: see
    /// [`recv_datagram`](ConnectedUdpSocket::recv_datagram).
    ///
    /// # Errors
    ///
    /// `WouldBlock`; `ConnectionRefused` for what was sent earlier; and the system's. See recv(2).
    pub fn recv(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.recv(buffer)
    }

    /// As [`recv`](ConnectedUdpSocket::recv), but the datagram stays and comes again.
    ///
    /// # Errors
    ///
    /// As `recv`.
    pub fn peek(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.peek(buffer)
    }

    /// As [`recv`](ConnectedUdpSocket::recv), with the peer's address.
    ///
    /// # Errors
    ///
    /// As `recv`.
    pub fn recv_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.inner.recv_from(buffer)
    }

    /// As [`peek`](ConnectedUdpSocket::peek), with the peer's address.
    ///
    /// # Errors
    ///
    /// As `recv`.
    pub fn peek_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.inner.peek_from(buffer)
    }
}

handle!(ConnectedUdpSocket, std::net::UdpSocket, SocketAddr, ConnectedUdpSocket::INTERESTS);
udp_options!(ConnectedUdpSocket);
