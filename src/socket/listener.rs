//! What every listener has.

use super::Socket;
use super::kind::{Kind, Listens, RawForm};
use crate::error::Result;
use crate::id::EventedId;
use crate::interests::PollOption;
use crate::poller::Registry;
use crate::sys::socket;

/// How many connections may wait to be accepted: as many as Linux allows by default
/// (`net.core.somaxconn`, since 5.4). A server that handles a batch of events before it accepts again
/// meets more than `std`'s 128. The BSDs and Apple's systems cut it down to their 128, without an
/// error.
pub(super) const BACKLOG: i32 = 4096;

/// A connection and the address that it comes from.
type Accepted<K> = (Socket<<K as Listens>::Stream>, <K as Kind>::Address);

impl<K: Listens> Socket<K> {
    /// Accepts a connection, non-blocking and close-on-exec, and returns it with the peer's address.
    /// Most clients of a Unix listener are unnamed.
    ///
    /// # Errors
    ///
    /// [Would block](crate::Error::is_would_block) if no connection is waiting;
    /// `Os(ECONNABORTED)` if the one that was waiting is gone; `Os(EMFILE)` or `Os(ENFILE)` if no
    /// descriptor is free: the connection keeps waiting, and under `Edge` no further event reports it,
    /// so accept again once a descriptor is free. See accept(2).
    pub fn accept(&self) -> Result<Accepted<K>> {
        let (stream, address) = socket::accept(self.as_raw_fd())?;
        Ok((Socket::adopt(stream), K::Address::from_raw(&address)?))
    }

    /// Registers a listener that other pollers watch too, through clones of it, so that a connection
    /// wakes one of them (the kernel promises: one or more) and not all. See
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
