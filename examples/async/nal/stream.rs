//! TCP connections with buffers: crates of this kind read and write a few bytes at a time.

use core::future::poll_fn;
use core::ops::Range;
use core::task::Context;
use core::time::Duration;

use edge_nal::io::{ErrorType, Read, Write};
use edge_nal::{Close, Readable, TcpShutdown, TcpSplit};
use mio_st::Error;
use mio_st::socket::{Shutdown, TcpStream};
use mio_st::time::Instant;

use super::super::io::{Async, timeout};
use super::super::reactor::Side;
use super::NetError;
use super::ending::{ENDED, Ending, Open};

/// How many bytes a connection reads or writes at once.
const BUFFER: usize = 1024;
/// How long to wait for a peer to end its direction.
const LINGER: Duration = Duration::from_secs(1);

/// A TCP connection. What is written goes out when the buffer is full, and by `flush`.
pub struct Stream<'r> {
    io: Async<'r, TcpStream>,
    input: Buffer,
    output: Buffer,
    /// `None` for a client's.
    open: Option<Open<'r>>,
    limit: Limit,
}

/// How long a request may take to come. A limit for each read does not end one that drips.
struct Limit {
    time: Duration,
    /// When the time of the current request is over.
    end: Instant,
}

impl Limit {
    fn check(&self) -> Result<(), NetError> {
        if Instant::now() < self.end { Ok(()) } else { Err(NetError(Error::Os(libc::ETIMEDOUT))) }
    }
}

struct Buffer {
    memory: [u8; BUFFER],
    filled: Range<usize>,
}

impl Buffer {
    fn is_empty(&self) -> bool {
        self.filled.start == self.filled.end
    }
}

/// The half that reads.
pub struct Reader<'a> {
    io: &'a Async<'a, TcpStream>,
    input: &'a mut Buffer,
    ending: Option<&'a Ending>,
    limit: &'a mut Limit,
}

/// The half that writes.
pub struct Writer<'a> {
    io: &'a Async<'a, TcpStream>,
    output: &'a mut Buffer,
}

impl<'r> Stream<'r> {
    pub fn new(io: Async<'r, TcpStream>, open: Option<Open<'r>>, time: Duration) -> Stream<'r> {
        let [input, output] = [0; 2].map(|_| Buffer { memory: [0; BUFFER], filled: 0..0 });
        Stream { io, input, output, open, limit: Limit { time, end: Instant::MAX } }
    }
}

impl ErrorType for Reader<'_> {
    type Error = NetError;
}

impl Read for Reader<'_> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, NetError> {
        self.limit.check()?;
        let empty = self.input.is_empty();
        let Buffer { memory, filled } = &mut *self.input;
        if empty {
            if buffer.len() >= BUFFER {
                return Ok(self.io.read_with(|stream| stream.read(buffer)).await?);
            }
            *filled = 0..self.io.read_with(|stream| stream.read(memory)).await?;
        }
        let count = filled.len().min(buffer.len());
        buffer[..count].copy_from_slice(&memory[filled.start..filled.start + count]);
        filled.start += count;
        Ok(count)
    }
}

impl Readable for Reader<'_> {
    /// A server asks before each request: if it is ending, and none has come, that is an error.
    async fn readable(&mut self) -> Result<(), NetError> {
        if self.input.is_empty() {
            self.wait().await?;
        }
        self.limit.end = Instant::now() + self.limit.time;
        Ok(())
    }
}

impl Reader<'_> {
    async fn wait(&mut self) -> Result<(), NetError> {
        // The event may be older than the latest read, so the socket is asked.
        let mut peek = |stream: &TcpStream| stream.peek(&mut [0]).map(|_| ());
        let poll = |context: &mut Context<'_>| {
            let peeked = self.io.poll_with(Side::Read, context, &mut peek);
            match self.ending {
                Some(ending) if peeked.is_pending() => {
                    // A request may have come that no event has told of yet.
                    ending.poll_begun(context).map(|()| peek(&self.io.handle).or(Err(ENDED)))
                }
                _ => peeked,
            }
        };
        Ok(poll_fn(poll).await?)
    }
}

impl ErrorType for Writer<'_> {
    type Error = NetError;
}

impl Write for Writer<'_> {
    async fn write(&mut self, buffer: &[u8]) -> Result<usize, NetError> {
        if self.output.filled.end == BUFFER {
            self.flush().await?;
        }
        let Buffer { memory, filled } = &mut *self.output;
        let count = buffer.len().min(BUFFER - filled.end);
        memory[filled.end..filled.end + count].copy_from_slice(&buffer[..count]);
        filled.end += count;
        Ok(count)
    }

    async fn flush(&mut self) -> Result<(), NetError> {
        while !self.output.is_empty() {
            let rest = &self.output.memory[self.output.filled.clone()];
            let count = self.io.write_with(|stream| stream.write(rest)).await?;
            self.output.filled.start += count;
        }
        self.output.filled = 0..0;
        Ok(())
    }
}

impl TcpSplit for Stream<'_> {
    type Read<'a>
        = Reader<'a>
    where
        Self: 'a;
    type Write<'a>
        = Writer<'a>
    where
        Self: 'a;

    fn split(&mut self) -> (Reader<'_>, Writer<'_>) {
        let Stream { io, input, output, open, limit } = self;
        let ending = open.as_ref().map(|open| open.0);
        (Reader { io, input, ending, limit }, Writer { io, output })
    }
}

impl ErrorType for Stream<'_> {
    type Error = NetError;
}

impl Read for Stream<'_> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, NetError> {
        self.split().0.read(buffer).await
    }
}

impl Readable for Stream<'_> {
    async fn readable(&mut self) -> Result<(), NetError> {
        self.split().0.readable().await
    }
}

impl Write for Stream<'_> {
    async fn write(&mut self, buffer: &[u8]) -> Result<usize, NetError> {
        self.split().1.write(buffer).await
    }

    async fn flush(&mut self) -> Result<(), NetError> {
        self.split().1.flush().await
    }
}

impl TcpShutdown for Stream<'_> {
    /// Reads to the end if that direction is to be closed, but not for long.
    async fn close(&mut self, what: Close) -> Result<(), NetError> {
        if what != Close::Read {
            self.flush().await?;
            self.io.handle.shutdown(Shutdown::Write)?;
        }
        if what != Close::Write {
            let reactor = self.io.reactor;
            let drain =
                async { while self.read(&mut [0; BUFFER]).await.is_ok_and(|count| count > 0) {} };
            let _ = timeout(reactor, LINGER, drain).await;
        }
        Ok(())
    }

    /// Closing the socket, which follows, is enough: a reset could overtake the last response.
    async fn abort(&mut self) -> Result<(), NetError> {
        Ok(())
    }
}
