//! What every stream of bytes has.

use super::Socket;
use super::kind::Stream;
use crate::error::Result;
use crate::sys::io_slice::{IoSlice, IoSliceMut};
use crate::sys::{io, message, send};

impl<K: Stream> Socket<K> {
    /// Reads into `buffer` and returns the number of bytes read. 0 is the end of the data, unless the
    /// buffer is empty.
    ///
    /// # Errors
    ///
    /// [Would block](crate::Error::is_would_block), or the system's, see recv(2).
    #[inline]
    pub fn read(&self, buffer: &mut [u8]) -> Result<usize> {
        message::recv(self.as_raw_fd(), buffer, 0)
    }

    /// Reads into up to 1024 buffers, in order, and returns the number of bytes read.
    ///
    /// # Errors
    ///
    /// [Would block](crate::Error::is_would_block), or the system's, see readv(2).
    #[inline]
    pub fn read_vectored(&self, buffers: &mut [IoSliceMut<'_>]) -> Result<usize> {
        io::read_vectored(self.as_raw_fd(), buffers)
    }

    /// Writes from `buffer` and returns the number of bytes written, which may be fewer than there
    /// are.
    ///
    /// # Errors
    ///
    /// [Would block](crate::Error::is_would_block), `Os(EPIPE)` if this direction is closed, or the
    /// system's, see send(2).
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
