//! Whole programs: the examples, and the same by other libraries.

#[allow(dead_code)]
#[path = "../../../../examples/async/main.rs"]
mod async_example;
#[allow(dead_code)]
#[path = "../../../../examples/http_server/main.rs"]
mod http_server;

pub mod http;
pub mod http_client;
mod http_hyper;
mod http_loops;
mod lists;
pub mod proxy;
