//! The name of one pending deadline.

use core::fmt;
use core::num::NonZeroU32;

use super::entry::{GENERATION_STEP, OCCUPIED};

/// Names one pending deadline of one [`TimerWheel`](crate::timer::TimerWheel).
///
/// It is 8 bytes, and so is `Option<DeadlineKey>`. A key becomes stale when its deadline fires, is
/// cancelled or is removed. A stale key is refused, even after its memory in the wheel has been
/// reused. (Keys carry a 30-bit generation: a stale key could match again after exactly a multiple
/// of 2^30 insertions.) A key of another wheel is refused in the same way and to the same degree.
#[derive(Copy, Clone, PartialEq, Eq, Hash)]
pub struct DeadlineKey {
    pub(super) leaf: u32,
    /// Always has [`OCCUPIED`](super::entry::OCCUPIED), which no free leaf has.
    pub(super) generation: NonZeroU32,
}

impl fmt::Debug for DeadlineKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let generation = (self.generation.get() & !OCCUPIED.get()) / GENERATION_STEP;
        write!(f, "DeadlineKey({}, generation {generation})", self.leaf)
    }
}

static_assertions::assert_eq_size!(DeadlineKey, Option<DeadlineKey>, u64);
static_assertions::assert_impl_all!(DeadlineKey: Send, Sync, Unpin);
