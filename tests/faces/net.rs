//! The sockets of `net`, for the bodies in `socket_bodies`.
#![allow(dead_code, unused_imports)] // Each body uses some of it.

use std::path::Path;

pub use std::io::{Error, IoSlice, IoSliceMut, Result};
pub use std::net::Shutdown;
pub use std::os::fd::OwnedFd;
pub use std::os::unix::net::SocketAddr as UnixAddress;

pub use mio_st::net::*;

/// What a call returns that cannot be completed now.
pub fn would_block() -> Error {
    std::io::ErrorKind::WouldBlock.into()
}

/// A stream as `std`'s traits see it.
pub fn stream(stream: &TcpStream) -> &TcpStream {
    stream
}

pub fn unix_listener(path: impl AsRef<Path>) -> Result<UnixListener> {
    UnixListener::bind(path)
}

pub fn unix_stream(path: impl AsRef<Path>) -> Result<UnixStream> {
    UnixStream::connect(path)
}

pub fn unix_datagram(path: impl AsRef<Path>) -> Result<UnixDatagram> {
    UnixDatagram::bind(path)
}

pub fn connect_to(datagram: &UnixDatagram, path: impl AsRef<Path>) -> Result<()> {
    datagram.connect(path)
}

pub fn send_to(datagram: &UnixDatagram, data: &[u8], path: impl AsRef<Path>) -> Result<usize> {
    datagram.send_to(data, path)
}

pub fn path_of(address: &UnixAddress) -> Option<&Path> {
    address.as_pathname()
}

/// What takes any address, such as one without a path.
pub mod by_address {
    use super::*;

    pub fn listener(address: &UnixAddress) -> Result<UnixListener> {
        UnixListener::bind_addr(address)
    }

    pub fn stream(address: &UnixAddress) -> Result<UnixStream> {
        UnixStream::connect_addr(address)
    }

    pub fn datagram(address: &UnixAddress) -> Result<UnixDatagram> {
        UnixDatagram::bind_addr(address)
    }

    pub fn connect(datagram: &UnixDatagram, address: &UnixAddress) -> Result<()> {
        datagram.connect_addr(address)
    }

    pub fn send(datagram: &UnixDatagram, data: &[u8], address: &UnixAddress) -> Result<usize> {
        datagram.send_to_addr(data, address)
    }

    pub fn unnamed() -> UnixAddress {
        UnixAddress::from_pathname("").unwrap()
    }

    #[cfg(target_os = "linux")]
    pub fn of_name(name: &str) -> UnixAddress {
        <UnixAddress as std::os::linux::net::SocketAddrExt>::from_abstract_name(name).unwrap()
    }

    #[cfg(target_os = "linux")]
    pub fn name_of(address: &UnixAddress) -> Option<&[u8]> {
        std::os::linux::net::SocketAddrExt::as_abstract_name(address)
    }
}
