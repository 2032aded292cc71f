//! Futures for readiness and time.

use core::fmt;
use core::future::{Future, poll_fn};
use core::pin::{Pin, pin};
use core::task::{Context, Poll};
use core::time::Duration;

use mio_st::event::{Evented, Interests};
use mio_st::slab::Key;
use mio_st::time::Instant;
use mio_st::{Error, Result};

use super::reactor::{Reactor, Side};

/// A handle that a reactor watches. Dropping it ends that.
pub struct Async<'r, T: Evented> {
    io: T,
    reactor: &'r Reactor,
    key: Key,
}

impl<'r, T: Evented> Async<'r, T> {
    /// Begins to watch a non-blocking handle.
    pub fn new(reactor: &'r Reactor, mut io: T, interests: Interests) -> Result<Async<'r, T>> {
        let key = reactor.add(&mut io, interests)?;
        Ok(Async { io, reactor, key })
    }

    pub fn get(&self) -> &T {
        &self.io
    }

    /// Returns the handle, for calls that change it. It must stay the one that is watched.
    pub fn get_mut(&mut self) -> &mut T {
        &mut self.io
    }

    pub fn reactor(&self) -> &'r Reactor {
        self.reactor
    }

    /// Waits until a read may not block.
    pub async fn readable(&self) {
        self.ready(Side::Read).await;
    }

    /// Waits until a write may not block.
    pub async fn writable(&self) {
        self.ready(Side::Write).await;
    }

    /// Calls `read` whenever the handle is readable, until it does not say `WouldBlock`.
    pub async fn read_with<R>(&self, read: impl FnMut(&T) -> Result<R>) -> Result<R> {
        self.try_with(Side::Read, read).await
    }

    /// Calls `write` whenever the handle is writable, until it does not say `WouldBlock`.
    pub async fn write_with<R>(&self, write: impl FnMut(&T) -> Result<R>) -> Result<R> {
        self.try_with(Side::Write, write).await
    }

    async fn try_with<R>(&self, side: Side, mut call: impl FnMut(&T) -> Result<R>) -> Result<R> {
        loop {
            self.ready(side).await;
            match call(&self.io) {
                Err(error) if error.is_would_block() => self.reactor.clear_ready(self.key, side),
                result => return result,
            }
        }
    }

    fn ready(&self, side: Side) -> impl Future<Output = ()> {
        poll_fn(move |context| self.reactor.poll_ready(self.key, side, context))
    }
}

impl<T: Evented> Drop for Async<'_, T> {
    fn drop(&mut self) {
        self.reactor.remove(&mut self.io, self.key);
    }
}

impl<T: Evented + fmt::Debug> fmt::Debug for Async<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Async").field(&self.io).finish()
    }
}

/// Waits for `duration`, from the first time that it is polled. `Full` if too many wait already.
pub fn sleep(reactor: &Reactor, duration: Duration) -> Sleep<'_> {
    Sleep { reactor, duration, key: None }
}

/// The future of [`sleep`]. Dropping it forgets the time.
#[derive(Debug)]
#[must_use = "it does nothing unless it is awaited"]
pub struct Sleep<'r> {
    reactor: &'r Reactor,
    duration: Duration,
    key: Option<Key>,
}

impl Future for Sleep<'_> {
    type Output = Result<()>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        match self.key {
            Some(key) => self.reactor.poll_alarm(key, context).map(Ok),
            None => match self.reactor.add_alarm(Instant::now() + self.duration, context) {
                Ok(key) => {
                    self.key = Some(key);
                    Poll::Pending
                }
                Err(error) => Poll::Ready(Err(error)),
            },
        }
    }
}

impl Drop for Sleep<'_> {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            self.reactor.remove_alarm(key);
        }
    }
}

/// Waits for `future`, for at most `duration`: then it is dropped, and the result is `ETIMEDOUT`.
pub async fn timeout<F: Future>(
    reactor: &Reactor,
    duration: Duration,
    future: F,
) -> Result<F::Output> {
    let (mut future, mut sleep) = (pin!(future), pin!(sleep(reactor, duration)));
    poll_fn(|context| {
        if let Poll::Ready(output) = future.as_mut().poll(context) {
            return Poll::Ready(Ok(output));
        }
        let slept = sleep.as_mut().poll(context);
        slept.map(|slept| Err(slept.err().unwrap_or(Error::Os(libc::ETIMEDOUT))))
    })
    .await
}
