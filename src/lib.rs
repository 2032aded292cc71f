//! Fast, low-level, single-threaded, readiness-based non-blocking I/O.
//!
//! A single [`Poller::poll`] call returns kernel events (epoll, kqueue), user-space events and
//! expired timers. Nothing is ever allocated, not even at set-up or for errors: every capacity is a
//! const generic, and the crate is `#![no_std]`.
//!
//! ```
//! use std::io::Write;
//! use std::os::{fd::AsRawFd, unix::net::UnixStream};
//!
//! use mio_st::event::{EventedId, Events, Interests};
//! use mio_st::poll::{PollOption, Poller};
//! use mio_st::unix::EventedFd;
//!
//! const SOCKET: EventedId = EventedId(7);
//!
//! let (here, mut there) = UnixStream::pair()?;
//! let mut poller = Poller::new()?;
//! let mut events = Events::new();
//! poller.register(
//!     &mut EventedFd(&here.as_raw_fd()),
//!     SOCKET,
//!     Interests::READABLE,
//!     PollOption::Edge,
//! )?;
//!
//! there.write_all(b"hello")?;
//! poller.poll(&mut events, None)?;
//! for event in &mut events {
//!     assert!(event.id() == SOCKET && event.is_readable());
//! }
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
//!
//! [`socket`] has TCP, UDP and Unix domain sockets that need no `std`; with the feature `std`, the
//! module `net` has the same with the types and traits of `std`. The README has a TCP server, and
//! `examples/` has complete programs. Start with the [guide] if you are new to event loops, and
//! with its pages for users of [mio](guide::from_mio), [polling](guide::from_polling) or [mio-st
//! 0.2](guide::from_mio_st_0_2) if you are not.
//!
//! # Use cases
//!
//! * **Services without an allocator.** All memory is in the [`Poller`], in the [`Events`] and in
//!   your own values. Sockets, signals and child processes work without `std`.
//! * **Ordinary applications** enable `std` and use the default capacities: `Poller::new()`,
//!   `Events::new()`.
//! * **Tuned programs** choose capacities once, `type Poller = mio_st::Poller<16, 8>;` and
//!   `Events<32>`, and create them with `sized()`. A capacity of 0 costs nothing; an impossible one
//!   does not compile.
//!
//! # Modules
//!
//! The root has what most programs use: [`Poller`], [`Events`], [`Event`], [`EventedId`],
//! [`Interests`], [`PollOption`], [`Ready`], [`Error`]. A module depends only on the modules listed
//! before it, which `ci/layers.py` enforces. Those up to `timer` need no operating system.
//!
//! | module | contents |
//! |---|---|
//! | [`time`] | [`Instant`](time::Instant): one word of nanoseconds |
//! | [`slab`] | storage that issues ids; the id of a removed entry resolves to nothing |
//! | [`event`] | [`Event`], [`Events`], [`Evented`], and [`ReadyQueue`](event::ReadyQueue), the state machine of user-space sources |
//! | [`timer`] | [`TimerWheel`](timer::TimerWheel), a hashed timing wheel without a clock |
//! | [`poll`] | [`Registry`], the kernel's queue; [`Poller`], which combines it with a ready queue and a wheel |
//! | [`unix`] | any descriptor, pipes, signals, child processes, and the [`Waker`](unix::Waker) for other threads |
//! | [`socket`] | sockets without `std` |
#![cfg_attr(feature = "std", doc = "| [`net`] | the same sockets with `std`'s types |")]
#![cfg_attr(
    not(feature = "std"),
    doc = "| `net` | the same sockets with `std`'s types (feature `std`) |"
)]
//!
//! epoll and kqueue are in a private module, the only one that makes system calls: one per poll,
//! plus a second one if the poll has to block.
//!
//! # Features
//!
//! All are off by default, and none changes a type. (There is none for `defmt`: its `Debug2Format`
//! and `Display2Format` take the values of this library as they are.)
//!
//! * `std`: the module `net`; conversions between [`Error`] and `std::io::Error`;
//!   `std::time::Instant` as a deadline; `AsFd` and its relatives; `Read` and `Write` for handles.
//! * `inline-syscall`: on x86-64 Linux, polls make their system call without calling libc. A poll
//!   that finds nothing then takes about 0.8 of the time.
//! * `embedded-io`: [`Error`] implements `embedded_io::Error`.
//! * `log`: writes trace lines for registrations and polls, through the crate `log`.
//!
//! # Platforms
//!
//! epoll: Linux, Android. kqueue: FreeBSD, NetBSD, OpenBSD, DragonFly, macOS, iOS. Without an
//! operating system the modules up to `timer` build. How each is tested, and the few differences in
//! meaning, are in the guide's page on [portability](guide::portability).
//!
//! # Non-goals
//!
//! * Sharing a loop between threads: a poller and its handles stay on the thread that created them,
//!   which the compiler checks. Use one poller per thread.
//! * Use across `fork`: in the child, polling and registering return [`Error::Forked`]. Create a
//!   poller there.
//! * Files: the kernel queues do not watch them ([`Error::Unsupported`]).
//! * Futures, buffers, protocols and name resolution: they belong to libraries on top of this one.
//! * Windows.
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(all(doctest, unix, feature = "std"))]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(unix)] // Only modules of the poller use it.
#[macro_use]
mod trace;

mod error;

mod id;
mod interests;
mod ready;
pub mod time;

mod subscription;

pub mod slab;

mod ready_queue;

mod wheel;

#[cfg(unix)]
mod sys;

#[cfg(unix)]
mod events;

#[cfg(unix)]
mod poller;

#[cfg(unix)]
mod source;

#[cfg(unix)]
pub mod unix;

#[cfg(unix)]
pub mod socket;

// One module of this crate and not a crate of its own, because `net` needs `Poller` and `Poller`
// must not need `net`. Each of its files says `extern crate std`; none in `src/` does, so there
// `std` cannot creep in.
#[cfg(all(unix, feature = "std"))]
#[path = "../std-adapter/mod.rs"]
mod std_adapter;

#[cfg(all(unix, any(doc, doctest)))]
pub mod guide;

pub use crate::error::{Error, Result};
pub use crate::id::EventedId;
pub use crate::interests::{Interests, PollOption};
pub use crate::ready::Ready;

#[cfg(unix)]
pub use crate::{
    events::{Event, Events},
    poller::{Evented, Poller, Registry},
};

// The root is where these are documented; the modules name them, too.

/// Events, batches of events, and what events come from.
pub mod event {
    #[cfg(unix)]
    pub use crate::events::{Drain, Iter};
    pub use crate::ready::ReadyIter;
    pub use crate::ready_queue::{ReadyQueue, SourceKey};
    #[cfg(unix)]
    #[doc(no_inline)]
    pub use crate::{Event, Evented, Events};
    #[doc(no_inline)]
    pub use crate::{EventedId, Interests, Ready};
}

/// The poller, and how it watches its sources.
pub mod poll {
    #[cfg(unix)]
    pub use crate::sys::BusyPoll;
    #[doc(no_inline)]
    pub use crate::{Interests, PollOption}; // `Interests` was here in version 0.2.
    #[cfg(unix)]
    #[doc(no_inline)]
    pub use crate::{Poller, Registry};
}

/// Timers that need neither a clock nor an operating system.
pub mod timer {
    pub use crate::wheel::{DeadlineKey, TimerWheel};
}

#[cfg(all(unix, feature = "std"))]
pub use crate::std_adapter::net;
