//! What no kernel has a part in, but deadlines, which are in `wheel`.

#[path = "../support/mod.rs"]
mod support;

mod ready;
mod ready_queue;
mod sizes;
mod slab;
