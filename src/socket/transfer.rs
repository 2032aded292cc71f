//! Data that goes from one place to another without a copy to this process.

use super::Socket;
use super::kind::Stream;
use crate::error::Result;
use crate::sys::fd::RawFd;
use crate::sys::transfer;
use crate::unix::{Receiver, Sender};

/// Data that goes from one place to another without a copy to this process.
///
/// Writing to a closed peer returns `EPIPE`, and raises `SIGPIPE`, which these calls have no flag
/// against: a program without Rust's `std` should ignore the signal.
impl<K: Stream> Socket<K> {
    /// Moves up to `length` bytes from the stream into a pipe, and returns their number. 0 is the
    /// end of the data, unless `length` is 0.
    ///
    /// With [`splice_from`](Socket::splice_from) a proxy forwards data through a pipe of its own.
    /// See splice(2). On a TCP stream it does not pass the mark of urgent data: there it would
    /// block, or returns 0 if the peer has sent its end, although data follows. Before you believe
    /// either, [`read`](Socket::read), which passes the mark.
    ///
    /// ```
    /// # #[cfg(target_os = "linux")] {
    /// use mio_st::socket::UnixStream;
    /// use mio_st::unix::new_pipe;
    ///
    /// let (client, proxy_in) = UnixStream::pair()?;
    /// let (proxy_out, server) = UnixStream::pair()?;
    /// let (sender, receiver) = new_pipe()?;
    /// client.write(b"hello")?;
    /// let moved = proxy_in.splice_to(&sender, 4096)?;
    /// assert_eq!(proxy_out.splice_from(&receiver, moved)?, 5);
    /// let mut buffer = [0; 8];
    /// assert_eq!(server.read(&mut buffer)?, 5);
    /// # }
    /// # Ok::<(), mio_st::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Unsupported`](crate::Error::Unsupported) on other systems than Linux; [would
    /// block](crate::Error::is_would_block) if the stream has no data or the pipe is full; or an
    /// OS error.
    pub fn splice_to(&self, pipe: &Sender, length: usize) -> Result<usize> {
        transfer::splice(self.as_raw_fd(), pipe.as_raw_fd(), length)
    }

    /// Moves up to `length` bytes from a pipe to the stream, and returns their number. 0 is the end
    /// of the data, unless `length` is 0.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](crate::Error::Unsupported) on other systems than Linux;
    /// [would block](crate::Error::is_would_block) if the pipe is empty or the stream is full;
    /// `Os(EPIPE)` if the peer is closed; or an OS error.
    pub fn splice_from(&self, pipe: &Receiver, length: usize) -> Result<usize> {
        transfer::splice(pipe.as_raw_fd(), self.as_raw_fd(), length)
    }

    /// Sends up to `length` bytes of a file, from `offset` on, and returns the number of bytes
    /// sent, which may be fewer. 0 is the end of the file, unless `length` is 0. The file's own
    /// position stays. See sendfile(2).
    ///
    /// Reading the file may wait for its disk.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](crate::Error::Unsupported) on NetBSD and OpenBSD;
    /// [`InvalidInput`](crate::Error::InvalidInput) for an offset of 2^63 or more; [would
    /// block](crate::Error::is_would_block) if the stream is full; `Os(EPIPE)` if the peer is
    /// closed; `Os(EINVAL)` for what is no file; or an OS error.
    pub fn send_file(&self, file: RawFd, offset: u64, length: usize) -> Result<usize> {
        transfer::send_file(self.as_raw_fd(), file, offset, length)
    }
}
