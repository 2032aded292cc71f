//! What needs `std`: sockets like `std::net`'s, and conversions to and from `std`'s types.

mod boxed;
mod error;
mod fd;
pub mod net;
mod poller;
mod socket;
mod time;
mod unix;
