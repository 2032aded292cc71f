//! Echo servers, each a process of its own, and the client that loads them.

mod client;
mod server;

pub use self::client::{Client, Server, Usage, churn};
pub use self::server::{PEERS, announce, announce_at, serve};
