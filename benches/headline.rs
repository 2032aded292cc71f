//! `cargo bench` in the root of the repository: the headline figures, by criterion, in two minutes.
//! Other benchmarks are chosen by a filter, as in `cargo bench -- '^timers/'`. The contests are a
//! package of their own, so that its dependencies are not those of the library's tests.

use std::env;
use std::process::{Command, exit};

/// Raw system calls, this library and mio: a poll, a timeout, a user event, timers, a round trip.
const HEADLINE: &str = "^(poll/(1|64)-of-256-ready|poll/1-of-256-ready-a-timeout-given|\
    poll/nothing-ready-timeout-0|user-events/one-then-poll|10000-deadlines/push-one-back-idle-poll|\
    ping-pong/unix-socket|timers/(push|drain)-4096)/(raw|raw-none|mio-st|mio|heapless|btreemap)$";

fn main() {
    let cargo = env::var_os("CARGO").unwrap_or("cargo".into());
    // Cargo says that this is a benchmark; the rest is the user's.
    let given: Vec<_> = env::args_os().skip(1).filter(|argument| argument != "--bench").collect();
    let mut command = Command::new(cargo);
    command.args(["bench", "--package", "mio-st-benches", "--bench", "contests", "--"]);
    match given.iter().any(|argument| !argument.to_string_lossy().starts_with('-')) {
        true => command.args(given),
        false => command.args(given).arg(HEADLINE),
    };
    let status = command.status().expect("cargo");
    println!("The report with plots: target/criterion/report/index.html");
    exit(status.code().unwrap_or(1));
}
