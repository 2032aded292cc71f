//! A thin wrapper around the kernel: all system calls of the library are made in this module,
//! through `libc`.
//!
//! # Backends
//!
//! A backend, `epoll` or `kqueue`, is chosen below, at compile time and nowhere else. `stub` is a
//! third one, without a kernel, and the contract: it has each item that a backend must have, with
//! what is asked of it, and answers `Unsupported`. These are `RawEvent`, `Selector`,
//! `LatestRegistration`, `KernelTimer`, `Waker`, `SignalQueue` and `ChildWatch`. What many kernels
//! lack is in `lacking`, and what many do not need in `no_latest`.
//!
//! The rest is the same for all: descriptors (`fd`), reading and writing (`io`, `io_slice`), pipes
//! (`pipe`), sockets (`socket`), what accept(2) returns (`accept`), what they send (`send`) and
//! receive (`message`), their options (`option`, `option_name`, `multicast`, `steering`) and
//! addresses (`address`), the limit of descriptors (`limit`), signals and their masks (`signal`),
//! children (`process`), the clock (`clock`), and the mark that a forked child does not have
//! (`fork`).
//!
//! Nearly all `unsafe` code is here: see `ci/walls.sh` for the rest.
#![allow(unsafe_code)]
// It calls nothing that a backend is to call.
#![cfg_attr(mio_st_backend = "stub", allow(dead_code, unused_imports))]

pub(crate) mod fd;

pub(crate) mod accept;
pub(crate) mod limit;

pub(crate) mod address;
pub(crate) mod control;
pub(crate) mod message;
pub(crate) mod messages;
pub(crate) mod multicast;
pub(crate) mod option;
pub(crate) mod option_name;
pub(crate) mod packet;
pub(crate) mod rights;
pub(crate) mod send;
pub(crate) mod socket;
pub(crate) mod steering;
pub(crate) mod transfer;

mod buffers;
pub(crate) mod error_queue;
pub(crate) mod io;
pub(crate) mod io_slice;
pub(crate) mod pipe;
pub(crate) mod process;
pub(crate) mod signal;

pub(crate) mod clock;
pub(crate) mod fork;
pub(crate) mod missing;
pub(crate) mod set_once;
pub(crate) mod task;

mod busy_poll;

// The backend is chosen here and nowhere else; what differs by kernel is in its folder.
// `mio_st_backend` overrides the choice by system: kqueue on Linux, for tests (see
// ci/kqueue-shim), or the stub.
#[cfg(mio_st_backend = "stub")]
#[path = "stub.rs"]
mod backend;

#[cfg(all(
    any(target_os = "linux", target_os = "android"),
    not(any(mio_st_backend = "kqueue", mio_st_backend = "stub")),
))]
#[path = "epoll/mod.rs"]
mod backend;

#[cfg(any(
    mio_st_backend = "kqueue",
    all(
        not(mio_st_backend = "stub"),
        any(
            target_vendor = "apple",
            target_os = "freebsd",
            target_os = "netbsd",
            target_os = "openbsd",
            target_os = "dragonfly",
        )
    ),
))]
#[path = "kqueue/mod.rs"]
mod backend;

#[cfg(not(any(
    mio_st_backend = "stub",
    target_os = "linux",
    target_os = "android",
    target_vendor = "apple",
    target_os = "freebsd",
    target_os = "netbsd",
    target_os = "openbsd",
    target_os = "dragonfly",
)))]
compile_error!("mio-st knows epoll (Linux, Android) and kqueue (the BSDs, Apple's systems)");

pub(crate) use self::backend::{
    ChildWatch, KernelTimer, LatestRegistration, RawEvent, Selector, SignalQueue, Waker,
};
pub use self::busy_poll::BusyPoll;

/// How long [`Selector::select`] waits for the first event.
#[derive(Copy, Clone, PartialEq, Eq)]
pub(crate) enum Wait {
    /// It does not.
    No,
    /// Until there is one.
    Endless,
}

const _: () = assert!(
    libc::EEXIST == crate::error::EEXIST
        && libc::ENOENT == crate::error::ENOENT
        && libc::EWOULDBLOCK == libc::EAGAIN
);
