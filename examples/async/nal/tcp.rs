//! Listening and connecting by TCP.

use core::cell::{Cell, RefCell};
use core::future::poll_fn;
use core::net::SocketAddr;
use core::task::{Context, Poll};
use core::time::Duration;

use edge_nal::{TcpAccept, TcpBind, TcpConnect};
use mio_st::socket::{AcceptGuard, ConnectStatus, Incoming, TcpListener, TcpStream};
use mio_st::{Error, Result};

use super::super::io::{Async, sleep};
use super::super::reactor::{Reactor, Side};
use super::ending::{ENDED, Ending, Open};
use super::{NetError, Stack, Stream};

/// How many connections are accepted at the end: as many as could be waiting. Without a limit,
/// clients that keep connecting could put the end off.
const QUEUE: u32 = 4_096;
/// How long to wait if nothing can be accepted.
const PAUSE: Duration = Duration::from_millis(50);

/// A listener that goes on, whatever happens to a connection.
pub struct Acceptor<'r> {
    reactor: &'r Reactor,
    /// `None` once the server ends.
    listener: RefCell<Option<Async<'r, TcpListener>>>,
    guard: RefCell<AcceptGuard>,
    ending: Option<&'r Ending>,
    /// How many more are accepted once it has begun.
    rest: Cell<u32>,
    /// How long a request may take to come.
    limit: Duration,
}

impl<'r> Acceptor<'r> {
    pub fn address(&self) -> Result<SocketAddr> {
        self.listener.borrow().as_ref().ok_or(Error::NotFound)?.handle.local_addr()
    }

    /// Sets how long a request may take to come, from its first byte on.
    pub fn limit_requests(&mut self, time: Duration) {
        self.limit = time;
    }

    /// Lets it end in order: then it accepts nothing more, and fails when all connections are
    /// closed.
    pub fn end_by(&mut self, ending: &'r Ending) {
        self.ending = Some(ending);
    }

    fn poll_next(
        &self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Incoming<TcpStream, SocketAddr>>> {
        let mut listener = self.listener.borrow_mut();
        let mut accept =
            |listener: &TcpListener| match self.guard.borrow_mut().accept_next(listener)? {
                Incoming::WouldBlock => Err(Error::Os(libc::EAGAIN)),
                incoming => Ok(incoming),
            };
        match self.ending {
            Some(ending) if ending.poll_begun(context).is_ready() => {
                // What has come before the end is served.
                let rest = self.rest.get();
                if let Some(last) = listener.as_ref().filter(|_| rest > 0)
                    && let Ok(incoming) = accept(&last.handle)
                {
                    self.rest.set(rest - 1);
                    return Poll::Ready(Ok(incoming));
                }
                *listener = None;
                ending.poll_all_closed(context).map(|()| Err(ENDED))
            }
            _ => match &*listener {
                Some(listener) => listener.poll_with(Side::Read, context, &mut accept),
                None => Poll::Pending,
            },
        }
    }
}

impl TcpBind for Stack<'_> {
    type Error = NetError;
    type Accept<'a>
        = Acceptor<'a>
    where
        Self: 'a;

    async fn bind(&self, local: SocketAddr) -> Result<Acceptor<'_>, NetError> {
        let listener = TcpListener::bind(local)?;
        let listener = Some(Async::new(self.0, listener, TcpListener::INTERESTS)?).into();
        let guard = RefCell::new(AcceptGuard::new()?);
        Ok(Acceptor {
            reactor: self.0,
            listener,
            guard,
            ending: None,
            rest: Cell::new(QUEUE),
            limit: Duration::MAX,
        })
    }
}

impl TcpAccept for Acceptor<'_> {
    type Error = NetError;
    type Socket<'a>
        = Stream<'a>
    where
        Self: 'a;

    async fn accept(&self) -> Result<(SocketAddr, Stream<'_>), NetError> {
        loop {
            match poll_fn(|context| self.poll_next(context)).await? {
                Incoming::Connection(stream, peer) => {
                    // Without it, the end of a long response waits for an acknowledgement.
                    let _ = stream.set_nodelay(true);
                    // If there are too many sources, this one is closed.
                    if let Ok(io) = Async::new(self.reactor, stream, TcpStream::INTERESTS) {
                        let open = self.ending.map(Open::new);
                        return Ok((peer, Stream::new(io, open, self.limit)));
                    }
                }
                Incoming::Exhausted => sleep(self.reactor, PAUSE).await?,
                Incoming::Lost(_) | Incoming::Refused(_) | Incoming::WouldBlock => {}
            }
        }
    }
}

impl TcpConnect for Stack<'_> {
    type Error = NetError;
    type Socket<'a>
        = Stream<'a>
    where
        Self: 'a;

    async fn connect(&self, remote: SocketAddr) -> Result<Stream<'_>, NetError> {
        let stream = TcpStream::connect(remote)?;
        let stream = Async::new(self.0, stream, TcpStream::INTERESTS)?;
        let ended = |stream: &TcpStream| match stream.connect_status()? {
            ConnectStatus::Connected => Ok(()),
            _ => Err(Error::Os(libc::EAGAIN)),
        };
        stream.write_with(ended).await?;
        Ok(Stream::new(stream, None, Duration::MAX))
    }
}
