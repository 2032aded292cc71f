//! An orderly end of a server.

use core::cell::Cell;
use core::task::{Context, Poll, Waker};

use mio_st::Error;

/// What becomes of an attempt to accept or to wait for a request at the end.
pub const ENDED: Error = Error::Os(libc::ECANCELED);

/// Whether a server ends, and how many connections it still has. One task serves all of them.
#[derive(Default)]
pub struct Ending {
    begun: Cell<bool>,
    open: Cell<usize>,
    waker: Cell<Option<Waker>>,
}

impl Ending {
    /// Begins: the listener is closed, and connections end when their client waits for nothing.
    pub fn begin(&self) {
        self.begun.set(true);
        self.wake();
    }

    pub fn poll_begun(&self, context: &mut Context<'_>) -> Poll<()> {
        self.poll_for(self.begun.get(), context)
    }

    pub fn poll_all_closed(&self, context: &mut Context<'_>) -> Poll<()> {
        self.poll_for(self.open.get() == 0, context)
    }

    fn poll_for(&self, reached: bool, context: &mut Context<'_>) -> Poll<()> {
        if reached {
            return Poll::Ready(());
        }
        self.waker.set(Some(context.waker().clone()));
        Poll::Pending
    }

    fn wake(&self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

/// Counts a connection, until it is dropped.
pub struct Open<'r>(pub &'r Ending);

impl<'r> Open<'r> {
    pub fn new(ending: &'r Ending) -> Open<'r> {
        ending.open.set(ending.open.get() + 1);
        Open(ending)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.open.set(self.0.open.get() - 1);
        self.0.wake();
    }
}
