//! A proxy for TCP and Unix sockets.
//!
//! ```text
//! $ cargo run --features std --example proxy -- 127.0.0.1:8000 127.0.0.1:8080 unix:/run/backend
//! ```
//!
//! Clients are spread over the backends; one that cannot be reached in time is passed over. What is
//! on its way is bounded, in each direction, so a slow receiver slows its sender down. The end of
//! the data is carried through in each direction, and so is a reset. The layers, from the bottom:
//!
//! * `socket`: TCP and Unix sockets as one type;
//! * `storage`: what is on its way, in memory or inside the kernel;
//! * `relay`: one direction;
//! * `session`: a client and its backend;
//! * `proxy`: the loop.
#![allow(clippy::std_instead_of_core)] // As a user writes it.

#[path = "../common/mod.rs"]
mod common;
mod options;
mod proxy;
mod relay;
mod session;
mod socket;
mod storage;

use std::io;
use std::process::ExitCode;

use mio_st::unix::{self, Signal, SignalSet, Signals};

use self::common::{Failure, Log};
use self::options::{Options, USAGE};
use self::proxy::Proxy;
use self::socket::Listener;

const STOPS: SignalSet = SignalSet::of(&[Signal::INTERRUPT, Signal::TERMINATE]);

fn main() -> ExitCode {
    common::run(USAGE, |arguments| {
        let options = Options::parse(arguments)?;
        let address = options.listen.clone();
        serve(options).map_err(|error| Failure::at(address, error))
    })
}

fn serve(options: Options) -> io::Result<()> {
    // A session takes two descriptors, and four more for pipes if it carries much.
    let _ = unix::raise_descriptor_limit();
    let signals = Signals::new(STOPS)?;
    let listener = Listener::bind(&options.listen)?;
    let address = listener.address()?;
    let proxy = Proxy::new(listener, signals, options)?;
    // Its output may be closed, or not be read: a proxy must not wait for that, nor end.
    let mut log = Log::new();
    log.line(format_args!("listening at {address}"));
    let (sessions, bytes) = proxy.run()?;
    log.line(format_args!("{sessions} sessions, {bytes} bytes"));
    Ok(())
}
