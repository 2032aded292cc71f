//! The names of the bits, for messages, and the iterator over them. `bitflags` does both; its types
//! stay in this file, so that they are no part of the public interface.

use core::fmt;

use super::Ready;

bitflags::bitflags! {
    #[derive(Copy, Clone)]
    struct Named: u32 {
        const READABLE = Ready::READABLE.0;
        const PRIORITY = Ready::PRIORITY.0;
        const WRITABLE = Ready::WRITABLE.0;
        const ERROR = Ready::ERROR.0;
        const HUP = Ready::HUP.0;
        const READ_CLOSED = Ready::READ_CLOSED.0;
        const WRITE_CLOSED = Ready::WRITE_CLOSED.0;
        const TIMER = Ready::TIMER.0;
        const USER_0 = Ready::USER_0.0;
        const USER_1 = Ready::USER_1.0;
        const USER_2 = Ready::USER_2.0;
        const USER_3 = Ready::USER_3.0;
        const USER_4 = Ready::USER_4.0;
        const USER_5 = Ready::USER_5.0;
        const USER_6 = Ready::USER_6.0;
        const USER_7 = Ready::USER_7.0;
    }
}

impl Ready {
    /// Returns the set of all bits that have names.
    #[inline]
    #[must_use]
    pub const fn all() -> Ready {
        Ready(Named::all().bits())
    }

    /// Returns an iterator over the bits of the set, each as a set of its own. Bits without a name
    /// come together, as the last element.
    pub fn iter(self) -> ReadyIter {
        ReadyIter(Named::from_bits_retain(self.0).iter())
    }
}

impl IntoIterator for Ready {
    type Item = Ready;
    type IntoIter = ReadyIter;

    fn into_iter(self) -> ReadyIter {
        self.iter()
    }
}

/// An iterator over the bits of a set: see [`Ready::iter`].
pub struct ReadyIter(bitflags::iter::Iter<Named>);

impl Iterator for ReadyIter {
    type Item = Ready;

    fn next(&mut self) -> Option<Ready> {
        self.0.next().map(|bit| Ready(bit.bits()))
    }
}

impl fmt::Debug for ReadyIter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadyIter").finish_non_exhaustive()
    }
}

/// Writes the names of the bits: `READABLE | HUP`.
impl fmt::Debug for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("(empty)");
        }
        bitflags::parser::to_writer(&Named::from_bits_retain(self.0), f)
    }
}

impl fmt::Display for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}
