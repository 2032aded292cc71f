//! The protocol, the connections and the buffers of `examples/http_server` on other loops.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

use slab::Slab;

use super::http::accept_all;
use super::http_server::connection::{Connection, Next, Stream};
use super::http_server::http::{Context, Date};
use super::http_server::pool::Pool;
use crate::sys;

const REQUESTS: usize = 2_048;
const LISTENER: usize = usize::MAX;

fn context() -> Context {
    Context { date: Date::now(), max_body: 1 << 20, stopping: false, served: 0 }
}

/// The date, kept up to date as the example does it.
struct Clock(Instant);

impl Clock {
    fn tick(&mut self, context: &mut Context) {
        let now = Instant::now();
        if now >= self.0 {
            context.date = Date::now();
            self.0 = now + Duration::from_millis(500);
        }
    }
}

impl Stream for std::net::TcpStream {
    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.shutdown(how)
    }
}

/// A loop over epoll_wait(2), level-triggered, without deadlines.
pub fn with_epoll(listener: OwnedFd) {
    let listener: std::net::TcpListener = listener.into();
    let epoll = sys::epoll();
    let epoll = epoll.as_raw_fd();
    let fd = listener.as_raw_fd();
    sys::control(epoll, libc::EPOLL_CTL_ADD, fd, libc::EPOLLIN, LISTENER);
    let (mut pool, mut context, mut clock) =
        (Pool::new(REQUESTS), context(), Clock(Instant::now()));
    // With what each is watched for.
    let mut connections = Slab::with_capacity(10_000);
    let mut events = [libc::epoll_event { events: 0, u64: 0 }; 256];
    let readable = libc::EPOLLIN | libc::EPOLLRDHUP;
    loop {
        let count = sys::wait(epoll, &mut events, -1);
        clock.tick(&mut context);
        for event in &events[..count.max(0) as usize] {
            let id = event.u64 as usize;
            if id == LISTENER {
                let admit = |stream: std::net::TcpStream| {
                    let fd = stream.as_raw_fd();
                    let id = connections.insert((Connection::new(stream), readable));
                    sys::control(epoll, libc::EPOLL_CTL_ADD, fd, readable, id);
                };
                accept_all(&listener, admit).unwrap();
                continue;
            }
            let Some((connection, watched)) = connections.get_mut(id) else { continue };
            let wanted = match connection.advance(&mut pool, &mut context) {
                Next::Read => readable,
                Next::Write => libc::EPOLLOUT,
                Next::Close => {
                    connections.remove(id).0.close(&mut pool);
                    continue;
                }
            };
            if wanted != *watched {
                *watched = wanted;
                let fd = connection.stream().as_raw_fd();
                sys::control(epoll, libc::EPOLL_CTL_MOD, fd, wanted, id);
            }
        }
    }
}

/// A stream that remembers whether a call would have blocked: mio's events come for edges only, so each has to be
/// used up.
struct MioStream {
    inner: mio::net::TcpStream,
    blocked: bool,
}

impl MioStream {
    fn note<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        self.blocked |= matches!(&result, Err(error) if error.kind() == io::ErrorKind::WouldBlock);
        result
    }
}

impl Read for MioStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let result = self.inner.read(buffer);
        self.note(result)
    }
}

impl Write for MioStream {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let result = self.inner.write(buffer);
        self.note(result)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Stream for MioStream {
    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.inner.shutdown(how)
    }
}

pub fn with_mio(listener: OwnedFd) -> io::Result<()> {
    use mio::{Events, Interest, Poll, Token};

    let listener: std::net::TcpListener = listener.into();
    let mut listener = mio::net::TcpListener::from_std(listener);
    let mut poll = Poll::new()?;
    poll.registry().register(&mut listener, Token(LISTENER), Interest::READABLE)?;
    let (mut pool, mut context, mut clock) =
        (Pool::new(REQUESTS), context(), Clock(Instant::now()));
    let mut connections: Slab<Connection<MioStream>> = Slab::with_capacity(10_000);
    let mut events = Events::with_capacity(256);
    loop {
        match poll.poll(&mut events, None) {
            // A question for what it has used.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            result => result?,
        }
        clock.tick(&mut context);
        for event in &events {
            let Token(id) = event.token();
            if id == LISTENER {
                while let Ok((mut inner, _)) = listener.accept() {
                    inner.set_nodelay(true)?;
                    let entry = connections.vacant_entry();
                    let interests = Interest::READABLE | Interest::WRITABLE;
                    poll.registry().register(&mut inner, Token(entry.key()), interests)?;
                    entry.insert(Connection::new(MioStream { inner, blocked: false }));
                }
                continue;
            }
            let Some(connection) = connections.get_mut(id) else { continue };
            connection.stream().blocked = false;
            loop {
                match connection.advance(&mut pool, &mut context) {
                    Next::Close => {
                        connections.remove(id).close(&mut pool);
                        break;
                    }
                    _ if connection.stream().blocked => break,
                    _ => {}
                }
            }
        }
    }
}
