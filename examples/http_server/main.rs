//! An HTTP/1.1 server that never allocates while it serves.
//!
//! ```text
//! $ cargo run --features std --example http_server -- 127.0.0.1:8080 --cores 0
//! $ curl http://127.0.0.1:8080/
//! ```
//!
//! Keep-alive and pipelining, fixed and chunked bodies, `Expect: 100-continue`, a limit for
//! everything that a client could make large or slow, and an orderly end at `SIGTERM` or `SIGINT`.
//! The layers, from the bottom:
//!
//! * `http`: the protocol, without I/O;
//! * `app`: what is served. Change this;
//! * `pool`: buffers for the connections that are in the middle of a request;
//! * `connection`: a socket, the protocol and the buffers between them;
//! * `server`: a poller, its connections, and their deadlines;
//! * `cores`: a server for each core.
#![allow(clippy::std_instead_of_core)] // As a user writes it.

// The tests and the benches include this file.
pub(crate) mod app;
pub(crate) mod connection;
pub(crate) mod cores;
pub(crate) mod http;
pub(crate) mod options;
pub(crate) mod pool;
pub(crate) mod server;

#[path = "../common/mod.rs"]
mod common;

use std::io;
use std::process::ExitCode;

use mio_st::unix::{self, Signal, SignalSet};

use self::common::{Failure, Log};
use self::cores::Cores;
use self::options::{Options, USAGE};

const STOPS: SignalSet = SignalSet::of(&[Signal::INTERRUPT, Signal::TERMINATE]);

fn main() -> ExitCode {
    common::run(USAGE, |arguments| {
        let options = Options::parse(arguments)?;
        serve(&options).map_err(|error| Failure::at(options.address, error))
    })
}

fn serve(options: &Options) -> io::Result<()> {
    // A connection is a descriptor. If there are fewer than connections, some of these are refused.
    let _ = unix::raise_descriptor_limit();
    let cores = Cores::start(options, STOPS)?;
    // Its output may be closed, or not be read: a server must not wait for that, nor end.
    let mut log = Log::new();
    log.line(format_args!("listening at {}", cores.address()));
    let served = cores.run()?;
    log.line(format_args!("served {served} requests"));
    Ok(())
}
