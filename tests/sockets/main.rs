//! What only the sockets of `socket` have. The tests of what those of `net` have too are `core_sockets` and
//! `core_tcp`.
#![cfg(feature = "std")]

#[path = "../support/mod.rs"]
mod support;

mod fd_passing;
mod packets;
mod socket_options;
mod vsock;
