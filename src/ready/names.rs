//! The names of the bits, for messages, and the iterator over the bits.

use core::fmt;

use super::Ready;

const NAMES: [(Ready, &str); 16] = [
    (Ready::READABLE, "READABLE"),
    (Ready::PRIORITY, "PRIORITY"),
    (Ready::WRITABLE, "WRITABLE"),
    (Ready::ERROR, "ERROR"),
    (Ready::HUP, "HUP"),
    (Ready::READ_CLOSED, "READ_CLOSED"),
    (Ready::WRITE_CLOSED, "WRITE_CLOSED"),
    (Ready::TIMER, "TIMER"),
    (Ready::USER_0, "USER_0"),
    (Ready::USER_1, "USER_1"),
    (Ready::USER_2, "USER_2"),
    (Ready::USER_3, "USER_3"),
    (Ready::USER_4, "USER_4"),
    (Ready::USER_5, "USER_5"),
    (Ready::USER_6, "USER_6"),
    (Ready::USER_7, "USER_7"),
];

impl Ready {
    /// Returns the set of all bits that have names.
    #[inline]
    #[must_use]
    pub const fn all() -> Ready {
        const ALL: Ready = {
            let (mut all, mut at) = (Ready::empty(), 0);
            while at < NAMES.len() {
                all.insert(NAMES[at].0);
                at += 1;
            }
            all
        };
        ALL
    }

    /// Returns an iterator over the bits of the set, each as a set of its own. Bits without a name
    /// come together, as the last element.
    pub fn iter(self) -> impl Iterator<Item = Ready> {
        let named = NAMES.iter().map(|(bit, _)| *bit).filter(move |bit| self.contains(*bit));
        named.chain(Some(self.nameless()).filter(|rest| !rest.is_empty()))
    }

    fn nameless(self) -> Ready {
        Ready(self.0 & !Ready::all().0)
    }
}

/// Writes the names of the bits: `READABLE | HUP`.
impl fmt::Debug for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("(empty)");
        }
        let mut separator = "";
        for (bit, name) in NAMES {
            if self.contains(bit) {
                write!(f, "{separator}{name}")?;
                separator = " | ";
            }
        }
        match self.nameless() {
            Ready(0) => Ok(()),
            Ready(bits) => write!(f, "{separator}{bits:#x}"),
        }
    }
}

impl fmt::Display for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}
