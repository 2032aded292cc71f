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

pub use crate::error::{Error, Result};
pub use crate::id::EventedId;
pub use crate::interests::{Interests, PollOption};
pub use crate::ready::Ready;

/// Events, where they come from and what they say.
pub mod event {
    pub use crate::id::EventedId;
    pub use crate::interests::Interests;
    pub use crate::ready::Ready;
}

/// Polling.
pub mod poll {
    pub use crate::interests::PollOption;
}

/// Deadlines, without a clock or a kernel.
pub mod timer {
    pub use crate::wheel::{DeadlineKey, TimerWheel};
}
