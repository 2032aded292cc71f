//! The same work by `mio-st` and by its peers, in one process and interleaved.
//!
//! * A *peer* is a small adapter: [`selectors`] hold those that poll a kernel, [`timers`] those that keep
//!   deadlines.
//! * A *contest* is one piece of work, done by several peers: [`contests`] lists them.
//! * [`measure`] runs a contest in rounds, peer after peer within each round, so that whatever disturbs the
//!   machine disturbs all of them alike.
//! * [`programs`] are examples beside what does the same: HTTP servers and proxies.
//! * [`echo`] is the servers, as processes of their own, and the client that loads them.
//!
//! `src/bin/work.rs` does one peer's part of one contest, for strace and callgrind to look at;
//! `src/bin/table.rs` prints everything. ci/table.sh and ci/instructions.sh run them.

pub mod contests;
pub mod counting;
pub mod echo;
pub mod lateness;
pub mod measure;
pub mod programs;
pub mod random;
pub mod selectors;
pub mod sys;
pub mod timers;
pub mod tools;
pub mod worst;
