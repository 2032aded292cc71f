//! Sockets like `std::net`'s, non-blocking and close-on-exec from birth, that a
//! [`Poller`](crate::poll::Poller) can watch.
//!
//! They set no option that was not asked for, except `SO_REUSEADDR` on a listener, as `std` does. They stay
//! on one thread; to cross threads, turn one into its `std` type or an `OwnedFd`, and back.

extern crate std;

use std::os::fd::{FromRawFd, OwnedFd};

use crate::sys::fd::Fd;

#[macro_use]
mod handle;

mod tcp_listener;
mod tcp_stream;

mod datagram;
#[macro_use]
mod udp_options;
mod connected_udp_socket;
mod udp_socket;

mod unix_address;
mod unix_datagram;
mod unix_listener;
mod unix_stream;

mod accept_guard;
mod listen_options;

#[allow(deprecated)]
pub use self::accept_guard::Accepted;
pub use self::accept_guard::{AcceptGuard, Incoming, Listener};
pub use self::connected_udp_socket::ConnectedUdpSocket;
pub use self::datagram::Datagram;
pub use self::listen_options::ListenOptions;
pub use self::tcp_listener::TcpListener;
pub use self::tcp_stream::{ConnectStatus, TcpStream};
pub use self::udp_socket::UdpSocket;
pub use self::unix_datagram::UnixDatagram;
pub use self::unix_listener::UnixListener;
pub use self::unix_stream::{Credentials, UnixStream};

/// Hands a descriptor of ours over to `std`.
#[allow(unsafe_code)]
fn adopt(fd: Fd) -> OwnedFd {
    // SAFETY: it is open, and its owner has just given it away.
    unsafe { OwnedFd::from_raw_fd(fd.into_raw()) }
}
