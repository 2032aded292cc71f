//! What every socket of this module has.

extern crate std;

use core::fmt;
use std::io;

use super::StdKind;
use crate::error::Result;
use crate::id::EventedId;
use crate::interests::{Interests, PollOption};
use crate::poller::Registry;
use crate::socket;
use crate::socket::kinds::{Data, Datagrams, Ip, Listens};
use crate::socket::{Datagram, Kind, QueuedError};
use crate::source::{AsSource, Source};
use crate::unix::OwnedFd;

/// A [`socket::Socket`] with `std`'s errors and traits. It has a name for each kind, such as
/// [`TcpStream`](super::TcpStream).
pub struct Socket<K: Kind> {
    pub(super) inner: socket::Socket<K>,
}

impl<K: Kind> Socket<K> {
    /// The interests that a socket of this kind is usually registered with. See
    /// [`socket::Socket::INTERESTS`].
    pub const INTERESTS: Interests = K::INTERESTS;

    /// Returns the socket inside, whose methods return [`mio_st::Result`](crate::Result).
    ///
    /// ```
    /// use core::time::Duration;
    ///
    /// use mio_st::net::{TcpListener, TcpStream};
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0".parse().unwrap())?;
    /// let stream = TcpStream::connect(listener.local_addr()?)?;
    /// stream.as_socket().set_keepalive_idle(Duration::from_secs(60))?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[inline]
    pub const fn as_socket(&self) -> &socket::Socket<K> {
        &self.inner
    }

    /// Returns and clears the pending error (`SO_ERROR`), if there is one. See
    /// [`socket::Socket::take_error`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        Ok(self.inner.take_error()?.map(io::Error::from))
    }

    /// Returns a second handle to the same socket. See [`socket::Socket::try_clone`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn try_clone(&self) -> io::Result<Self> {
        Ok(self.inner.try_clone()?.into())
    }
}

impl<K: StdKind> Socket<K> {
    /// Returns the address that the socket is bound to. See [`socket::Socket::local_addr`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn local_addr(&self) -> io::Result<K::StdAddress> {
        self.address_or(self.inner.local_addr()?, K::std_local_addr)
    }
}

impl<K: Ip> Socket<K> {
    /// Takes the next message of the error queue. See [`socket::Socket::recv_error`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn recv_error(&self, buffer: &mut [u8]) -> io::Result<QueuedError> {
        Ok(self.inner.recv_error(buffer)?)
    }

    /// Sets whether errors that the network reports for a datagram are put into the error queue
    /// (`IP_RECVERR`, `IPV6_RECVERR`). See [`socket::Socket::set_error_queue`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn set_error_queue(&self, queued: bool) -> io::Result<()> {
        Ok(self.inner.set_error_queue(queued)?)
    }

    /// Returns the time to live of IPv4 packets, in hops (`IP_TTL`). See [`socket::Socket::ttl`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn ttl(&self) -> io::Result<u32> {
        Ok(self.inner.ttl()?)
    }

    /// Sets the time to live of IPv4 packets, in hops (`IP_TTL`). See [`socket::Socket::set_ttl`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn set_ttl(&self, hops: u32) -> io::Result<()> {
        Ok(self.inner.set_ttl(hops)?)
    }
}

impl<K: Data> Socket<K> {
    /// Receives into `buffer`, returns the number of bytes, and leaves the data in the socket. See
    /// [`socket::Socket::peek`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn peek(&self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(self.inner.peek(buffer)?)
    }
}

impl<K: Datagrams> Socket<K> {
    /// Sends a datagram to the peer that the socket is connected to, and returns its length: all of
    /// the buffer. See [`socket::Socket::send`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    #[inline]
    pub fn send(&self, buffer: &[u8]) -> io::Result<usize> {
        Ok(self.inner.send(buffer)?)
    }

    /// Receives a datagram and returns its length. See [`socket::Socket::recv`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    #[inline]
    pub fn recv(&self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(self.inner.recv(buffer)?)
    }
}

/// A sender whose path has the one length that `std` cannot name, a byte more than a socket may
/// bind to through `std`, counts as unnamed here.
impl<K: Datagrams + StdKind> Socket<K> {
    /// Receives as `recv` does, and returns the length and the sender's address. See
    /// [`socket::Socket::recv_from`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn recv_from(&self, buffer: &mut [u8]) -> io::Result<(usize, K::StdAddress)> {
        let (length, address) = self.inner.recv_from(buffer)?;
        Ok((length, K::address_or_unnamed(address)?))
    }

    /// Receives as `recv_from` does, and leaves the datagram in the socket. See
    /// [`socket::Socket::peek_from`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn peek_from(&self, buffer: &mut [u8]) -> io::Result<(usize, K::StdAddress)> {
        let (length, address) = self.inner.peek_from(buffer)?;
        Ok((length, K::address_or_unnamed(address)?))
    }

    /// Receives a datagram and returns its length, its sender, and whether it was truncated. See
    /// [`socket::Socket::recv_datagram`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn recv_datagram(&self, buffer: &mut [u8]) -> io::Result<Datagram<K::StdAddress>> {
        let Datagram { len, truncated, address } = self.inner.recv_datagram(buffer)?;
        Ok(Datagram::new(len, truncated, K::address_or_unnamed(address)?))
    }
}

impl<K: Listens> Socket<K> {
    /// Registers a listener that other pollers watch too, through clones of it, so that a
    /// connection wakes one of them (the kernel promises: one or more) and not all. See
    /// [`socket::Socket::register_exclusive`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn register_exclusive(
        &mut self,
        registry: &mut Registry,
        id: EventedId,
        opt: PollOption,
    ) -> Result<()> {
        self.inner.register_exclusive(registry, id, opt)
    }
}

impl<K: Kind> AsSource for Socket<K> {
    const INTERESTS: Interests = K::INTERESTS;

    type Descriptor = OwnedFd;

    #[inline]
    fn as_source(&mut self) -> &mut Source<OwnedFd> {
        self.inner.as_source()
    }
}

impl<K: Kind> fmt::Debug for Socket<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
