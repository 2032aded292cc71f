//! A way out when descriptors run out.

extern crate std;

use core::net::SocketAddr;
use std::io;

use super::{TcpListener, TcpStream, UnixListener, UnixStream};
use crate::sys::fd::Fd;
use crate::sys::socket;

/// Accepts connections even when the process or the machine is out of descriptors (`EMFILE`, `ENFILE`).
///
/// Without it a listener is then in a trap: the connection that cannot be accepted stays at the head of the
/// queue. Under `Level` each poll reports it again, at full speed and in vain; under `Edge` it was reported,
/// no event comes any more, and the listener is dead, also when descriptors are free again.
///
/// A guard holds one descriptor in reserve. When `accept` fails for want of one, it gives the reserve back,
/// accepts the connection in its place, closes it, so that the client hears of it, and takes a new reserve.
/// The queue gets shorter, and nobody waits in vain: that is [`Refused`](Accepted::Refused). If even that
/// fails, because others took the descriptor or because memory is short as well, it is time to
/// [`Pause`](Accepted::Pause): to leave the queue alone until a deadline.
///
/// To pause, deregister the listener and add a timeout under its id; when that comes, register it again.
/// Registering reports what is waiting, under `Edge` too. Whoever would rather let clients wait in the queue
/// than refuse them pauses after the first `Refused`.
///
/// ```
/// use std::io;
/// use std::time::Duration;
///
/// use mio_st::event::{Event, EventedId};
/// use mio_st::net::{AcceptGuard, Accepted, TcpListener, TcpStream};
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
///         // The pause is over; what is waiting is reported at the next poll.
///         poller.register(listener, LISTENER, TcpListener::INTERESTS, PollOption::Edge)?;
///         return Ok(());
///     }
///     loop {
///         match guard.accept(listener) {
///             Ok(Accepted::Connection(stream, _)) => serve(stream),
///             Ok(Accepted::Refused(address)) => eprintln!("out of descriptors, refused {address}"),
///             Ok(Accepted::Pause) => {
///                 poller.add_timeout(LISTENER, Duration::from_millis(100))?;
///                 poller.deregister(listener)?;
///                 return Ok(());
///             }
///             Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
///             Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
///             Err(error) => return Err(error),
///         }
///     }
/// }
/// # let mut poller = Poller::new()?;
/// # let mut listener = TcpListener::bind("127.0.0.1:0".parse().unwrap())?;
/// # let mut guard = AcceptGuard::new()?;
/// # poller.register(&mut listener, LISTENER, TcpListener::INTERESTS, PollOption::Edge)?;
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
pub struct AcceptGuard {
    reserve: Option<Fd>,
}

/// What became of the connection at the head of the queue. No more can become of it, and a server must do
/// something in each case: the enum is exhaustive.
#[derive(Debug)]
pub enum Accepted<S = TcpStream, A = SocketAddr> {
    /// Here it is.
    Connection(S, A),
    /// It was closed for want of a descriptor. There may be more waiting: go on accepting.
    Refused(A),
    /// Nothing can be accepted now, not even to be closed; who waits keeps waiting, and there may be nobody.
    /// Stop, and try again after a while.
    Pause,
}

/// What a guard can accept from: implement it for your own listeners.
pub trait Listener {
    /// A connection.
    type Stream;
    /// Whose it is.
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
    /// The system's: out of descriptors already.
    pub fn new() -> io::Result<AcceptGuard> {
        Ok(AcceptGuard { reserve: Some(reserve()?) })
    }

    /// Accepts the connection at the head of the queue, or refuses it.
    ///
    /// # Errors
    ///
    /// As [`TcpListener::accept`], such as `WouldBlock`, but never for want of descriptors or memory.
    pub fn accept<L: Listener + ?Sized>(
        &mut self,
        listener: &L,
    ) -> io::Result<Accepted<L::Stream, L::Address>> {
        self.replenish();
        match listener.accept() {
            Ok((stream, address)) => Ok(Accepted::Connection(stream, address)),
            Err(error) if is_exhausted(&error) => self.refuse(listener),
            Err(error) => Err(error),
        }
    }

    #[cold]
    fn refuse<L: Listener + ?Sized>(
        &mut self,
        listener: &L,
    ) -> io::Result<Accepted<L::Stream, L::Address>> {
        self.reserve = None;
        let answer = match listener.accept() {
            // Closes it: now the new reserve finds the place free.
            Ok((_, address)) => Ok(Accepted::Refused(address)),
            Err(error) if is_exhausted(&error) => Ok(Accepted::Pause),
            Err(error) => Err(error),
        };
        self.replenish();
        answer
    }

    /// Whether there is a reserve. One that was lost to somebody else is taken again as soon as a descriptor
    /// is free, before any connection gets it.
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

/// A socket, since that needs no file system, and since a duplicate of something would not count against the
/// limit of the machine.
fn reserve() -> crate::Result<Fd> {
    socket::socket(libc::AF_UNIX, libc::SOCK_DGRAM)
}

/// What accept(2) says when it would work with more descriptors or memory.
fn is_exhausted(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE | libc::ENOBUFS | libc::ENOMEM))
}
