//! The loop: accepts clients, connects to backends, and lets sessions carry their bytes.

use core::time::Duration;
use std::io;

use mio_st::event::{Event, EventedId, Events, Interests, Ready};
use mio_st::net::{Acceptor, Incoming};
use mio_st::poll::PollOption;
use mio_st::slab::{Key, Slab};
use mio_st::time::Instant;
use mio_st::unix::Signals;

use super::options::Options;
use super::relay::End;
use super::relay::Progress;
use super::session::{Backend, Handles, Session, Side};
use super::socket::{Listener, Socket};
use super::storage::Stock;

/// How many clients are served at once. The others wait in the listener's queue.
const SESSIONS: usize = 8_192;
/// How many connections are accepted before the sessions have their turn.
const ACCEPTS: usize = 16;
/// How long the listener is left alone if there is no space for another session.
const PAUSE: Duration = Duration::from_millis(50);

// The keys of slabs are never as small.
const LISTENER: EventedId = EventedId(0);
const SIGNALS: EventedId = EventedId(1);

/// The readiness of a session that has more to do.
const TURN: Ready = Ready::USER_0;

/// A turn for each session; a deadline for each, for the listener's pause and for the end.
type Poller = mio_st::Poller<SESSIONS, { SESSIONS + 2 }>;

/// What a socket's id leads to.
#[derive(Copy, Clone, Debug)]
struct Route {
    session: Key,
    side: Side,
}

/// The proxy.
///
/// Sockets are watched under the keys of `routes`; what concerns a session as a whole, its turn and
/// its deadline, comes under its key in `sessions`.
pub struct Proxy {
    poller: Box<Poller>,
    sessions: Box<Slab<Session, SESSIONS>>,
    routes: Box<Slab<Route, { 2 * SESSIONS }>>,
    stock: Stock,
    /// `None` once it is stopping.
    acceptor: Option<Acceptor<Listener>>,
    signals: Signals,
    options: Options,
    /// The backend that the next client gets.
    next: usize,
    now: Instant,
    served: u64,
    carried: u64,
}

impl Proxy {
    pub fn new(listener: Listener, signals: Signals, options: Options) -> io::Result<Proxy> {
        let (mut poller, mut signals) = (Poller::boxed()?, signals);
        poller.register(&mut signals, SIGNALS, Signals::INTERESTS, PollOption::Level)?;
        let acceptor = Acceptor::new(&mut poller, LISTENER, listener)?;
        Ok(Proxy {
            poller,
            sessions: Slab::boxed(),
            routes: Slab::boxed(),
            stock: Stock::new(2 * SESSIONS),
            acceptor: Some(acceptor),
            signals,
            options,
            next: 0,
            now: Instant::now(),
            served: 0,
            carried: 0,
        })
    }

    /// Serves until a signal comes. Returns how many sessions and bytes there were.
    pub fn run(mut self) -> io::Result<(u64, u64)> {
        let mut events = Events::new();
        while self.acceptor.is_some() || !self.sessions.is_empty() {
            self.poller.poll(&mut events, None)?;
            self.now = Instant::now();
            for event in &mut events {
                self.handle(event)?;
            }
        }
        Ok((self.served, self.carried))
    }

    fn handle(&mut self, event: Event) -> io::Result<()> {
        let readiness = event.readiness();
        match event.id() {
            // An event of the listener, or the end of a pause.
            LISTENER => self.accept()?,
            SIGNALS if readiness.is_timer() => self.abort(),
            SIGNALS => self.stop()?,
            id if readiness.is_timer() => self.expire(id.into()),
            id if readiness.contains(TURN) => self.advance(id.into()),
            id => self.socket_event(id, readiness),
        }
        Ok(())
    }

    /// Accepts a few. If more are waiting, the listener is reported again.
    fn accept(&mut self) -> io::Result<()> {
        for _ in 0..ACCEPTS {
            let Some(acceptor) = &mut self.acceptor else { break };
            if self.sessions.is_full() {
                acceptor.pause(&mut self.poller, PAUSE);
                break;
            }
            match acceptor.accept_with(&mut self.poller, Listener::accept)? {
                Incoming::Connection(client, ()) => self.admit(client),
                Incoming::Lost(_) | Incoming::Refused(()) => {}
                Incoming::WouldBlock | Incoming::Exhausted => break,
            }
        }
        Ok(())
    }

    /// Begins a session. If the system is short of something, that costs this client only.
    fn admit(&mut self, client: Socket) {
        let _ = client.set_nodelay();
        let Ok(entry) = self.sessions.vacant_entry() else { return };
        let key = entry.key();
        let Ok((client, id)) = watch(&mut self.poller, &mut self.routes, client, key, Side::Client)
        else {
            return;
        };
        let turn = self.poller.add_source(key.into(), Interests::READABLE, PollOption::Level);
        let deadline = self.poller.add_deadline(key.into(), Instant::MAX);
        // There is one of each for each session.
        let (Ok(turn), Ok(deadline)) = (turn, deadline) else {
            unreachable!("as many as sessions")
        };
        let handles = Handles { deadline, turn, client: id };
        let backend = Backend {
            end: None,
            connected: false,
            next: self.next,
            left: self.options.backends.len(),
        };
        entry.insert(Session::new(client, handles, backend));
        self.next = (self.next + 1) % self.options.backends.len();
        self.served += 1;
        self.connect(key);
    }

