//! Iterators over the entries of a slab. Each stops after the last entry, not after the last slot.

use core::fmt;
use core::iter::{Enumerate, FusedIterator};
use core::slice;

use super::{Key, Slab, Slot};

/// Declares an iterator that borrows, in one of the two ways.
macro_rules! borrowing_iterator {
    ($(#[$doc:meta])* $Iter:ident of $Slots:ident by $slots:ident, &$lifetime:lifetime $($mut:ident)?) => {
        $(#[$doc])*
        pub struct $Iter<$lifetime, T, const N: usize> {
            slots: Enumerate<slice::$Slots<$lifetime, Slot<T>>>,
            left: usize,
        }

        impl<$lifetime, T, const N: usize> $Iter<$lifetime, T, N> {
            pub(super) fn new(slab: &$lifetime $($mut)? Slab<T, N>) -> Self {
                $Iter { left: slab.len(), slots: slab.slots.$slots().enumerate() }
            }
        }

        impl<$lifetime, T, const N: usize> Iterator for $Iter<$lifetime, T, N> {
            type Item = (Key, &$lifetime $($mut)? T);

            fn next(&mut self) -> Option<Self::Item> {
                self.left = self.left.checked_sub(1)?;
                self.slots.find_map(|(index, slot)| match slot {
                    Slot::Occupied { generation, value } => {
                        Some((Slab::<T, N>::LAYOUT.key(index, *generation), value))
                    }
                    Slot::Vacant { .. } => None,
                })
            }

            fn size_hint(&self) -> (usize, Option<usize>) {
                (self.left, Some(self.left))
            }
        }
    };
}

borrowing_iterator! {
    /// An iterator over keys and entries: see [`Slab::iter`].
    Iter of Iter by iter, &'a
}

borrowing_iterator! {
    /// An iterator over keys and mutable references to entries: see [`Slab::iter_mut`].
    IterMut of IterMut by iter_mut, &'a mut
}

impl<T, const N: usize> Clone for Iter<'_, T, N> {
    fn clone(&self) -> Self {
        Iter { slots: self.slots.clone(), left: self.left }
    }
}

/// An iterator that removes entries: see [`Slab::drain`].
pub struct Drain<'a, T, const N: usize> {
    slab: &'a mut Slab<T, N>,
    index: usize,
}

impl<T, const N: usize> Slab<T, N> {
    /// Removes the first entry whose slot is not below `index`, and moves `index` behind it.
    fn take_from(&mut self, index: &mut usize) -> Option<(Key, T)> {
        while !self.is_empty() {
            let at = *index;
            *index += 1;
            if let Slot::Occupied { generation, .. } = *self.slots.get(at)? {
                let key = Slab::<T, N>::LAYOUT.key(at, generation);
                return self.vacate(at).map(|value| (key, value));
            }
        }
        None
    }
}

impl<'a, T, const N: usize> Drain<'a, T, N> {
    pub(super) fn new(slab: &'a mut Slab<T, N>) -> Self {
        Drain { slab, index: 0 }
    }
}

impl<T, const N: usize> Iterator for Drain<'_, T, N> {
    type Item = (Key, T);

    fn next(&mut self) -> Option<Self::Item> {
        self.slab.take_from(&mut self.index)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.slab.len(), Some(self.slab.len()))
    }
}

impl<T, const N: usize> Drop for Drain<'_, T, N> {
    fn drop(&mut self) {
        self.for_each(drop);
    }
}

/// An iterator over keys and values that owns the slab: `for (key, value) in slab`.
pub struct IntoIter<T, const N: usize> {
    slab: Slab<T, N>,
    index: usize,
}

impl<T, const N: usize> Iterator for IntoIter<T, N> {
    type Item = (Key, T);

    fn next(&mut self) -> Option<Self::Item> {
        self.slab.take_from(&mut self.index)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.slab.len(), Some(self.slab.len()))
    }
}

impl<T, const N: usize> IntoIterator for Slab<T, N> {
    type Item = (Key, T);
    type IntoIter = IntoIter<T, N>;

    fn into_iter(self) -> IntoIter<T, N> {
        IntoIter { slab: self, index: 0 }
    }
}

impl<'a, T, const N: usize> IntoIterator for &'a Slab<T, N> {
    type Item = (Key, &'a T);
    type IntoIter = Iter<'a, T, N>;

    fn into_iter(self) -> Iter<'a, T, N> {
        self.iter()
    }
}

impl<'a, T, const N: usize> IntoIterator for &'a mut Slab<T, N> {
    type Item = (Key, &'a mut T);
    type IntoIter = IterMut<'a, T, N>;

    fn into_iter(self) -> IterMut<'a, T, N> {
        self.iter_mut()
    }
}

impl<T, const N: usize> ExactSizeIterator for Iter<'_, T, N> {}
impl<T, const N: usize> ExactSizeIterator for IterMut<'_, T, N> {}
impl<T, const N: usize> ExactSizeIterator for Drain<'_, T, N> {}
impl<T, const N: usize> ExactSizeIterator for IntoIter<T, N> {}
impl<T, const N: usize> FusedIterator for Iter<'_, T, N> {}
impl<T, const N: usize> FusedIterator for IterMut<'_, T, N> {}
impl<T, const N: usize> FusedIterator for Drain<'_, T, N> {}
impl<T, const N: usize> FusedIterator for IntoIter<T, N> {}

impl<T: fmt::Debug, const N: usize> fmt::Debug for Iter<'_, T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.clone()).finish()
    }
}

impl<T, const N: usize> fmt::Debug for IterMut<'_, T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IterMut").field("left", &self.left).finish()
    }
}

impl<T, const N: usize> fmt::Debug for Drain<'_, T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Drain").field("left", &self.slab.len()).finish()
    }
}

impl<T, const N: usize> fmt::Debug for IntoIter<T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IntoIter").field("left", &self.slab.len()).finish()
    }
}
