//! Wakers for the events of a poller.

use core::cell::RefCell;
use core::task::{Context, Poll, Waker};
use core::time::Duration;

use mio_st::event::{Event, Evented, EventedId, Events, Interests};
use mio_st::poll::PollOption;
use mio_st::slab::{Key, Slab};
use mio_st::time::Instant;
use mio_st::timer::DeadlineKey;
use mio_st::{Result, unix};

/// How many sources there can be at once.
pub const SOURCES: usize = 512;
/// How many sleeping futures there can be at once.
pub const ALARMS: usize = 512;
/// How often a direction is ready between two polls. A source that is always ready leaves time for
/// the others.
const TURNS: u8 = 16;
/// How many tasks can have a [`wake_at`](Reactor::wake_at).
const CALLS: usize = 8;

// The keys of slabs are never as small.
const WAKER: EventedId = EventedId(0);
/// The ids of calls: this, and those that follow.
const FIRST_CALL: usize = 1;

/// Connects a poller with the wakers of futures. It belongs to one thread.
///
/// Sources are watched edge-triggered from their registration to their end: an event sets a flag, a
/// read or write that would block clears it, and between the two no system call is made.
#[derive(Debug)]
pub struct Reactor {
    inner: RefCell<Inner>,
}

#[derive(Debug)]
struct Inner {
    poller: mio_st::Poller<0, { ALARMS + CALLS }>,
    sources: Slab<[Direction; 2], SOURCES>,
    alarms: Slab<Alarm, ALARMS>,
    calls: [Option<Call>; CALLS],
    /// How many polls there were.
    polls: u32,
}

/// One of the two directions of a source.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
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

/// A sleeping future. It is removed when its time has come.
#[derive(Debug)]
struct Alarm {
    deadline: DeadlineKey,
    waker: Waker,
}

/// A task that will be woken. See [`Reactor::wake_at`].
#[derive(Debug)]
struct Call {
    at: Instant,
    alarm: Alarm,
}

impl Reactor {
    pub fn new() -> Result<Reactor> {
        Ok(Reactor {
            inner: RefCell::new(Inner {
                poller: mio_st::Poller::sized()?,
                sources: Slab::new(),
                alarms: Slab::new(),
                calls: [const { None }; CALLS],
                polls: 0,
            }),
        })
    }

    /// Returns what ends a poll from any thread.
    pub fn waker(&self) -> Result<unix::Waker> {
        unix::Waker::new(self.inner.borrow_mut().poller.registry(), WAKER)
    }

    /// Waits for events. They take effect by [`dispatch`](Reactor::dispatch).
    pub fn poll<const N: usize>(&self, events: &mut Events<N>, wait: bool) -> Result<()> {
        let inner = &mut *self.inner.borrow_mut();
        inner.polls = inner.polls.wrapping_add(1);
        inner.poller.poll(events, if wait { None } else { Some(Duration::ZERO) })
    }

    /// Wakes what waits for these events.
    pub fn dispatch<const N: usize>(&self, events: &mut Events<N>) {
        for event in events {
            // A waker may call the reactor: nothing is borrowed while it runs.
            let wakers = self.inner.borrow_mut().take_wakers(event);
            wakers.into_iter().flatten().for_each(Waker::wake);
        }
    }

    /// Returns `true` if nothing is registered.
    pub fn is_empty(&self) -> bool {
        let inner = self.inner.borrow();
        inner.sources.is_empty() && inner.alarms.is_empty()
    }

    /// Watches a handle for as long as the key is not given to [`remove`](Reactor::remove).
    pub fn add<E: Evented>(&self, handle: &mut E, interests: Interests) -> Result<Key> {
        let inner = &mut *self.inner.borrow_mut();
        let entry = inner.sources.vacant_entry()?;
        let key = entry.key();
        inner.poller.register(handle, key.into(), interests, PollOption::Edge)?;
        entry.insert(Default::default());
        Ok(key)
    }

    pub fn remove<E: Evented>(&self, handle: &mut E, key: Key) {
        let inner = &mut *self.inner.borrow_mut();
        // If that fails, the handle is broken, and nothing comes from it any more.
        let _ = inner.poller.deregister(handle);
        inner.sources.remove(key);
    }

