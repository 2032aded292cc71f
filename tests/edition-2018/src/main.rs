//! The server of the README, unchanged. It is included and not a module, so that nothing formats it.

// Its text stands as it was written for Rust 2018, when these two were no warnings.
#![allow(bare_trait_objects, dropping_references)]

include!("server.rs");
