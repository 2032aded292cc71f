//! Wakers for the events of a poller.

use core::cell::{Cell, RefCell};
use core::ptr;
use core::task::{Context, Poll, Waker};
use core::time::Duration;

use mio_st::event::{EventedId, Events};
use mio_st::slab::{Key, Slab};
use mio_st::{Result, unix};

/// How many sources and alarms there can be at once.
pub const SOURCES: usize = 1024;
/// How often a direction is ready between two polls. A source that is always ready leaves time for
/// the others.
const TURNS: u8 = 16;

// The keys of slabs are never as small.
const WAKER: EventedId = EventedId(0);

/// A deadline for each source: an alarm is one that has nothing else.
pub type Poller = mio_st::Poller<0, SOURCES>;

/// Connects a poller with the wakers of futures. It belongs to one thread.
///
/// Sources are watched edge-triggered from their registration to their end: an event sets a flag, a
/// read or write that would block clears it, and between the two no system call is made. A deadline
/// is a source that becomes readable once.
#[derive(Debug)]
pub struct Reactor {
    poller: RefCell<Poller>,
    sources: RefCell<Slab<[Direction; 2], SOURCES>>,
    waker: Cell<Option<&'static unix::Waker>>,
    /// How many polls there were.
    polls: Cell<u32>,
}

/// One of the two directions of a source.
#[derive(Copy, Clone, Debug)]
pub enum Side {
    Read,
    Write,
}

/// What is known of a direction, and what waits for it.
#[derive(Debug, Default)]
struct Direction {
    ready: bool,
    waker: Option<Waker>,
    /// How often it was ready since which poll.
    turns: u8,
    poll: u32,
}

impl Reactor {
    pub fn new() -> Result<Reactor> {
        let (poller, sources) = (RefCell::new(Poller::sized()?), RefCell::default());
        Ok(Reactor { poller, sources, waker: Cell::new(None), polls: Cell::new(0) })
    }

    /// Lets a waker end polls from any thread. `AlreadyExists` if it is another reactor's.
    pub fn register(&self, waker: &'static unix::Waker) -> Result<()> {
        if self.waker.get().map(ptr::from_ref) != Some(ptr::from_ref(waker)) {
            waker.register(self.poller.borrow_mut().registry(), WAKER)?;
            self.waker.set(Some(waker));
        }
        Ok(())
    }

    /// Waits for events. They take effect by [`dispatch`](Reactor::dispatch).
    pub fn poll<const N: usize>(&self, events: &mut Events<N>, wait: bool) -> Result<()> {
        self.polls.set(self.polls.get().wrapping_add(1));
        self.poller.borrow_mut().poll(events, if wait { None } else { Some(Duration::ZERO) })
    }

    /// Wakes what waits for these events.
    pub fn dispatch<const N: usize>(&self, events: &mut Events<N>) {
        for event in events {
            let ready = event.readiness();
            let (read, write) = (ready.is_readable() || ready.is_timer(), ready.is_writable());
            // For the poller's waker there is nothing to do, nor for a source that has gone.
            let wakers = match self.sources.borrow_mut().get_mut(event.id()) {
                Some(source) => [source[0].set(read), source[1].set(write)],
                None => [None, None],
            };
            // A waker may call the reactor: nothing is borrowed while it runs.
            wakers.into_iter().flatten().for_each(Waker::wake);
        }
    }

    /// Returns `true` if nothing is watched.
    #[allow(dead_code)] // For tests.
    pub fn is_empty(&self) -> bool {
        self.sources.borrow().is_empty()
    }

    /// Adds a source, whose events begin with `start` under the id that it is given.
    pub fn add<R>(
        &self,
        start: impl FnOnce(&mut Poller, EventedId) -> Result<R>,
    ) -> Result<(Key, R)> {
        let mut sources = self.sources.borrow_mut();
        let entry = sources.vacant_entry()?;
        let key = entry.key();
        let started = start(&mut self.poller.borrow_mut(), key.into())?;
        entry.insert(Default::default());
        Ok((key, started))
    }

    /// Removes a source, whose events end with `stop`.
    pub fn remove(&self, key: Key, stop: impl FnOnce(&mut Poller) -> Result<()>) {
        // If that fails, nothing comes any more: the handle is broken, or the alarm is over.
        let _ = stop(&mut self.poller.borrow_mut());
        self.sources.borrow_mut().remove(key);
    }

    /// Forgets an event: after a call that would block.
    pub fn clear_ready(&self, key: Key, side: Side) {
        if let Some(source) = self.sources.borrow_mut().get_mut(key) {
            source[side as usize].ready = false;
        }
    }

    /// Returns `Ready` if an event has come since [`clear_ready`](Reactor::clear_ready); otherwise the
    /// task is woken when one comes. The latest task that asks is the one that is woken.
    pub fn poll_ready(&self, key: Key, side: Side, context: &mut Context<'_>) -> Poll<()> {
        let mut sources = self.sources.borrow_mut();
        let Some(source) = sources.get_mut(key) else { return Poll::Ready(()) };
        let (direction, waker) = (&mut source[side as usize], context.waker());
        if direction.ready && direction.takes_turn(self.polls.get()) {
            return Poll::Ready(());
        }
        let to_wake = match direction.ready {
            true => Some(waker.clone()),
            // Another task that is replaced may ask again.
            false => direction.waker.replace(waker.clone()).filter(|it| !it.will_wake(waker)),
        };
        drop(sources);
        to_wake.into_iter().for_each(Waker::wake);
        Poll::Pending
    }
}

impl Direction {
    /// Takes an event in, and returns what waits for it.
    fn set(&mut self, ready: bool) -> Option<Waker> {
        self.ready |= ready;
        if ready { self.waker.take() } else { None }
    }

    /// Counts its turns since the latest poll. Returns `false` if it had all of them.
    fn takes_turn(&mut self, polls: u32) -> bool {
        self.turns = if self.poll == polls { self.turns.saturating_add(1) } else { 1 };
        self.poll = polls;
        self.turns <= TURNS
    }
}
