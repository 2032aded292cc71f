//! The tests' generator of random numbers, seeded: every run does the same work.

#[allow(clippy::should_implement_trait)] // `next` is public here, and is not in the tests.
#[path = "../../../tests/support/rng.rs"]
mod rng;

pub use self::rng::Rng as Random;
