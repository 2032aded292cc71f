//! Runs futures on one thread, without allocation.

use core::future::Future;
use core::pin::{Pin, pin};
use core::sync::atomic::{AtomicBool, Ordering::SeqCst};
use core::task::{Context, RawWaker, RawWakerVTable, Waker};
use std::sync::OnceLock;

use mio_st::event::Events;
use mio_st::{Error, Result, unix};

use super::reactor::Reactor;

/// How many tasks can run at once.
pub const TASKS: usize = 8;

/// A future that is pinned: by `core::pin::pin!`, or in a `static`.
pub type Task<'a> = Pin<&'a mut dyn Future<Output = ()>>;

/// Runs tasks on one thread. It lives in a `static`, since a waker may outlive its task, and
/// belongs to the first reactor that it is used with.
pub struct Executor {
    runs: AtomicBool,
    /// The thread waits in a poll, or is about to.
    polls: AtomicBool,
    /// Ends the poll.
    waker: unix::Waker,
    slots: [Slot; TASKS],
}

/// What the waker of a task points to.
struct Slot {
    woken: AtomicBool,
    executor: OnceLock<&'static Executor>,
}

impl Executor {
    pub const fn new() -> Executor {
        Executor {
            runs: AtomicBool::new(false),
            polls: AtomicBool::new(false),
            waker: unix::Waker::unregistered(),
            slots: [const { Slot { woken: AtomicBool::new(false), executor: OnceLock::new() } };
                TASKS],
        }
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
        reactor.register(&self.waker)?;
        if self.runs.swap(true, SeqCst) {
            return Err(Error::AlreadyExists);
        }
        for slot in slots {
            slot.executor.get_or_init(|| self);
            slot.woken.store(true, SeqCst);
        }
        let (mut ended, mut events) = ([false; TASKS], Events::<64>::sized());
        let result = loop {
            for ((task, slot), ended) in tasks.iter_mut().zip(slots).zip(&mut ended) {
                if slot.woken.swap(false, SeqCst) && !*ended {
                    let waker = slot.waker();
                    *ended = task.as_mut().poll(&mut Context::from_waker(&waker)).is_ready();
                }
            }
            if is_enough(&ended[..tasks.len()]) {
                break Ok(());
            }
            // In this order: what is woken from now on ends the poll.
            self.polls.store(true, SeqCst);
            let wait = !slots.iter().any(|slot| slot.woken.load(SeqCst));
            let polled = reactor.poll(&mut events, wait);
            self.polls.store(false, SeqCst);
            match polled {
                Ok(()) => reactor.dispatch(&mut events),
                error => break error,
            }
        };
        self.runs.store(false, SeqCst);
        result
    }
}

impl Slot {
    #[allow(unsafe_code)]
    fn waker(&'static self) -> Waker {
        // A `static` has one address, by which wakers of one task are known to be the same.
        static TABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake, |_| {});
        fn clone(slot: *const ()) -> RawWaker {
            RawWaker::new(slot, &TABLE)
        }
        fn wake(slot: *const ()) {
            // SAFETY: it was made of a `&'static Slot` below, and a slot may be shared by threads.
            let slot = unsafe { &*slot.cast::<Slot>() };
            slot.woken.store(true, SeqCst);
            // A system call only if the thread waits.
            if let Some(executor) = slot.executor.get()
                && executor.polls.swap(false, SeqCst)
            {
                let _ = executor.waker.wake();
            }
        }
        // SAFETY: the table's functions work for this pointer on every thread and at all times.
        unsafe { Waker::from_raw(clone((&raw const *self).cast())) }
    }
}

static_assertions::assert_impl_all!(Slot: Send, Sync);
