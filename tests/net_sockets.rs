//! The sockets of `net` but TCP's.
#![cfg(feature = "std")]
#![allow(clippy::std_instead_of_core)]

mod support;

#[path = "faces/net.rs"]
mod face;

#[path = "socket_bodies/accept_guard.rs"]
mod accept_guard;
#[path = "socket_bodies/exclusive.rs"]
mod exclusive;
#[path = "socket_bodies/listen_options.rs"]
mod listen_options;
#[path = "socket_bodies/udp.rs"]
mod udp;
#[path = "socket_bodies/unix.rs"]
mod unix;
