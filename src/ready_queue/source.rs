//! Sources with state, and the list of those that are queued.

use crate::error::{Error, Result};
use crate::id::EventedId;
use crate::interests::{Interests, PollOption};
use crate::ready::Ready;
use crate::slab::Slab;
use crate::subscription::Subscription;

use super::SourceKey;

/// A slot's index plus one; 0 is none.
type Link = u32;

pub(super) struct Source {
    id: EventedId,
    ready: Ready,
    /// The readiness that meets its interests.
    wanted: Ready,
    /// Its neighbours in the list, while it is queued; `prev` means nothing at the front.
    prev: Link,
    next: Link,
    /// The position in the ring of notifications before which it was queued.
    ring_pos: u32,
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
/// A method that may queue a source takes `tail`, the position of the next notification: the source
/// goes before that one, and behind all that are queued.
pub(super) struct Sources<const N: usize> {
    front: Link,
    back: Link,
    /// The last one in the list that belongs to the current round; 0 if none does.
    round_last: Link,
    /// The number of sources that are not in the list.
    unqueued: u32,
    slab: Slab<Source, N>,
}

impl<const N: usize> Sources<N> {
    pub(super) const fn new() -> Sources<N> {
        Sources { front: 0, back: 0, round_last: 0, unqueued: 0, slab: Slab::new() }
    }

    pub(super) fn add(&mut self, subscription: Subscription) -> Result<SourceKey> {
        let Subscription { id, interests, opt } = subscription;
        let source = Source {
            id,
            ready: Ready::empty(),
            wanted: Source::wanted(interests),
            prev: 0,
            next: 0,
            ring_pos: 0,
            opt,
            state: State::Idle,
        };
        let key = self.slab.insert(source).map_err(|_| Error::Full)?;
        self.unqueued += 1;
        Ok(SourceKey(key))
    }

    pub(super) fn remove(&mut self, key: SourceKey) -> Result<()> {
        let (link, source) = self.find_mut(key)?;
        if source.state == State::Queued {
            self.unlink(link);
        }
        self.slab.remove(key.0);
        self.unqueued -= 1;
        Ok(())
    }

    #[inline]
    pub(super) fn set_ready(&mut self, key: SourceKey, ready: Ready, tail: u32) -> Result<()> {
        let (link, source) = self.find_mut(key)?;
        source.ready |= ready;
        if source.state == State::Idle && source.meets(ready) {
            self.link(link, tail);
        }
        Ok(())
    }

    #[inline]
    pub(super) fn clear_ready(&mut self, key: SourceKey, ready: Ready) -> Result<()> {
        let (link, source) = self.find_mut(key)?;
        source.ready = source.ready.difference(ready);
        if source.state == State::Queued && !source.meets(source.ready) {
            self.unlink(link);
        }
        Ok(())
    }

    pub(super) fn rearm(&mut self, key: SourceKey, tail: u32) -> Result<()> {
        let (link, source) = self.find_mut(key)?;
        match (source.state, source.meets(source.ready)) {
            (State::Queued, true) => {}
            (State::Queued, false) => self.unlink(link),
            (State::Idle | State::Disarmed, true) => self.link(link, tail),
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
        self.round_last = self.back;
    }

    /// Takes the first one, unless the round ends here.
    #[inline]
    pub(super) fn pop(&mut self, tail: u32) -> Option<(EventedId, Ready)> {
        let (front, last) = (self.front, self.round_last);
        if last == 0 {
            return None;
        }
        let source = self.at_mut(front)?;
        let event = (source.id, source.ready.intersection(source.wanted));
        let (next, opt) = (source.next, source.opt);
        source.state = match opt {
            PollOption::Oneshot => State::Disarmed,
            PollOption::Edge | PollOption::Level => State::Idle,
        };
        self.front = next;
        if next == 0 {
            self.back = 0;
        }
        if last == front {
            self.round_last = 0;
        }
        self.unqueued += 1;
        if opt == PollOption::Level {
            self.link(front, tail);
        }
        Some(event)
    }

    /// Where in the ring the first one belongs, if there is one.
    #[inline]
    pub(super) fn front(&mut self) -> Option<u32> {
        self.at_mut(self.front).map(|front| front.ring_pos)
    }

    #[inline]
    pub(super) fn has_queued(&self) -> bool {
        self.front != 0
    }

    #[inline]
    pub(super) const fn unqueued(&self) -> u32 {
        self.unqueued
    }

    pub(super) fn ready(&self, key: SourceKey) -> Result<Ready> {
        let source = self.slab.get(key.0).ok_or(Error::StaleKey)?;
        Ok(source.ready)
    }

    #[inline]
    fn find_mut(&mut self, key: SourceKey) -> Result<(Link, &mut Source)> {
        match self.slab.find_mut(key.0) {
            Some((index, source)) => Ok((index as u32 + 1, source)),
            None => Err(Error::StaleKey),
        }
    }

    /// No slot has the index that 0 becomes here.
    #[inline]
    fn at_mut(&mut self, link: Link) -> Option<&mut Source> {
        self.slab.at_mut(link.wrapping_sub(1) as usize)
    }

    /// Queues a source that is not in the list.
    #[inline]
    fn link(&mut self, link: Link, tail: u32) {
        let back = self.back;
        if let Some(source) = self.at_mut(link) {
            source.state = State::Queued;
            source.ring_pos = tail;
            source.prev = back;
            source.next = 0;
        }
        match self.at_mut(back) {
            Some(back) => back.next = link,
            None => self.front = link,
        }
        self.back = link;
        self.unqueued -= 1;
    }

    /// Takes a source that is in the list out of it.
    fn unlink(&mut self, link: Link) {
        let Some(source) = self.at_mut(link) else {
            return;
        };
        source.state = State::Idle;
        let (prev, next) = (source.prev, source.next);
        let prev = if link == self.front { 0 } else { prev };
        match self.at_mut(prev) {
            Some(prev) => prev.next = next,
            None => self.front = next,
        }
        match self.at_mut(next) {
            Some(next) => next.prev = prev,
            None => self.back = prev,
        }
        if self.round_last == link {
            self.round_last = prev;
        }
        self.unqueued += 1;
    }
}
