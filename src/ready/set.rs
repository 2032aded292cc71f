//! Readiness as a set: its operations.

use core::ops::{
    BitAnd, BitAndAssign, BitOr, BitOrAssign, BitXor, BitXorAssign, Not, Sub, SubAssign,
};

use super::Ready;

/// Operations of sets. They use the bits as they are.
impl Ready {
    /// Returns the empty set.
    #[inline]
    #[must_use]
    pub const fn empty() -> Ready {
        Ready(0)
    }

    /// Returns the bits as a number. Their values may differ between versions of this library.
    #[inline]
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Returns the set of these bits, or `None` if one of them has no name.
    #[inline]
    #[must_use]
    pub const fn from_bits(bits: u32) -> Option<Ready> {
        match bits & !Ready::all().0 {
            0 => Some(Ready(bits)),
            _ => None,
        }
    }

    /// Returns the set of those of these bits that have names.
    #[inline]
    #[must_use]
    pub const fn from_bits_truncate(bits: u32) -> Ready {
        Ready(bits & Ready::all().0)
    }

    /// Returns the set of these bits, even of those that have no name.
    #[inline]
    #[must_use]
    pub const fn from_bits_retain(bits: u32) -> Ready {
        Ready(bits)
    }

    /// Returns whether no bit is set.
    #[inline]
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns whether all bits that have names are set.
    #[inline]
    #[must_use]
    pub const fn is_all(self) -> bool {
        self.contains(Ready::all())
    }

    /// Returns whether a bit of `other` is set.
    #[inline]
    #[must_use]
    pub const fn intersects(self, other: Ready) -> bool {
        self.0 & other.0 != 0
    }

    /// Returns whether all bits of `other` are set.
    #[inline]
    #[must_use]
    pub const fn contains(self, other: Ready) -> bool {
        self.0 & other.0 == other.0
    }

    /// Sets the bits of `other`.
    #[inline]
    pub const fn insert(&mut self, other: Ready) {
        self.0 |= other.0;
    }

    /// Clears the bits of `other`.
    #[inline]
    pub const fn remove(&mut self, other: Ready) {
        self.0 &= !other.0;
    }

    /// Inverts the bits of `other`.
    #[inline]
    pub const fn toggle(&mut self, other: Ready) {
        self.0 ^= other.0;
    }

    /// Sets the bits of `other` if `value` is true, and clears them if not.
    #[inline]
    pub const fn set(&mut self, other: Ready, value: bool) {
        match value {
            true => self.insert(other),
            false => self.remove(other),
        }
    }

    /// Returns the bits that both sets have: `&`, in a `const`.
    #[inline]
    #[must_use]
    pub const fn intersection(self, other: Ready) -> Ready {
        Ready(self.0 & other.0)
    }

    /// Returns the bits of both sets: `|`, in a `const`.
    #[inline]
    #[must_use]
    pub const fn union(self, other: Ready) -> Ready {
        Ready(self.0 | other.0)
    }

    /// Returns the bits that `other` does not have: `-`, in a `const`.
    #[inline]
    #[must_use]
    pub const fn difference(self, other: Ready) -> Ready {
        Ready(self.0 & !other.0)
    }

    /// Returns the bits that one of the sets has and the other has not: `^`, in a `const`.
    #[inline]
    #[must_use]
    pub const fn symmetric_difference(self, other: Ready) -> Ready {
        Ready(self.0 ^ other.0)
    }

    /// Returns the bits with names that the set does not have: `!`, in a `const`.
    #[inline]
    #[must_use]
    pub const fn complement(self) -> Ready {
        Ready::from_bits_truncate(!self.0)
    }
}

/// Implements an operator and its assignment by a method of the set.
macro_rules! impl_operator {
    ($Set:ident: $method:ident as $Operator:ident $name:ident, $Assign:ident $assign:ident) => {
        impl $Operator for $Set {
            type Output = $Set;

            #[inline]
            fn $name(self, other: $Set) -> $Set {
                self.$method(other)
            }
        }

        impl $Assign for $Set {
            #[inline]
            fn $assign(&mut self, other: $Set) {
                *self = self.$method(other);
            }
        }
    };
}
pub(crate) use impl_operator;

impl_operator!(Ready: union as BitOr bitor, BitOrAssign bitor_assign);
impl_operator!(Ready: intersection as BitAnd bitand, BitAndAssign bitand_assign);
impl_operator!(Ready: symmetric_difference as BitXor bitxor, BitXorAssign bitxor_assign);
impl_operator!(Ready: difference as Sub sub, SubAssign sub_assign);

impl Not for Ready {
    type Output = Ready;

    #[inline]
    fn not(self) -> Ready {
        self.complement()
    }
}

impl Extend<Ready> for Ready {
    fn extend<I: IntoIterator<Item = Ready>>(&mut self, sets: I) {
        for set in sets {
            self.insert(set);
        }
    }
}

impl FromIterator<Ready> for Ready {
    fn from_iter<I: IntoIterator<Item = Ready>>(sets: I) -> Ready {
        let mut all = Ready::empty();
        all.extend(sets);
        all
    }
}
