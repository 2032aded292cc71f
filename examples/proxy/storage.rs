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
/// It is memory at first, which it has only while it is filled. If much is carried, it becomes a
/// pipe, through which the kernel moves the bytes without copying them to this process, on systems
/// that can do so.
#[derive(Debug)]
pub struct Storage {
    /// `None` if it is empty, or the pipe is filled.
    memory: Option<Box<Block>>,
    /// What of the memory, or how much of the pipe, is filled.
    start: usize,
    end: usize,
    pipe: Option<(Sender, Receiver)>,
    /// How many more bytes are copied before a pipe is made.
    copies: u64,
}

/// Memory that is not filled: most directions wait for their source and need none. Each block is
/// allocated once, and the one that was given back last, which is still in the cache, is taken
/// first.
#[derive(Debug)]
pub struct Stock(Vec<Box<Block>>);

impl Stock {
    /// Makes one that keeps at most `capacity` blocks.
    pub fn new(capacity: usize) -> Stock {
        Stock(Vec::with_capacity(capacity))
    }

    fn take(&mut self) -> Box<Block> {
        self.0.pop().unwrap_or_else(|| Box::new([0; CAPACITY]))
    }

    fn give_back(&mut self, memory: Box<Block>) {
        if self.0.len() < self.0.capacity() {
            self.0.push(memory);
        }
    }
}

impl Storage {
    pub fn new() -> Storage {
        Storage { memory: None, start: 0, end: 0, pipe: None, copies: BULK }
    }

    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Fills it from `source`. It must be empty. Returns how many bytes that were, 0 at the end of
    /// the data.
    pub fn fill(&mut self, source: &Socket, stock: &mut Stock) -> io::Result<usize> {
        if self.copies == 0 && self.pipe.is_none() {
            // Without descriptors for it, copying goes on for a while.
            self.pipe = new_pipe().ok();
            self.copies = if self.pipe.is_some() { 0 } else { BULK };
        }
        let mut count = self.splice(source)?;
        if count == 0 {
            let mut memory = stock.take();
            let read = source.read(&mut memory[..]);
            match read {
                Ok(1..) => self.memory = Some(memory),
                _ => stock.give_back(memory),
            }
            count = read?;
        }
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
    pub fn drain(&mut self, sink: &Socket, stock: &mut Stock) -> io::Result<usize> {
        let count = match (&self.memory, &self.pipe) {
            (Some(memory), _) => sink.write(&memory[self.start..self.end])?,
            (None, Some((_, receiver))) => sink.splice_from(receiver, self.end - self.start)?,
            (None, None) => 0, // It is empty.
        };
        self.start += count;
        if self.is_empty() {
            self.clear(stock);
        }
        Ok(count)
    }

    /// Gives its memory back.
    pub fn clear(&mut self, stock: &mut Stock) {
        if let Some(memory) = self.memory.take() {
            stock.give_back(memory);
        }
    }
}

fn is_unsupported(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Unsupported | ErrorKind::InvalidInput | ErrorKind::PermissionDenied
    )
}
