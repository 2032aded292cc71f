//! `std`'s Unix domain addresses and the kernel's.

extern crate std;

use std::ffi::OsStr;
use std::io;
#[cfg(target_os = "android")]
use std::os::android::net::SocketAddrExt;
#[cfg(target_os = "linux")]
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::SocketAddr;
use std::path::Path;

use crate::sys::address::{RawAddress, UnixName};

/// # Errors
///
/// `InvalidInput` for a path that no socket can have.
pub(super) fn of_path(path: &Path) -> io::Result<RawAddress> {
    Ok(RawAddress::of_path(path.as_os_str().as_bytes())?)
}

/// # Errors
///
/// `InvalidInput` for what no socket can be called, which a `std` address never is.
pub(super) fn of(address: &SocketAddr) -> io::Result<RawAddress> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    if let Some(name) = address.as_abstract_name() {
        return Ok(RawAddress::of_abstract(name)?);
    }
    address.as_pathname().map_or_else(|| Ok(RawAddress::unnamed()), of_path)
}

/// # Errors
///
/// `EAFNOSUPPORT` for an address of another family. `InvalidInput` for a path of the one length that the
/// kernel can name and `std` cannot, for want of a NUL.
pub(super) fn to_std(address: &RawAddress) -> io::Result<SocketAddr> {
    match address.unix()? {
        UnixName::Unnamed => SocketAddr::from_pathname(""),
        UnixName::Path(path) => SocketAddr::from_pathname(OsStr::from_bytes(path)),
        #[cfg(any(target_os = "linux", target_os = "android"))]
        UnixName::Abstract(name) => SocketAddr::from_abstract_name(name),
    }
}

/// As `to_std`, but what `std` cannot name counts as unnamed: a datagram is worth more than its address.
pub(super) fn to_std_or_unnamed(address: &RawAddress) -> io::Result<SocketAddr> {
    match to_std(address) {
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => SocketAddr::from_pathname(""),
        answer => answer,
    }
}
