//! How pollers are made.

use core::mem::MaybeUninit;

use super::shares::Rotation;
use super::{Poller, Registry};
use crate::error::Result;
use crate::ready_queue::ReadyQueue;
use crate::wheel::TimerWheel;

impl Poller {
    /// Creates a poller for 512 user-space events and 512 timers. An interval counts as two timers.
    /// More need [`sized`](Poller::sized); a full poller returns [`Full`](crate::Error::Full).
    ///
    /// # Stack
    ///
    /// The value takes some 46 KiB. In a release build a thread with a stack of 64 KiB suffices; a
    /// debug build copies the value several times and needs up to 256 KiB.
    /// [`init_in`](Poller::init_in) creates a poller elsewhere, in a `static` or in a `Box`, and
    /// needs some 2 KiB of stack in every build.
    ///
    /// # Errors
    ///
    /// An OS error: out of descriptors (`EMFILE`, `ENFILE`) or memory. See epoll_create1(2),
    /// kqueue(2).
    #[inline]
    pub fn new() -> Result<Poller> {
        Poller::sized()
    }
}

impl<const USER: usize, const TIMERS: usize> Poller<USER, TIMERS> {
    /// Creates a poller for `USER` user-space events and `TIMERS` timers.
    ///
    /// ```
    /// type Poller = mio_st::Poller<16, 8>;
    ///
    /// let poller = Poller::sized()?;
    /// # Ok::<(), mio_st::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`new`](Poller::new).
    #[doc(alias = "with_capacity")]
    #[inline]
    pub fn sized() -> Result<Self> {
        let registry = Registry::new()?;
        Ok(Poller {
            registry,
            // Constants: a debug build would make each of them on the stack first, and then copy
            // it.
            user: const { ReadyQueue::new() },
            timers: const { TimerWheel::new() },
            rotation: Rotation::default(),
        })
    }

    /// Initializes a poller in place, for example in a `static`, without a temporary on the stack.
    ///
    /// ```
    /// use core::mem::MaybeUninit;
    /// use mio_st::poll::Poller;
    ///
    /// static mut POLLER: MaybeUninit<Poller<16, 1_000_000>> = MaybeUninit::uninit();
    ///
    /// // SAFETY: this is the only use of it. The crate `static_cell` does the same without `unsafe`.
    /// let poller = Poller::init_in(unsafe { &mut *&raw mut POLLER })?;
    /// # Ok::<(), mio_st::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`new`](Poller::new); then `place` is not initialized.
    #[allow(unsafe_code)]
    pub fn init_in(place: &mut MaybeUninit<Self>) -> Result<&mut Self> {
        let registry = Registry::new()?;
        let poller = place.as_mut_ptr();
        // SAFETY: `place` is valid for writing, the fields are in it and do not overlap, and when
        // all of them have been written it is a poller. Nothing in between can fail or panic.
        unsafe {
            ReadyQueue::<USER>::init_in(&mut *(&raw mut (*poller).user).cast());
            TimerWheel::<TIMERS>::init_in(&mut *(&raw mut (*poller).timers).cast());
            (&raw mut (*poller).rotation).write(Rotation::default());
            (&raw mut (*poller).registry).write(registry);
            Ok(place.assume_init_mut())
        }
    }
}
