//! Sockets without `std`: TCP, UDP and the Unix domain, non-blocking and close-on-exec from birth.
//!
//! | type | what it is |
//! |---|---|
//! | [`TcpListener`], [`TcpStream`] | TCP: a listener; a connection, established or being established |
//! | [`UdpSocket`], [`ConnectedUdpSocket`] | UDP: for any peer; for one peer |
//! | [`UnixListener`], [`UnixStream`], [`UnixDatagram`] | the same within this machine |
//! | `VsockListener`, `VsockStream` | between a virtual machine and its host; Linux only |
//! | [`Acceptor`], [`AcceptGuard`] | accept connections whatever accept(2) returns |
//!
//! All are one generic type, [`Socket`], so that a method that several kinds have is documented
//! once. [`ListenOptions`] and [`ConnectOptions`] set what must be set before bind(2) or
//! connect(2).
//!
//! A call that cannot be completed now fails with an error that
//! [`is_would_block`](crate::Error::is_would_block); wait for an event then. A call that is
//! interrupted by a signal is repeated. Writing to a closed peer is an error and raises no
//! `SIGPIPE`. No option is set that was not asked for, except `SO_REUSEADDR` on a listener, as
//! `std` does.
//!
//! An option that this system does not have is [`Unsupported`](crate::Error::Unsupported). Other
//! errors are OS errors, see socket(7), ip(7), ipv6(7), tcp(7), udp(7) and unix(7).
//!
//! With the feature `std`, the module `net` has the same sockets with `std::io::Result` and the
//! traits of `std`.
//!
//! ```
//! use mio_st::event::{EventedId, Events};
//! use mio_st::poll::{PollOption, Poller};
//! use mio_st::socket::{TcpListener, TcpStream};
//!
//! let mut poller = Poller::new()?;
//! let mut events = Events::new();
//! let mut listener = TcpListener::bind("127.0.0.1:0".parse().unwrap())?;
//! poller.register(&mut listener, EventedId(0), TcpListener::INTERESTS, PollOption::Edge)?;
//!
//! let client = TcpStream::connect(listener.local_addr()?)?;
//! poller.poll(&mut events, None)?;
//! let (server, address) = listener.accept()?;
//! assert_eq!(address, client.local_addr()?);
//! assert_eq!(server.write(b"hello")?, 5);
//! # Ok::<(), mio_st::Error>(())
//! ```

// In the order of the documentation, which lists the methods of a type by module: what makes a
// socket of each kind first, then what sockets have in common.
mod tcp;
mod udp;
mod unix;
mod unix_datagram;
#[cfg(any(target_os = "linux", target_os = "android"))]
mod vsock;

#[allow(clippy::module_inception)]
mod socket;

mod data;
mod listener;
mod stream;

mod datagram;

mod batch;
mod packet;

mod multicast;
mod options;

mod error_queue;
mod rights;
mod transfer;

mod acceptor;
mod connect_options;
mod kind;
mod listen_options;
mod unix_address;

pub use self::acceptor::Acceptor;
pub use self::batch::{Packet, PacketBatch, PacketMut};
pub use self::connect_options::ConnectOptions;
pub use self::data::Shutdown;
pub use self::datagram::Datagram;
pub use self::kind::{Address, Kind};
pub use self::listen_options::ListenOptions;
pub use self::packet::{Ecn, PacketInfo, ReceivedPacket};
pub use self::rights::ReceivedFds;
pub use self::socket::Socket;
pub use self::stream::ConnectStatus;
pub use self::tcp::{TcpListener, TcpStream};
pub use self::udp::{ConnectedUdpSocket, UdpSocket};
pub use self::unix::{Credentials, UnixListener, UnixStream};
pub use self::unix_address::UnixAddress;
pub use self::unix_datagram::UnixDatagram;
#[cfg(any(target_os = "linux", target_os = "android"))]
pub use self::vsock::{VsockAddress, VsockListener, VsockStream};

pub use crate::unix::{AcceptError, AcceptGuard, ErrorOrigin, Incoming, QueuedError};

/// The kinds of sockets: what [`Socket`] is generic over.
pub mod kinds {
    pub use super::kind::{Data, Datagrams, Ip, Listens, Peer, Stream, Udp, Unix};
    pub use super::tcp::kinds::{TcpListener, TcpStream};
    pub use super::udp::kinds::{ConnectedUdpSocket, UdpSocket};
    pub use super::unix::kinds::{UnixListener, UnixStream};
    pub use super::unix_datagram::kinds::UnixDatagram;
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub use super::vsock::kinds::{VsockListener, VsockStream};
}
