//! Accepting connections in a server that keeps serving.

use crate::error::{Error, Result};
use crate::sys::accept::{AcceptError, reserve};
use crate::sys::fd::OwnedFd;

/// The result of one attempt to accept a connection; see [`AcceptGuard`].
///
/// Every error of accept(2) that a client, the network or a shortage can cause is a variant here,
/// and none is a reason to stop serving. The enum is exhaustive, so that the compiler checks that a
/// server handles each.
#[derive(Debug)]
#[must_use]
pub enum Incoming<S, A> {
    /// A connection, and the address of the peer.
    Connection(S, A),
    /// No connection is waiting: wait for the next event.
    WouldBlock,
    /// The connection at the head of the queue failed before it was accepted, for this reason.
    /// Others may be waiting: accept again (under `Level` the next poll reports them).
    Lost(Error),
    /// The connection was accepted and closed, because no descriptor is left to serve it. Others
    /// may be waiting: accept again.
    Refused(A),
    /// Nothing can be accepted for now, not even to be closed: descriptors or kernel memory are
    /// exhausted, and connections may be waiting. Stop accepting, and try again after a pause.
    Exhausted,
}

/// Accepts connections for a server that keeps serving, whatever accept(2) returns.
///
/// It adds two things to a listener's `accept`.
///
/// * *It classifies errors.* accept(2) returns errors that concern a single connection (a peer that
///   reset it, a firewall rule, a network that is down) in the same way as those of the listener. A
///   server that ends on either can be ended by a client. The guard returns the first kind as
///   [`Incoming::Lost`], and as `Err` only what [`AcceptError`] calls an error of the listener.
/// * *It holds one descriptor in reserve.* If `accept` fails because no descriptor is left
///   (`EMFILE`, `ENFILE`), the connection stays at the head of the queue: under `Level` each poll
///   reports it again, a busy loop; under `Edge` no further event comes, and the listener stays
///   silent even when descriptors are free again. The guard then closes the reserve, accepts the
///   connection, closes it, so that the client is informed, and takes a new reserve. That is
///   [`Incoming::Refused`]. If even this fails, or if kernel memory is short, the result is
///   [`Incoming::Exhausted`].
///
/// To pause after `Exhausted`, deregister the listener and add a timeout under its id; when the
/// timeout expires, register it again. Registering reports connections that are already waiting,
/// under `Edge` too. An [`Acceptor`](crate::socket::Acceptor) does all this by itself. A server
/// that prefers to let clients wait in the queue pauses after `Refused` as well.
///
/// This type works with any function that accepts; with the feature `std`, `net::AcceptGuard` is
/// the same for listeners of `net`.
///
/// ```
/// use mio_st::Error;
/// use mio_st::unix::{AcceptGuard, Incoming};
///
/// let mut guard = AcceptGuard::new()?;
/// // Usually a call of accept(2).
/// let waiting = [Err(Error::Os(libc::EAGAIN)), Ok((7, ())), Err(Error::Os(libc::EPROTO))];
/// let mut queue = waiting.into_iter();
/// let mut accept = || queue.next_back().unwrap();
/// assert!(matches!(guard.accept_with(&mut accept)?, Incoming::Lost(Error::Os(libc::EPROTO))));
/// assert!(matches!(guard.accept_with(&mut accept)?, Incoming::Connection(7, ())));
/// assert!(matches!(guard.accept_with(&mut accept)?, Incoming::WouldBlock));
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug)]
pub struct AcceptGuard {
    reserve: Option<OwnedFd>,
}

impl AcceptGuard {
    /// Takes the reserve: one descriptor, close-on-exec. One guard serves any number of listeners.
    ///
    /// # Errors
    ///
    /// An OS error, if no descriptor is left already.
    pub fn new() -> Result<AcceptGuard> {
        Ok(AcceptGuard { reserve: Some(reserve()?) })
    }

    /// Accepts one connection by `accept`, which makes one non-blocking call of accept(2) or its
    /// like. It is called once, or twice if there was no descriptor for the connection.
    ///
    /// # Errors
    ///
    /// What [`AcceptError::of`] calls an error of the listener: closed, not a socket, not
    /// listening.
    pub fn accept_with<S, A>(
        &mut self,
        mut accept: impl FnMut() -> Result<(S, A)>,
    ) -> Result<Incoming<S, A>> {
        self.replenish();
        match accept() {
            Ok((stream, address)) => Ok(Incoming::Connection(stream, address)),
            Err(error) if AcceptError::of(error) == AcceptError::Exhausted => self.refuse(accept),
            Err(error) => incoming(error),
        }
    }

    #[cold]
    fn refuse<S, A>(
        &mut self,
        mut accept: impl FnMut() -> Result<(S, A)>,
    ) -> Result<Incoming<S, A>> {
        self.reserve = None;
        let incoming = match accept() {
            // This closes the connection, so that its descriptor is free for the new reserve.
            Ok((_, address)) => Ok(Incoming::Refused(address)),
            Err(error) => incoming(error),
        };
        self.replenish();
        incoming
    }

    /// Returns whether there is a reserve. If other code took its descriptor, the guard takes a new
    /// reserve as soon as a descriptor is free, before any connection gets it.
    #[must_use]
    pub fn has_reserve(&self) -> bool {
        self.reserve.is_some()
    }

    fn replenish(&mut self) {
        if self.reserve.is_none() {
            self.reserve = reserve().ok();
        }
    }
}

fn incoming<S, A>(error: Error) -> Result<Incoming<S, A>> {
    match AcceptError::of(error) {
        AcceptError::WouldBlock => Ok(Incoming::WouldBlock),
        AcceptError::Lost => Ok(Incoming::Lost(error)),
        AcceptError::Exhausted => Ok(Incoming::Exhausted),
        AcceptError::Listener => Err(error),
    }
}
