//! The Unix domain.

extern crate std;

use std::io;
use std::net::Shutdown;
use std::os::unix::net::SocketAddr;
use std::path::Path;

use super::Socket;
use super::unix_address::{of, of_path, to_std};
use crate::socket;
use crate::socket::{Credentials, kinds};

/// A connection within this machine, like [`std::os::unix::net::UnixStream`]. See
/// [`socket::UnixStream`].
///
/// `UnixStream` and `&UnixStream` are `Read` and `Write`, and never block: after `WouldBlock` wait
/// for an event.
///
/// ```
/// use std::io::{Read, Write};
///
/// use mio_st::event::{EventedId, Events};
/// use mio_st::net::UnixStream;
/// use mio_st::poll::{PollOption, Poller};
///
/// let mut poller = Poller::new()?;
/// let mut events = Events::new();
/// let (mut here, mut there) = UnixStream::pair()?;
/// poller.register(&mut there, EventedId(1), UnixStream::INTERESTS, PollOption::Edge)?;
///
/// here.write_all(b"hello")?;
/// poller.poll(&mut events, None)?;
/// let mut buffer = [0; 8];
/// assert_eq!(there.read(&mut buffer)?, 5);
/// # Ok::<(), std::io::Error>(())
/// ```
pub type UnixStream = Socket<kinds::UnixStream>;

/// A listening socket within this machine, like [`std::os::unix::net::UnixListener`]. See
/// [`socket::UnixListener`].
pub type UnixListener = Socket<kinds::UnixListener>;

/// A socket for datagrams within this machine, like [`std::os::unix::net::UnixDatagram`]. See
/// [`socket::UnixDatagram`].
///
/// ```
/// use mio_st::net::UnixDatagram;
///
/// let (here, there) = UnixDatagram::pair()?;
/// here.send(b"a rather long datagram")?;
///
/// let mut buffer = [0; 8];
/// let datagram = there.recv_datagram(&mut buffer)?;
/// assert!(datagram.len == 8 && datagram.truncated && datagram.address.is_unnamed());
/// # Ok::<(), std::io::Error>(())
/// ```
pub type UnixDatagram = Socket<kinds::UnixDatagram>;

impl UnixListener {
    /// Creates a socket file at `path` and listens. See [`socket::UnixListener::bind`].
    ///
    /// # Errors
    ///
    /// `InvalidInput` for a path that no socket can have, and the errors of that method.
    pub fn bind(path: impl AsRef<Path>) -> io::Result<UnixListener> {
        Ok(socket::UnixListener::bind(&of_path(path.as_ref())?)?.into())
    }

    /// Listens at `address`: creates the socket file if it is a path. See
    /// [`socket::UnixListener::bind`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn bind_addr(address: &SocketAddr) -> io::Result<UnixListener> {
        Ok(socket::UnixListener::bind(&of(address)?)?.into())
    }

    /// See [`socket::Socket::accept`]. Servers should call
    /// [`AcceptGuard::accept_next`](super::AcceptGuard::accept_next) instead.
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn accept(&self) -> io::Result<(UnixStream, SocketAddr)> {
        let (stream, address) = self.inner.accept()?;
        let stream = UnixStream::from(stream);
        let address = match to_std(address) {
            // If the peer has gone meanwhile, some systems have forgotten its name.
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
                stream.peer_addr().or_else(|_| SocketAddr::from_pathname(""))?
            }
            result => result?,
        };
        Ok((stream, address))
    }
}

impl UnixStream {
    /// Connects to the listener at `path`. See [`socket::UnixStream::connect`].
    ///
    /// # Errors
    ///
    /// `InvalidInput` for a path that no socket can have, and the errors of that method.
    pub fn connect(path: impl AsRef<Path>) -> io::Result<UnixStream> {
        Ok(socket::UnixStream::connect(&of_path(path.as_ref())?)?.into())
    }