    /// Returns `Ready` if an event has come since [`clear_ready`](Reactor::clear_ready); otherwise the
    /// task is woken when one comes. The latest task that asks is the one that is woken.
    pub fn poll_ready(&self, key: Key, side: Side, context: &mut Context<'_>) -> Poll<()> {
        let mut inner = self.inner.borrow_mut();
        let polls = inner.polls;
        let Some(source) = inner.sources.get_mut(key) else { return Poll::Ready(()) };
        let direction = &mut source[side as usize];
        if direction.ready {
            if direction.takes_turn(polls) {
                return Poll::Ready(());
            }
            drop(inner);
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let replaced = remember(&mut direction.waker, context.waker());
        drop(inner);
        if let Some(other) = replaced {
            // It may ask again.
            other.wake();
        }
        Poll::Pending
    }

    /// Forgets an event: after a call that would block.
    pub fn clear_ready(&self, key: Key, side: Side) {
        if let Some(source) = self.inner.borrow_mut().sources.get_mut(key) {
            source[side as usize].ready = false;
        }
    }

    /// Wakes the task at this time.
    pub fn add_alarm(&self, at: Instant, context: &mut Context<'_>) -> Result<Key> {
        let inner = &mut *self.inner.borrow_mut();
        let entry = inner.alarms.vacant_entry()?;
        let key = entry.key();
        let deadline = inner.poller.add_deadline(key.into(), at)?;
        entry.insert(Alarm { deadline, waker: context.waker().clone() });
        Ok(key)
    }

    /// Returns `Ready` if the time of an alarm has come.
    pub fn poll_alarm(&self, key: Key, context: &mut Context<'_>) -> Poll<()> {
        match self.inner.borrow_mut().alarms.get_mut(key) {
            Some(alarm) => {
                alarm.waker.clone_from(context.waker());
                Poll::Pending
            }
            None => Poll::Ready(()),
        }
    }

    pub fn remove_alarm(&self, key: Key) {
        let inner = &mut *self.inner.borrow_mut();
        if let Some(alarm) = inner.alarms.remove(key) {
            let _ = inner.poller.cancel_deadline(alarm.deadline);
        }
    }

    /// Wakes the task at this time or before, without a way to cancel that: what embassy's timers
    /// need. There is one such time for each task, the earliest; a task that is woken asks again
    /// for the others.
    pub fn wake_at(&self, at: Instant, waker: &Waker) {
        if !self.inner.borrow_mut().call(at, waker) {
            // There are more tasks than calls: it is woken too early, again and again.
            waker.wake_by_ref();
        }
    }
}

impl Inner {
    fn take_wakers(&mut self, event: Event) -> [Option<Waker>; 2] {
        let (id, readiness) = (event.id(), event.readiness());
        if readiness.is_timer() {
            let call = id.0.checked_sub(FIRST_CALL).and_then(|index| self.calls.get_mut(index));
            let waker = match call {
                Some(call) => call.take().map(|call| call.alarm.waker),
                None => self.alarms.remove(id).map(|alarm| alarm.waker),
            };
            return [waker, None];
        }
        // For the poller's waker there is nothing to do, and for a source that has gone neither.
        let Some([read, write]) = self.sources.get_mut(id) else { return [None, None] };
        [read.set(readiness.is_readable()), write.set(readiness.is_writable())]
    }

    /// Returns `false` if there are too many.
    fn call(&mut self, at: Instant, waker: &Waker) -> bool {
        let is_of_task = |call: &Option<Call>| {
            call.as_ref().is_some_and(|call| call.alarm.waker.will_wake(waker))
        };
        if let Some(Some(call)) = self.calls.iter_mut().find(|call| is_of_task(call)) {
            if at < call.at {
                call.at = at;
                // If it has just fired, the task is about to be woken, and asks again.
                let _ = self.poller.update_deadline(call.alarm.deadline, at);
            }
            return true;
        }
        let Some(index) = self.calls.iter().position(Option::is_none) else { return false };
        let Ok(deadline) = self.poller.add_deadline(EventedId(FIRST_CALL + index), at) else {
            return false;
        };
        self.calls[index] = Some(Call { at, alarm: Alarm { deadline, waker: waker.clone() } });
        true
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
        if self.poll != polls {
            (self.poll, self.turns) = (polls, 0);
        }
        self.turns = self.turns.saturating_add(1);
        self.turns <= TURNS
    }
}

/// Stores a waker. Returns the one that was there if it is another task's.
fn remember(place: &mut Option<Waker>, waker: &Waker) -> Option<Waker> {
    match place {
        Some(known) if known.will_wake(waker) => None,
        _ => place.replace(waker.clone()),
    }
}
