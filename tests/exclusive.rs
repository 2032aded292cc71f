//! One listener in several pollers, and busy polling: what not every kernel can do.
#![cfg(feature = "std")]

mod net_support;

#[path = "faces/net.rs"]
mod face;

#[path = "socket_bodies/exclusive.rs"]
mod exclusive;
