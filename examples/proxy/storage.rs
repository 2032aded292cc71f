//! What is on its way between two sockets.

use std::io::{self, ErrorKind};

use mio_st::unix::{Receiver, Sender, new_pipe};

use super::socket::Socket;

/// How many bytes can be on their way in one direction: so many, or what a pipe holds.
const CAPACITY: usize = 32 * 1024;

/// After how many bytes a direction gets a pipe: to copy short messages costs less than to make
/// one.
const BULK: u64 = 256 * 1024;

/// How many bytes are moved through a pipe at once: what a new one holds.
const PIPE: usize = 64 * 1024;

type Block = [u8; CAPACITY];

/// The storage of one direction. It is filled when it is empty, and then drained.
///
/// It is memory at first. If much is carried, it becomes a pipe, through which the kernel moves the
/// bytes without copying them to this process, on systems that can do so.
#[derive(Debug)]
pub struct Storage {
    memory: Box<Block>,
    /// What of the memory, or how much of the pipe, is filled.
    start: usize,
    end: usize,
    pipe: Option<(Sender, Receiver)>,
    /// It is the pipe that is filled.
    spliced: bool,
    /// How many more bytes are copied before a pipe is made.
    copies: u64,
}

/// Memory of directions that have ended, for the next ones. Each block is allocated once.
#[derive(Debug)]
pub struct Stock(Vec<Box<Block>>);

impl Stock {
    /// Makes one that keeps at most `capacity` blocks.
    pub fn new(capacity: usize) -> Stock {
        Stock(Vec::with_capacity(capacity))
    }

    pub fn take(&mut self) -> Storage {
        let memory = self.0.pop().unwrap_or_else(|| Box::new([0; CAPACITY]));
        Storage { memory, start: 0, end: 0, pipe: None, spliced: false, copies: BULK }
    }

    pub fn give_back(&mut self, storage: Storage) {
        if self.0.len() < self.0.capacity() {
            self.0.push(storage.memory);
        }
    }
}

impl Storage {
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Fills it from `source`. It must be empty. Returns how many bytes that were, 0 at the end of
    /// the data.
    pub fn fill(&mut self, source: &Socket) -> io::Result<usize> {
        if self.copies == 0 && self.pipe.is_none() {
            // Without descriptors for it, copying goes on for a while.
            self.pipe = new_pipe().ok();
            self.copies = if self.pipe.is_some() { 0 } else { BULK };
        }
        let spliced = self.splice(source)?;
        self.spliced = spliced > 0;
        let count = if self.spliced { spliced } else { source.read(&mut self.memory[..])? };
        self.copies = self.copies.saturating_sub(count as u64);
        (self.start, self.end) = (0, count);
        Ok(count)
    }

    /// Fills the pipe, if there is one. If it returns 0, a read has to tell what the source has:
    /// splice(2) does not pass the mark of urgent data, and says there that nothing has come, or
    /// that the data has ended.
    fn splice(&mut self, source: &Socket) -> io::Result<usize> {
        let Some((sender, _)) = &self.pipe else { return Ok(0) };
        match source.splice_to(sender, PIPE) {
            // It is the source's: the pipe is empty.
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(0),
            // Only Linux has splice(2), and some sandboxes there have not.
            Err(error) if is_unsupported(&error) => {
                (self.pipe, self.copies) = (None, u64::MAX);
                Ok(0)
            }
            result => result,
        }
    }

    /// Drains it into `sink`. Returns how many bytes that were.
    pub fn drain(&mut self, sink: &Socket) -> io::Result<usize> {
        let count = match &self.pipe {
            Some((_, receiver)) if self.spliced => {
                sink.splice_from(receiver, self.end - self.start)?
            }
            _ => sink.write(&self.memory[self.start..self.end])?,
        };
        self.start += count;
        Ok(count)
    }
}

fn is_unsupported(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Unsupported | ErrorKind::InvalidInput | ErrorKind::PermissionDenied
    )
}
