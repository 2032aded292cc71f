//! What can be polled on Unix, without `std`.
//!
//! | type | what it is | its events |
//! |---|---|---|
//! | [`EventedFd`] | any descriptor, lent | what was asked for |
//! | [`Source`] | any descriptor, owned by a handle of yours | what was asked for |
//! | [`EventedIo`] | any descriptor, owned, read and written | what was asked for |
//! | [`Sender`], [`Receiver`] | the two ends of a pipe | writable; readable |
//! | [`Waker`] | ends a poll from another thread or a signal handler | readable |
//! | [`Signals`] | signals as values | readable |
//! | [`Child`] | how a child process ended | readable |
//!
//! [`AcceptGuard`] helps servers: it classifies the errors of accept(2) ([`AcceptError`]) and
//! survives running out of descriptors; [`raise_descriptor_limit`] makes that less likely.
//!
//! Each handle type has a constant `INTERESTS`, the interests that it is commonly registered with.
//! An interest that can never happen is [`InvalidInput`](crate::Error::InvalidInput). All that own
//! a descriptor close it when dropped. All descriptors made here are close-on-exec and non-blocking
//! (a kqueue, which backs `Signals` and `Child` outside of Linux, has no such flag). They stay on
//! one thread, except for the `Waker`, which is made to be shared.

mod accept;
mod child;
mod fd;
#[macro_use]
mod io;
mod pipe;
mod signals;
mod timer_slack;
mod waker;

pub use self::accept::{AcceptGuard, Incoming};
pub use self::child::Child;
pub use self::fd::EventedFd;
pub use self::io::EventedIo;
pub use self::pipe::{Receiver, Sender, new_pipe};
pub use self::signals::Signals;
pub use self::timer_slack::set_timer_slack;
pub use self::waker::Waker;
pub use crate::source::{AsSource, Descriptor, Source};
pub use crate::sys::accept::AcceptError;
pub use crate::sys::error_queue::{ErrorOrigin, QueuedError};
pub use crate::sys::fd::{OwnedFd, RawFd};
pub use crate::sys::io_slice::{IoSlice, IoSliceMut};
pub use crate::sys::limit::raise_descriptor_limit;
pub use crate::sys::process::ExitStatus;
pub use crate::sys::signal::{Signal, SignalSet};
