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

pub use self::tcp_listener::TcpListener;
pub use self::tcp_stream::{ConnectStatus, TcpStream};

/// Hands a descriptor of ours over to `std`.
#[allow(unsafe_code)]
fn adopt(fd: Fd) -> OwnedFd {
    // SAFETY: it is open, and its owner has just given it away.
    unsafe { OwnedFd::from_raw_fd(fd.into_raw()) }
}
