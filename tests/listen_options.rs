//! Options of `net` that must be set before a socket is bound.
#![cfg(feature = "std")]
#![allow(clippy::std_instead_of_core)]

mod support;

#[path = "faces/net.rs"]
mod face;

#[path = "socket_bodies/listen_options.rs"]
mod listen_options;
