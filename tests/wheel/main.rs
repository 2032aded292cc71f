//! `TimerWheel` without a poller.
#![allow(clippy::duplicate_mod)] // The model, which the unit tests share, has a `rng` of its own.

#[path = "../support/rng.rs"]
mod rng;
#[path = "../support/sizes.rs"]
mod sizes;

mod intervals;
mod memory;
mod patterns;
mod traps;
