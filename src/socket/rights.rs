//! Descriptors that go over Unix domain sockets.

use super::Socket;
use super::kind::Unix;
use crate::error::{Error, Result};
use crate::sys::fd::{OwnedFd, RawFd};
use crate::sys::rights;

/// What [`recv_fds`](Socket::recv_fds) returns.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ReceivedFds {
    /// The number of bytes in the buffer.
    pub len: usize,
    /// The number of descriptors that were put into the slice.
    pub count: usize,
    /// Whether a datagram was longer than the buffer; the rest is lost.
    pub truncated: bool,
    /// Whether descriptors are missing, because the slice was full, or the process or the system is
    /// out of descriptors. The missing ones are closed.
    pub fds_truncated: bool,
}

/// Descriptors that go along with the data: `SCM_RIGHTS` in unix(7).
impl<K: Unix> Socket<K> {
    /// Sends data with duplicates of descriptors, and returns the number of bytes sent. The
    /// descriptors arrive with the first byte of the data; the caller keeps its own.
    ///
    /// ```
    /// use mio_st::socket::{TcpListener, UnixStream};
    ///
    /// let (here, there) = UnixStream::pair()?;
    /// let listener = TcpListener::bind("127.0.0.1:0".parse().unwrap())?;
    /// let address = listener.local_addr()?;
    /// here.send_fds(b"a listener", &[listener.as_raw_fd()])?;
    /// drop(listener);
    ///
    /// let (mut buffer, mut fds) = ([0; 16], [const { None }; 4]);
    /// let received = there.recv_fds(&mut buffer, &mut fds)?;
    /// assert!(received.len == 10 && received.count == 1 && !received.fds_truncated);
    /// let listener = TcpListener::try_from_fd(fds[0].take().unwrap())?;
    /// assert_eq!(listener.local_addr()?, address);
    /// # Ok::<(), mio_st::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](Error::InvalidInput) for more than 253 descriptors, and for descriptors
    /// without data on a stream, which has nothing that they could go with; `Os(EBADF)` if one is
    /// not open; `Os(ETOOMANYREFS)` for too many on their way; and as for a write. Nothing is sent
    /// then.
    pub fn send_fds(&self, data: &[u8], fds: &[RawFd]) -> Result<usize> {
        if data.is_empty() && !fds.is_empty() && K::TYPE == libc::SOCK_STREAM {
            return Err(Error::InvalidInput);
        }
        rights::send(self.as_raw_fd(), data, fds).map_err(K::send_error)
    }

    /// Receives data with the descriptors that come along, close-on-exec. They are stored in the
    /// `None` elements of the slice, in order. Further ones are closed.
    ///
    /// The other methods that receive, such as `read`, close all descriptors.
    ///
    /// # Errors
    ///
    /// As for a read.
    pub fn recv_fds(&self, buffer: &mut [u8], fds: &mut [Option<OwnedFd>]) -> Result<ReceivedFds> {
        let (mut count, mut left_over) = (0, false);
        let mut places = fds.iter_mut().filter(|place| place.is_none());
        let received = rights::receive(self.as_raw_fd(), buffer, |fd| match places.next() {
            Some(place) => {
                *place = Some(fd);
                count += 1;
            }
            None => left_over = true, // It is closed here.
        })?;
        Ok(ReceivedFds {
            len: received.length,
            count,
            truncated: received.is_truncated,
            fds_truncated: left_over || received.is_control_truncated,
        })
    }
}
