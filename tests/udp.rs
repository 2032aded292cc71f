//! UDP sockets of `net`.
#![cfg(feature = "std")]
#![allow(clippy::std_instead_of_core)]

mod support;

#[path = "faces/net.rs"]
mod face;

#[path = "socket_bodies/udp.rs"]
mod udp;
