//! A buffer of fixed size.

/// The size of a buffer, in bytes: the longest head of a request.
pub const CAPACITY: usize = 8 * 1024;

/// Bytes that were put in at the end and have not been taken from the front yet.
#[derive(Clone, Debug)]
pub struct Buffer {
    start: usize,
    end: usize,
    memory: [u8; CAPACITY],
}

impl Buffer {
    pub const fn new() -> Buffer {
        Buffer { start: 0, end: 0, memory: [0; CAPACITY] }
    }

    pub fn filled(&self) -> &[u8] {
        &self.memory[self.start..self.end]
    }

    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    pub fn is_full(&self) -> bool {
        self.end - self.start == CAPACITY
    }

    /// Returns how many bytes [`push`](Buffer::push) can append.
    pub fn room(&self) -> usize {
        CAPACITY - self.end
    }

    /// Takes `count` bytes from the front.
    pub fn consume(&mut self, count: usize) {
        self.start += count;
        debug_assert!(self.start <= self.end);
        if self.start == self.end {
            self.clear();
        }
    }

    /// Appends `bytes`, which must not be longer than [`room`](Buffer::room).
    pub fn push(&mut self, bytes: &[u8]) {
        self.memory[self.end..self.end + bytes.len()].copy_from_slice(bytes);
        self.end += bytes.len();
    }

    /// Moves the content to the front and returns the space behind it, to be filled from its
    /// beginning; then [`commit`](Buffer::commit).
    pub fn space(&mut self) -> &mut [u8] {
        if self.start > 0 {
            self.memory.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        &mut self.memory[self.end..]
    }

    /// Appends the first `count` bytes of the space.
    pub fn commit(&mut self, count: usize) {
        self.end += count;
        debug_assert!(self.end <= CAPACITY);
    }

    pub fn clear(&mut self) {
        (self.start, self.end) = (0, 0);
    }
}
