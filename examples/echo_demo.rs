//! The echo server and a client that talks to it, in one process that shows both sides and ends by
//! itself.

mod common;
mod echo;

use core::net::SocketAddr;
use core::time::Duration;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsRawFd;
use std::process::ExitCode;
use std::thread;

use mio_st::unix::EventedFd;

use self::common::Log;
use self::echo::Server;

const USAGE: &str = "\
usage: echo_demo

Runs an echo server and a client that talks to it, prints both sides, and ends.";

fn main() -> ExitCode {
    common::run(USAGE, |arguments| {
        arguments.end()?;
        Ok(demonstrate()?)
    })
}

fn demonstrate() -> io::Result<()> {
    let mut server = Server::bind(([127, 0, 0, 1], 0).into(), Duration::from_secs(60))?;
    let address = server.local_addr()?;

    // The server stops when the client's thread drops its end of this pipe.
    let (stop, stopper) = io::pipe()?;
    let client = thread::spawn(move || {
        let _stopper = stopper;
        talk(address)
    });
    server.run(&mut EventedFd(&stop.as_raw_fd()))?;
    client.join().expect("the client's thread has panicked")
}

fn talk(server: SocketAddr) -> io::Result<()> {
    let mut stream = TcpStream::connect(server)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut answers = BufReader::new(stream.try_clone()?);
    let (mut answer, mut log) = (String::new(), Log::new());
    for line in ["hello", "one thread serves us all", "goodbye"] {
        log.line(format_args!("client: sends    {line:?}"));
        stream.write_all(format!("{line}\n").as_bytes())?;
        answer.clear();
        answers.read_line(&mut answer)?;
        log.line(format_args!("client: receives {:?}", answer.trim_end()));
        assert_eq!(answer.trim_end(), line);
    }
    stream.shutdown(Shutdown::Write)?;
    log.line(format_args!("client: has no more to say"));
    assert_eq!(answers.read_line(&mut answer)?, 0);
    log.line(format_args!("client: sees the end"));
    Ok(())
}
