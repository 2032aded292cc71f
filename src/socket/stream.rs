//! What every stream of bytes has.

use super::Socket;
use super::kind::Stream;
use crate::error::Result;
use crate::sys::io_slice::{IoSlice, IoSliceMut};
use crate::sys::socket::Attempt;
use crate::sys::{io, message, send, socket};

/// How far a connection attempt has come.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConnectStatus {
    /// Wait for an event that [`is_writable`](crate::event::Ready::is_writable), then ask again.
    InProgress,
    /// The peer has accepted: read and write.
    Connected,
}

impl<K: Stream> Socket<K> {
    /// Returns how far the attempt to connect has come.
    ///
    /// # Errors
    ///
    /// Why the attempt failed, such as `Os(ECONNREFUSED)` or `Os(ETIMEDOUT)`. The system reports
    /// that once, to this call or to [`take_error`](Socket::take_error); afterwards the error is
    /// `Os(ENOTCONN)`.
    pub fn connect_status(&self) -> Result<ConnectStatus> {
        // First, since a connection whose buffer is full looks like an attempt that has not ended.
        if self.peer_addr().is_ok() {
            return Ok(ConnectStatus::Connected);
        }
        let attempt = socket::attempt(self.as_raw_fd())?;
        if attempt == Attempt::Pending {
            return Ok(ConnectStatus::InProgress);
        }
        match self.take_error()? {
            Some(error) => Err(error),
            None if attempt == Attempt::AtWrite => Ok(ConnectStatus::Connected),
            None => self.peer_addr().map(|_| ConnectStatus::Connected),
        }
    }

    /// Reads into `buffer` and returns the number of bytes read. 0 is the end of the data, unless
    /// the buffer is empty.
    ///
    /// # Errors
    ///
    /// [Would block](crate::Error::is_would_block), or an OS error, see recv(2).
    #[inline]
    pub fn read(&self, buffer: &mut [u8]) -> Result<usize> {
        message::recv(self.as_raw_fd(), buffer, 0)
    }

    /// Reads into up to 1024 buffers, in order, and returns the number of bytes read.
    ///
    /// # Errors
    ///
    /// [Would block](crate::Error::is_would_block), or an OS error, see readv(2).
    #[inline]
    pub fn read_vectored(&self, buffers: &mut [IoSliceMut<'_>]) -> Result<usize> {
        io::read_vectored(self.as_raw_fd(), buffers)
    }

    /// Writes from `buffer` and returns the number of bytes written, which may be fewer than there
    /// are.
    ///
    /// # Errors
    ///
    /// [Would block](crate::Error::is_would_block), `Os(EPIPE)` if this direction is closed, or an
    /// OS error, see send(2).
    #[inline]
    pub fn write(&self, buffer: &[u8]) -> Result<usize> {
        send::send(self.as_raw_fd(), buffer)
    }

    /// Writes from up to 1024 buffers, in order, and returns the number of bytes written; see
    /// [`IoSlice::advance_slices`] for what is left.
    ///
    /// # Errors
    ///
    /// As for [`write`](Socket::write), see sendmsg(2).
    #[inline]
    pub fn write_vectored(&self, buffers: &[IoSlice<'_>]) -> Result<usize> {
        send::send_stream_vectored(self.as_raw_fd(), buffers)
    }
}
