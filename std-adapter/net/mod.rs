//! Sockets like `std::net`'s, non-blocking and close-on-exec from birth, that a
//! [`Poller`](crate::poll::Poller) can watch.
//!
//! They set no option that was not asked for, except `SO_REUSEADDR` on a listener, as `std` does. They stay
//! on one thread; to cross threads, turn one into its `std` type or an `OwnedFd`, and back.

extern crate std;

use std::io;
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

/// Gives one meaning to what getpeername(2) answers for a socket without a peer: `NotConnected`. NetBSD
/// (after a refused attempt) and Apple's systems (after both directions were shut down) say `EINVAL`.
fn peer<A>(answer: io::Result<A>) -> io::Result<A> {
    answer.map_err(|error| match error.raw_os_error() {
        Some(libc::EINVAL) => io::Error::from_raw_os_error(libc::ENOTCONN),
        _ => error,
    })
}

/// Hands a descriptor of ours over to `std`.
#[allow(unsafe_code)]
fn adopt(fd: Fd) -> OwnedFd {
    // SAFETY: it is open, and its owner has just given it away.
    unsafe { OwnedFd::from_raw_fd(fd.into_raw()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_without_a_peer_is_not_connected_on_every_system() {
        let answer = |errno| peer::<()>(Err(io::Error::from_raw_os_error(errno)));
        for (errno, meaning) in [
            (libc::ENOTCONN, libc::ENOTCONN),
            (libc::EINVAL, libc::ENOTCONN),
            (libc::ENOBUFS, libc::ENOBUFS),
        ] {
            assert_eq!(answer(errno).unwrap_err().raw_os_error(), Some(meaning));
        }
        assert_eq!(peer(Ok(1)).unwrap(), 1);
    }
}
