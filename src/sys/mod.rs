//! The thin face over the kernel: every system call of the library is made in this room, through `libc`.
//!
//! # What a backend gives
//!
//! A backend, `epoll` or `kqueue`, is chosen at compile time and gives two types:
//!
//! * `RawEvent`: one event exactly as the kernel writes it, so that a batch is never copied. `new(id,
//!   ready)`, `id()`, `ready()`; user-space events and deadlines are put into the same batch by `new`.
//! * `Selector`: owns the kernel's queue, close-on-exec.
//!   * `register`, `reregister`, `deregister`: change what is watched. A failed call changes nothing. One
//!     meaning everywhere: registering twice is `AlreadyExists`, an unknown source is `NotFound`, a
//!     descriptor that cannot be watched is `Unsupported`.
//!   * `select(events, timeout)`: **one** system call. It appends to `events`, never beyond its capacity,
//!     and waits for at most `timeout` nanoseconds when nothing is ready: 0 returns at once, `FOREVER`
//!     never gives up. It may come back early (`EINTR` is an error here, and a long sleep may be cut
//!     short), but never late by more than the kernel's own slack: whoever sleeps towards a deadline looks at the clock
//!     and calls again.
//!
//! The rest is the same for both: descriptors (`fd`), sockets and their addresses (`socket`, `address`),
//! the clock (`clock`), and the sign that this process is a forked child (`fork`).
//!
//! This is the one place of `unsafe`, apart from where a caller hands over a raw descriptor.
#![allow(unsafe_code)]

pub(crate) mod address;
pub(crate) mod fd;
pub(crate) mod socket;

pub(crate) mod clock;
pub(crate) mod fork;

#[cfg(any(target_os = "linux", target_os = "android"))]
#[path = "epoll.rs"]
mod backend;

#[cfg(not(any(target_os = "linux", target_os = "android")))]
compile_error!("mio-st knows epoll (Linux, Android) and kqueue (the BSDs, Apple's systems)");

pub(crate) use self::backend::{RawEvent, Selector};

/// The timeout, in nanoseconds, that never ends.
pub(crate) const FOREVER: u64 = u64::MAX;

const _: () = assert!(libc::EEXIST == crate::error::EEXIST && libc::ENOENT == crate::error::ENOENT);
