//! Fast, low-level, single-threaded, readiness-based non-blocking I/O.
//!
//! A [`Poller`] hands out events from the operating system (epoll, kqueue), from user space, and of
//! deadlines, through one call. No heap is ever used, not even at set-up or for errors: every capacity is a
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
//!     assert!(event.id() == SOCKET && event.readiness().is_readable());
//! }
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
//!
//! Sockets are in [`socket`]; with the feature `std` also in `net`, with `std`'s traits and errors. The
//! README has a TCP server of each kind.
//!
//! # For whom
//!
//! * **Services without an allocator** use it as it is: all memory is in the `Poller`, in the `Events`, and
//!   in what the user puts beside them.
//! * **Ordinary applications** turn `std` on and write no number: `Poller::new()` and `Events::new()` have
//!   capacities of their own.
//! * **Whoever tunes** writes once `type Poller = mio_st::Poller<16, 8>;` and `Events<32>`, and makes them
//!   with `sized()`. A capacity of 0 costs nothing; a size that cannot work does not compile.
//!
//! # The layers
//!
//! Each uses only those above it, and a script of `ci/` rejects the contrary. Those down to the wheel need no
//! operating system.
//!
//! **Values.** An [`EventedId`] is the user's own number for a source, returned with each of its events.
//! [`Interests`] say what to watch for, a [`PollOption`] how often to hear of it, [`Ready`] what happened: an
//! error or a hang-up is both readable and writable, on every system. [`time::Instant`] is one word of
//! nanoseconds. [`Error`] is `Copy`.
//!
//! **[`slab`].** Storage of fixed capacity that gives out ids. An id whose owner is gone resolves to nothing,
//! even within the batch in hand, even when its place is used again.
//!
//! **The [ready queue](event::ReadyQueue).** The state machine of sources in user space: level, edge and
//! oneshot mean what they mean for a socket. Readiness is merged, so memory is bounded.
//!
//! **[`timer`].** The timer wheel, which keeps deadlines in order. It has no clock: the time is an argument.
//!
//! **The system.** The thin face over epoll and kqueue, private, and the only room with system calls: one per
//! poll, a second only before sleeping.
//!
//! **[`Events`]** is where a poll's events land: the kernel writes into it, and iterating by `&mut` takes
//! them out. [`Event`] is one, an id and its readiness.
//!
//! **[`poll`].** A [`Registry`] is the kernel's queue. An [`Evented`] handle knows how to register itself
//! with one. A [`Poller`] puts registry, ready queue and wheel together, and gives each a share of every
//! batch.
//!
//! **[`Source`](unix::Source)** is what every handle is built on: a descriptor and the memory of its
//! registration.
//!
//! **[`unix`].** Handles that need no `std`: any descriptor, pipes, signals, child processes, and the
//! [`Waker`](unix::Waker), the one thing that crosses threads.
//!
//! **[`socket`].** TCP, UDP, Unix domain sockets and vsock, with their options, without `std`.
//!
//! **`net`**, in `std-adapter/`: the same sockets with `std`'s traits and errors, and the conversions to
//! and from `std`'s types. Nothing else of the crate can name `std`, even with the feature on.
//!
//! # Features
//!
//! All are off by default, and none changes a type.
//!
//! * `std`: the module `net`; `io::Error: From<Error>` and back; `std::time::Instant` as a deadline; `AsFd`
//!   and its like; `Read` and `Write` for what `unix` owns.
//! * `inline-syscall`: on x86-64 Linux, the system call of most polls is one instruction at the place of the
//!   poll instead of a call of libc: some 0.8 of the time of a poll that finds nothing.
//! * `log`: trace lines at registration and poll, to the crate of that name.
//!
//! # Platforms
//!
//! | system | kernel queue | how it is checked |
//! |---|---|---|
//! | Linux x86-64 | epoll | **run**: every test, for every feature set |
//! | Linux aarch64, i686; x86-64 with musl | epoll | type-checked: library, tests, examples |
//! | Linux riscv64 | epoll | type-checked: library without `std` |
//! | Android x86-64 | epoll | type-checked: library without `std` |
//! | FreeBSD, NetBSD, OpenBSD x86-64; macOS aarch64 | kqueue | **run through the shim**, linked, type-checked |
//! | macOS x86-64 | kqueue | run through the shim, linked, type-checked without `std` |
//! | DragonFly x86-64 | kqueue | run through the shim, type-checked: library, tests, examples |
//! | FreeBSD i686, iOS aarch64 | kqueue | run through the shim, type-checked without `std` |
//! | none (`thumbv7em-none-eabi`, `x86_64-unknown-none`) | none | type-checked: the layers down to the wheel |
//!
//! *Run through the shim*: the kqueue backend is compiled on Linux (`--cfg mio_st_backend="kqueue"`) and
//! linked with `ci/kqueue-shim`, a `kqueue` and `kevent` written from FreeBSD's manual; every test runs on it
//! (`ci/kqueue.sh`), with what is peculiar to FreeBSD, NetBSD, OpenBSD and macOS in turn. No test has run on
//! one of these systems themselves. *Linked*: all tests and examples,
//! into complete programs, by `ci/link-bsd.sh`, which is run by hand.
//!
//! # What differs
//!
//! One meaning on every system is the rule, and `tests/conformance.rs` is the table of it; the rows that
//! differ on kqueue say how and why. The exceptions, on kqueue:
//!
//! * *Separate directions.* The kernel reports readable and writable as two events. They are merged if they
//!   are close together in one batch. An event of a oneshot source has all that is ready, always. Under
//!   `Edge` a direction that has not changed need not be reported again with the other.
//! * *Spurious edges.* Under `Edge` a direction that is ready may be reported again although nothing has
//!   changed. FreeBSD and NetBSD do so for a pipe after each read that leaves something and after each write,
//!   for TCP when sent data is acknowledged, and for the reading direction of a socket after its own
//!   `shutdown`. Such an event is true. A program that reads and writes until the call would block does not
//!   notice it.
//! * *Hints.* `HUP` comes when both directions were asked for and their ends lie in one batch, or with a
//!   reset or a timeout of the connection. The end of a pipe is `READ_CLOSED` or `WRITE_CLOSED`, never `HUP`,
//!   and for the writer no `ERROR`.
//! * *Errors without an end* (a refused datagram) make the source readable or writable, without `ERROR`: the
//!   next call on it, or `take_error`, tells. [`Event::raw_os_error`] says which error an end came with;
//!   epoll does not.
//! * *`EventedFd`*, a plain number, remembers nothing: registered again, it is replaced; a `reregister` that
//!   the system refuses ends it. A handle remembers its latest registration only.
//! * *Closing* a descriptor ends its registration, also while a duplicate lives.
//! * *A socket that was never connected* is silent; epoll reports a hang-up at once.
//! * *Pollers in pollers.* An outer `Edge` registration reports new events of the inner poller only if the
//!   inner one has been polled until nothing came. An outer `Level` registration may report an inner poller
//!   that has nothing left until it is polled. Two pollers that watch each other are an error on epoll
//!   (`Os(ELOOP)`) and on Apple's systems. The other systems accept it, and NetBSD's kernel locks up at
//!   the next event; a duplicate of a poller's own descriptor is such a case, too.
//! * *Child processes.* OpenBSD and Apple's systems report the exit of a process before its status can be
//!   taken. A `Child` reports it when the status can be taken, some milliseconds later.
//! * *Full queues.* No event reports that the receiver of Unix datagrams has room again, see
//!   [`socket::UnixDatagram`]. A UDP datagram may be refused with `ENOBUFS`, see [`socket::UdpSocket`].
//! * *`PRIORITY` alone* reports an error and a hang-up as on epoll, but no hang-up that the own `shutdown`
//!   completes.
//! * *Forks* are counted by `pthread_atfork`, which does not run for a bare `rfork` or `vfork`.
//! * *No* `register_exclusive`, no busy polling: `Unsupported`. A Unix socket's peer has no `pid`.
//! * *Accuracy*: never early; NetBSD, OpenBSD and DragonFly round up to the clock tick, usually 10 ms.
//! * *FreeBSD, NetBSD*: no filter for urgent data, `PRIORITY` is `Unsupported`. *NetBSD before 10, OpenBSD
//!   before 7.8*: a `Waker` is a pipe. *Apple's systems*: a socket is close-on-exec one call after it is
//!   made.
//!
//! On Linux a socket with an error queue (`IP_RECVERR`, times of sending) has `ERROR` until the queue is read, see
//! [`unix::QueuedError`]; `is_write_closed` is true with a hang-up only, a pipe whose reader has gone has `ERROR`, and a
//! registration lives on while a duplicate of the descriptor does. Before Linux 5.11 and Android 15 (API level
//! 35), and in some sandboxes, timeouts are rounded up to milliseconds. A sandbox's `EPERM` or `EACCES` to a
//! system call that the library can do without counts as "this kernel has no such call", as `ENOSYS` does.
//!
//! # What it does not do
//!
//! * Share a loop between threads: a poller and its handles stay on the thread that made them, which the
//!   compiler checks. Use one poller a thread.
//! * Work across `fork`: in the child polling and registering are [`Error::Forked`]. Make a new poller there.
//! * Files: the kernel queues do not watch them ([`Error::Unsupported`]).
//! * Futures, buffers, protocols, name resolution: they are for what is built on top.
//! * Windows.
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(all(doctest, unix, feature = "std"))]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(unix)] // Its only users are the poller's rooms.
#[macro_use]
mod trace;

mod error;

mod id;
mod interests;
mod ready;
pub mod time;

#[cfg(unix)]
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

// One module of this crate and not a crate of its own, because `net` needs `Poller` and `Poller` must not
// need `net`. Each of its files says `extern crate std`; none in `src/` does, so there `std` cannot creep in.
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

/// Events, where they come from and what they say.
pub mod event {
    #[cfg(unix)]
    pub use crate::events::{Drain, Event, Events, Iter};
    pub use crate::id::EventedId;
    pub use crate::interests::Interests;
    #[cfg(unix)]
    pub use crate::poller::Evented;
    pub use crate::ready::Ready;
    pub use crate::ready_queue::{ReadyQueue, SourceKey};
}

/// Polling.
pub mod poll {
    pub use crate::interests::PollOption;
    #[cfg(unix)]
    pub use crate::poller::{Poller, Registry};
    #[cfg(unix)]
    pub use crate::sys::BusyPoll;
}

/// Deadlines, without a clock or a kernel.
pub mod timer {
    pub use crate::wheel::{DeadlineKey, TimerWheel};
}

#[cfg(all(unix, feature = "std"))]
pub use crate::std_adapter::net;
