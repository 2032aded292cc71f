//! The ways to and from `std`'s types.

extern crate std;

use core::net::SocketAddr;
use std::io;
use std::net;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::os::unix::net as unix;

use super::{Socket, unix_address};
use crate::socket;
use crate::socket::{Kind, kinds};

/// A kind of sockets that `std` has too.
pub trait StdKind: Kind {
    /// The type in `std`.
    type Std: AsFd + From<OwnedFd> + Into<OwnedFd>;
    /// The type of its addresses in `std`.
    type StdAddress;

    /// Converts an address.
    #[doc(hidden)]
    fn to_std(address: <Self as Kind>::Address) -> io::Result<Self::StdAddress>;

    /// Converts an address; what `std` cannot name counts as unnamed.
    #[doc(hidden)]
    fn address_or_unnamed(address: <Self as Kind>::Address) -> io::Result<Self::StdAddress> {
        Self::to_std(address)
    }

    /// What `std` itself answers.
    #[doc(hidden)]
    fn std_local_addr(socket: &Self::Std) -> io::Result<Self::StdAddress>;
}

impl<K: StdKind> Socket<K> {
    /// Converts an address of the socket. Only `std` itself can name a path without a NUL, which it
    /// reads from the kernel: it is asked by a duplicate of the socket then.
    pub(super) fn address_or(
        &self,
        address: K::Address,
        ask: impl FnOnce(&K::Std) -> io::Result<K::StdAddress>,
    ) -> io::Result<K::StdAddress> {
        match K::to_std(address) {
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
                ask(&self.as_fd().try_clone_to_owned()?.into())
            }
            result => result,
        }
    }

    /// Takes over a `std` socket and makes it non-blocking.
    ///
    /// # Errors
    ///
    /// An OS error, see fcntl(2); the socket is closed then.
    pub fn from_std(inner: K::Std) -> io::Result<Self> {
        Ok(socket::Socket::from_owned_nonblocking(inner.into().into())?.into())
    }
}

impl<K: Kind> Socket<K> {
    /// Takes over a descriptor if it is a socket of this kind, and makes it non-blocking. See
    /// [`socket::Socket::try_from_fd`].
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn try_from_fd(fd: OwnedFd) -> io::Result<Self> {
        Ok(socket::Socket::try_from_fd(fd.into())?.into())
    }
}

impl<K: Kind> From<socket::Socket<K>> for Socket<K> {
    fn from(inner: socket::Socket<K>) -> Self {
        Socket { inner }
    }
}

impl<K: Kind> From<Socket<K>> for socket::Socket<K> {
    fn from(socket: Socket<K>) -> Self {
        socket.inner
    }
}

impl<K: Kind> AsFd for Socket<K> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inner.as_fd()
    }
}

impl<K: Kind> AsRawFd for Socket<K> {
    fn as_raw_fd(&self) -> RawFd {
        self.inner.as_raw_fd()
    }
}

impl<K: Kind> IntoRawFd for Socket<K> {
    fn into_raw_fd(self) -> RawFd {
        self.inner.into_raw_fd()
    }
}

/// The descriptor must be non-blocking already: nothing is set.
#[allow(unsafe_code)]
impl<K: Kind> FromRawFd for Socket<K> {
    unsafe fn from_raw_fd(fd: RawFd) -> Self {
        // SAFETY: the caller promises that the descriptor is open and nobody else's.
        unsafe { socket::Socket::from_raw_fd(fd) }.into()
    }
}

/// Makes the descriptor non-blocking. Whether it is a socket of this kind is not checked, see
/// [`try_from_fd`](Socket::try_from_fd).
impl<K: Kind> From<OwnedFd> for Socket<K> {
    fn from(fd: OwnedFd) -> Self {
        socket::Socket::from(crate::unix::OwnedFd::from(fd)).into()
    }
}

impl<K: Kind> From<Socket<K>> for OwnedFd {
    fn from(socket: Socket<K>) -> OwnedFd {
        crate::unix::OwnedFd::from(socket.inner).into()
    }
}

macro_rules! impl_std_kind {
    ($Kind:ident, $Std:ty, $Address:ty, $to_std:path, $or_unnamed:path) => {
        impl StdKind for kinds::$Kind {
            type Std = $Std;
            type StdAddress = $Address;

            fn to_std(address: <Self as Kind>::Address) -> io::Result<$Address> {
                $to_std(address)
            }

            fn address_or_unnamed(address: <Self as Kind>::Address) -> io::Result<$Address> {
                $or_unnamed(address)
            }

            fn std_local_addr(socket: &$Std) -> io::Result<$Address> {
                socket.local_addr()
            }
        }

        /// The `std` socket stays non-blocking, and registered if a duplicate of it is.
        impl From<Socket<kinds::$Kind>> for $Std {
            fn from(socket: Socket<kinds::$Kind>) -> $Std {
                OwnedFd::from(socket).into()
            }
        }

        /// The `std` socket stays non-blocking, and registered if a duplicate of it is.
        impl From<socket::Socket<kinds::$Kind>> for $Std {
            fn from(socket: socket::Socket<kinds::$Kind>) -> $Std {
                OwnedFd::from(crate::unix::OwnedFd::from(socket)).into()
            }
        }
    };
}

impl_std_kind!(TcpListener, net::TcpListener, SocketAddr, Ok, Ok);
impl_std_kind!(TcpStream, net::TcpStream, SocketAddr, Ok, Ok);
impl_std_kind!(UdpSocket, net::UdpSocket, SocketAddr, Ok, Ok);
impl_std_kind!(ConnectedUdpSocket, net::UdpSocket, SocketAddr, Ok, Ok);

use unix_address::{to_std, to_std_or_unnamed};
impl_std_kind!(UnixListener, unix::UnixListener, unix::SocketAddr, to_std, to_std_or_unnamed);
impl_std_kind!(UnixStream, unix::UnixStream, unix::SocketAddr, to_std, to_std_or_unnamed);
impl_std_kind!(UnixDatagram, unix::UnixDatagram, unix::SocketAddr, to_std, to_std_or_unnamed);
