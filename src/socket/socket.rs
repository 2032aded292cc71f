//! What every socket has.

use core::fmt;
use core::marker::PhantomData;

use super::kind::{Kind, RawForm};
use crate::error::{Error, Result};
use crate::interests::Interests;
use crate::source::{AsSource, Source};
use crate::sys::fd::{OwnedFd, RawFd};
use crate::sys::option_name as name;
use crate::sys::socket;

/// A socket of the kind `K`. It has a name for each kind, such as [`TcpStream`](super::TcpStream).
///
/// It is closed when dropped, and stays on one thread; to move it to another, turn it into an
/// [`OwnedFd`] and back.
pub struct Socket<K> {
    source: Source<OwnedFd>,
    kind: PhantomData<K>,
}

impl<K: Kind> Socket<K> {
    /// The interests that a socket of this kind is usually registered with.
    pub const INTERESTS: Interests = K::INTERESTS;

    /// Takes over a descriptor if it is a socket of this kind, and makes it non-blocking.
    ///
    /// `From<OwnedFd>` is the same without the checks.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](Error::InvalidInput) for a socket of another family or type, or one that
    /// listens where a connection is wanted; `Os(ENOTSOCK)` for what is no socket; or an OS error;
    /// the descriptor is closed then.
    pub fn try_from_fd(fd: OwnedFd) -> Result<Socket<K>> {
        let kind = name::TYPE.int(fd.as_raw_fd())?;
        let family = socket::local_addr(fd.as_raw_fd())?.family();
        let listens = name::ACCEPTS.flag(fd.as_raw_fd()).unwrap_or(K::LISTENS);
        if kind != K::TYPE || !K::FAMILIES.contains(&family) || listens != K::LISTENS {
            return Err(Error::InvalidInput);
        }
        Socket::from_owned_nonblocking(fd)
    }

    /// Takes over a socket and makes it non-blocking.
    pub(crate) fn from_owned_nonblocking(fd: OwnedFd) -> Result<Socket<K>> {
        socket::set_nonblocking(fd.as_raw_fd())?;
        Ok(Socket::from_owned(fd))
    }

    /// Takes over a descriptor, as it is. It should be a non-blocking socket of this kind: nothing
    /// is checked or set.
    ///
    /// # Safety
    ///
    /// It must be open, and nobody else may own it: it will be closed.
    #[allow(unsafe_code)]
    #[must_use]
    pub unsafe fn from_raw_fd(fd: RawFd) -> Socket<K> {
        // SAFETY: the caller promises the same.
        Socket::from_owned(unsafe { OwnedFd::from_raw_fd(fd) })
    }

    #[inline]
    pub(crate) fn from_owned(fd: OwnedFd) -> Socket<K> {
        Socket { source: Source::new(fd, K::POSSIBLE), kind: PhantomData }
    }

    /// Turns a socket into one of another kind, with its registration.
    pub(super) fn into_kind<L>(self) -> Socket<L> {
        Socket { source: self.source, kind: PhantomData }
    }

    /// Returns a second handle to the same socket. It is not registered, whatever the first one is;
    /// while it lives, closing the first one without deregistering does not end the registration.
    ///
    /// # Errors
    ///
    /// An OS error: out of descriptors.
    pub fn try_clone(&self) -> Result<Socket<K>> {
        Ok(Socket::from_owned(socket::duplicate(self.as_raw_fd())?))
    }

    /// Returns the address that the socket is bound to.
    ///
    /// # Errors
    ///
    /// An OS error, see getsockname(2).
    pub fn local_addr(&self) -> Result<K::Address> {
        K::Address::from_raw(&socket::local_addr(self.as_raw_fd())?)
    }

    /// Returns and clears the pending error (`SO_ERROR`), if there is one.
    ///
    /// # Errors
    ///
    /// An OS error, see socket(7).
    pub fn take_error(&self) -> Result<Option<Error>> {
        Ok(match name::ERROR.int(self.as_raw_fd())? {
            0 => None,
            errno => Some(Error::from_raw_os_error(errno)),
        })
    }
}

impl<K> Socket<K> {
    /// Returns the descriptor, which stays owned by the socket.
    #[inline]
    #[must_use]
    pub fn as_raw_fd(&self) -> RawFd {
        self.source.descriptor().as_raw_fd()
    }

    /// Returns the descriptor and gives up its ownership. It stays open, and registered if it is.
    #[must_use = "nobody else will close it"]
    pub fn into_raw_fd(self) -> RawFd {
        OwnedFd::from(self).into_raw_fd()
    }
}

impl<K: Kind> AsSource for Socket<K> {
    const INTERESTS: Interests = K::INTERESTS;

    type Descriptor = OwnedFd;

    #[inline]
    fn as_source(&mut self) -> &mut Source<OwnedFd> {
        &mut self.source
    }
}

/// Makes the descriptor non-blocking. Whether it is a socket of this kind is not checked, see
/// [`try_from_fd`](Socket::try_from_fd).
impl<K: Kind> From<OwnedFd> for Socket<K> {
    fn from(fd: OwnedFd) -> Socket<K> {
        // An open descriptor has no error here; any other shows at the first call.
        let _ = socket::set_nonblocking(fd.as_raw_fd());
        Socket::from_owned(fd)
    }
}

/// The descriptor stays non-blocking, and registered if it is.
impl<K> From<Socket<K>> for OwnedFd {
    fn from(socket: Socket<K>) -> OwnedFd {
        socket.source.into_descriptor()
    }
}

impl<K: Kind> fmt::Debug for Socket<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct(K::NAME);
        if let Ok(address) = self.local_addr() {
            debug.field("addr", &address);
        }
        if let Ok(address) = socket::peer_addr(self.as_raw_fd())
            && let Ok(address) = K::Address::from_raw(&address)
        {
            debug.field("peer", &address);
        }
        debug.field("fd", &self.as_raw_fd()).finish()
    }
}

static_assertions::assert_not_impl_any!(Socket<super::kinds::TcpStream>: Send, Sync);