    /// Tries the next backends until an attempt is under way. If there is none left, the client is
    /// reset.
    fn connect(&mut self, key: Key) {
        let Some(session) = self.sessions.get_mut(key) else { return };
        let backend = &mut session.backend;
        if let Some((_, id)) = backend.end.take() {
            self.routes.remove(id);
        }
        while backend.left > 0 {
            let address = &self.options.backends[backend.next];
            backend.next = (backend.next + 1) % self.options.backends.len();
            backend.left -= 1;
            let Ok(socket) = Socket::connect(address) else { continue };
            if let Ok((socket, id)) =
                watch(&mut self.poller, &mut self.routes, socket, key, Side::Backend)
            {
                backend.end = Some((End::new(socket), id));
                return self.set_deadline(key, self.options.connect);
            }
        }
        self.close(key, false);
    }

    fn socket_event(&mut self, id: EventedId, readiness: Ready) {
        // An event of a socket that was closed earlier in this batch finds nothing.
        let Some(&Route { session: key, side }) = self.routes.get(id) else { return };
        let Some(session) = self.sessions.get_mut(key) else { return };
        let connected = session.backend.connected;
        let Some(end) = session.end_mut(side) else { return };
        end.readable |= readiness.is_readable();
        end.writable |= readiness.is_writable();
        if side == Side::Backend && !connected {
            return match end.socket.is_connected() {
                Ok(true) => self.connected(key),
                Ok(false) => {}
                Err(_) => self.connect(key),
            };
        }
        // A reset is carried at once, even if its direction waits for the other socket.
        let broken = readiness.is_error() || readiness.is_hup();
        if broken && !matches!(end.socket.take_error(), Ok(None)) {
            return self.close(key, false);
        }
        self.advance(key);
    }

    fn connected(&mut self, key: Key) {
        let Some(session) = self.sessions.get_mut(key) else { return };
        session.backend.connected = true;
        if let Some(end) = session.end_mut(Side::Backend) {
            let _ = end.socket.set_nodelay();
        }
        self.set_deadline(key, self.options.idle);
        self.advance(key);
    }

    /// Lets a session carry its bytes, as far as its turn goes.
    fn advance(&mut self, key: Key) {
        let Some(session) = self.sessions.get_mut(key) else { return };
        let before = session.carried();
        let progress = session.advance(&mut self.stock);
        let (turn, moved) = (session.handles.turn, session.carried() > before);
        match progress {
            // Neither can fail while the session is there.
            Ok(Progress::Waits) => drop(self.poller.clear_ready(turn, TURN)),
            Ok(Progress::MayHaveMore) => drop(self.poller.set_ready(turn, TURN)),
            Ok(Progress::Finished) => return self.close(key, true),
            Err(_) => return self.close(key, false),
        }
        if moved {
            self.set_deadline(key, self.options.idle);
        }
    }

    fn set_deadline(&mut self, key: Key, timeout: Duration) {
        let Some(session) = self.sessions.get_mut(key) else { return };
        session.due = self.now + timeout;
        let deadline = &mut session.handles.deadline;
        if self.poller.update_deadline(*deadline, session.due).is_err() {
            // It has just fired, and its event will find that it is not due.
            match self.poller.add_deadline(key.into(), session.due) {
                Ok(new) => *deadline = new,
                Err(_) => self.close(key, false),
            }
        }
    }

    /// A session has connected for too long, or was idle for too long.
    fn expire(&mut self, key: Key) {
        match self.sessions.get(key) {
            Some(session) if self.now < session.due => {}
            Some(session) if session.backend.connected => self.close(key, false),
            Some(_) => self.connect(key),
            None => {}
        }
    }

    fn close(&mut self, key: Key, orderly: bool) {
        let Some(session) = self.sessions.remove(key) else { return };
        let Handles { deadline, turn, client } = session.handles;
        // The deadline's key is stale if it has fired.
        let _ = self.poller.cancel_deadline(deadline);
        let _ = self.poller.remove_source(turn);
        self.routes.remove(client);
        if let Some((_, id)) = &session.backend.end {
            self.routes.remove(*id);
        }
        self.carried += session.carried();
        session.close(orderly, &mut self.stock);
    }

    /// Accepts nothing more. The sessions go on until they end, or until the grace period ends; a
    /// second signal ends them at once.
    fn stop(&mut self) -> io::Result<()> {
        while self.signals.receive()?.is_some() {
            match self.acceptor.take() {
                Some(_) => drop(self.poller.add_timeout(SIGNALS, self.options.grace)?),
                None => self.abort(),
            }
        }
        Ok(())
    }

    /// Ends all sessions. Nothing is accepted any more, so the keys in the poller may stay there.
    fn abort(&mut self) {
        for (_, session) in self.sessions.drain() {
            self.carried += session.carried();
            session.close(false, &mut self.stock);
        }
    }
}

/// Watches a socket under a key of `routes`.
fn watch(
    poller: &mut Poller,
    routes: &mut Slab<Route, { 2 * SESSIONS }>,
    mut socket: Socket,
    session: Key,
    side: Side,
) -> mio_st::Result<(Socket, EventedId)> {
    let entry = routes.vacant_entry()?;
    let id = entry.key().into();
    poller.register(&mut socket, id, Interests::BOTH, PollOption::Edge)?;
    entry.insert(Route { session, side });
    Ok((socket, id))
}
