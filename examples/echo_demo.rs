//! The echo server and a client that talks to it, in one process that shows both sides and ends by itself.

mod echo;

use core::net::SocketAddr;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsRawFd;
use std::thread;

use mio_st::unix::EventedFd;

use self::echo::Server;

fn main() -> io::Result<()> {
    let mut server = Server::bind(([127, 0, 0, 1], 0).into())?;
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
    let mut answers = BufReader::new(stream.try_clone()?);
    let mut answer = String::new();
    for line in ["hello", "one thread serves us all", "goodbye"] {
        println!("client: sends    {line:?}");
        stream.write_all(format!("{line}\n").as_bytes())?;
        answer.clear();
        answers.read_line(&mut answer)?;
        println!("client: receives {:?}", answer.trim_end());
        assert_eq!(answer.trim_end(), line);
    }
    stream.shutdown(Shutdown::Write)?;
    println!("client: has no more to say");
    assert_eq!(answers.read_line(&mut answer)?, 0);
    println!("client: sees the end");
    Ok(())
}
