//! Futures for readiness and time.

use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::{Context, Poll};
use core::time::Duration;

use mio_st::event::{Evented, Interests};
use mio_st::poll::PollOption::Edge;
use mio_st::slab::Key;
use mio_st::time::Instant;
use mio_st::timer::DeadlineKey;
use mio_st::{Error, Result};

use super::reactor::{Poller, Reactor, Side};

/// A handle that a reactor watches. Dropping it ends that.
#[derive(Debug)]
pub struct Async<'r, T: Evented> {
    /// It must stay the one that is watched.
    pub handle: T,
    pub reactor: &'r Reactor,
    key: Key,
}

impl<'r, T: Evented> Async<'r, T> {
    /// Begins to watch a non-blocking handle.
    pub fn new(reactor: &'r Reactor, mut handle: T, interests: Interests) -> Result<Async<'r, T>> {
        let register = |poller: &mut Poller, id| poller.register(&mut handle, id, interests, Edge);
        let (key, ()) = reactor.add(register)?;
        Ok(Async { handle, reactor, key })
    }

    /// Waits until a read may not block.
    pub async fn readable(&self) {
        poll_fn(|context| self.reactor.poll_ready(self.key, Side::Read, context)).await;
    }

    /// Waits until a write may not block.
    #[allow(dead_code)] // This program has no use for it, and the tests have.
    pub async fn writable(&self) {
        poll_fn(|context| self.reactor.poll_ready(self.key, Side::Write, context)).await;
    }

    /// Calls `read` whenever the handle is readable, until it does not say `WouldBlock`.
    pub async fn read_with<R>(&self, mut read: impl FnMut(&T) -> Result<R>) -> Result<R> {
        poll_fn(|context| self.poll_with(Side::Read, context, &mut read)).await
    }

    /// Calls `write` whenever the handle is writable, until it does not say `WouldBlock`.
    pub async fn write_with<R>(&self, mut write: impl FnMut(&T) -> Result<R>) -> Result<R> {
        poll_fn(|context| self.poll_with(Side::Write, context, &mut write)).await
    }

    /// Calls `call` if this side is ready, until it does not say `WouldBlock`.
    pub fn poll_with<R>(
        &self,
        side: Side,
        context: &mut Context<'_>,
        call: &mut impl FnMut(&T) -> Result<R>,
    ) -> Poll<Result<R>> {
        while self.reactor.poll_ready(self.key, side, context).is_ready() {
            match call(&self.handle) {
                Err(error) if error.is_would_block() => self.reactor.clear_ready(self.key, side),
                result => return Poll::Ready(result),
            }
        }
        Poll::Pending
    }
}

impl<T: Evented> Drop for Async<'_, T> {
    fn drop(&mut self) {
        self.reactor.remove(self.key, |poller| poller.deregister(&mut self.handle));
    }
}

/// A time that is waited for. Dropping it forgets it.
pub struct Alarm<'r> {
    reactor: &'r Reactor,
    key: Key,
    deadline: DeadlineKey,
}

impl<'r> Alarm<'r> {
    /// Begins to wait. `Full` if too many wait already.
    pub fn new(reactor: &'r Reactor, at: Instant) -> Result<Alarm<'r>> {
        let (key, deadline) = reactor.add(|poller, id| poller.add_deadline(id, at))?;
        Ok(Alarm { reactor, key, deadline })
    }

    pub fn poll(&self, context: &mut Context<'_>) -> Poll<()> {
        self.reactor.poll_ready(self.key, Side::Read, context)
    }
}

impl Drop for Alarm<'_> {
    fn drop(&mut self) {
        self.reactor.remove(self.key, |poller| poller.cancel_deadline(self.deadline));
    }
}

/// Waits for `duration`, from the first time that it is polled. `Full` if too many wait already.
pub async fn sleep(reactor: &Reactor, duration: Duration) -> Result<()> {
    let alarm = Alarm::new(reactor, Instant::now() + duration)?;
    poll_fn(|context| alarm.poll(context)).await;
    Ok(())
}

/// Waits for `future`, for at most `duration`: then it is dropped, and the result is `ETIMEDOUT`.
pub async fn timeout<F: Future>(
    reactor: &Reactor,
    duration: Duration,
    future: F,
) -> Result<F::Output> {
    let (mut future, mut sleep) = (pin!(future), pin!(sleep(reactor, duration)));
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Ok(output)),
        Poll::Pending => {
            sleep.as_mut().poll(context).map(|slept| slept.and(Err(Error::Os(libc::ETIMEDOUT))))
        }
    })
    .await
}
