//! One poller and its connections, on one thread.

use std::io;
use std::net::Shutdown;
use std::time::Duration;

use mio_st::event::{Event, EventedId, Events, Interests};
use mio_st::net::{Acceptor, Incoming, TcpListener, TcpStream};
use mio_st::poll::PollOption;
use mio_st::slab::Slab;
use mio_st::time::Instant;
use mio_st::timer::DeadlineKey;
use mio_st::unix::Waker;

use super::connection::{Connection, Next, Stream};
use super::http::{Context, Date, Stage};
use super::options::Limits;
use super::pool::Pool;

/// How many connections are served at once. A connection without a request takes some 150 bytes.
const CONNECTIONS: usize = 10_000;
/// How many more connections can get the response 503 at once.
const REFUSALS: usize = 256;
/// How many requests can be under way at once. Each takes 16 KiB.
const REQUESTS: usize = 2_048;
/// How many connections are accepted before the others have their turn.
const ACCEPTS: usize = 16;
/// How many connections are accepted at the end: as many as can be waiting.
const QUEUE: usize = 4_096;
/// How long the listener is left alone if there is no space for another connection.
const PAUSE: Duration = Duration::from_millis(50);

// The ids of clients are never as small.
const LISTENER: EventedId = EventedId(0);
const STOP: EventedId = EventedId(1);

/// A deadline for each client, for the listener's pause, and for the end.
type Poller = mio_st::Poller<0, { CONNECTIONS + REFUSALS + 2 }>;
type Clients = Slab<Client, { CONNECTIONS + REFUSALS }>;

/// A server for one thread. All its memory is reserved when it is made.
pub struct Server {
    poller: Box<Poller>,
    clients: Box<Clients>,
    pool: Pool,
    /// `None` once it is stopping.
    acceptor: Option<Acceptor<TcpListener>>,
    context: Context,
    limits: Limits,
    now: Instant,
    /// When the date changes, or before.
    next_date: Instant,
}

struct Client {
    connection: Connection<TcpStream>,
    deadline: DeadlineKey,
    /// What `deadline` was last set to.
    due: Instant,
    /// What it was set for. `None` if it is over.
    stage: Option<(Stage, u32)>,
    /// How many bytes had been sent when the deadline was set.
    sent: u64,
    /// What the socket is watched for.
    watched: Interests,
}

impl Stream for TcpStream {
    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.shutdown(how)
    }
}

impl Server {
    pub fn new(listener: TcpListener, limits: Limits) -> io::Result<Server> {
        let mut poller = Poller::boxed()?;
        let acceptor = Acceptor::new(&mut poller, LISTENER, listener)?;
        Ok(Server {
            poller,
            clients: Clients::boxed(),
            pool: Pool::new(REQUESTS),
            acceptor: Some(acceptor),
            context: Context {
                date: Date::now(),
                max_body: limits.max_body,
                stopping: false,
                served: 0,
            },
            limits,
            now: Instant::now(),
            next_date: Instant::now(),
        })
    }

    /// Returns what stops the server: at the first wake in order, at the second at once.
    pub fn stopper(&mut self) -> io::Result<Waker> {
        Ok(Waker::new(self.poller.registry(), STOP)?)
    }

    /// Serves until it is stopped. Returns how many requests it has served.
    pub fn serve(&mut self) -> io::Result<u64> {
        let mut events = Events::new();
        while !(self.context.stopping && self.clients.is_empty()) {
            self.poller.poll(&mut events, None)?;
            // One reading of the clock for the whole batch.
            self.now = Instant::now();
            if self.now >= self.next_date {
                self.context.date = Date::now();
                self.next_date = self.now + Duration::from_millis(500);
            }
            for event in &mut events {
                self.handle(event)?;
            }
        }
        Ok(self.context.served)
    }

    fn handle(&mut self, event: Event) -> io::Result<()> {
        let is_timer = event.readiness().is_timer();
        match event.id() {
            // An event of the listener, or the end of a pause.
            LISTENER => self.accept(ACCEPTS)?,
            STOP if !is_timer && !self.context.stopping => self.stop()?,
            STOP => self.clients.clear(),
            id if is_timer => self.time_out(id),
            id => self.advance(id),
        }
        Ok(())
    }

