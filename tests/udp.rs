//! UDP sockets of `net`.
#![cfg(feature = "std")]

mod net_support;

#[path = "faces/net.rs"]
mod face;

#[path = "socket_bodies/udp.rs"]
mod udp;
