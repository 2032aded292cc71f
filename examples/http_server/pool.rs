//! Buffers that connections borrow.

use super::http::Buffer;

/// A connection's buffers.
#[derive(Debug)]
pub struct Buffers {
    pub input: Buffer,
    pub output: Buffer,
}

/// A right to one of the pool's buffers, to be [given back](Pool::give_back).
#[derive(Debug)]
#[must_use]
pub struct Lease(usize);

/// Buffers for connections that are in the middle of something: an idle one has none, and the
/// buffers that were given back last, which are still in the cache, are taken first.
///
/// All memory is reserved when the pool is made. It becomes resident as it is first used.
#[derive(Debug)]
pub struct Pool {
    buffers: Vec<Buffers>,
    free: Vec<usize>,
}

impl Pool {
    pub fn new(capacity: usize) -> Pool {
        Pool { buffers: Vec::with_capacity(capacity), free: Vec::with_capacity(capacity) }
    }

    /// Returns `None` if all are taken.
    pub fn take(&mut self) -> Option<Lease> {
        if let Some(index) = self.free.pop() {
            return Some(Lease(index));
        }
        let index = self.buffers.len();
        (index < self.buffers.capacity()).then(|| {
            self.buffers.push(Buffers { input: Buffer::new(), output: Buffer::new() });
            Lease(index)
        })
    }

    pub fn get(&mut self, lease: &Lease) -> &mut Buffers {
        &mut self.buffers[lease.0]
    }

    pub fn give_back(&mut self, lease: Lease) {
        let Buffers { input, output } = self.get(&lease);
        input.clear();
        output.clear();
        self.free.push(lease.0);
    }
}
