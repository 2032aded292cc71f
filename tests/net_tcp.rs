//! `net::TcpListener` and `net::TcpStream`.
#![cfg(feature = "std")]

mod support;

#[path = "faces/net.rs"]
mod face;

#[path = "socket_bodies/tcp.rs"]
mod tcp;
