//! Datagrams within this machine.

use super::kind::{Data, RawForm};
use super::{Socket, UnixAddress};
use crate::error::Result;
use crate::sys::{send, socket};

/// The kind of this file.
pub mod kinds {
    use crate::error::Error;
    use crate::interests::Interests;
    use crate::socket::UnixAddress;
    use crate::socket::kind::kind;

    kind! {
        /// A socket for datagrams within this machine.
        UnixDatagram: SOCK_DGRAM of [libc::AF_UNIX], listens: false;
        address: UnixAddress;
        interests: Interests::BOTH;
        is Peer;
        is Unix;
        is Datagrams;
        is Data {
            /// Gives one meaning to a receiver whose queue is full: it would block. Linux returns
            /// `EAGAIN`, the BSDs and Apple's systems `ENOBUFS`.
            fn send_error(error: Error) -> Error {
                if error == Error::Os(libc::ENOBUFS) { Error::Os(libc::EAGAIN) } else { error }
            }
        };
    }
}

/// A socket for datagrams within this machine.
///
/// They arrive in order, and none is lost; a sender that is faster than the receiver gets an error
/// that [would block](crate::Error::is_would_block).
///
/// A send to a socket whose queue is full would block on every system. On Linux an event reports
/// when a *connected* socket can send again. One that is not connected always counts as writable,
/// since the destination is not known. On the BSDs and Apple's systems every socket counts as
/// writable, whatever the queue of the receiver is like, and no event reports that it has room: try
/// again after some time, by a deadline. Do not watch for `WRITABLE` under `Level` meanwhile: it
/// would be reported at each poll.
///
/// After the peer has closed, sending to it is `Os(ECONNREFUSED)` on Linux. On the BSDs and Apple's
/// systems it is `Os(ECONNRESET)` once, and `Os(ENOTCONN)` or an error of the address from then on.
///
/// ```
/// use mio_st::socket::UnixDatagram;
///
/// let (here, there) = UnixDatagram::pair()?;
/// here.send(b"a rather long datagram")?;
///
/// let mut buffer = [0; 8];
/// let datagram = there.recv_datagram(&mut buffer)?;
/// assert!(datagram.len == 8 && datagram.truncated && datagram.address.is_unnamed());
/// # Ok::<(), mio_st::Error>(())
/// ```
pub type UnixDatagram = Socket<kinds::UnixDatagram>;

impl UnixDatagram {
    /// Binds to `address`: creates the socket file if it is a path. It stays when the socket is
    /// closed.
    ///
    /// # Errors
    ///
    /// An OS error: `Os(EADDRINUSE)` if there is a file already, [`NotFound`](crate::Error::NotFound)
    /// and `Os(EACCES)` for the directory, out of descriptors. See bind(2).
    pub fn bind(address: &UnixAddress) -> Result<UnixDatagram> {
        let datagram = socket::socket(libc::AF_UNIX, libc::SOCK_DGRAM)?;
        socket::bind(&datagram, &address.to_raw())?;
        Ok(Socket::from_owned(datagram))
    }

    /// Returns a socket without a name: it can send, and receives no answer.
    ///
    /// # Errors
    ///
    /// An OS error: out of descriptors. See socket(2).
    pub fn unbound() -> Result<UnixDatagram> {
        socket::socket(libc::AF_UNIX, libc::SOCK_DGRAM).map(Socket::from_owned)
    }

    /// Returns two sockets, each the other's peer, without a name.
    ///
    /// # Errors
    ///
    /// An OS error: out of descriptors. See socketpair(2).
    pub fn pair() -> Result<(UnixDatagram, UnixDatagram)> {
        let (one, other) = socket::pair(libc::SOCK_DGRAM)?;
        Ok((Socket::from_owned(one), Socket::from_owned(other)))
    }

    /// Makes [`send`](Socket::send) send to the socket at `address` from now on, and receives from
    /// it only.
    ///
    /// # Errors
    ///
    /// An OS error: [`NotFound`](crate::Error::NotFound), `Os(ECONNREFUSED)` if the socket is closed.
    /// See connect(2).
    pub fn connect(&self, address: &UnixAddress) -> Result<()> {
        socket::connect(self.as_raw_fd(), &address.to_raw())
    }

    /// Sends a datagram to the socket at `address`, and returns its length: all of the buffer.
    ///
    /// # Errors
    ///
    /// [`NotFound`](crate::Error::NotFound), and as for [`send`](Socket::send).
    pub fn send_to(&self, buffer: &[u8], address: &UnixAddress) -> Result<usize> {
        let sent = send::send_to(self.as_raw_fd(), buffer, &address.to_raw());
        sent.map_err(kinds::UnixDatagram::send_error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    #[test]
    fn a_full_queue_would_block_on_every_system() {
        let meaning = |errno| kinds::UnixDatagram::send_error(Error::Os(errno));
        assert!(meaning(libc::EAGAIN).is_would_block() && meaning(libc::ENOBUFS).is_would_block());
        assert_eq!(meaning(libc::ENOMEM), Error::Os(libc::ENOMEM));
    }
}
