//! An echo server: `tcp_server [ADDRESS]`, 127.0.0.1:12345 if none is given. Try it with `nc` or
//! `curl telnet://127.0.0.1:12345`, and end it with Ctrl-C.

mod echo;

use core::ffi::c_int;
use core::net::SocketAddr;
use core::sync::atomic::{AtomicI32, Ordering::Relaxed};
use std::env;
use std::io::{self, PipeReader};
use std::os::fd::{AsRawFd, IntoRawFd};
use std::process::ExitCode;

use mio_st::unix::EventedFd;

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
    let stop = stop_signals()?;
    Server::bind(address)?.run(&mut EventedFd(&stop.as_raw_fd()))
}

/// A pipe that becomes readable at SIGINT (Ctrl-C) or SIGTERM.
#[allow(unsafe_code)]
fn stop_signals() -> io::Result<PipeReader> {
    static WRITER: AtomicI32 = AtomicI32::new(-1);

    extern "C" fn tell(_: c_int) {
        // SAFETY: write(2) may be called in a signal handler, and the descriptor is never closed.
        unsafe { libc::write(WRITER.load(Relaxed), c"!".as_ptr().cast(), 1) };
    }

    let (reader, writer) = io::pipe()?;
    WRITER.store(writer.into_raw_fd(), Relaxed);
    for signal in [libc::SIGINT, libc::SIGTERM] {
        let handler = tell as extern "C" fn(c_int);
        // SAFETY: the handler calls nothing but write(2), and finds its descriptor set.
        if unsafe { libc::signal(signal, handler as libc::sighandler_t) } == libc::SIG_ERR {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(reader)
}
