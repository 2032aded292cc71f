//! Notifications in the order in which they came: a ring.

use crate::error::{Error, Result};
use crate::id::EventedId;
use crate::ready::Ready;

/// A ring of `N` notifications.
///
/// Positions run from 0 to 2N and then round, so that an empty ring (`head == tail`) and a full one
/// (N apart) differ, and so do all positions between which there are at most N.
pub(super) struct Ring<const N: usize> {
    head: u32,
    tail: u32,
    /// The position at which the current round ends.
    round_end: u32,
    cells: [Notification; N],
}

/// One event: an id and a readiness.
#[derive(Copy, Clone)]
pub(crate) struct Notification {
    pub(crate) id: EventedId,
    pub(crate) ready: Ready,
}

impl<const N: usize> Ring<N> {
    /// The number of positions.
    pub(super) const POSITIONS: u32 = {
        assert!(N < 1 << 31, "N: at most 2^31 - 1 sources");
        2 * N as u32
    };

    pub(super) const fn new() -> Ring<N> {
        const { _ = Self::POSITIONS };
        Ring {
            head: 0,
            tail: 0,
            round_end: 0,
            cells: [const { Notification { id: EventedId(0), ready: Ready::empty() } }; N],
        }
    }

    /// Appends one. The caller counts: the ring is not full.
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
        if head == self.round_end {
            return None;
        }
        let Notification { id, ready } = *self.cells.get(Self::cell(head))?;
        self.head = Self::after(head);
        Some((id, ready))
    }

    /// Returns how many the current round still has.
    #[inline]
    pub(super) const fn waiting(&self) -> usize {
        let (head, end) = (self.head, self.round_end);
        let distance = end.wrapping_sub(head);
        (if N.is_power_of_two() {
            distance & (Self::POSITIONS - 1)
        } else if end < head {
            distance.wrapping_add(Self::POSITIONS)
        } else {
            distance
        }) as usize
    }

    /// Returns the notification `n` after the first one; there must be as many.
    #[inline]
    pub(super) fn nth(&self, n: usize) -> Notification {
        self.cells[Self::cell(Self::advance(self.head, n as u32))]
    }

    /// Takes `count`, which are waiting, as two slices: up to the end of the memory, and from its
    /// beginning.
    #[inline]
    pub(super) fn take_slices(&mut self, count: usize) -> (&[Notification], &[Notification]) {
        let head = self.head;
        self.head = Self::advance(head, count as u32);
        let (ahead, behind) = self.cells.split_at(Self::cell(head).min(N));
        let first = count.min(behind.len());
        (&behind[..first], &ahead[..(count - first).min(ahead.len())])
    }

    #[inline]
    pub(super) fn begin_round(&mut self) {
        self.round_end = self.tail;
    }

    /// Returns the position of the next one to be taken.
    #[inline]
    pub(super) const fn head(&self) -> u32 {
        self.head
    }

    /// Returns the position of the next one to be pushed.
    #[inline]
    pub(super) const fn tail(&self) -> u32 {
        self.tail
    }

    #[inline]
    const fn after(position: u32) -> u32 {
        Self::advance(position, 1)
    }

    /// Returns the position `count` (at most N) after `position`: by a mask if N is a power of two.
    #[inline]
    const fn advance(position: u32, count: u32) -> u32 {
        // Three times N may be more than 32 bits hold.
        let (next, wrapped) = position.overflowing_add(count);
        if N.is_power_of_two() {
            next & (Self::POSITIONS - 1)
        } else if wrapped || next >= Self::POSITIONS {
            next.wrapping_sub(Self::POSITIONS)
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
