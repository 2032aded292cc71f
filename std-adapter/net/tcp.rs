//! TCP.

extern crate std;

use core::net::SocketAddr;
use core::time::Duration;
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::net::Shutdown;

use super::{ListenOptions, Socket};
use crate::socket::kinds::{self, Stream};
use crate::socket::{self, ConnectOptions, ConnectStatus};
use crate::std_adapter::unix::{ours, ours_mut};

/// A TCP connection, established or being established, like [`std::net::TcpStream`]. See
/// [`socket::TcpStream`].
///
/// `TcpStream` and `&TcpStream` are `Read` and `Write`, and never block: after `WouldBlock` wait
/// for an event.
///
/// ```
/// use std::io;
/// use std::net::TcpListener;
///
/// use mio_st::event::{EventedId, Events};
/// use mio_st::net::{ConnectStatus, TcpStream};
/// use mio_st::poll::{PollOption, Poller};
///
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// let mut poller = Poller::new()?;
/// let mut events = Events::new();
///
/// let mut stream = TcpStream::connect(listener.local_addr()?)?;
/// poller.register(&mut stream, EventedId(1), TcpStream::INTERESTS, PollOption::Edge)?;
/// while stream.connect_status()? != ConnectStatus::Connected {
///     poller.poll(&mut events, None)?;
/// }
/// # Ok::<(), io::Error>(())
/// ```
pub type TcpStream = Socket<kinds::TcpStream>;

/// A listening TCP socket, like [`std::net::TcpListener`]. See [`socket::TcpListener`].
///
/// A server accepts through an [`Acceptor`](super::Acceptor), or an
/// [`AcceptGuard`](super::AcceptGuard), which separate errors of one connection from those of the
/// listener, and survive running out of descriptors:
///
/// ```no_run
/// use mio_st::event::{EventedId, Events};
/// use mio_st::net::{Acceptor, Incoming, TcpListener};
/// use mio_st::poll::Poller;
///
/// let mut poller = Poller::new()?;
/// let mut events = Events::new();
/// let listener = TcpListener::bind("127.0.0.1:0".parse().unwrap())?;
/// let mut acceptor = Acceptor::new(&mut poller, EventedId(0), listener)?;
///
/// poller.poll(&mut events, None)?;
/// if let Incoming::Connection(_stream, address) = acceptor.accept(&mut poller)? {
///     println!("{address}");
/// }
/// # Ok::<(), std::io::Error>(())
/// ```
pub type TcpListener = Socket<kinds::TcpListener>;

impl TcpListener {
    /// Listens at `address`; for port 0 the system chooses one. See [`socket::TcpListener::bind`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
        ListenOptions::new().reuse_addr(true).listen(address)
    }

    /// See [`socket::Socket::accept`]. Servers should call
    /// [`AcceptGuard::accept_next`](super::AcceptGuard::accept_next) instead.
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        let (stream, address) = self.inner.accept()?;
        Ok((stream.into(), address))
    }
}

impl TcpStream {
    /// Begins to connect to `address` and does not wait. See [`socket::TcpStream::connect`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn connect(address: SocketAddr) -> io::Result<TcpStream> {
        Ok(socket::TcpStream::connect(address)?.into())
    }

    /// Begins to connect to `address` and does not wait, as `TcpStream::connect` does. See
    /// [`ConnectOptions::connect`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn connect_with(
        address: SocketAddr,
        options: &ConnectOptions<'_>,
    ) -> io::Result<TcpStream> {
        Ok(options.connect(address)?.into())
    }

    /// Returns how far the attempt to connect has come. See [`socket::Socket::connect_status`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn connect_status(&self) -> io::Result<ConnectStatus> {
        Ok(self.inner.connect_status()?)
    }

    /// Returns the address of the peer. See [`socket::Socket::peer_addr`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.inner.peer_addr()?)
    }

    /// Closes one direction or both. See [`socket::Socket::shutdown`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        Ok(self.inner.shutdown(how.into())?)
    }

    /// Returns whether small writes are sent at once (`TCP_NODELAY`). See
    /// [`socket::TcpStream::nodelay`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn nodelay(&self) -> io::Result<bool> {
        Ok(self.inner.nodelay()?)
    }

    /// Sets whether small writes are sent at once (`TCP_NODELAY`) or collected. See
    /// [`socket::TcpStream::set_nodelay`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        Ok(self.inner.set_nodelay(nodelay)?)
    }

    /// Returns for how long closing lets the kernel try to send what is unsent (`SO_LINGER`), or
    /// `None` for the system's default. See [`socket::TcpStream::linger`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn linger(&self) -> io::Result<Option<Duration>> {
        Ok(self.inner.linger()?)
    }

    /// Sets `SO_LINGER`, rounded up to whole seconds. See [`socket::TcpStream::set_linger`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn set_linger(&self, linger: Option<Duration>) -> io::Result<()> {
        Ok(self.inner.set_linger(linger)?)
    }
}

macro_rules! impl_read_write {
    ($Handle:ty) => {
        impl<K: Stream> Read for $Handle {
            #[inline]
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                Ok(self.inner.read(buffer)?)
            }

            #[inline]
            fn read_vectored(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
                Ok(self.inner.read_vectored(ours_mut(buffers))?)
            }
        }

        impl<K: Stream> Write for $Handle {
            #[inline]
            fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
                Ok(self.inner.write(buffer)?)
            }

            #[inline]
            fn write_vectored(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
                Ok(self.inner.write_vectored(ours(buffers))?)
            }

            #[inline]
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
    };
}

impl_read_write!(Socket<K>);
impl_read_write!(&Socket<K>);

impl From<Shutdown> for socket::Shutdown {
    fn from(how: Shutdown) -> socket::Shutdown {
        match how {
            Shutdown::Read => socket::Shutdown::Read,
            Shutdown::Write => socket::Shutdown::Write,
            Shutdown::Both => socket::Shutdown::Both,
        }
    }
}
