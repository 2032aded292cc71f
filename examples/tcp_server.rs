//! An echo server: `tcp_server [ADDRESS]`, 127.0.0.1:12345 if none is given. Try it with `nc` or
//! `curl telnet://127.0.0.1:12345`, and end it with Ctrl-C.

mod echo;

use core::net::SocketAddr;
use std::env;
use std::io;
use std::process::ExitCode;

use mio_st::unix::{Signal, SignalSet, Signals};

use self::echo::Server;

fn main() -> ExitCode {
    let argument = env::args().nth(1);
    let Ok(address) = argument.as_deref().unwrap_or("127.0.0.1:12345").parse() else {
        eprintln!("usage: tcp_server [ADDRESS], where ADDRESS is like 127.0.0.1:12345 or [::1]:0");
        return ExitCode::from(2);
    };
    match serve(address) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tcp_server: {address}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(address: SocketAddr) -> io::Result<()> {
    let mut signals = Signals::new(SignalSet::of(&[Signal::INTERRUPT, Signal::TERMINATE]))?;
    Server::bind(address)?.run(&mut signals)?;
    // One that is not taken would act once `signals` is gone.
    while let Some(signal) = signals.receive()? {
        println!("server: ended by {signal:?}");
    }
    Ok(())
}
