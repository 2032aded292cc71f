//! Echo servers, each a process of its own.
pub fn serve(_: &str) {}
