//! What can be polled on Unix, without `std`.

mod fd;

pub use self::fd::EventedFd;
pub use crate::sys::fd::RawFd;
