//! The protocol, the connections and the buffers of `examples/http_server` on other loops.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

use slab::Slab;

use super::http::accept_all;
use super::http_server::connection::{Connection, Next, Stream};
use super::http_server::http::{Context, Date, Stage};
use super::http_server::options::Limits;
use super::http_server::pool::Pool;
use super::lists::Deadlines;
use crate::sys;

const CONNECTIONS: usize = 10_000;
const REQUESTS: usize = 2_048;
const LISTENER: usize = usize::MAX;

fn context() -> Context {
    Context { date: Date::now(), max_body: 1 << 20, stopping: false, served: 0 }
}

/// The date, kept up to date as the example does it.
struct Clock(Instant);

impl Clock {
    fn tick(&mut self, context: &mut Context) -> Instant {
        let now = Instant::now();
        if now >= self.0 {
            context.date = Date::now();
            self.0 = now + Duration::from_millis(500);
        }
        now
    }
}

impl Stream for std::net::TcpStream {
    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.shutdown(how)
    }
}

/// The deadlines of a loop: those of the example, or none.
enum Timers {
    None,
    Lists(Limits, Deadlines<4>),
}

impl Timers {
    fn lists() -> Timers {
        let limits = Limits::default();
        // The same for the body as for a write.
        let done = limits.of(Next::Read, Stage::Done { linger: true });
        let timeouts = [limits.idle, limits.head, limits.body, done];
        Timers::Lists(limits, Deadlines::new(timeouts, CONNECTIONS))
    }

    fn set(&mut self, id: usize, now: Instant, next: Next, stage: Stage) {
        if let Timers::Lists(limits, deadlines) = self {
            deadlines.set(id, now, limits.of(next, stage));
        }
    }

    fn remove(&mut self, id: usize) {
        if let Timers::Lists(_, deadlines) = self {
            deadlines.remove(id);
        }
    }

    fn first(&self) -> Option<(Instant, usize)> {
        match self {
            Timers::None => None,
            Timers::Lists(_, deadlines) => deadlines.first(),
        }
    }
}

/// A loop over epoll_wait(2), level-triggered.
struct Epoll {
    epoll: OwnedFd,
    connections: Slab<Client>,
    pool: Pool,
    context: Context,
    timers: Timers,
    now: Instant,
}

struct Client {
    connection: Connection<std::net::TcpStream>,
    /// What it is watched for.
    watched: i32,
    /// What its deadline was set for. `None` if that is over.
    stage: Option<(Stage, u32)>,
}

const READABLE: i32 = libc::EPOLLIN | libc::EPOLLRDHUP;

/// Without deadlines.
pub fn with_epoll(listener: OwnedFd) {
    Epoll::new(Timers::None).serve(listener);
}

/// With the deadlines of the example, in lists.
pub fn with_epoll_and_lists(listener: OwnedFd) {
    Epoll::new(Timers::lists()).serve(listener);
}

impl Epoll {
    fn new(timers: Timers) -> Epoll {
        Epoll {
            epoll: sys::epoll(),
            connections: Slab::with_capacity(CONNECTIONS),
            pool: Pool::new(REQUESTS),
            context: context(),
            timers,
            now: Instant::now(),
        }
    }

    fn serve(&mut self, listener: OwnedFd) {
        let listener: std::net::TcpListener = listener.into();
        self.control(libc::EPOLL_CTL_ADD, listener.as_raw_fd(), libc::EPOLLIN, LISTENER);
        let mut events = [libc::epoll_event { events: 0, u64: 0 }; 256];
        let mut clock = Clock(self.now);
        loop {
            let count = sys::wait(self.epoll.as_raw_fd(), &mut events, self.millis_left());
            self.now = clock.tick(&mut self.context);
            while let Some((due, id)) = self.timers.first()
                && due <= self.now
            {
                self.timers.remove(id);
                let client = &mut self.connections[id];
                client.stage = None;
                let next = client.connection.time_out(&mut self.pool, &mut self.context);
                self.settle(id, next);
            }
            for event in &events[..count.max(0) as usize] {
                let id = event.u64 as usize;
                if id == LISTENER {
                    accept_all(&listener, |stream| self.admit(stream)).unwrap();
                } else if let Some(client) = self.connections.get_mut(id) {
                    let next = client.connection.advance(&mut self.pool, &mut self.context);
                    self.settle(id, next);
                }
            }
        }
    }

    /// Until the first deadline; rounded up, or it would ask again at once.
    fn millis_left(&self) -> i32 {
        let Some((due, _)) = self.timers.first() else { return -1 };
        due.saturating_duration_since(self.now).as_nanos().div_ceil(1_000_000) as i32
    }

    fn admit(&mut self, stream: std::net::TcpStream) {
        if self.connections.len() == CONNECTIONS {
            return;
        }
        let (fd, stage) = (stream.as_raw_fd(), (Stage::Head, 0));
        let connection = Connection::new(stream);
        let id =
            self.connections.insert(Client { connection, watched: READABLE, stage: Some(stage) });
        self.control(libc::EPOLL_CTL_ADD, fd, READABLE, id);
        self.timers.set(id, self.now, Next::Read, stage.0);
    }

    fn settle(&mut self, id: usize, next: Next) {
        let client = &mut self.connections[id];
        let wanted = match next {
            Next::Read => READABLE,
            Next::Write => libc::EPOLLOUT,
            Next::Close => {
                self.connections.remove(id).connection.close(&mut self.pool);
                return self.timers.remove(id);
            }
        };
        let stage = client.connection.stage();
        if next == Next::Write || client.stage != Some(stage) {
            client.stage = Some(stage);
            self.timers.set(id, self.now, next, stage.0);
        }
        if wanted != client.watched {
            client.watched = wanted;
            let fd = client.connection.stream().as_raw_fd();
            self.control(libc::EPOLL_CTL_MOD, fd, wanted, id);
        }
    }

    fn control(&self, operation: i32, fd: i32, events: i32, id: usize) {
        sys::control(self.epoll.as_raw_fd(), operation, fd, events, id);
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
    let mut connections: Slab<Connection<MioStream>> = Slab::with_capacity(CONNECTIONS);
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
