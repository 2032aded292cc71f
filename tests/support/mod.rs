//! What the integration tests share. Each test binary compiles all of it and uses a part.
#![allow(dead_code, unused_imports, unsafe_code)]

mod descriptors;
mod example;
mod inject;
pub mod net;
mod pace;
mod process;
mod rng;
#[cfg(feature = "std")]
mod servers;
mod sizes;
mod skip;
mod system;
pub mod unix;
mod vacant;
mod watch;

pub use self::descriptors::*;
pub use self::example::*;
pub use self::inject::*;
pub use self::pace::*;
pub use self::process::*;
pub use self::rng::Rng;
#[cfg(feature = "std")]
pub use self::servers::*;
pub(crate) use self::sizes::for_each_size;
pub use self::skip::skip;
pub use self::system::*;
pub use self::vacant::vacant;
pub use self::watch::*;
