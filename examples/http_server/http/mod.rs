//! HTTP/1.1 without I/O: bytes of requests in, bytes of responses out.
//!
//! [`Protocol`] is the state of one connection. It is given an input and an output buffer, and does
//! as much as they allow: pipelined requests are served one after the other, and a request may be
//! split at any byte.

mod body;
mod buffer;
mod date;
mod request;
mod response;
mod status;

pub use self::body::Body;
pub use self::buffer::Buffer;
pub use self::date::Date;
pub use self::request::Request;
pub use self::response::{BUSY, Length};
pub use self::status::Status;

use self::response::{CHUNK_FRAME, Connection, LAST_CHUNK, Response, write_chunk};
use super::app::{self, Action};

/// The space in the output buffer that a step needs: for a response's head and a short body.
const STEP: usize = 1024;

/// What all connections share.
#[derive(Debug)]
pub struct Context {
    /// The value of the `Date` field, kept up to date by the server.
    pub date: Date,
    /// The longest body of a request, in bytes.
    pub max_body: u64,
    /// The server is shutting down: each connection ends after its current request.
    pub stopping: bool,
    /// How many responses have been completed.
    pub served: u64,
}

/// What a connection is doing, which decides how long it may take.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Waits for a request.
    Idle,
    /// Has received a part of a request's head.
    Head,
    /// Receives a request's body.
    Body,
    /// Sends a response's body.
    Reply,
    /// Everything has been said.
    Done {
        /// The client may still be sending: a close would discard the response that it has not read
        /// yet.
        linger: bool,
    },
}

/// One connection's state.
///
/// ```text
///         a head            the body, if the response is long
///   Head ────────▶ Body ───────────────────────────────────────▶ Reply
///    ▲              │ the body, if the response is short            │ all is written
///    └──────────────┴───────────────────────────────────────────────┘
///   Done: in place of Head after the last request, and after an error in any phase
/// ```
#[derive(Debug)]
pub struct Protocol {
    phase: Phase,
    /// The current request is the last.
    last: bool,
    /// A part of the current request's response has been written.
    responding: bool,
    /// How many requests have begun.
    requests: u32,
}

#[derive(Debug)]
enum Phase {
    Head,
    Body(Exchange),
    Reply { left: u64 },
    Done { linger: bool },
}

/// A request whose body has not come as a whole.
#[derive(Copy, Clone, Debug)]
struct Exchange {
    body: Body,
    action: Action,
    /// The method is `HEAD`: the response has no body.
    head_only: bool,
    says_keep_alive: bool,
}

impl Protocol {
    pub const fn new() -> Protocol {
        Protocol { phase: Phase::Head, last: false, responding: false, requests: 0 }
    }

    /// Consumes input and produces output. Returns `true` if it can go on once the output has been
    /// sent, `false` if it needs more input or has ended.
    pub fn advance(
        &mut self,
        input: &mut Buffer,
        output: &mut Buffer,
        context: &mut Context,
    ) -> bool {
        while output.room() >= STEP {
            match self.step(input, output, context) {
                Ok(true) => {}
                Ok(false) => return false,
                Err(status) => self.fail(status, output, context),
            }
        }
        true
    }

    /// Ends the connection with an error: for what the client did wrong, or did not do in time.
    pub fn fail(&mut self, status: Status, output: &mut Buffer, context: &Context) {
        // In the middle of a response there is no way to begin another one: the end of the
        // connection tells the client that something is missing.
        if !self.responding && output.room() >= STEP {
            let length = Length::Text(status.reason());
            Response { status, length, connection: Connection::Closes }
                .write(output, context, true);
        }
        self.phase = Phase::Done { linger: true };
    }

    /// Returns the stage, and the number of the request that it belongs to.
    pub fn stage(&self, input: &Buffer) -> (Stage, u32) {
        let stage = match self.phase {
            Phase::Head if input.is_empty() => Stage::Idle,
            Phase::Head => Stage::Head,
            Phase::Body(_) => Stage::Body,
            Phase::Reply { .. } => Stage::Reply,
            Phase::Done { linger } => Stage::Done { linger },
        };
        (stage, self.requests)
    }

