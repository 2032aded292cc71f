//! Listening and connecting by TCP.

use core::cell::RefCell;
use core::net::SocketAddr;
use core::time::Duration;

use edge_nal::{TcpAccept, TcpBind, TcpConnect};
use mio_st::socket::{AcceptGuard, ConnectStatus, Incoming, TcpListener, TcpStream};
use mio_st::{Error, Result};

use super::super::io::{Async, sleep};
use super::{NetError, Stack, Stream};

/// How long to wait if nothing can be accepted.
const PAUSE: Duration = Duration::from_millis(50);

/// A listener that goes on, whatever happens to a connection.
#[derive(Debug)]
pub struct Acceptor<'r> {
    listener: Async<'r, TcpListener>,
    guard: RefCell<AcceptGuard>,
}

impl Acceptor<'_> {
    pub fn address(&self) -> Result<SocketAddr> {
        self.listener.get().local_addr()
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
        let listener = Async::new(self.0, listener, TcpListener::INTERESTS)?;
        Ok(Acceptor { listener, guard: RefCell::new(AcceptGuard::new()?) })
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
            let next =
                |listener: &TcpListener| match self.guard.borrow_mut().accept_next(listener)? {
                    Incoming::WouldBlock => Err(Error::Os(libc::EAGAIN)),
                    incoming => Ok(incoming),
                };
            match self.listener.read_with(next).await? {
                Incoming::Connection(stream, peer) => {
                    // Without it, the end of a long response waits for an acknowledgement.
                    let _ = stream.set_nodelay(true);
                    // If there are too many sources, this one is closed.
                    let stream = Async::new(self.listener.reactor(), stream, TcpStream::INTERESTS);
                    if let Ok(stream) = stream {
                        return Ok((peer, Stream::new(stream)));
                    }
                }
                Incoming::Exhausted => sleep(self.listener.reactor(), PAUSE).await?,
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
        Ok(Stream::new(stream))
    }
}
