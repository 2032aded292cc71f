//! No memory of registrations. A backend declares this file as its own module if its kernel refuses
//! a second registration, and if a change that fails changes nothing.

use core::num::NonZeroU32;

use crate::subscription::Subscription;

/// What a handle remembers of its latest registration, so that a second one with the same registry
/// is an error, and a change that fails can be undone. It is for a kernel that replaces a
/// registration silently; where the kernel refuses it, as here, nothing is remembered.
#[derive(Debug)]
pub(crate) struct LatestRegistration;

impl LatestRegistration {
    pub(crate) const fn none() -> LatestRegistration {
        LatestRegistration
    }

    /// Remembers a registration with the registry of this instance id.
    #[inline]
    pub(crate) fn set(&mut self, _: NonZeroU32, _: Subscription) {}

    /// Returns the latest registration, if it is remembered and was with this registry.
    #[inline]
    pub(crate) fn get(&self, _: NonZeroU32) -> Option<Subscription> {
        None
    }

    /// Notes that there is no registration.
    #[inline]
    pub(crate) fn forget(&mut self) {}
}
