//! Addresses of the Unix domain.

use core::fmt;

use super::kind::{Address, RawForm};
use crate::error::Result;
use crate::sys::address::{RawAddress, UnixName};

/// An address of the Unix domain: a path, a name in Linux's abstract namespace, or none. See
/// unix(7).
///
/// ```
/// use mio_st::socket::UnixAddress;
///
/// let address = UnixAddress::from_path("/run/service.socket")?;
/// assert_eq!(address.as_path(), Some(&b"/run/service.socket"[..]));
/// assert!(UnixAddress::from_path("a\0b").is_err());
/// # Ok::<(), mio_st::Error>(())
/// ```
#[derive(Copy, Clone)]
pub struct UnixAddress(RawAddress);

impl UnixAddress {
    /// Returns the address of the socket file at `path`.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::Error::InvalidInput) for a path that no socket can have: an empty
    /// one, one that is too long (about 100 bytes), one that contains a NUL.
    pub fn from_path(path: impl AsRef<[u8]>) -> Result<UnixAddress> {
        RawAddress::of_path(path.as_ref()).map(UnixAddress)
    }

    /// Returns a name in the abstract space, which needs no file. It may contain any bytes. Linux
    /// only.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::Error::InvalidInput) for a name that is too long (107 bytes),
    /// [`Unsupported`](crate::Error::Unsupported) on other systems.
    pub fn from_abstract_name(name: impl AsRef<[u8]>) -> Result<UnixAddress> {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        return RawAddress::of_abstract(name.as_ref()).map(UnixAddress);
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        {
            let _ = name;
            Err(crate::Error::Unsupported)
        }
    }

    /// Returns the address of a socket that is not bound. If a socket is bound to it, Linux chooses
    /// a name in the abstract space.
    #[must_use]
    pub fn unnamed() -> UnixAddress {
        UnixAddress(RawAddress::unnamed())
    }

    /// Returns the path, if it is one.
    #[must_use]
    pub fn as_path(&self) -> Option<&[u8]> {
        match self.name() {
            UnixName::Path(path) => Some(path),
            _ => None,
        }
    }

    /// Returns the name in the abstract space, if it is one.
    #[must_use]
    pub fn as_abstract_name(&self) -> Option<&[u8]> {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        if let UnixName::Abstract(name) = self.name() {
            return Some(name);
        }
        None
    }

    /// Returns whether it is the address of a socket that is not bound.
    #[must_use]
    pub fn is_unnamed(&self) -> bool {
        self.name() == UnixName::Unnamed
    }

    fn name(&self) -> UnixName<'_> {
        // It was checked when it was made.
        self.0.unix().unwrap_or(UnixName::Unnamed)
    }
}

impl Address for UnixAddress {}

impl RawForm for UnixAddress {
    fn to_raw(&self) -> RawAddress {
        self.0
    }

    fn from_raw(raw: &RawAddress) -> Result<UnixAddress> {
        raw.unix()?;
        Ok(UnixAddress(*raw))
    }
}

impl PartialEq for UnixAddress {
    fn eq(&self, other: &UnixAddress) -> bool {
        self.name() == other.name()
    }
}

impl Eq for UnixAddress {}

impl fmt::Debug for UnixAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            UnixName::Unnamed => f.write_str("(unnamed)"),
            UnixName::Path(path) => write!(f, "\"{}\"", path.escape_ascii()),
            #[cfg(any(target_os = "linux", target_os = "android"))]
            UnixName::Abstract(name) => write!(f, "\"{}\" (abstract)", name.escape_ascii()),
        }
    }
}
