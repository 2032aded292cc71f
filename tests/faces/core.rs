//! The sockets of `socket`, for the bodies in `socket_bodies`.
#![allow(dead_code, unused_imports)] // Each body uses some of it.

use std::ffi::OsStr;
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

pub use mio_st::socket::*;
pub use mio_st::unix::{IoSlice, IoSliceMut, OwnedFd};
pub use mio_st::{Error, Result};

/// What a call returns that cannot be completed now.
pub fn would_block() -> Error {
    Error::Os(libc::EAGAIN)
}

/// The kind of an error, as `io::Error` has it.
pub trait KindOfError {
    fn kind(&self) -> ErrorKind;
}

impl KindOfError for Error {
    fn kind(&self) -> ErrorKind {
        io::Error::from(*self).kind()
    }
}

/// What `std::io::Write` has, and a server without `std` writes itself.
pub trait WriteAll {
    fn write_all(&self, data: &[u8]) -> Result<()>;

    fn flush(&self) -> Result<()> {
        Ok(())
    }
}

impl<K: kinds::Stream> WriteAll for Socket<K> {
    fn write_all(&self, data: &[u8]) -> Result<()> {
        assert_eq!(self.write(data)?, data.len());
        Ok(())
    }
}

pub trait FromStd: Sized {
    fn from_std(socket: impl Into<std::os::fd::OwnedFd>) -> Result<Self>;
}

impl<K: Kind> FromStd for Socket<K> {
    fn from_std(socket: impl Into<std::os::fd::OwnedFd>) -> Result<Self> {
        Socket::try_from_fd(socket.into().into())
    }
}

/// A stream as `std`'s traits see it.
pub fn stream(stream: &TcpStream) -> impl io::Read + io::Write {
    struct Std<'a>(&'a TcpStream);

    impl io::Read for Std<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            Ok(self.0.read(buffer)?)
        }
    }

    impl io::Write for Std<'_> {
        fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
            Ok(self.0.write(buffer)?)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    Std(stream)
}

fn address(path: impl AsRef<Path>) -> Result<UnixAddress> {
    UnixAddress::from_path(path.as_ref().as_os_str().as_bytes())
}

pub fn unix_listener(path: impl AsRef<Path>) -> Result<UnixListener> {
    UnixListener::bind(&address(path)?)
}

pub fn unix_stream(path: impl AsRef<Path>) -> Result<UnixStream> {
    UnixStream::connect(&address(path)?)
}

pub fn unix_datagram(path: impl AsRef<Path>) -> Result<UnixDatagram> {
    UnixDatagram::bind(&address(path)?)
}

pub fn connect_to(datagram: &UnixDatagram, path: impl AsRef<Path>) -> Result<()> {
    datagram.connect(&address(path)?)
}

pub fn send_to(datagram: &UnixDatagram, data: &[u8], path: impl AsRef<Path>) -> Result<usize> {
    datagram.send_to(data, &address(path)?)
}

pub fn path_of(address: &UnixAddress) -> Option<&Path> {
    address.as_path().map(|path| Path::new(OsStr::from_bytes(path)))
}

/// What takes any address, such as one without a path.
pub mod by_address {
    use super::*;

    pub fn listener(address: &UnixAddress) -> Result<UnixListener> {
        UnixListener::bind(address)
    }

    pub fn stream(address: &UnixAddress) -> Result<UnixStream> {
        UnixStream::connect(address)
    }

    pub fn datagram(address: &UnixAddress) -> Result<UnixDatagram> {
        UnixDatagram::bind(address)
    }

    pub fn connect(datagram: &UnixDatagram, address: &UnixAddress) -> Result<()> {
        datagram.connect(address)
    }

    pub fn send(datagram: &UnixDatagram, data: &[u8], address: &UnixAddress) -> Result<usize> {
        datagram.send_to(data, address)
    }

    pub fn unnamed() -> UnixAddress {
        UnixAddress::unnamed()
    }

    pub fn of_name(name: &str) -> UnixAddress {
        UnixAddress::from_abstract_name(name).unwrap()
    }

    pub fn name_of(address: &UnixAddress) -> Option<&[u8]> {
        address.as_abstract_name()
    }
}
