//! What every socket for datagrams has, and a datagram as it arrived.

use core::net::SocketAddr;

use super::Socket;
use super::kind::{Datagrams, RawForm};
use crate::error::Result;
use crate::sys::address::RawAddress;
use crate::sys::{message, send};

/// What [`recv_datagram`](Socket::recv_datagram) returns of a datagram.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Datagram<A = SocketAddr> {
    /// The number of its bytes in the buffer.
    pub len: usize,
    /// Whether it was longer than the buffer; the rest is lost.
    pub truncated: bool,
    /// The address of the sender.
    pub address: A,
}

impl<A> Datagram<A> {
    pub(crate) fn new(len: usize, truncated: bool, address: A) -> Datagram<A> {
        Datagram { len, truncated, address }
    }
}

impl<K: Datagrams> Socket<K> {
    /// Sends a datagram to the peer that the socket is connected to, and returns its length: all of
    /// the buffer.
    ///
    /// # Errors
    ///
    /// [Would block](crate::Error::is_would_block); `Os(EMSGSIZE)` for one that is too long, of
    /// which nothing is sent; `Os(EDESTADDRREQ)` or `Os(ENOTCONN)` without a peer;
    /// `Os(ECONNREFUSED)` if an earlier datagram was refused; and OS errors. See send(2).
    #[inline]
    pub fn send(&self, buffer: &[u8]) -> Result<usize> {
        send::send(self.as_raw_fd(), buffer).map_err(K::send_error)
    }

    /// Receives a datagram and returns its length. What does not fit into the buffer is lost,
    /// without an error; see [`recv_datagram`](Socket::recv_datagram).
    ///
    /// # Errors
    ///
    /// [Would block](crate::Error::is_would_block); `Os(ECONNREFUSED)` for a datagram sent earlier
    /// by a connected socket; and OS errors. See recv(2).
    #[inline]
    pub fn recv(&self, buffer: &mut [u8]) -> Result<usize> {
        message::recv(self.as_raw_fd(), buffer, 0)
    }

    /// Receives as [`recv`](Socket::recv) does, and returns the length and the sender's address.
    ///
    /// # Errors
    ///
    /// As for `recv`.
    pub fn recv_from(&self, buffer: &mut [u8]) -> Result<(usize, K::Address)> {
        let mut from = RawAddress::unset();
        let length = message::recv_from(self.as_raw_fd(), buffer, 0, &mut from)?;
        Ok((length, K::Address::from_raw(&from)?))
    }

    /// Receives as [`recv_from`](Socket::recv_from) does, and leaves the datagram in the socket.
    ///
    /// # Errors
    ///
    /// As for `recv`.
    pub fn peek_from(&self, buffer: &mut [u8]) -> Result<(usize, K::Address)> {
        let mut from = RawAddress::unset();
        let length = message::recv_from(self.as_raw_fd(), buffer, libc::MSG_PEEK, &mut from)?;
        Ok((length, K::Address::from_raw(&from)?))
    }

    /// Receives a datagram and returns its length, its sender, and whether it was truncated. No
    /// other method reports that.
    ///
    /// # Errors
    ///
    /// As for `recv`.
    pub fn recv_datagram(&self, buffer: &mut [u8]) -> Result<Datagram<K::Address>> {
        let mut from = RawAddress::unset();
        let received = message::receive(self.as_raw_fd(), buffer, 0, &mut from)?;
        let address = K::Address::from_raw(&from)?;
        Ok(Datagram::new(received.length, received.truncated, address))
    }
}