    /// Accepts at most `count`. If more are waiting, the listener is reported again.
    fn accept(&mut self, count: usize) -> io::Result<()> {
        for _ in 0..count {
            let Some(acceptor) = &mut self.acceptor else { break };
            if self.clients.is_full() {
                acceptor.pause(&mut self.poller, PAUSE);
                break;
            }
            match acceptor.accept(&mut self.poller)? {
                Incoming::Connection(stream, _) => self.admit(stream),
                Incoming::Lost(_) | Incoming::Refused(_) => {}
                Incoming::WouldBlock | Incoming::Exhausted => break,
            }
        }
        Ok(())
    }

    fn admit(&mut self, mut stream: TcpStream) {
        let is_one_too_many = self.clients.len() >= CONNECTIONS;
        let Ok(entry) = self.clients.vacant_entry() else { return };
        let id = entry.key().into();
        // Without it, the last segment of a long response would wait for the client's
        // acknowledgement.
        let _ = stream.set_nodelay(true);
        let due = self.now + self.limits.head;
        let deadline = self.poller.add_deadline(id, due);
        let watched = Interests::READABLE;
        let registered = self.poller.register(&mut stream, id, watched, PollOption::Level);
        let (Ok(deadline), Ok(())) = (deadline, registered) else {
            // The system is short of memory: that costs this connection.
            let _ = deadline.map(|deadline| self.poller.cancel_deadline(deadline));
            return;
        };
        let stage = Some((Stage::Head, 0));
        let connection = Connection::new(stream);
        let client = entry.insert(Client { connection, deadline, due, stage, sent: 0, watched });
        if is_one_too_many {
            let next = client.connection.refuse();
            self.settle(id, next);
        }
    }

    fn advance(&mut self, id: EventedId) {
        // An event of a connection that was closed earlier in this batch finds nothing.
        let Some(client) = self.clients.get_mut(id) else { return };
        let next = client.connection.advance(&mut self.pool, &mut self.context);
        self.settle(id, next);
    }

    fn time_out(&mut self, id: EventedId) {
        let Some(client) = self.clients.get_mut(id) else { return };
        // The deadline was moved while its event was in the batch already.
        if self.now < client.due {
            return;
        }
        client.stage = None;
        let next = client.connection.time_out(&mut self.pool, &mut self.context);
        self.settle(id, next);
    }

    /// Watches a connection for what it waits for, until its deadline, or closes it.
    fn settle(&mut self, id: EventedId, next: Next) {
        let Some(client) = self.clients.get_mut(id) else { return };
        let stage = client.connection.stage();
        let interests = match next {
            Next::Read if stage.0 == Stage::Idle && self.context.stopping => return self.close(id),
            Next::Read => Interests::READABLE,
            Next::Write => Interests::WRITABLE,
            Next::Close => return self.close(id),
        };
        let turned = interests != client.watched;
        if turned {
            client.watched = interests;
            let stream = client.connection.stream();
            if self.poller.reregister(stream, id, interests, PollOption::Level).is_err() {
                return self.close(id);
            }
        }
        // To write has its limit at each step, if the client takes something: a system may report
        // a socket as writable that takes nothing. The stages of a request have theirs as a whole.
        let sent = client.connection.sent();
        let has_sent = next == Next::Write && (turned || client.sent != sent);
        if has_sent || client.stage != Some(stage) {
            (client.stage, client.sent) = (Some(stage), sent);
            client.due = self.now + self.limits.of(next, stage.0);
            if self.poller.update_deadline(client.deadline, client.due).is_err() {
                // It has just fired, and its event will find that it is not due.
                match self.poller.add_deadline(id, client.due) {
                    Ok(deadline) => client.deadline = deadline,
                    Err(_) => self.close(id),
                }
            }
        }
    }

    fn close(&mut self, id: EventedId) {
        if let Some(client) = self.clients.remove(id) {
            // Its key is stale if it has fired.
            let _ = self.poller.cancel_deadline(client.deadline);
            client.connection.close(&mut self.pool);
        }
    }

    /// Accepts nothing more and ends all connections that are idle. The others end when they have
    /// had their response, or after the grace period.
    fn stop(&mut self) -> io::Result<()> {
        self.context.stopping = true;
        // The system resets what it finds in the queue of a listener that is closed, requests and
        // all.
        self.accept(QUEUE)?;
        self.acceptor = None;
        self.poller.add_timeout(STOP, self.limits.grace)?;
        for (_, client) in self.clients.iter_mut() {
            if client.connection.stage().0 == Stage::Idle {
                client.due = self.now;
                // One that is stale has just fired, which is the same.
                let _ = self.poller.update_deadline(client.deadline, self.now);
            }
        }
        Ok(())
    }
}
