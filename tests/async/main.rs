//! `examples/async`: the reactor and the executor by themselves, and the whole of it as a process
//! with real and with hostile clients.
#![cfg(feature = "std")]
#![allow(unsafe_code, clippy::std_instead_of_core)]

#[path = "../support/counting.rs"]
mod counting;
#[path = "../support/mod.rs"]
mod support;

#[allow(dead_code)]
#[path = "../../examples/async/main.rs"]
mod example;

mod allocations;
mod futures;
mod process;