    /// Connects to the listener at `address`, at once: there is nothing to wait for. See
    /// [`socket::UnixStream::connect`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn connect_addr(address: &SocketAddr) -> io::Result<UnixStream> {
        Ok(socket::UnixStream::connect(&of(address)?)?.into())
    }

    /// Returns two connections, each the other's peer, without a name. See
    /// [`socket::UnixStream::pair`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn pair() -> io::Result<(UnixStream, UnixStream)> {
        let (one, other) = socket::UnixStream::pair()?;
        Ok((one.into(), other.into()))
    }

    /// Returns the address of the peer. See [`socket::Socket::peer_addr`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.address_or(self.inner.peer_addr()?, |std| std.peer_addr())
    }

    /// Returns the user, group and process of the peer: of the process that connected or listened,
    /// as they were then. See [`socket::UnixStream::peer_credentials`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn peer_credentials(&self) -> io::Result<Credentials> {
        Ok(self.inner.peer_credentials()?)
    }

    /// Closes one direction or both. See [`socket::Socket::shutdown`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        Ok(self.inner.shutdown(how.into())?)
    }
}

impl UnixDatagram {
    /// Creates a socket file at `path`. See [`socket::UnixDatagram::bind`].
    ///
    /// # Errors
    ///
    /// `InvalidInput` for a path that no socket can have, and the errors of that method.
    pub fn bind(path: impl AsRef<Path>) -> io::Result<UnixDatagram> {
        Ok(socket::UnixDatagram::bind(&of_path(path.as_ref())?)?.into())
    }

    /// Binds to `address`: creates the socket file if it is a path. See
    /// [`socket::UnixDatagram::bind`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn bind_addr(address: &SocketAddr) -> io::Result<UnixDatagram> {
        Ok(socket::UnixDatagram::bind(&of(address)?)?.into())
    }

    /// Returns a socket without a name: it can send, and receives no answer. See
    /// [`socket::UnixDatagram::unbound`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn unbound() -> io::Result<UnixDatagram> {
        Ok(socket::UnixDatagram::unbound()?.into())
    }

    /// Returns two sockets, each the other's peer, without a name. See
    /// [`socket::UnixDatagram::pair`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn pair() -> io::Result<(UnixDatagram, UnixDatagram)> {
        let (one, other) = socket::UnixDatagram::pair()?;
        Ok((one.into(), other.into()))
    }

    /// Connects to the socket at `path`. See [`socket::UnixDatagram::connect`].
    ///
    /// # Errors
    ///
    /// `InvalidInput` for a path that no socket can have, and the errors of that method.
    pub fn connect(&self, path: impl AsRef<Path>) -> io::Result<()> {
        Ok(self.inner.connect(&of_path(path.as_ref())?)?)
    }

    /// Makes `send` send to the socket at `address` from now on, and receives from it only. See
    /// [`socket::UnixDatagram::connect`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn connect_addr(&self, address: &SocketAddr) -> io::Result<()> {
        Ok(self.inner.connect(&of(address)?)?)
    }

    /// Returns the address of the peer. See [`socket::Socket::peer_addr`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.address_or(self.inner.peer_addr()?, |std| std.peer_addr())
    }

    /// Sends a datagram to the socket at `path`. See [`socket::UnixDatagram::send_to`].
    ///
    /// # Errors
    ///
    /// `InvalidInput` for a path that no socket can have, and the errors of that method.
    pub fn send_to(&self, buffer: &[u8], path: impl AsRef<Path>) -> io::Result<usize> {
        Ok(self.inner.send_to(buffer, &of_path(path.as_ref())?)?)
    }

    /// Sends a datagram to the socket at `address`, and returns its length: all of the buffer. See
    /// [`socket::UnixDatagram::send_to`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn send_to_addr(&self, buffer: &[u8], address: &SocketAddr) -> io::Result<usize> {
        Ok(self.inner.send_to(buffer, &of(address)?)?)
    }

    /// Closes one direction or both. See [`socket::Socket::shutdown`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        Ok(self.inner.shutdown(how.into())?)
    }
}
