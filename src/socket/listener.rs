//! What every listener has.

use super::Socket;
use super::kind::{Kind, Listens, RawForm};
use crate::error::{Error, Result};
use crate::id::EventedId;
use crate::interests::PollOption;
use crate::poller::Registry;
use crate::sys::address::RawAddress;
use crate::sys::socket;
use crate::unix::{AcceptGuard, Incoming};

/// How many connections may wait to be accepted: as many as Linux allows by default
/// (`net.core.somaxconn`, since 5.4). A server that handles a batch of events before it accepts
/// again meets more than `std`'s 128. The BSDs and Apple's systems cut it down to their 128,
/// without an error.
pub(super) const BACKLOG: i32 = 4096;

/// A connection and the address that it comes from.
type Accepted<K> = (Socket<<K as Listens>::Stream>, <K as Kind>::Address);

impl<K: Listens> Socket<K> {
    /// Accepts a connection, non-blocking and close-on-exec, and returns it with the peer's
    /// address. Most clients of a Unix listener are unnamed.
    ///
    /// Servers should call [`AcceptGuard::accept_next`] instead: most errors of this call are no
    /// reason to stop serving.
    ///
    /// # Errors
    ///
    /// [Would block](Error::is_would_block) if no connection is waiting. For any other, see
    /// accept(2) and [`AcceptError::of`](super::AcceptError::of). In short: `Os(ECONNABORTED)`,
    /// `Os(EPROTO)`, `Os(EPERM)` and errors of the network concern the connection, and the next
    /// call may succeed; `Os(EMFILE)`, `Os(ENFILE)`, `Os(ENOBUFS)` and `Os(ENOMEM)` leave the
    /// connection in the queue, and under `Edge` no further event reports it; the rest concern the
    /// listener.
    #[inline]
    pub fn accept(&self) -> Result<Accepted<K>> {
        let mut address = RawAddress::unset();
        let stream = socket::accept(self.as_raw_fd(), &mut address)?;
        match K::Address::from_raw(&address) {
            Ok(address) => Ok((Socket::from_owned(stream), address)),
            // macOS returns no address if the peer has reset the connection already.
            Err(_) if address.len() == 0 => Err(Error::Os(libc::ECONNABORTED)),
            Err(error) => Err(error),
        }
    }

    /// Registers a listener that other pollers watch too, through clones of it, so that a
    /// connection wakes one of them (the kernel promises: one or more) and not all. See
    /// [`Registry::register_fd_exclusive`]. It can be deregistered, but not reregistered.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](crate::Error::Unsupported) on kqueue,
    /// [`InvalidInput`](crate::Error::InvalidInput) for `Oneshot`, and as
    /// [`Evented::register`](crate::event::Evented::register).
    pub fn register_exclusive(
        &mut self,
        registry: &mut Registry,
        id: EventedId,
        opt: PollOption,
    ) -> Result<()> {
        registry.register_fd_exclusive(self.as_raw_fd(), id, K::INTERESTS, opt)
    }
}

impl AcceptGuard {
    /// Accepts the connection at the head of the queue, or returns why it could not.
    ///
    /// # Errors
    ///
    /// Only what makes the listener useless: it is closed, not a socket, or not listening. See
    /// [`AcceptError`](super::AcceptError).
    pub fn accept_next<K: Listens>(
        &mut self,
        listener: &Socket<K>,
    ) -> Result<Incoming<Socket<K::Stream>, K::Address>> {
        self.accept_with(|| listener.accept())
    }
}
