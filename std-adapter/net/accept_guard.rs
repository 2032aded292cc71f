//! `unix::AcceptGuard` for the listeners of this module.

extern crate std;

use core::net::SocketAddr;
use std::io;

use super::{TcpListener, TcpStream, UnixListener, UnixStream};
use crate::error::{Error, Result};
use crate::poller::{Evented, Poller};
use crate::socket::Acceptor;
use crate::std_adapter::error::meaning;
use crate::unix;

/// The result of one attempt to accept a connection.
pub type Incoming<S = TcpStream, A = SocketAddr> = unix::Incoming<S, A>;

/// Accepts connections for a server that keeps serving, whatever accept(2) returns.
///
/// See [`unix::AcceptGuard`] for what it does; an [`Acceptor`] also does the pausing of this
/// example. Under `Level`, accept one connection for each event: the poll reports the next one, and
/// connections that are already open get their share of each batch. Under `Edge`, repeat until
/// `WouldBlock` or `Exhausted`.
///
/// ```
/// use std::io;
/// use std::time::Duration;
///
/// use mio_st::event::{Event, EventedId};
/// use mio_st::net::{AcceptGuard, Incoming, TcpListener, TcpStream};
/// use mio_st::poll::{PollOption, Poller};
///
/// const LISTENER: EventedId = EventedId(0);
///
/// fn accept(
///     event: &Event, // of LISTENER
///     poller: &mut Poller,
///     guard: &mut AcceptGuard,
///     listener: &mut TcpListener,
///     mut serve: impl FnMut(TcpStream),
/// ) -> io::Result<()> {
///     if event.readiness().is_timer() {
///         // The pause is over. The next poll reports the connections that are waiting.
///         poller.register(listener, LISTENER, TcpListener::INTERESTS, PollOption::Level)?;
///         return Ok(());
///     }
///     match guard.accept_next(listener)? {
///         Incoming::Connection(stream, _) => serve(stream),
///         Incoming::Refused(peer) => println!("{peer}: refused, out of descriptors"),
///         Incoming::Exhausted => {
///             poller.deregister(listener)?;
///             poller.add_timeout(LISTENER, Duration::from_millis(100))?;
///         }
///         Incoming::Lost(_) | Incoming::WouldBlock => {}
///     }
///     Ok(())
/// }
/// # let mut poller = Poller::new()?;
/// # let mut listener = TcpListener::bind("127.0.0.1:0".parse().unwrap())?;
/// # let mut guard = AcceptGuard::new()?;
/// # poller.register(&mut listener, LISTENER, TcpListener::INTERESTS, PollOption::Level)?;
/// # let _client = std::net::TcpStream::connect(listener.local_addr()?)?;
/// # let mut events = mio_st::event::Events::new();
/// # poller.poll(&mut events, None)?;
/// # let mut served = 0;
/// # for event in &mut events {
/// #     accept(&event, &mut poller, &mut guard, &mut listener, |_| served += 1)?;
/// # }
/// # assert_eq!(served, 1);
/// # Ok::<(), io::Error>(())
/// ```
#[derive(Debug)]
pub struct AcceptGuard(unix::AcceptGuard);

/// The result of [`AcceptGuard::accept`]. [`Incoming`] has more cases, so that fewer are errors.
#[deprecated(since = "0.4.0", note = "use `Incoming`, which `AcceptGuard::accept_next` returns")]
#[derive(Debug)]
pub enum Accepted<S = TcpStream, A = SocketAddr> {
    /// A connection, and the address of the peer.
    Connection(S, A),
    /// As [`Incoming::Refused`].
    Refused(A),
    /// As [`Incoming::Exhausted`].
    Pause,
}

/// Keeps the error in `latest`, because that of a caller's own listener may have more than a
/// number.
fn accept_from<L: Listener + ?Sized>(
    listener: &L,
    latest: &mut Option<io::Error>,
) -> Result<(L::Stream, L::Address)> {
    listener.accept().map_err(|error| {
        let kind = meaning(&error);
        *latest = Some(error);
        kind
    })
}

impl<L: Listener + Evented> Acceptor<L> {
    /// Accepts one connection, or ends a pause. Call it for each event of the id; further calls do
    /// no harm.
    ///
    /// # Errors
    ///
    /// Only what makes the listener useless: it is closed, not a socket, or not listening. See
    /// [`AcceptError`](unix::AcceptError).
    pub fn accept<const USER: usize, const TIMERS: usize>(
        &mut self,
        poller: &mut Poller<USER, TIMERS>,
    ) -> io::Result<Incoming<L::Stream, L::Address>> {
        let mut latest = None;
        let incoming = self.accept_with(poller, |listener| accept_from(listener, &mut latest));
        incoming.map_err(|error| latest.unwrap_or_else(|| error.into()))
    }
}

/// What a guard can accept from: implement it for your own listeners.
pub trait Listener {
    /// A connection.
    type Stream;
    /// The address of a peer.
    type Address;

    /// Accepts the connection at the head of the queue, without blocking.
    ///
    /// # Errors
    ///
    /// As [`TcpListener::accept`].
    fn accept(&self) -> io::Result<(Self::Stream, Self::Address)>;
}

impl Listener for TcpListener {
    type Stream = TcpStream;
    type Address = SocketAddr;

    fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        self.accept()
    }
}

impl Listener for UnixListener {
    type Stream = UnixStream;
    type Address = std::os::unix::net::SocketAddr;

    fn accept(&self) -> io::Result<(UnixStream, Self::Address)> {
        self.accept()
    }
}

impl AcceptGuard {
    /// Takes the reserve: one descriptor, close-on-exec. One guard serves any number of listeners.
    ///
    /// # Errors
    ///
    /// An OS error, if no descriptor is left already.
    pub fn new() -> io::Result<AcceptGuard> {
        Ok(AcceptGuard(unix::AcceptGuard::new()?))
    }

    /// Accepts the connection at the head of the queue, or says why it could not.
    ///
    /// # Errors
    ///
    /// Only what makes the listener useless: it is closed, not a socket, or not listening. See
    /// [`AcceptError`](unix::AcceptError).
    pub fn accept_next<L: Listener + ?Sized>(
        &mut self,
        listener: &L,
    ) -> io::Result<Incoming<L::Stream, L::Address>> {
        let mut latest = None;
        let incoming = self.0.accept_with(|| accept_from(listener, &mut latest));
        incoming.map_err(|error| latest.unwrap_or_else(|| error.into()))
    }

    /// Accepts the connection at the head of the queue, or refuses it.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if no connection is waiting, the error of a connection that was lost, and as
    /// [`accept_next`](AcceptGuard::accept_next).
    #[deprecated(
        since = "0.4.0",
        note = "use `accept_next`: an error of this call need not be fatal"
    )]
    #[allow(deprecated)]
    pub fn accept<L: Listener + ?Sized>(
        &mut self,
        listener: &L,
    ) -> io::Result<Accepted<L::Stream, L::Address>> {
        match self.accept_next(listener)? {
            Incoming::Connection(stream, address) => Ok(Accepted::Connection(stream, address)),
            Incoming::Refused(address) => Ok(Accepted::Refused(address)),
            Incoming::Exhausted => Ok(Accepted::Pause),
            Incoming::WouldBlock => Err(Error::Os(libc::EAGAIN).into()),
            Incoming::Lost(error) => Err(error.into()),
        }
    }

    /// Returns whether there is a reserve. If other code took its descriptor, the guard takes a new
    /// reserve as soon as a descriptor is free, before any connection gets it.
    #[must_use]
    pub fn has_reserve(&self) -> bool {
        self.0.has_reserve()
    }
}
