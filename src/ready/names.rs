//! The names of the bits, for messages, and the iterator over them. `bitflags` does both; its types
//! stay in this file, so that they are no part of the public interface.

use core::fmt;

use bitflags::{Flag, Flags};

use super::Ready;

/// The bits, as `bitflags` sees them. Its trait is implemented by hand: the macro generates some
/// 150 functions, which nothing calls, and which take a tenth of the time to build the library.
struct Named(u32);

impl Flags for Named {
    const FLAGS: &'static [Flag<Named>] = &[
        named("READABLE", Ready::READABLE),
        named("PRIORITY", Ready::PRIORITY),
        named("WRITABLE", Ready::WRITABLE),
        named("ERROR", Ready::ERROR),
        named("HUP", Ready::HUP),
        named("READ_CLOSED", Ready::READ_CLOSED),
        named("WRITE_CLOSED", Ready::WRITE_CLOSED),
        named("TIMER", Ready::TIMER),
        named("USER_0", Ready::USER_0),
        named("USER_1", Ready::USER_1),
        named("USER_2", Ready::USER_2),
        named("USER_3", Ready::USER_3),
        named("USER_4", Ready::USER_4),
        named("USER_5", Ready::USER_5),
        named("USER_6", Ready::USER_6),
        named("USER_7", Ready::USER_7),
    ];

    type Bits = u32;

    fn bits(&self) -> u32 {
        self.0
    }

    fn from_bits_retain(bits: u32) -> Named {
        Named(bits)
    }
}

const fn named(name: &'static str, bit: Ready) -> Flag<Named> {
    Flag::new(name, Named(bit.0))
}

const ALL: Ready = {
    let (mut all, mut index) = (0, 0);
    while index < Named::FLAGS.len() {
        all |= Named::FLAGS[index].value().0;
        index += 1;
    }
    Ready(all)
};

impl Ready {
    /// Returns the set of all bits that have names.
    #[inline]
    #[must_use]
    pub const fn all() -> Ready {
        ALL
    }

    /// Returns an iterator over the bits of the set, each as a set of its own. Bits without a name
    /// come together, as the last element.
    pub fn iter(self) -> ReadyIter {
        ReadyIter(Named(self.0).iter())
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
        self.0.next().map(|bit| Ready(bit.0))
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
        bitflags::parser::to_writer(&Named(self.0), f)
    }
}

impl fmt::Display for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}
