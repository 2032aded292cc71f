//! A client and its backend.

use std::io;

use mio_st::event::{EventedId, SourceKey};
use mio_st::time::Instant;
use mio_st::timer::DeadlineKey;

use super::relay::{Direction, End, Progress};
use super::socket::Socket;
use super::storage::Stock;

/// Which of the two sockets.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Side {
    Client,
    Backend,
}

/// The keys of what the poller holds for a session.
#[derive(Copy, Clone, Debug)]
pub struct Handles {
    /// When it connects for too long, or is idle for too long.
    pub deadline: DeadlineKey,
    /// A source in user space that is ready while the session has more to do than its turn allows.
    pub turn: SourceKey,
    /// The id that the client is watched under.
    pub client: EventedId,
}

/// A client, and its way to a backend.
#[derive(Debug)]
pub struct Session {
    pub client: End,
    pub backend: Backend,
    pub handles: Handles,
    /// What the deadline was last set to.
    pub due: Instant,
    up: Direction,
    down: Direction,
}

/// The way to a backend.
#[derive(Debug)]
pub struct Backend {
    /// The connection, or the latest attempt, and the id that it is watched under.
    pub end: Option<(End, EventedId)>,
    pub connected: bool,
    /// The number of the backend to try next.
    pub next: usize,
    /// How many have not been tried.
    pub left: usize,
}

impl Session {
    pub fn new(client: Socket, handles: Handles, backend: Backend) -> Session {
        let (up, down) = (Direction::new(), Direction::new());
        Session { client: End::new(client), backend, handles, due: Instant::MAX, up, down }
    }

    /// Carries what it can, in both directions. Returns `Finished` when both have ended.
    pub fn advance(&mut self, stock: &mut Stock) -> io::Result<Progress> {
        let Some((backend, _)) = self.backend.end.as_mut().filter(|_| self.backend.connected)
        else {
            return Ok(Progress::Waits);
        };
        let up = self.up.advance(&mut self.client, backend, stock)?;
        let down = self.down.advance(backend, &mut self.client, stock)?;
        Ok(match (up, down) {
            (Progress::Finished, Progress::Finished) => Progress::Finished,
            (Progress::MayHaveMore, _) | (_, Progress::MayHaveMore) => Progress::MayHaveMore,
            _ => Progress::Waits,
        })
    }

    /// Returns how many bytes were carried so far, in both directions.
    pub fn carried(&self) -> u64 {
        self.up.carried + self.down.carried
    }

    pub fn end_mut(&mut self, side: Side) -> Option<&mut End> {
        match side {
            Side::Client => Some(&mut self.client),
            Side::Backend => self.backend.end.as_mut().map(|(end, _)| end),
        }
    }

    /// Closes both sockets, by a reset if it did not come to an orderly end.
    pub fn close(self, orderly: bool, stock: &mut Stock) {
        self.up.close(stock);
        self.down.close(stock);
        if !orderly {
            self.client.socket.reset();
            if let Some((end, _)) = self.backend.end {
                end.socket.reset();
            }
        }
    }
}
