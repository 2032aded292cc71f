//! What a handle remembers of its registration, which the kernel would replace silently.

use core::num::NonZeroU32;

use crate::id::EventedId;
use crate::interests::{Interests, PollOption};
use crate::subscription::Subscription;

/// The latest registration, two words.
///
/// It makes a double registration an error, and is what a `reregister` that fails goes back to. It
/// is of one registry: if a handle is in two pollers, the one that was not the latest replaces
/// silently even so.
#[derive(Debug)]
// Aligned to 4 bytes: with the descriptor and the possible interests a handle is three words.
#[repr(C, packed(4))]
pub(crate) struct LatestRegistration {
    // The subscription, flat: as a structure in the structure it would waste its padding.
    id: EventedId,
    interests: Interests,
    opt: PollOption,
    /// The instance id of the registry, if there is a registration.
    registry: Option<NonZeroU32>,
}

impl LatestRegistration {
    pub(crate) const fn none() -> LatestRegistration {
        LatestRegistration {
            id: EventedId(0),
            interests: Interests::READABLE,
            opt: PollOption::Level,
            registry: None,
        }
    }

    #[inline]
    pub(crate) fn set(&mut self, registry: NonZeroU32, subscription: Subscription) {
        Subscription { id: self.id, interests: self.interests, opt: self.opt } = subscription;
        self.registry = Some(registry);
    }

    #[inline]
    pub(crate) fn get(&self, registry: NonZeroU32) -> Option<Subscription> {
        let is_there = self.registry == Some(registry);
        is_there.then(|| Subscription::new(self.id, self.interests, self.opt))
    }

    #[inline]
    pub(crate) fn forget(&mut self) {
        self.registry = None;
    }
}
