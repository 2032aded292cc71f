//! What a registration asks for.

use core::fmt;

use crate::id::EventedId;
use crate::interests::{Interests, PollOption};

/// What is reported of a source, how often, and with which id.
#[derive(Copy, Clone, PartialEq, Eq)]
pub(crate) struct Subscription {
    pub(crate) id: EventedId,
    pub(crate) interests: Interests,
    pub(crate) opt: PollOption,
}

impl Subscription {
    #[inline]
    pub(crate) const fn new(id: EventedId, interests: Interests, opt: PollOption) -> Subscription {
        Subscription { id, interests, opt }
    }
}

/// As trace lines show it.
impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "id {}, {:?}, {:?}", self.id, self.interests, self.opt)
    }
}
