//! One listener in several pollers, and busy polling: what not every kernel can do.
#![cfg(feature = "std")]
#![allow(clippy::std_instead_of_core)]

mod support;

#[path = "faces/net.rs"]
mod face;

#[path = "socket_bodies/exclusive.rs"]
mod exclusive;
