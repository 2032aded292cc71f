//! Sockets like `std::net`'s, non-blocking and close-on-exec from birth, that a
//! [`Poller`](crate::poll::Poller) can watch.
//!
//! They set no option that was not asked for, except `SO_REUSEADDR` on a listener, as `std` does. They stay
//! on one thread; to cross threads, turn one into its `std` type or an `OwnedFd`, and back.

extern crate std;

use core::slice;
use std::io::{self, IoSlice};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use crate::sys::fd::Fd;
use crate::sys::socket;

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

/// A vectored write as it should be: that of `std` may raise `SIGPIPE`, unlike its plain one.
#[allow(unsafe_code)]
#[inline]
fn send_vectored(socket: &impl AsRawFd, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
    // SAFETY: `std` promises that an `IoSlice` has the layout of an `iovec`, and each is memory that is
    // borrowed for the length of the call.
    unsafe {
        let parts = slice::from_raw_parts(buffers.as_ptr().cast(), buffers.len());
        Ok(socket::send_vectored(socket.as_raw_fd(), parts)?)
    }
}
