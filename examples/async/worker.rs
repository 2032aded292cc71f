//! A thread that computes, so that the tasks need not wait for it.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// The thread's work, one job at a time.
#[derive(Debug)]
pub struct Worker {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
enum State {
    Free,
    /// A job that has not begun, and the waker of its task.
    Asked(u64, Waker),
    /// A job that has begun. Without a waker, it was cancelled.
    Begun(Option<Waker>),
    Done(u64),
}

impl Worker {
    pub const fn new() -> Worker {
        Worker { state: Mutex::new(State::Free), changed: Condvar::new() }
    }

    /// Runs the work, for ever. This is the other thread.
    pub fn run(&self) {
        let mut state = self.lock();
        loop {
            let State::Asked(number, waker) = &*state else {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let (number, waker) = (*number, waker.clone());
            *state = State::Begun(Some(waker));
            drop(state);
            let result = divisors(number);
            state = self.lock();
            match core::mem::replace(&mut *state, State::Free) {
                State::Begun(Some(waker)) => {
                    *state = State::Done(result);
                    waker.wake();
                }
                _ => self.changed.notify_all(),
            }
        }
    }

    /// Counts the divisors of a number. `None` if the worker is busy.
    pub fn divisors(&self, number: u64) -> Job<'_> {
        Job { worker: self, number, asked: false }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What takes a while.
fn divisors(number: u64) -> u64 {
    (1..=number).filter(|divisor| number.is_multiple_of(*divisor)).count() as u64
}

/// The future of a [`Worker`]'s result. Dropping it cancels the job, or forgets the result.
#[derive(Debug)]
#[must_use = "it does nothing unless it is awaited"]
pub struct Job<'a> {
    worker: &'a Worker,
    number: u64,
    asked: bool,
}

impl Future for Job<'_> {
    type Output = Option<u64>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<u64>> {
        let worker = self.worker;
        let mut state = worker.lock();
        match &mut *state {
            State::Free => {
                *state = State::Asked(self.number, context.waker().clone());
                worker.changed.notify_all();
                self.asked = true;
                Poll::Pending
            }
            _ if !self.asked => Poll::Ready(None),
            State::Done(result) => {
                let result = *result;
                *state = State::Free;
                self.asked = false;
                Poll::Ready(Some(result))
            }
            State::Asked(_, waker) | State::Begun(Some(waker)) => {
                waker.clone_from(context.waker());
                Poll::Pending
            }
            State::Begun(None) => Poll::Ready(None),
        }
    }
}

impl Drop for Job<'_> {
    fn drop(&mut self) {
        if !self.asked {
            return;
        }
        let mut state = self.worker.lock();
        *state = match core::mem::replace(&mut *state, State::Free) {
            State::Begun(_) => State::Begun(None),
            _ => State::Free,
        };
    }
}
