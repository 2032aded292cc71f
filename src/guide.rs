//! A guide to the library, in short pages: concepts first, then tuning, portability and migration.
//!
//! 1. [Polling](polling): the event loop, ids, and what a handler must do.
//! 2. [Trigger modes](triggers): edge, level and oneshot.
//! 3. [Timers](timers): deadlines, timeouts and intervals.
//! 4. [User events](user_events): notifications and sources without a descriptor.
//! 5. [Threads, signals and child processes](wakers).
//! 6. [Forks](fork).
//! 7. [Errors and capacities](errors).
//! 8. [Tuning](tuning): static memory, batch sizes, latency.
//! 9. [Portability](portability): platforms, and how the kernels differ.
//!
//! Coming from another library: [mio](from_mio), [polling](from_polling),
//! [mio-st 0.2](from_mio_st_0_2).
//!
//! This module exists in the documentation only. Its examples are compiled and run by the tests.

#[doc = include_str!("guide/polling.md")]
pub mod polling {}

#[doc = include_str!("guide/triggers.md")]
pub mod triggers {}

#[doc = include_str!("guide/timers.md")]
pub mod timers {}

#[doc = include_str!("guide/user_events.md")]
pub mod user_events {}

#[doc = include_str!("guide/wakers.md")]
pub mod wakers {}

#[doc = include_str!("guide/fork.md")]
pub mod fork {}

#[doc = include_str!("guide/errors.md")]
pub mod errors {}

#[doc = include_str!("guide/tuning.md")]
pub mod tuning {}

#[doc = include_str!("guide/portability.md")]
pub mod portability {}

#[cfg_attr(feature = "std", doc = include_str!("guide/from_mio.md"))]
#[cfg_attr(not(feature = "std"), doc = "Needs the feature `std`.")]
pub mod from_mio {}

#[cfg_attr(feature = "std", doc = include_str!("guide/from_polling.md"))]
#[cfg_attr(not(feature = "std"), doc = "Needs the feature `std`.")]
pub mod from_polling {}

#[cfg_attr(feature = "std", doc = include_str!("guide/from_mio_st_0_2.md"))]
#[cfg_attr(not(feature = "std"), doc = "Needs the feature `std`.")]
pub mod from_mio_st_0_2 {}
