//! Large values on the heap, for programs that have one.
//!
//! `Box::new` of a poller or a slab builds it on the stack first, which overflows if it is larger
//! than the stack. These functions build it in the allocation.

extern crate std;

use std::boxed::Box;

use crate::error::Result;
use crate::poller::Poller;
use crate::slab::Slab;

impl<T, const N: usize> Slab<T, N> {
    /// Creates an empty slab on the heap, without a temporary on the stack. This is the one
    /// allocation: using the slab makes none.
    ///
    /// ```
    /// use mio_st::slab::Slab;
    ///
    /// let mut connections = Slab::<[u8; 4096], 4096>::boxed(); // 17 MB
    /// assert!(connections.insert([0; 4096]).is_ok());
    /// ```
    #[allow(unsafe_code)]
    #[must_use]
    pub fn boxed() -> Box<Slab<T, N>> {
        let mut slab = Box::new_uninit();
        Slab::init_in(&mut slab);
        // SAFETY: `init_in` has initialized all of it.
        unsafe { slab.assume_init() }
    }
}

impl<const USER: usize, const TIMERS: usize> Poller<USER, TIMERS> {
    /// Creates a poller on the heap, without a temporary on the stack. This is the one allocation:
    /// using the poller makes none.
    ///
    /// ```
    /// use mio_st::Poller;
    ///
    /// let mut poller = Poller::<16, 1_000_000>::boxed()?; // 32 MB
    /// assert_eq!(poller.next_deadline(), None);
    /// # Ok::<(), mio_st::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`new`](Poller::new).
    #[allow(unsafe_code)]
    pub fn boxed() -> Result<Box<Poller<USER, TIMERS>>> {
        let mut poller = Box::new_uninit();
        Poller::init_in(&mut poller)?;
        // SAFETY: `init_in` has returned `Ok`, so it has initialized all of it.
        Ok(unsafe { poller.assume_init() })
    }
}
