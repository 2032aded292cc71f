//! A listener for a server that keeps serving.

use core::time::Duration;

use super::Socket;
use super::kind::{Kind, Listens};
use crate::error::{Error, Result};
use crate::id::EventedId;
use crate::interests::{Interests, PollOption};
use crate::poller::{Evented, Poller};
use crate::timer::DeadlineKey;
use crate::unix::{AcceptGuard, Incoming};

/// How long a listener is left alone when nothing can be accepted.
const PAUSE: Duration = Duration::from_millis(100);

/// A registered listener that keeps accepting, whatever accept(2) returns.
///
/// It contains an [`AcceptGuard`], and makes the pause that a server has to make after
/// [`Incoming::Exhausted`].
///
/// Call [`accept`](Acceptor::accept) once for each event of its id. It accepts one connection; the
/// listener is level-triggered, so the next poll reports the next connection, and the connections
/// that are open already get their share of each batch. If many clients come at once, call it up to
/// a bound, 16 for example, until it returns something else than a connection: that saves polls.
///
/// While nothing can be accepted, because descriptors or kernel memory are exhausted, the listener
/// is not registered, and a timeout under its id takes its place: the poller needs room for one.
///
/// ```
/// use mio_st::event::{EventedId, Events};
/// use mio_st::poll::Poller;
/// use mio_st::socket::{Acceptor, Incoming, TcpListener, TcpStream};
///
/// const LISTENER: EventedId = EventedId(0);
///
/// let mut poller = Poller::new()?;
/// let mut events = Events::new();
/// let listener = TcpListener::bind("127.0.0.1:0".parse().unwrap())?;
/// let mut acceptor = Acceptor::new(&mut poller, LISTENER, listener)?;
///
/// let client = TcpStream::connect(acceptor.listener().local_addr()?)?;
/// poller.poll(&mut events, None)?;
/// for event in &mut events {
///     if event.id() == LISTENER {
///         // An error of `accept` means that the listener is broken.
///         if let Incoming::Connection(stream, peer) = acceptor.accept(&mut poller)? {
///             assert_eq!(peer, client.local_addr()?);
///             assert_eq!(stream.write(b"hello")?, 5);
///         }
///     }
/// }
/// # Ok::<(), mio_st::Error>(())
/// ```
#[derive(Debug)]
pub struct Acceptor<L> {
    listener: L,
    id: EventedId,
    guard: AcceptGuard,
    /// The end of the pause, while there is one.
    pause: Option<DeadlineKey>,
}

impl<L: Evented> Acceptor<L> {
    /// Takes over a listener and registers it.
    ///
    /// # Errors
    ///
    /// As [`Poller::register`]; and OS errors, if no descriptor is left for the guard.
    pub fn new<const USER: usize, const TIMERS: usize>(
        poller: &mut Poller<USER, TIMERS>,
        id: EventedId,
        listener: L,
    ) -> Result<Acceptor<L>> {
        let guard = AcceptGuard::new()?;
        let mut acceptor = Acceptor { listener, id, guard, pause: None };
        acceptor.register(poller)?;
        Ok(acceptor)
    }

    /// Accepts one connection by `accept`, which makes one non-blocking call of accept(2) or its
    /// like, or ends a pause. Call it for each event of the id; further calls do no harm.
    ///
    /// # Errors
    ///
    /// What [`AcceptError::of`](super::AcceptError::of) calls an error of the listener: closed, not
    /// a socket, not listening.
    pub fn accept_with<S, A, const USER: usize, const TIMERS: usize>(
        &mut self,
        poller: &mut Poller<USER, TIMERS>,
        mut accept: impl FnMut(&L) -> Result<(S, A)>,
    ) -> Result<Incoming<S, A>> {
        if !self.is_listening(poller) {
            return Ok(Incoming::Exhausted);
        }
        let incoming = self.guard.accept_with(|| accept(&self.listener));
        if let Ok(Incoming::Exhausted) = incoming {
            self.pause(poller, PAUSE);
        }
        incoming
    }

    /// Stops accepting for `time`, for example because the server has no room for another
    /// connection. The clients wait in the queue of the listener. A call that accepts ends the
    /// pause, even one for an event that was in the batch already.
    ///
    /// If the poller has no room for a timeout, there is no pause, and one that is under way ends:
    /// polls report the listener.
    pub fn pause<const USER: usize, const TIMERS: usize>(
        &mut self,
        poller: &mut Poller<USER, TIMERS>,
        time: Duration,
    ) {
        if let Some(key) = self.pause {
            let _ = poller.cancel_deadline(key);
        }
        if let Ok(key) = poller.add_timeout(self.id, time) {
            self.pause = Some(key);
            // If it fails, the listener is not registered, which is what is wanted.
            let _ = poller.deregister(&mut self.listener);
        } else if self.pause.is_some() {
            // The timeout has gone, and another took its place.
            self.resume(poller);
        }
    }

    /// Stops accepting: deregisters the listener, removes the timeout of a pause, and returns the
    /// listener, whose queue takes connections until it is closed.
    pub fn stop<const USER: usize, const TIMERS: usize>(
        mut self,
        poller: &mut Poller<USER, TIMERS>,
    ) -> L {
        if let Some(key) = self.pause.take() {
            let _ = poller.cancel_deadline(key);
        }
        // During a pause it is not registered.
        let _ = poller.deregister(&mut self.listener);
        self.listener
    }

    /// Returns the listener, for its address and its options.
    pub fn listener(&self) -> &L {
        &self.listener
    }

    /// Ends the pause if there is one. If the kernel has no memory to watch the listener again, the
    /// pause goes on.
    fn is_listening<const USER: usize, const TIMERS: usize>(
        &mut self,
        poller: &mut Poller<USER, TIMERS>,
    ) -> bool {
        let Some(key) = self.pause else { return true };
        // It is usually the timeout that has ended the pause, and is gone.
        let _ = poller.cancel_deadline(key);
        let listening = self.resume(poller);
        if !listening {
            self.pause(poller, PAUSE);
        }
        listening
    }

    /// Registers the listener again. If that fails, it still counts as paused, so that the next
    /// call tries it again.
    fn resume<const USER: usize, const TIMERS: usize>(
        &mut self,
        poller: &mut Poller<USER, TIMERS>,
    ) -> bool {
        // `AlreadyExists`: the listener could not be deregistered when the pause began.
        let listening = matches!(self.register(poller), Ok(()) | Err(Error::AlreadyExists));
        if listening {
            self.pause = None;
        }
        listening
    }

    fn register<const USER: usize, const TIMERS: usize>(
        &mut self,
        poller: &mut Poller<USER, TIMERS>,
    ) -> Result<()> {
        poller.register(&mut self.listener, self.id, Interests::READABLE, PollOption::Level)
    }
}

impl<K: Listens> Acceptor<Socket<K>> {
    /// Accepts one connection, or ends a pause. Call it for each event of the id; further calls do
    /// no harm.
    ///
    /// # Errors
    ///
    /// Only what makes the listener useless: it is closed, not a socket, or not listening. See
    /// [`AcceptError`](super::AcceptError).
    pub fn accept<const USER: usize, const TIMERS: usize>(
        &mut self,
        poller: &mut Poller<USER, TIMERS>,
    ) -> Result<Incoming<Socket<K::Stream>, <K as Kind>::Address>> {
        self.accept_with(poller, |listener| listener.accept())
    }
}
