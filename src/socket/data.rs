//! What every socket that carries data has, and every one that can have a peer.

use super::Socket;
use super::kind::{Data, Peer, RawForm};
use crate::error::Result;
use crate::sys::{message, socket};

/// Which direction of a connection to close, as in `std::net::Shutdown`, without `std`.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Shutdown {
    /// Reads do not block from now on: without data they return 0 bytes. Linux still returns what
    /// is unread, and what arrives by TCP later; other systems discard both.
    Read,
    /// Writes fail from now on, and the peer reads to the end.
    Write,
    /// Both directions.
    Both,
}

impl Shutdown {
    fn raw(self) -> core::ffi::c_int {
        match self {
            Shutdown::Read => libc::SHUT_RD,
            Shutdown::Write => libc::SHUT_WR,
            Shutdown::Both => libc::SHUT_RDWR,
        }
    }
}

impl<K: Data> Socket<K> {
    /// Receives into `buffer`, returns the number of bytes, and leaves the data in the socket. What
    /// does not fit of a datagram is left out, without an error.
    ///
    /// # Errors
    ///
    /// [Would block](crate::Error::is_would_block), or an OS error, see recv(2).
    pub fn peek(&self, buffer: &mut [u8]) -> Result<usize> {
        message::recv(self.as_raw_fd(), buffer, libc::MSG_PEEK)
    }
}

impl<K: Peer> Socket<K> {
    /// Returns the address of the peer.
    ///
    /// # Errors
    ///
    /// `Os(ENOTCONN)`, or an OS error, see getpeername(2).
    pub fn peer_addr(&self) -> Result<K::Address> {
        K::Address::from_raw(&socket::peer_addr(self.as_raw_fd())?)
    }

    /// Closes one direction or both.
    ///
    /// # Errors
    ///
    /// `Os(ENOTCONN)`, or an OS error, see shutdown(2).
    pub fn shutdown(&self, how: Shutdown) -> Result<()> {
        socket::shutdown(self.as_raw_fd(), how.raw())
    }
}
