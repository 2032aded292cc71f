//! The error queue, see [`QueuedError`].

use super::Socket;
use super::kind::Ip;
use crate::error::Result;
use crate::sys::error_queue::{self, QueuedError};

impl<K: Ip> Socket<K> {
    /// Takes the next message of the error queue. What is left of the datagram that caused it is
    /// put into `buffer`. Neither receiving nor [`take_error`](Socket::take_error) returns such a
    /// message, and as long as there is one, the socket is [`ERROR`](crate::event::Ready::ERROR):
    /// see [`QueuedError`].
    ///
    /// ```
    /// use mio_st::event::{EventedId, Events};
    /// use mio_st::poll::{PollOption, Poller};
    /// use mio_st::socket::UdpSocket;
    ///
    /// # #[cfg(all(target_os = "linux", not(mio_st_backend = "kqueue")))] {
    /// let mut socket = UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
    /// socket.set_error_queue(true)?;
    /// // The address of a socket that is closed at once.
    /// let nobody = UdpSocket::bind("127.0.0.1:0".parse().unwrap())?.local_addr()?;
    /// socket.send_to(b"hello?", nobody)?;
    ///
    /// let mut poller = Poller::new()?;
    /// let mut events = Events::new();
    /// poller.register(&mut socket, EventedId(1), UdpSocket::INTERESTS, PollOption::Edge)?;
    /// poller.poll(&mut events, None)?;
    /// for event in &mut events {
    ///     let mut buffer = [0; 1500];
    ///     while event.readiness().is_error() {
    ///         match socket.recv_error(&mut buffer) {
    ///             Ok(error) => assert_eq!(error.destination, Some(nobody)),
    ///             Err(error) if error.is_would_block() => break,
    ///             Err(error) => return Err(error),
    ///         }
    ///     }
    ///     // And then what every event calls for: receive until it would block.
    /// }
    /// # }
    /// # Ok::<(), mio_st::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [Would block](crate::Error::is_would_block) if the queue is empty,
    /// [`Unsupported`](crate::Error::Unsupported) on systems other than Linux and Android, and
    /// OS errors: see `MSG_ERRQUEUE` in recv(2).
    pub fn recv_error(&self, buffer: &mut [u8]) -> Result<QueuedError> {
        error_queue::receive(self.as_raw_fd(), buffer)
    }

    /// Sets whether errors that the network reports for a datagram are put into the error queue
    /// (`IP_RECVERR`, `IPV6_RECVERR`). They are also reported once by the next call, even if the
    /// socket is not connected.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](crate::Error::Unsupported) on systems other than Linux and Android, and
    /// OS errors: see ip(7).
    pub fn set_error_queue(&self, queued: bool) -> Result<()> {
        error_queue::set_error_queue(self.as_raw_fd(), queued)
    }
}
