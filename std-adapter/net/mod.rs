//! Sockets like `std::net`'s, non-blocking and close-on-exec from birth, that a
//! [`Poller`](crate::poll::Poller) can watch.
//!
//! Each type contains one of [`socket`](crate::socket), where the documentation is, and adds what
//! needs `std`: `std::io::Result`, `Read` and `Write`, `AsFd` and the like, conversions from and to
//! the types of `std::net` and `std::os::unix::net`. [`as_socket`](Socket::as_socket) gives access
//! to everything that has no method here, such as most options.
//!
//! No option is set that was not asked for, except `SO_REUSEADDR` on a listener, as `std` does.
//! Sockets stay on one thread; to move one to another, turn it into its `std` type or an `OwnedFd`,
//! and back.

// In the order of the documentation: what makes a socket of each kind first.
mod tcp;
mod udp;
mod unix;
mod unix_address;

#[allow(clippy::module_inception)]
mod socket;

mod convert;

mod accept_guard;
mod listen_options;

#[allow(deprecated)]
pub use self::accept_guard::Accepted;
pub use self::accept_guard::{AcceptGuard, Incoming, Listener};
pub use self::convert::StdKind;
pub use self::listen_options::ListenOptions;
pub use self::socket::Socket;
pub use self::tcp::{TcpListener, TcpStream};
pub use self::udp::{ConnectedUdpSocket, UdpSocket};
pub use self::unix::{UnixDatagram, UnixListener, UnixStream};
pub use crate::socket::{
    Acceptor, ConnectOptions, ConnectStatus, Credentials, Datagram, ErrorOrigin, QueuedError,
};
