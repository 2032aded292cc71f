//! Errors of accept4(2).

use super::greets;
use super::support::{ACCEPT_ERRORS, Server, skip};

/// Errors that belong to one connection, or to a shortage, end nothing.
#[test]
fn errors_of_accept_cost_one_connection_at_most() {
    for error in ACCEPT_ERRORS {
        let arguments = ["127.0.0.1:0"];
        let Some(server) = Server::start_with_accept_error("http_server", &arguments, error) else {
            return skip("no strace");
        };
        for _ in 0..5 {
            assert!(greets(&mut server.connect()), "{error}");
        }
    }
}
