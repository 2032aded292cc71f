//! One direction of a connection: bytes from one socket to another, through bounded storage.

use std::io::{self, ErrorKind};

use super::socket::Socket;
use super::storage::{Stock, Storage};

/// How often one event may fill the storage, so that a fast sender leaves time for the others.
const ROUNDS: usize = 4;

/// A socket that is watched edge-triggered, and its readiness according to the events so far. The
/// first event comes when it is registered.
#[derive(Debug)]
pub struct End {
    pub socket: Socket,
    /// No read has been `WouldBlock` since an event said that it is readable.
    pub readable: bool,
    /// No write has been `WouldBlock` since an event said that it is writable.
    pub writable: bool,
}

impl End {
    pub fn new(socket: Socket) -> End {
        End { socket, readable: false, writable: false }
    }
}

/// What [`Direction::advance`] has come to.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// One of the sockets has to become ready.
    Waits,
    /// There may be more, and it is the turn of the others.
    MayHaveMore,
    /// The source has ended, and the sink was shut down for writing.
    Finished,
}

/// One direction.
///
/// Nothing is read while something is unsent, so a sender can be ahead of its receiver by no more
/// than the storage holds; then TCP stops the sender.
#[derive(Debug)]
pub struct Direction {
    storage: Storage,
    /// The source will send nothing more.
    ended: bool,
    finished: bool,
    /// How many bytes it has carried.
    pub carried: u64,
}

impl Direction {
    pub fn new() -> Direction {
        Direction { storage: Storage::new(), ended: false, finished: false, carried: 0 }
    }

    /// Carries what it can.
    ///
    /// An error is the end of the connection: one of the peers has reset it.
    pub fn advance(
        &mut self,
        source: &mut End,
        sink: &mut End,
        stock: &mut Stock,
    ) -> io::Result<Progress> {
        for _ in 0..ROUNDS {
            if self.storage.is_empty() && !self.ended {
                if !source.readable {
                    return Ok(Progress::Waits);
                }
                match ready(self.storage.fill(&source.socket, stock), &mut source.readable)? {
                    Some(0) => self.ended = true,
                    Some(_) => {}
                    None => return Ok(Progress::Waits),
                }
            }
            while !self.storage.is_empty() {
                if !sink.writable {
                    return Ok(Progress::Waits);
                }
                match ready(self.storage.drain(&sink.socket, stock), &mut sink.writable)? {
                    Some(count) => self.carried += count as u64,
                    None => return Ok(Progress::Waits),
                }
            }
            if self.ended {
                return self.finish(sink);
            }
        }
        Ok(Progress::MayHaveMore)
    }

    /// Gives back what it has of the stock.
    pub fn close(mut self, stock: &mut Stock) {
        self.storage.clear(stock);
    }

    /// Carries the end of the data.
    fn finish(&mut self, sink: &End) -> io::Result<Progress> {
        if !self.finished {
            self.finished = true;
            // `NotConnected`: the peer has gone already.
            match sink.socket.shutdown() {
                Err(error) if error.kind() != ErrorKind::NotConnected => return Err(error),
                _ => {}
            }
        }
        Ok(Progress::Finished)
    }
}

/// Turns `WouldBlock` into `None`, and keeps it in mind.
fn ready(result: io::Result<usize>, flag: &mut bool) -> io::Result<Option<usize>> {
    match result {
        Ok(count) => Ok(Some(count)),
        Err(error) if error.kind() == ErrorKind::WouldBlock => {
            *flag = false;
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
