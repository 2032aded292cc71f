//! The peers that poll a kernel, one adapter each.
//!
//! An adapter uses its library as its documentation shows and adds nothing: a batch has room for 256
//! events, readiness is tested as a program would.

#[cfg(feature = "c-peers")]
mod c_peers;
mod calloop;
mod mio;
mod mio_st;
mod polling;
mod raw;

use std::os::fd::RawFd;
use std::time::Duration;

#[cfg(feature = "c-peers")]
pub use self::c_peers::{CLoop, Libev, Libevent, Library, Libuv, User};
pub use self::calloop::Calloop;
pub use self::mio::Mio;
pub use self::mio_st::MioSt;
pub use self::polling::Polling;
pub use self::raw::Raw;

/// When a readable source is reported.
#[derive(Copy, Clone, PartialEq)]
pub enum Mode {
    Level,
    Edge,
}

/// Something that polls.
pub trait Selector: Sized + 'static {
    const PEER: &'static str;

    /// A batch.
    type Events;

    fn new() -> Self;

    fn events() -> Self::Events;

    /// Begins to watch for readability.
    fn register(&mut self, fd: RawFd, id: usize, mode: Mode);

    /// Changes that to readability and writability, or back.
    fn reregister(&mut self, fd: RawFd, id: usize, writable: bool);

    fn deregister(&mut self, fd: RawFd);

    /// Does what the library has put off until its next poll.
    fn flush(&mut self) {}

    /// Closes a descriptor that is registered, the shortest way that the library allows.
    fn close(&mut self, fd: RawFd) {
        crate::sys::close(fd);
    }

    /// One poll.
    fn poll(&mut self, events: &mut Self::Events, timeout: Option<Duration>);

    /// Hands the id of each readable source to `handle`.
    fn readable(events: &mut Self::Events, handle: impl FnMut(usize));
}

/// A signal may end a poll.
#[inline]
fn allow_interruption<T>(answer: std::io::Result<T>) {
    if let Err(error) = answer {
        assert_eq!(error.kind(), std::io::ErrorKind::Interrupted);
    }
}