    /// Returns `true` if more input is of use.
    pub fn wants_input(&self) -> bool {
        matches!(self.phase, Phase::Head | Phase::Body(_))
    }

    fn step(
        &mut self,
        input: &mut Buffer,
        output: &mut Buffer,
        context: &mut Context,
    ) -> Result<bool, Status> {
        match self.phase {
            Phase::Head => self.read_head(input, output, context),
            Phase::Body(ref mut exchange) => {
                match exchange.read_body(input, output)? {
                    Some(ended) if ended => self.finish(output, context),
                    Some(_) => {}
                    // Such as a line with a chunk's size that is longer than the buffer.
                    None if input.is_full() => return Err(Status::BadRequest),
                    None => return Ok(false),
                }
                Ok(true)
            }
            Phase::Reply { ref mut left } => {
                *left -= app::fill(output, *left) as u64;
                if *left == 0 {
                    self.complete(context);
                }
                Ok(true)
            }
            Phase::Done { .. } => Ok(false),
        }
    }

    fn read_head(
        &mut self,
        input: &mut Buffer,
        output: &mut Buffer,
        context: &mut Context,
    ) -> Result<bool, Status> {
        let Some((request, length)) = Request::parse(input.filled())? else {
            let too_long = input.is_full();
            return if too_long { Err(Status::of_long_head(input.filled())) } else { Ok(false) };
        };
        let body = request.body.limited_to(context.max_body)?;
        let action = app::route(&request);
        if request.expects_continue && !body.is_empty() {
            match action {
                Action::Refuse(status) => return Err(status),
                _ => output.push(b"HTTP/1.1 100 Continue\r\n\r\n"),
            }
        }
        self.last = !request.keep_alive;
        self.requests = self.requests.wrapping_add(1);
        let (head_only, says_keep_alive) = (request.method == "HEAD", request.says_keep_alive);
        let exchange = Exchange { body, action, head_only, says_keep_alive };
        input.consume(length);
        if let Some(length) = action.length_at_once(&body) {
            self.respond(&exchange, Status::Ok, length, output, context);
        }
        self.phase = Phase::Body(exchange);
        Ok(true)
    }

    /// The request has come as a whole.
    fn finish(&mut self, output: &mut Buffer, context: &mut Context) {
        let Phase::Body(exchange) = self.phase else { return };
        if self.responding {
            if let Body::Chunked { .. } = exchange.body {
                output.push(LAST_CHUNK);
            }
            return self.complete(context);
        }
        let (status, length) = exchange.action.finish();
        self.respond(&exchange, status, length, output, context);
        match length {
            Length::Bytes(left) if left > 0 && !exchange.head_only => {
                self.phase = Phase::Reply { left };
            }
            _ => self.complete(context),
        }
    }

    /// Writes a response's head, and its body if that is short.
    fn respond(
        &mut self,
        exchange: &Exchange,
        status: Status,
        length: Length,
        output: &mut Buffer,
        context: &Context,
    ) {
        self.last |= context.stopping;
        self.responding = true;
        let connection = match exchange.says_keep_alive {
            _ if self.last => Connection::Closes,
            true => Connection::IsKept,
            false => Connection::Stays,
        };
        Response { status, length, connection }.write(output, context, !exchange.head_only);
    }

    /// A request has been responded to.
    fn complete(&mut self, context: &mut Context) {
        context.served += 1;
        self.responding = false;
        self.phase = if self.last { Phase::Done { linger: false } } else { Phase::Head };
    }
}

impl Exchange {
    /// Takes a part of the request's body. Returns whether that was the end of it, or `None` if
    /// more input is needed.
    fn read_body(
        &mut self,
        input: &mut Buffer,
        output: &mut Buffer,
    ) -> Result<Option<bool>, Status> {
        // What is sent back must fit into the output.
        let decoded = self.body.decode(input.filled(), output.room() - CHUNK_FRAME)?;
        if self.action.receive(decoded.data) && !decoded.data.is_empty() {
            match self.body {
                Body::Fixed(_) => output.push(decoded.data),
                Body::Chunked { .. } => write_chunk(output, decoded.data),
            }
        }
        let (used, ended) = (decoded.used, decoded.ended);
        input.consume(used);
        Ok((used > 0 || ended).then_some(ended))
    }
}
