//! What a poller does with sources, deadlines and user events. No test here makes a process: the copies of
//! descriptors in a new one would hold hang-ups back.

#[path = "../support/mod.rs"]
mod support;

mod closing;
mod deadlines;
mod debug;
mod fairness;
mod little_room;
mod modes;
mod nesting;
mod short_reads;
mod source;
mod stack;
mod static_waker;
mod user_events;
