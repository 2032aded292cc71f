//! Errors of accept4(2), injected by strace(1).

use std::process::Command;
use std::thread;

use super::greets;
use super::support::{Server, example, skip};

/// Errors of accept4(2) that belong to one connection, or to a shortage, end nothing.
#[test]
fn errors_of_accept_cost_one_connection_at_most() {
    const ERRORS: [&str; 12] = [
        "ECONNABORTED",
        "EPROTO",
        "ENETDOWN",
        "EHOSTUNREACH",
        "EPERM",
        "ETIMEDOUT",
        "EOPNOTSUPP",
        "EMFILE",
        "ENFILE",
        "ENOBUFS",
        "ENOMEM",
        "EINTR",
    ];
    if Command::new("strace").arg("-V").output().is_err() {
        return skip("no strace");
    }
    thread::scope(|scope| {
        for errors in ERRORS.chunks(4) {
            scope.spawn(move || errors.iter().for_each(|error| serves_in_spite_of(error)));
        }
    });
}

fn serves_in_spite_of(error: &str) {
    // By -D the server is our child, and strace is not.
    let mut command = Command::new("strace");
    command.args(["-D", "-f", "-qq", "-o", "/dev/null", "-e", "trace=accept4"]);
    command.args(["-e", &format!("inject=accept4:error={error}:when=2+3")]);
    let server = Server::start_by(command.arg(example("http_server")).arg("127.0.0.1:0"));
    for _ in 0..5 {
        assert!(greets(&mut server.connect()), "{error}");
    }
}
