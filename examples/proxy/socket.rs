//! TCP and Unix sockets as one type.

use core::fmt;
use core::net::SocketAddr;
use core::str::FromStr;
use core::time::Duration;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::path::PathBuf;

use mio_st::Result;
use mio_st::net::{ConnectStatus, TcpListener, TcpStream, UnixListener, UnixStream};
use mio_st::unix::{AsSource, OwnedFd, Receiver, Sender, Source};

/// Where to listen, or to connect to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> core::result::Result<Address, String> {
        if let Some(path) = text.strip_prefix("unix:") {
            return Ok(Address::Unix(path.into()));
        }
        let wrong = |_| "an address is like 127.0.0.1:80, [::1]:80 or unix:/run/x".into();
        text.parse().map(Address::Tcp).map_err(wrong)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Tcp(address) => address.fmt(f),
            Address::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// A listening socket.
#[derive(Debug)]
pub enum Listener {
    Tcp(TcpListener),
    /// With its file, which is removed in the end.
    Unix(UnixListener, PathBuf),
}

impl Listener {
    pub fn bind(address: &Address) -> io::Result<Listener> {
        Ok(match address {
            Address::Tcp(address) => Listener::Tcp(TcpListener::bind(*address)?),
            Address::Unix(path) => Listener::Unix(UnixListener::bind(path)?, path.clone()),
        })
    }

    /// Returns the address, with the port that the system has chosen.
    pub fn address(&self) -> io::Result<Address> {
        Ok(match self {
            Listener::Tcp(listener) => Address::Tcp(listener.local_addr()?),
            Listener::Unix(_, path) => Address::Unix(path.clone()),
        })
    }

    /// Accepts a connection, if one is waiting.
    pub fn accept(&self) -> Result<(Socket, ())> {
        Ok(match self {
            Listener::Tcp(listener) => (Socket::Tcp(listener.as_socket().accept()?.0.into()), ()),
            Listener::Unix(listener, _) => {
                (Socket::Unix(listener.as_socket().accept()?.0.into()), ())
            }
        })
    }
}

impl AsSource for Listener {
    type Descriptor = OwnedFd;

    fn as_source(&mut self) -> &mut Source {
        match self {
            Listener::Tcp(listener) => listener.as_source(),
            Listener::Unix(listener, _) => listener.as_source(),
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Listener::Unix(_, path) = self {
            // Somebody else may have removed it.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// A connection, or the attempt at one.
#[derive(Debug)]
pub enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

/// Makes a call that both kinds have.
macro_rules! with_stream {
    ($socket:expr, $stream:ident => $call:expr) => {
        match $socket {
            Socket::Tcp($stream) => $call,
            Socket::Unix($stream) => $call,
        }
    };
}

impl Socket {
    /// Begins to connect. See [`TcpStream::connect`].
    pub fn connect(address: &Address) -> io::Result<Socket> {
        Ok(match address {
            Address::Tcp(address) => Socket::Tcp(TcpStream::connect(*address)?),
            Address::Unix(path) => Socket::Unix(UnixStream::connect(path)?),
        })
    }

    /// Returns `true` if the attempt to connect has succeeded, `false` if it is under way.
    pub fn is_connected(&self) -> io::Result<bool> {
        match self {
            Socket::Tcp(stream) => Ok(stream.connect_status()? == ConnectStatus::Connected),
            Socket::Unix(_) => Ok(true),
        }
    }

    /// Sends what is written at once. A proxy must not gather what its client has sent.
    pub fn set_nodelay(&self) -> io::Result<()> {
        match self {
            Socket::Tcp(stream) => stream.set_nodelay(true),
            Socket::Unix(_) => Ok(()),
        }
    }

    pub fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        with_stream!(self, stream => (&*stream).read(buffer))
    }

    pub fn write(&self, buffer: &[u8]) -> io::Result<usize> {
        with_stream!(self, stream => (&*stream).write(buffer))
    }

    /// Moves bytes into a pipe inside the kernel. See `mio_st::socket::TcpStream::splice_to`.
    pub fn splice_to(&self, pipe: &Sender, most: usize) -> io::Result<usize> {
        Ok(with_stream!(self, stream => stream.as_socket().splice_to(pipe, most))?)
    }

    /// Splices out of a pipe in the same way.
    pub fn splice_from(&self, pipe: &Receiver, most: usize) -> io::Result<usize> {
        Ok(with_stream!(self, stream => stream.as_socket().splice_from(pipe, most))?)
    }

    /// Says that nothing more will be written.
    pub fn shutdown(&self) -> io::Result<()> {
        with_stream!(self, stream => stream.shutdown(Shutdown::Write))
    }

    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        with_stream!(self, stream => stream.take_error())
    }

    /// Closes it by a reset, so that the peer does not take the end for an orderly one. A Unix
    /// socket has no such thing.
    pub fn reset(self) {
        if let Socket::Tcp(stream) = self {
            // If that fails, it is closed like any other.
            let _ = stream.set_linger(Some(Duration::ZERO));
        }
    }
}

impl AsSource for Socket {
    type Descriptor = OwnedFd;

    fn as_source(&mut self) -> &mut Source {
        with_stream!(self, stream => stream.as_source())
    }
}
