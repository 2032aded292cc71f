//! mio-st: placeholder docs until the layers stand.
#![no_std]

mod error;

mod id;
mod interests;
mod ready;
pub mod time;

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
pub mod unix;

// One module of this crate and not a crate of its own, because `net` needs `Poller` and `Poller` must not
// need `net`. Each of its files says `extern crate std`; none in `src/` does, so there `std` cannot creep in.
#[cfg(all(unix, feature = "std"))]
#[path = "../std-adapter/mod.rs"]
mod std_adapter;

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
