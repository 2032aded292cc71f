//! Sources with state, and the list of those that are queued.

use crate::error::{Error, Result};
use crate::id::EventedId;
use crate::interests::{Interests, PollOption};
use crate::ready::Ready;
use crate::slab::Slab;

use super::SourceKey;

/// A slot's index plus one; 0 is none.
type Link = u32;

pub(super) struct Source {
    id: EventedId,
    ready: Ready,
    /// The readiness that meets its interests.
    wanted: Ready,
    /// Its neighbours in the list, while it is queued.
    prev: Link,
    next: Link,
    /// The position in the ring of notifications before which it was queued.
    before: u32,
    opt: PollOption,
    state: State,
}

#[derive(Copy, Clone, PartialEq, Eq)]
enum State {
    Idle,
    Queued,
    Disarmed,
}

impl Source {
    /// Interests concern five bits. All others are always wanted.
    const fn wanted(interests: Interests) -> Ready {
        let mut unwanted = Ready::READABLE.bits() | Ready::WRITABLE.bits() | Ready::PRIORITY.bits();
        unwanted &= !interests.as_ready().bits();
        if !interests.is_readable() {
            unwanted |= Ready::READ_CLOSED.bits();
        }
        if !interests.is_writable() {
            unwanted |= Ready::WRITE_CLOSED.bits();
        }
        Ready::from_bits_retain(!unwanted)
    }

    #[inline]
    const fn meets(&self, ready: Ready) -> bool {
        ready.bits() & self.wanted.bits() != 0
    }
}

/// The sources, and among them a doubly linked list in the order in which they were queued.
///
/// What may queue a source is told `tail`, where the next notification will be: the source goes before
/// that one and behind all that are there.
pub(super) struct Sources<const N: usize> {
    front: Link,
    back: Link,
    /// The last one in the list that belongs to the round in hand; 0 if none does.
    last: Link,
    /// How many are not in the list.
    quiet: u32,
    slab: Slab<Source, N>,
}

impl<const N: usize> Sources<N> {
    pub(super) const fn new() -> Sources<N> {
        Sources { front: 0, back: 0, last: 0, quiet: 0, slab: Slab::new() }
    }

    pub(super) fn add(
        &mut self,
        id: EventedId,
        interests: Interests,
        opt: PollOption,
    ) -> Result<SourceKey> {
        let source = Source {
            id,
            ready: Ready::empty(),
            wanted: Source::wanted(interests),
            prev: 0,
            next: 0,
            before: 0,
            opt,
            state: State::Idle,
        };
        let key = self.slab.insert(source).map_err(|_| Error::Full)?;
        self.quiet += 1;
        Ok(SourceKey(key))
    }

    pub(super) fn remove(&mut self, key: SourceKey) -> Result<()> {
        let (index, source) = self.find_mut(key)?;
        if source.state == State::Queued {
            self.unlink(index, State::Idle);
        }
        self.slab.vacate(index);
        self.quiet -= 1;
        Ok(())
    }

    #[inline]
    pub(super) fn set_ready(&mut self, key: SourceKey, ready: Ready, tail: u32) -> Result<()> {
        let (index, source) = self.find_mut(key)?;
        source.ready |= ready;
        if source.state == State::Idle && source.meets(ready) {
            self.link(index, tail);
        }
        Ok(())
    }

    #[inline]
    pub(super) fn clear_ready(&mut self, key: SourceKey, ready: Ready) -> Result<()> {
        let (index, source) = self.find_mut(key)?;
        source.ready = source.ready.difference(ready);
        if source.state == State::Queued && !source.meets(source.ready) {
            self.unlink(index, State::Idle);
        }
        Ok(())
    }

    pub(super) fn rearm(&mut self, key: SourceKey, tail: u32) -> Result<()> {
        let (index, source) = self.find_mut(key)?;
        match (source.state, source.meets(source.ready)) {
            (State::Queued, true) => {}
            (State::Queued, false) => self.unlink(index, State::Idle),
            (State::Idle | State::Disarmed, true) => self.link(index, tail),
            (State::Idle | State::Disarmed, false) => source.state = State::Idle,
        }
        Ok(())
    }

    pub(super) fn reregister(
        &mut self,
        key: SourceKey,
        interests: Interests,
        opt: PollOption,
        tail: u32,
    ) -> Result<()> {
        let (_, source) = self.find_mut(key)?;
        source.wanted = Source::wanted(interests);
        source.opt = opt;
        self.rearm(key, tail)
    }

    #[inline]
    pub(super) fn begin_round(&mut self) {
        self.last = self.back;
    }

    /// Takes the first one, unless the round ends here.
    pub(super) fn pop(&mut self, tail: u32) -> Option<(EventedId, Ready)> {
        if self.last == 0 {
            return None;
        }
        let index = Self::index(self.front);
        let source = self.slab.at_mut(index)?;
        let event = (source.id, source.ready.intersection(source.wanted));
        match source.opt {
            PollOption::Level => {
                self.unlink(index, State::Idle);
                self.link(index, tail);
            }
            PollOption::Edge => self.unlink(index, State::Idle),
            PollOption::Oneshot => self.unlink(index, State::Disarmed),
        }
        Some(event)
    }

    /// Where in the ring the first one belongs, if there is one.
    #[inline]
    pub(super) fn front(&mut self) -> Option<u32> {
        match self.front {
            0 => None,
            front => self.slab.at_mut(Self::index(front)).map(|first| first.before),
        }
    }

    #[inline]
    pub(super) fn has_queued(&self) -> bool {
        self.front != 0
    }

    #[inline]
    pub(super) const fn quiet(&self) -> u32 {
        self.quiet
    }

    pub(super) fn ready(&self, key: SourceKey) -> Result<Ready> {
        let source = self.slab.get(key.0).ok_or(Error::StaleKey)?;
        Ok(source.ready)
    }

    #[inline]
    fn find_mut(&mut self, key: SourceKey) -> Result<(usize, &mut Source)> {
        self.slab.find_mut(key.0).ok_or(Error::StaleKey)
    }

    /// Queues a source that is not in the list.
    fn link(&mut self, index: usize, tail: u32) {
        let prev = self.back;
        let Some(source) = self.slab.at_mut(index) else {
            return;
        };
        source.state = State::Queued;
        source.before = tail;
        source.prev = prev;
        source.next = 0;
        self.back = Self::to(index);
        match self.slab.at_mut(Self::index(prev)) {
            Some(prev) => prev.next = self.back,
            None => self.front = self.back,
        }
        self.quiet -= 1;
    }

    /// Takes a source that is in the list out of it.
    fn unlink(&mut self, index: usize, state: State) {
        let Some(source) = self.slab.at_mut(index) else {
            return;
        };
        source.state = state;
        let (prev, next) = (source.prev, source.next);
        match self.slab.at_mut(Self::index(prev)) {
            Some(prev) => prev.next = next,
            None => self.front = next,
        }
        match self.slab.at_mut(Self::index(next)) {
            Some(next) => next.prev = prev,
            None => self.back = prev,
        }
        if self.last == Self::to(index) {
            self.last = prev;
        }
        self.quiet += 1;
    }

    #[inline]
    const fn to(index: usize) -> Link {
        index as u32 + 1
    }

    /// No slot has the index that 0, which is none, becomes.
    #[inline]
    const fn index(link: Link) -> usize {
        link.wrapping_sub(1) as usize
    }
}

static_assertions::const_assert_eq!(size_of::<Source>(), size_of::<usize>() + 24);
