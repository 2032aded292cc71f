//! How wheels are made.

use core::mem::MaybeUninit;

use super::TimerWheel;
use super::leaves::Leaves;
use super::tree::WinnerTree;

impl<const N: usize> TimerWheel<N> {
    /// Makes an empty wheel. All its bytes are zero.
    #[must_use]
    pub const fn new() -> Self {
        let () = Self::POSSIBLE;
        TimerWheel {
            bound: 0,
            node_runner_up: 0,
            slot_runner_up: 0,
            speed: 0,
            full: 0,
            first: 0,
            len: 0,
            periodic: 0,
            generation: 0,
            spare: 0,
            exact: false,
            leaves: Leaves::new(),
            tree: WinnerTree::new(),
        }
    }

    /// Makes an empty wheel in place: no copy of it is ever on the stack.
    ///
    /// ```
    /// use core::mem::MaybeUninit;
    /// use mio_st::timer::TimerWheel;
    ///
    /// let mut memory: Box<MaybeUninit<TimerWheel<100_000>>> = Box::new_uninit();
    /// let wheel = TimerWheel::init_in(&mut memory);
    /// assert_eq!(wheel.capacity(), 100_000);
    /// ```
    #[allow(unsafe_code)]
    pub fn init_in(slot: &mut MaybeUninit<Self>) -> &mut Self {
        let () = Self::POSSIBLE;
        // SAFETY: a wheel consists of integers and a bool, for which zero bytes are a value; they
        // are the value that `new` makes.
        unsafe {
            slot.as_mut_ptr().write_bytes(0, 1);
            slot.assume_init_mut()
        }
    }
}
