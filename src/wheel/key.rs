//! The name of one pending deadline.

use core::num::NonZeroU32;

/// Names one pending deadline of one [`TimerWheel`](crate::timer::TimerWheel).
///
/// It is 8 bytes, and so is `Option<DeadlineKey>`. A key turns stale when its deadline fires, is cancelled
/// or is removed, and then it is refused, also after its place in the wheel is used again. (The number that
/// tells the two apart has 30 bits: a key must not be kept for exactly a multiple of 2^30 insertions and
/// then be taken for good.) A key of another wheel is refused in the same way and to the same degree.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub struct DeadlineKey {
    pub(super) place: u32,
    /// Always has [`LIVE`](super::entry::LIVE), which no free place has.
    pub(super) stamp: NonZeroU32,
}

static_assertions::assert_eq_size!(DeadlineKey, Option<DeadlineKey>, u64);
static_assertions::assert_impl_all!(DeadlineKey: Send, Sync, Unpin);
