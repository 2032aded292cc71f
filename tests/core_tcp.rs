//! `socket::TcpListener` and `socket::TcpStream`: the same tests that those of `net` pass.
#![cfg(feature = "std")]

mod support;

#[path = "faces/core.rs"]
mod face;

#[path = "socket_bodies/tcp.rs"]
mod tcp;
