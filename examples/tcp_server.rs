//! An echo server that copes with what clients do: partial writes, half-closed, reset and idle
//! connections, clients that do not read, more clients than descriptors; and an orderly end.
//!
//! Try it with `nc 127.0.0.1 12345` or `curl telnet://127.0.0.1:12345`, and end it with Ctrl-C.

mod common;
mod echo;

use core::net::SocketAddr;
use core::time::Duration;
use std::process::ExitCode;

use mio_st::unix::{Signal, SignalSet, Signals};

use self::common::{Failure, Log};
use self::echo::Server;

const USAGE: &str = "\
usage: tcp_server [ADDRESS [IDLE_MILLISECONDS]]

Sends back what clients send. ADDRESS is like 127.0.0.1:12345 (the default) or [::1]:0.
A client that is idle for longer than IDLE_MILLISECONDS (60000) is closed.";

fn main() -> ExitCode {
    common::run(USAGE, |mut arguments| {
        let address = arguments.next("127.0.0.1:12345")?;
        let idle = arguments.millis("60000")?;
        arguments.end()?;
        serve(address, idle).map_err(|error| Failure::at(address, error))
    })
}

fn serve(address: SocketAddr, idle: Duration) -> Result<(), Failure> {
    let mut signals = Signals::new(SignalSet::of(&[Signal::INTERRUPT, Signal::TERMINATE]))?;
    Server::bind(address, idle)?.run(&mut signals)?;
    // A signal that is not received would act once `signals` is gone.
    while let Some(signal) = signals.receive()? {
        Log::new().line(format_args!("server: ended by {signal:?}"));
    }
    Ok(())
}
