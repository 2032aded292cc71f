//! A server of `net` that runs out of descriptors.
#![cfg(feature = "std")]
#![allow(clippy::std_instead_of_core)]

mod support;

#[path = "faces/net.rs"]
mod face;

#[path = "socket_bodies/accept_guard.rs"]
mod accept_guard;
