//! Connections between a virtual machine and its host: vsock(7), Linux.

use core::fmt;

use super::Socket;
use super::kind::{Address, RawForm};
use super::listener::BACKLOG;
use crate::error::{Error, Result};
use crate::sys::address::{AF_VSOCK, RawAddress};
use crate::sys::fd::OwnedFd;
use crate::sys::socket;

/// The kinds of this file.
pub mod kinds {
    use crate::interests::Interests;
    use crate::socket::VsockAddress;
    use crate::socket::kind::kind;

    kind! {
        /// A connection between a virtual machine and its host.
        VsockStream: SOCK_STREAM of [crate::sys::address::AF_VSOCK], listens: false;
        address: VsockAddress;
        interests: Interests::BOTH;
        is Data;
        is Peer;
        is Stream;
    }

    kind! {
        /// A socket that listens for connections between a virtual machine and its host.
        VsockListener: SOCK_STREAM of [crate::sys::address::AF_VSOCK], listens: true;
        address: VsockAddress;
        interests: Interests::READABLE;
        is Listens { type Stream = VsockStream; };
    }
}

/// A connection between a virtual machine and its host, established or being established. Linux
/// only.
pub type VsockStream = Socket<kinds::VsockStream>;

/// A socket that listens for connections between a virtual machine and its host. Linux only.
pub type VsockListener = Socket<kinds::VsockListener>;

/// The address of a vsock socket: a machine and a port.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VsockAddress {
    /// The context id of the machine: one of the constants here, or what the host has given to a
    /// guest.
    pub cid: u32,
    /// The port; [`ANY`](VsockAddress::ANY) lets the system choose one.
    pub port: u32,
}

impl VsockAddress {
    /// Any machine, for a listener; any port.
    pub const ANY: u32 = libc::VMADDR_CID_ANY;
    /// This machine itself, Linux 5.6.
    pub const LOCAL: u32 = libc::VMADDR_CID_LOCAL;
    /// The host.
    pub const HOST: u32 = libc::VMADDR_CID_HOST;
}

impl fmt::Debug for VsockAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "vsock {}:{}", self.cid, self.port)
    }
}

impl Address for VsockAddress {}

impl RawForm for VsockAddress {
    fn to_raw(&self) -> RawAddress {
        RawAddress::of_vsock(self.cid, self.port)
    }

    fn from_raw(raw: &RawAddress) -> Result<VsockAddress> {
        raw.vsock().map(|(cid, port)| VsockAddress { cid, port })
    }
}

impl VsockListener {
    /// Listens at `address`.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](Error::Unsupported) if the kernel has no vsock, or an OS error, see
    /// vsock(7).
    pub fn bind(address: VsockAddress) -> Result<VsockListener> {
        socket::listen_at(new()?, &address.to_raw(), BACKLOG).map(Socket::from_owned)
    }
}

impl VsockStream {
    /// Begins to connect to `address` and does not wait, as
    /// [`TcpStream::connect`](super::TcpStream::connect) does.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](Error::Unsupported) if the kernel has no vsock, or an OS error, see
    /// vsock(7).
    pub fn connect(address: VsockAddress) -> Result<VsockStream> {
        socket::connect_to(new()?, &address.to_raw()).map(Socket::from_owned)
    }
}

fn new() -> Result<OwnedFd> {
    match socket::socket(AF_VSOCK, libc::SOCK_STREAM) {
        Err(Error::Os(libc::EAFNOSUPPORT)) => Err(Error::Unsupported),
        result => result,
    }
}
