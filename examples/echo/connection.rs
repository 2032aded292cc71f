//! One client of the echo server.

use core::net::SocketAddr;
use core::ops::Range;
use std::io::{self, ErrorKind, Read, Write};

use mio_st::event::Interests;
use mio_st::net::TcpStream;

const CAPACITY: usize = 64 * 1024;

/// A client: its connection, and what was read from it and not yet written back.
///
/// It does one thing at a time: with nothing unsent it waits to read, with something unsent it waits to
/// write. So
///
/// * its memory is bounded: nobody can send more before what was sent has been taken back, and a client that
///   stops reading is in the end stopped by TCP itself;
/// * at the end of the client's data everything has been echoed: a half-closed client misses nothing.
pub struct Connection {
    pub stream: TcpStream,
    pub peer: SocketAddr,
    /// How many bytes went back.
    pub echoed: u64,
    buffer: Box<[u8]>,
    unsent: Range<usize>,
}

impl Connection {
    pub fn new(stream: TcpStream, peer: SocketAddr) -> Connection {
        let buffer = vec![0; CAPACITY].into_boxed_slice();
        Connection { stream, peer, echoed: 0, buffer, unsent: 0..0 }
    }

    /// At most one read and one write; then what to wait for, or `None` at the end.
    pub fn echo(&mut self) -> io::Result<Option<Interests>> {
        if self.unsent.is_empty() {
            match self.stream.read(&mut self.buffer) {
                Ok(0) => return Ok(None),
                Ok(length) => self.unsent = 0..length,
                Err(error) if is_transient(&error) => return Ok(Some(Interests::READABLE)),
                Err(error) => return Err(error),
            }
        }
        match self.stream.write(&self.buffer[self.unsent.clone()]) {
            Ok(length) => {
                self.unsent.start += length;
                self.echoed += length as u64;
            }
            Err(error) if is_transient(&error) => {}
            Err(error) => return Err(error),
        }
        let idle = self.unsent.is_empty();
        Ok(Some(if idle { Interests::READABLE } else { Interests::WRITABLE }))
    }
}

/// Not an error, but a reason to wait for the next event.
pub fn is_transient(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}
