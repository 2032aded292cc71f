//! A value that is set once, through a shared reference: what a `static` needs.

use core::cell::UnsafeCell;
use core::fmt;
use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicU8, Ordering};

use crate::error::{Error, Result};

const EMPTY: u8 = 0;
/// Somebody writes the value, or has failed to make it and is about to say so.
const BUSY: u8 = 1;
const FULL: u8 = 2;

pub(crate) struct SetOnce<T> {
    state: AtomicU8,
    value: UnsafeCell<MaybeUninit<T>>,
}

// SAFETY: the value is written by the one thread that has moved the state from `EMPTY` to `BUSY`,
// and read through shared references after the state is `FULL`, which it stays. So it is sent from
// one thread to others, and then shared.
unsafe impl<T: Send + Sync> Sync for SetOnce<T> {}

impl<T> SetOnce<T> {
    pub(crate) const fn empty() -> SetOnce<T> {
        SetOnce { state: AtomicU8::new(EMPTY), value: UnsafeCell::new(MaybeUninit::uninit()) }
    }

    pub(crate) const fn full(value: T) -> SetOnce<T> {
        SetOnce { state: AtomicU8::new(FULL), value: UnsafeCell::new(MaybeUninit::new(value)) }
    }

    /// Returns the value, if it has been set.
    #[inline]
    pub(crate) fn get(&self) -> Option<&T> {
        if self.state.load(Ordering::Acquire) != FULL {
            return None;
        }
        // SAFETY: `FULL` is stored after the value, and nothing is written from then on.
        Some(unsafe { (*self.value.get()).assume_init_ref() })
    }

    /// Sets the value that `make` returns; it is an error if there is one, or if another thread is
    /// setting it. If `make` fails, it stays unset.
    pub(crate) fn set(&self, make: impl FnOnce() -> Result<T>) -> Result<&T> {
        self.state
            .compare_exchange(EMPTY, BUSY, Ordering::Acquire, Ordering::Relaxed)
            .map_err(|_| Error::AlreadyExists)?;
        let undo = Undo(&self.state);
        let value = make()?;
        core::mem::forget(undo);
        // SAFETY: the state was `EMPTY` and is `BUSY`: this thread alone has access to the value,
        // of which no reference exists, since `get` returns none before `FULL`.
        let value = unsafe { (*self.value.get()).write(value) };
        self.state.store(FULL, Ordering::Release);
        Ok(value)
    }
}

/// Makes the state `EMPTY` again when it is dropped, even if making the value panics.
struct Undo<'a>(&'a AtomicU8);

impl Drop for Undo<'_> {
    fn drop(&mut self) {
        self.0.store(EMPTY, Ordering::Release);
    }
}

impl<T> Drop for SetOnce<T> {
    fn drop(&mut self) {
        if *self.state.get_mut() == FULL {
            // SAFETY: there is a value, and it is dropped only here.
            unsafe { self.value.get_mut().assume_init_drop() }
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for SetOnce<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};
    use std::rc::Rc;
    use std::thread;

    use super::*;

    #[test]
    fn is_set_once_and_not_by_a_failure() {
        let cell = SetOnce::empty();
        assert_eq!(cell.get(), None);
        assert_eq!(cell.set(|| Err(Error::Full)), Err(Error::Full));
        assert_eq!(cell.set(|| Ok(1)), Ok(&1));
        assert_eq!(cell.set(|| unreachable!()), Err(Error::AlreadyExists));
        assert_eq!(cell.get(), Some(&1));
        assert_eq!(SetOnce::full(7).get(), Some(&7));
    }

    #[test]
    fn drops_its_value_once() {
        let value = Rc::new(());
        let cell = SetOnce::empty();
        cell.set(|| Ok(value.clone())).unwrap();
        assert_eq!(Rc::strong_count(&value), 2);
        drop(cell);
        assert_eq!(Rc::strong_count(&value), 1);
        drop(SetOnce::<Rc<()>>::empty());
    }

    #[test]
    fn one_of_many_threads_sets_it() {
        for _ in 0..100 {
            let (cell, made) = (SetOnce::empty(), AtomicUsize::new(0));
            thread::scope(|scope| {
                for n in 0..3 {
                    let (cell, made) = (&cell, &made);
                    scope.spawn(move || {
                        if cell.set(|| Ok([n; 8])).is_ok() {
                            made.fetch_add(1, Relaxed);
                        }
                        if let Some(value) = cell.get() {
                            assert!(value.iter().all(|&word| word == value[0]));
                        }
                    });
                }
            });
            assert_eq!(made.load(Relaxed), 1);
        }
    }
}
