//! One client of an echo server.

use core::ops::Range;
use std::io::{self, ErrorKind, Read, Write};

use mio_st::event::{EventedId, Interests};
use mio_st::net::TcpStream;
use mio_st::poll::{PollOption, Registry};

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
/// Register it for `READABLE` with `Level` and take one step for each event. That bounds the work
/// of an event, so that no client can hold the loop, however fast it sends; the next poll reports
/// what is left. A connection is idle while no step is [`Step::Echoed`].
pub struct Echo<B> {
    pub stream: TcpStream,
    /// How many bytes went back.
    pub echoed: u64,
    buffer: B,
    unsent: Range<usize>,
    /// What it is registered for.
    watched: Interests,
}

/// What a step has come to.
pub enum Step {
    /// Bytes went back.
    Echoed,
    /// None did. An event does not prove that there is something to read, or space to write: a
    /// system may report a socket, even again and again, that gives and takes nothing.
    Nothing,
    /// The client has sent all its data, and all of it went back.
    Ended,
}

impl<B: AsMut<[u8]>> Echo<B> {
    pub fn new(stream: TcpStream, buffer: B) -> Echo<B> {
        Echo { stream, echoed: 0, buffer, unsent: 0..0, watched: Interests::READABLE }
    }

    /// Reads once, if everything was sent, and writes once.
    pub fn step(&mut self, registry: &mut Registry, id: EventedId) -> io::Result<Step> {
        if self.unsent.is_empty() {
            match self.stream.read(self.buffer.as_mut()) {
                Ok(0) => return Ok(Step::Ended),
                Ok(length) => self.unsent = 0..length,
                Err(error) if is_transient(&error) => return Ok(Step::Nothing),
                Err(error) => return Err(error),
            }
        }
        let step = match self.stream.write(&self.buffer.as_mut()[self.unsent.clone()]) {
            Ok(length) => {
                self.unsent.start += length;
                self.echoed += length as u64;
                Step::Echoed
            }
            Err(error) if is_transient(&error) => Step::Nothing,
            Err(error) => return Err(error),
        };
        self.watch(registry, id)?;
        Ok(step)
    }

    /// Waits for what comes next. A reregistration is a system call: it is made only for a change.
    fn watch(&mut self, registry: &mut Registry, id: EventedId) -> io::Result<()> {
        let wanted = match self.unsent.is_empty() {
            true => Interests::READABLE,
            false => Interests::WRITABLE,
        };
        if wanted != self.watched {
            registry.reregister(&mut self.stream, id, wanted, PollOption::Level)?;
            self.watched = wanted;
        }
        Ok(())
    }
}

/// Not an error, but a reason to wait for the next event.
fn is_transient(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}
