//! Runs futures on one thread, without allocation.

use core::future::Future;
use core::pin::{Pin, pin};
use core::sync::atomic::{AtomicBool, Ordering::SeqCst};
use core::task::{Context, RawWaker, RawWakerVTable, Waker};
use std::sync::{Mutex, OnceLock, PoisonError};

use mio_st::event::Events;
use mio_st::{Error, Result, unix};

use super::reactor::Reactor;

/// A future that is pinned: by `core::pin::pin!`, or in a `static`.
pub type Task<'a> = Pin<&'a mut dyn Future<Output = ()>>;

/// Runs up to `N` tasks. It lives in a `static`, since a waker may outlive its task.
#[derive(Debug)]
pub struct Executor<const N: usize> {
    thread: Thread,
    slots: [Slot; N],
}

/// The thread that runs the tasks.
#[derive(Debug)]
struct Thread {
    /// It waits in a poll, or is about to.
    polls: AtomicBool,
    /// Ends the poll. `None` while no tasks are run.
    waker: Mutex<Option<unix::Waker>>,
}

/// What the waker of a task points to.
#[derive(Debug)]
struct Slot {
    woken: AtomicBool,
    thread: OnceLock<&'static Thread>,
}

impl<const N: usize> Executor<N> {
    pub const fn new() -> Executor<N> {
        let thread = Thread { polls: AtomicBool::new(false), waker: Mutex::new(None) };
        let slots = [const { Slot { woken: AtomicBool::new(false), thread: OnceLock::new() } }; N];
        Executor { thread, slots }
    }

    /// Runs tasks until one of them has ended. The others are left as they are; to drop them
    /// cancels them.
    pub fn run_until_any(&'static self, reactor: &Reactor, tasks: &mut [Task<'_>]) -> Result<()> {
        self.run(reactor, tasks, |ended| ended.contains(&true))
    }

    /// Runs tasks until all have ended.
    pub fn run_until_all(&'static self, reactor: &Reactor, tasks: &mut [Task<'_>]) -> Result<()> {
        self.run(reactor, tasks, |ended| !ended.contains(&false))
    }

    /// Runs one future and returns its output.
    pub fn block_on<F: Future>(&'static self, reactor: &Reactor, future: F) -> Result<F::Output> {
        let mut output = None;
        self.run_until_all(reactor, &mut [pin!(async { output = Some(future.await) })])?;
        Ok(output.expect("the task has ended"))
    }

    fn run(
        &'static self,
        reactor: &Reactor,
        tasks: &mut [Task<'_>],
        is_enough: fn(&[bool]) -> bool,
    ) -> Result<()> {
        let slots = self.slots.get(..tasks.len()).ok_or(Error::Full)?;
        let _running = self.thread.begin(reactor)?;
        for slot in slots {
            slot.thread.get_or_init(|| &self.thread);
            slot.woken.store(true, SeqCst);
        }
        let (mut ended, mut events) = ([false; N], Events::<64>::sized());
        loop {
            for ((task, slot), ended) in tasks.iter_mut().zip(slots).zip(&mut ended) {
                if slot.woken.swap(false, SeqCst) && !*ended {
                    let waker = slot.waker();
                    *ended = task.as_mut().poll(&mut Context::from_waker(&waker)).is_ready();
                }
            }
            if is_enough(&ended[..tasks.len()]) {
                return Ok(());
            }
            // In this order: what is woken from now on ends the poll.
            self.thread.polls.store(true, SeqCst);
            let wait = !slots.iter().any(|slot| slot.woken.load(SeqCst));
            let polled = reactor.poll(&mut events, wait);
            self.thread.polls.store(false, SeqCst);
            polled?;
            reactor.dispatch(&mut events);
        }
    }
}

/// Takes the waker away when no tasks are run any more.
struct Running<'a>(&'a Thread);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        *self.0.waker.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Thread {
    fn begin(&self, reactor: &Reactor) -> Result<Running<'_>> {
        let mut waker = self.waker.lock().unwrap_or_else(PoisonError::into_inner);
        if waker.is_some() {
            return Err(Error::AlreadyExists);
        }
        *waker = Some(reactor.waker()?);
        Ok(Running(self))
    }
}

impl Slot {
    fn wake(&self) {
        self.woken.store(true, SeqCst);
        let Some(thread) = self.thread.get() else { return };
        // A system call only if the thread waits.
        if thread.polls.swap(false, SeqCst) {
            let waker = thread.waker.lock().unwrap_or_else(PoisonError::into_inner);
            let _ = waker.as_ref().map(unix::Waker::wake);
        }
    }

    #[allow(unsafe_code)]
    fn waker(&'static self) -> Waker {
        // A `static` has one address, by which wakers of one task are known to be the same.
        static TABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake, drop);
        fn clone(slot: *const ()) -> RawWaker {
            RawWaker::new(slot, &TABLE)
        }
        fn wake(slot: *const ()) {
            // SAFETY: it was made of a `&'static Slot` below, and a slot may be shared by threads.
            unsafe { &*slot.cast::<Slot>() }.wake();
        }
        fn drop(_: *const ()) {}
        // SAFETY: the table's functions work for this pointer on every thread and at all times.
        unsafe { Waker::from_raw(clone((&raw const *self).cast())) }
    }
}

static_assertions::assert_impl_all!(Slot: Send, Sync);
