//! Unix domain sockets of `net`.
#![cfg(feature = "std")]

mod net_support;

#[path = "faces/net.rs"]
mod face;

#[path = "socket_bodies/unix.rs"]
mod unix;
