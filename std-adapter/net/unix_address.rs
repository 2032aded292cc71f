//! `std`'s Unix domain addresses and those of `socket`.

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

use crate::socket::UnixAddress;

/// # Errors
///
/// `InvalidInput` for a path that no socket can have.
pub(super) fn of_path(path: &Path) -> io::Result<UnixAddress> {
    Ok(UnixAddress::from_path(path.as_os_str().as_bytes())?)
}

/// # Errors
///
/// `InvalidInput` for what no socket can be called, which a `std` address never is.
pub(super) fn of(address: &SocketAddr) -> io::Result<UnixAddress> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    if let Some(name) = address.as_abstract_name() {
        return Ok(UnixAddress::from_abstract_name(name)?);
    }
    address.as_pathname().map_or_else(|| Ok(UnixAddress::unnamed()), of_path)
}

/// # Errors
///
/// `InvalidInput` for a path of the one length that the kernel can name and `std` cannot, for want
/// of a NUL.
pub(super) fn to_std(address: UnixAddress) -> io::Result<SocketAddr> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    if let Some(name) = address.as_abstract_name() {
        return SocketAddr::from_abstract_name(name);
    }
    SocketAddr::from_pathname(OsStr::from_bytes(address.as_path().unwrap_or_default()))
}

/// As `to_std`, but what `std` cannot name counts as unnamed: a datagram is worth more than its
/// address.
pub(super) fn to_std_or_unnamed(address: UnixAddress) -> io::Result<SocketAddr> {
    to_std(address).or_else(|_| SocketAddr::from_pathname(""))
}
