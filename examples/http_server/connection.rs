//! One client: its socket, and what lies between it and the protocol.

use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;

use super::http::{BUSY, Buffer, Context, Protocol, Stage, Status};
use super::pool::{Buffers, Lease, Pool};

/// How often one event may fill the output buffer, so that a client with a large response leaves
/// time for the others.
const ROUNDS: usize = 8;

/// What a connection needs of a non-blocking socket.
pub trait Stream: Read + Write {
    fn shutdown(&self, how: Shutdown) -> io::Result<()>;
}

/// What a connection waits for. It is watched level-triggered, so what is left is reported again.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Next {
    Read,
    Write,
    Close,
}

/// A client's connection.
#[derive(Debug)]
pub struct Connection<S> {
    stream: S,
    protocol: Protocol,
    /// It has buffers while there is something in one of them.
    lease: Option<Lease>,
    stage: (Stage, u32),
    /// The client will send nothing more.
    ended: bool,
    /// How many bytes were sent.
    sent: u64,
}

impl<S: Stream> Connection<S> {
    pub fn new(stream: S) -> Connection<S> {
        let protocol = Protocol::new();
        let stage = (Stage::Idle, 0);
        Connection { stream, protocol, lease: None, stage, ended: false, sent: 0 }
    }

    /// Tells the client that the server is busy. The connection then has to be served like any
    /// other, until it ends.
    pub fn refuse(&mut self) -> Next {
        self.stage = (Stage::Done { linger: true }, 0);
        // If that does not fit into the socket's buffer, the client learns by the end of the
        // connection.
        match self.stream.write(BUSY).and_then(|_| self.stream.shutdown(Shutdown::Write)) {
            Ok(()) => Next::Read,
            Err(_) => Next::Close,
        }
    }

    pub fn stream(&mut self) -> &mut S {
        &mut self.stream
    }

    /// Returns what it is doing, and the number of the request that this belongs to.
    pub fn stage(&self) -> (Stage, u32) {
        self.stage
    }

    /// Returns how many bytes of responses the client's socket has taken.
    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// Reads once, serves what has come, and writes.
    pub fn advance(&mut self, pool: &mut Pool, context: &mut Context) -> Next {
        if self.stage.0 == (Stage::Done { linger: true }) && self.lease.is_none() {
            return self.drain();
        }
        let Some(lease) = self.lease.take().or_else(|| pool.take()) else { return self.refuse() };
        let Buffers { input, output } = pool.get(&lease);
        // An error of the socket ends the connection: no response can be sent any more.
        let next = self.turn(input, output, context).unwrap_or(Next::Close);
        self.stage = self.protocol.stage(input);
        let idle = matches!(self.stage.0, Stage::Idle | Stage::Done { .. }) && output.is_empty();
        if idle || next == Next::Close {
            pool.give_back(lease)
        } else {
            self.lease = Some(lease)
        }
        next
    }

    /// Ends a stage whose time has passed. Tells the client so if it is sending a request.
    pub fn time_out(&mut self, pool: &mut Pool, context: &mut Context) -> Next {
        let stage = self.stage;
        match (stage.0, &self.lease) {
            (Stage::Head | Stage::Body, Some(lease)) => {
                let output = &mut pool.get(lease).output;
                if !output.is_empty() {
                    return Next::Close;
                }
                self.protocol.fail(Status::RequestTimeout, output, context);
                self.advance(pool, context)
            }
            // A request may have come at the last moment.
            (Stage::Idle, None) => match self.advance(pool, context) {
                Next::Read if self.stage == stage => Next::Close,
                next => next,
            },
            _ => Next::Close,
        }
    }

    /// Gives its buffers back and closes it.
    pub fn close(self, pool: &mut Pool) {
        if let Some(lease) = self.lease {
            pool.give_back(lease);
        }
    }

    fn turn(
        &mut self,
        input: &mut Buffer,
        output: &mut Buffer,
        context: &mut Context,
    ) -> io::Result<Next> {
        // A client that does not take its responses is not asked for more requests.
        if !self.flush(output)? {
            return Ok(Next::Write);
        }
        if self.protocol.wants_input() && !self.ended {
            self.receive(input)?;
        }
        for _ in 0..ROUNDS {
            let more = self.protocol.advance(input, output, context);
            if !self.flush(output)? {
                return Ok(Next::Write);
            }
            if !more {
                return Ok(self.rest(input));
            }
        }
        Ok(Next::Write)
    }

    /// Returns what to do when nothing can be done but to wait.
    fn rest(&mut self, input: &Buffer) -> Next {
        match self.protocol.stage(input).0 {
            Stage::Done { linger: false } => Next::Close,
            // To close while data is unread would reset the connection, and the client might lose
            // the response. So only this direction is closed, and what still comes is thrown away.
            Stage::Done { linger: true } => match self.stream.shutdown(Shutdown::Write) {
                Ok(()) if !self.ended => Next::Read,
                _ => Next::Close,
            },
            // It has closed its direction, and has all the responses that it will get.
            _ if self.ended => Next::Close,
            _ => Next::Read,
        }
    }

    fn receive(&mut self, input: &mut Buffer) -> io::Result<()> {
        let space = input.space();
        if space.is_empty() {
            return Ok(());
        }
        match self.stream.read(space) {
            Ok(0) => self.ended = true,
            Ok(count) => input.commit(count),
            Err(error) if is_transient(&error) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Returns `true` if all of it has been sent.
    fn flush(&mut self, output: &mut Buffer) -> io::Result<bool> {
        while !output.is_empty() {
            match self.stream.write(output.filled()) {
                Ok(count) => {
                    self.sent += count as u64;
                    output.consume(count);
                }
                Err(error) if is_transient(&error) => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Throws away what comes. That a deadline ends this bounds it.
    fn drain(&mut self) -> Next {
        match self.stream.read(&mut [0; 4096]) {
            Ok(0) => Next::Close,
            Ok(_) => Next::Read,
            Err(error) if is_transient(&error) => Next::Read,
            Err(_) => Next::Close,
        }
    }
}

fn is_transient(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}
