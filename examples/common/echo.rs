//! One client of an echo server.

use core::ops::Range;
use std::io::{self, ErrorKind, Read, Write};

use mio_st::event::Interests;
use mio_st::net::TcpStream;

/// A connection, and what was read from it and not yet written back.
///
/// It does one thing at a time: with nothing unsent it waits to read, with something unsent it
/// waits to write. So
///
/// * its memory is bounded: a client cannot send more before what was sent has been taken back, and
///   a client that stops reading is in the end stopped by TCP itself;
/// * at the end of the client's data everything has been echoed: a half-closed client misses
///   nothing.
///
/// Register it with `Level` and take one step for each event. That bounds the work of an event, so
/// that no client can hold the loop, however fast it sends; the next poll reports what is left.
pub struct Echo<B> {
    pub stream: TcpStream,
    /// How many bytes went back.
    pub echoed: u64,
    buffer: B,
    unsent: Range<usize>,
}

impl<B: AsMut<[u8]>> Echo<B> {
    pub fn new(stream: TcpStream, buffer: B) -> Echo<B> {
        Echo { stream, echoed: 0, buffer, unsent: 0..0 }
    }

    /// Reads once, if everything was sent, and writes once. Returns what to wait for next, or
    /// `None` at the end of the data.
    pub fn step(&mut self) -> io::Result<Option<Interests>> {
        if self.unsent.is_empty() {
            match self.stream.read(self.buffer.as_mut()) {
                Ok(0) => return Ok(None),
                Ok(length) => self.unsent = 0..length,
                Err(error) if is_transient(&error) => return Ok(Some(Interests::READABLE)),
                Err(error) => return Err(error),
            }
        }
        match self.stream.write(&self.buffer.as_mut()[self.unsent.clone()]) {
            Ok(length) => {
                self.unsent.start += length;
                self.echoed += length as u64;
            }
            Err(error) if is_transient(&error) => {}
            Err(error) => return Err(error),
        }
        let all_sent = self.unsent.is_empty();
        Ok(Some(if all_sent { Interests::READABLE } else { Interests::WRITABLE }))
    }
}

/// Not an error, but a reason to wait for the next event.
fn is_transient(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}
