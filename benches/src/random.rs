//! The tests' generator of random numbers, seeded: every run does the same work.

#[path = "../../tests/support/rng.rs"]
mod rng;

pub use self::rng::Rng as Random;
