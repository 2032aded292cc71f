//! Notifications in the order in which they came: a ring.

use crate::error::{Error, Result};
use crate::id::EventedId;
use crate::ready::Ready;

/// A ring of `N` notifications.
///
/// Positions run from 0 to 2N and then round, so that an empty ring (`head == tail`) and a full one (N
/// apart) differ, and so do all positions between which there are at most N.
pub(super) struct Ring<const N: usize> {
    head: u32,
    tail: u32,
    /// Where the round in hand ends.
    end: u32,
    cells: [Notification; N],
}

/// One event: who, and what for.
#[derive(Copy, Clone)]
pub(crate) struct Notification {
    pub(crate) id: EventedId,
    pub(crate) ready: Ready,
}

impl<const N: usize> Ring<N> {
    /// How many positions there are.
    pub(super) const TURN: u32 = {
        assert!(N < 1 << 31, "N: at most 2^31 - 1 sources");
        2 * N as u32
    };

    pub(super) const fn new() -> Ring<N> {
        const { _ = Self::TURN };
        Ring {
            head: 0,
            tail: 0,
            end: 0,
            cells: [const { Notification { id: EventedId(0), ready: Ready::empty() } }; N],
        }
    }

    /// Appends one. The caller counts: there is room.
    #[inline]
    pub(super) fn push(&mut self, id: EventedId, ready: Ready) -> Result<()> {
        let tail = self.tail;
        let cell = self.cells.get_mut(Self::cell(tail)).ok_or(Error::Full)?;
        *cell = Notification { id, ready };
        self.tail = Self::after(tail);
        Ok(())
    }

    /// Takes the first one, unless the round ends here.
    #[inline]
    pub(super) fn pop(&mut self) -> Option<(EventedId, Ready)> {
        let head = self.head;
        if head == self.end {
            return None;
        }
        let Notification { id, ready } = *self.cells.get(Self::cell(head))?;
        self.head = Self::after(head);
        Some((id, ready))
    }

    /// How many the round in hand still has.
    #[inline]
    pub(super) const fn waiting(&self) -> usize {
        let (head, end) = (self.head, self.end);
        let distance = end.wrapping_sub(head);
        (if N.is_power_of_two() {
            distance & (Self::TURN - 1)
        } else if end < head {
            distance.wrapping_add(Self::TURN)
        } else {
            distance
        }) as usize
    }

    /// Returns the notification `n` after the first one; there must be as many.
    #[inline]
    pub(super) fn nth(&self, n: usize) -> Notification {
        self.cells[Self::cell(Self::advance(self.head, n as u32))]
    }

    /// Takes `count` at once, which are waiting: those up to the end of the memory, and those that go on at its
    /// beginning.
    #[inline]
    pub(super) fn take(&mut self, count: usize) -> (&[Notification], &[Notification]) {
        let head = self.head;
        self.head = Self::advance(head, count as u32);
        let (ahead, behind) = self.cells.split_at(Self::cell(head).min(N));
        let first = count.min(behind.len());
        (&behind[..first], &ahead[..(count - first).min(ahead.len())])
    }

    #[inline]
    pub(super) fn begin_round(&mut self) {
        self.end = self.tail;
    }

    /// Where the next one to be taken is.
    #[inline]
    pub(super) const fn head(&self) -> u32 {
        self.head
    }

    /// Where the next one to come will be.
    #[inline]
    pub(super) const fn tail(&self) -> u32 {
        self.tail
    }

    #[inline]
    const fn after(position: u32) -> u32 {
        Self::advance(position, 1)
    }

    /// The position `count` after `position`, at most N. A mask where that is the same.
    #[inline]
    const fn advance(position: u32, count: u32) -> u32 {
        // Three times N may be more than 32 bits hold.
        let (next, wrapped) = position.overflowing_add(count);
        if N.is_power_of_two() {
            next & (Self::TURN - 1)
        } else if wrapped || next >= Self::TURN {
            next.wrapping_sub(Self::TURN)
        } else {
            next
        }
    }

    #[inline]
    const fn cell(position: u32) -> usize {
        let position = position as usize;
        if N.is_power_of_two() {
            position & (N - 1)
        } else if position >= N {
            position - N
        } else {
            position
        }
    }
}
