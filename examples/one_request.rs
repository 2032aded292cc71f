//! A server of one request per connection, which reads before it registers. It answers a line with
//! the line in capitals and closes the connection.
//!
//! Try it with `echo hello | nc 127.0.0.1 12350`. A client that sends more than its line may see a
//! reset in place of the answer: to close a socket with unread data is one. `http_server` shows how
//! to linger.
//!
//! A connection whose request is there when it is accepted is never registered: it is accepted,
//! read, answered and closed by four system calls, in place of five and a poll. With
//! `TCP_DEFER_ACCEPT` (Linux) the kernel reports a connection only when its request has come, so
//! that the first read finds it. If the read finds less than a line, the connection is registered
//! and waits like any other.
//!
//! It pays where requests are short and connections are not kept. If most requests come later than
//! their connections, the first read is a system call for nothing.

mod common;

use core::net::SocketAddr;
use core::time::Duration;
use std::io::{self, ErrorKind, Read, Write};
use std::process::ExitCode;

use mio_st::event::{EventedId, Events, Interests};
use mio_st::net::{Acceptor, Incoming, ListenOptions, TcpListener, TcpStream};
use mio_st::poll::PollOption;
use mio_st::slab::Slab;
use mio_st::timer::DeadlineKey;
use static_cell::StaticCell;

use self::common::{Failure, Log};

const USAGE: &str = "\
usage: one_request [ADDRESS [IDLE_MILLISECONDS]]

Answers a line with the line in capitals and closes the connection. ADDRESS is like 127.0.0.1:12350
(the default) or [::1]:0. A client that sends no line within IDLE_MILLISECONDS (10000) is closed.";

const LISTENER: EventedId = EventedId(0);
/// The most connections that one event of the listener admits: others have their events, too.
const ACCEPTS: usize = 16;
/// Connections whose request has not come.
const WAITING: usize = 1024;
const LONGEST_LINE: usize = 256;

/// A deadline for each connection that waits, and one for the pause of the listener.
type Poller = mio_st::Poller<0, { WAITING + 1 }>;
type Connections = Slab<Waiting, WAITING>;

struct Waiting {
    request: Request,
    idle: DeadlineKey,
}

struct Request {
    stream: TcpStream,
    line: [u8; LONGEST_LINE],
    length: usize,
}

fn main() -> ExitCode {
    common::run(USAGE, |mut arguments| {
        let address = arguments.next("127.0.0.1:12350")?;
        let idle = arguments.millis("10000")?;
        arguments.end()?;
        serve(address, idle).map_err(|error| Failure::at(address, error))
    })
}

fn serve(address: SocketAddr, idle: Duration) -> io::Result<()> {
    static POLLER: StaticCell<Poller> = StaticCell::new();
    static CONNECTIONS: StaticCell<Connections> = StaticCell::new();

    let listener = listen(address)?;
    Log::new().line(format_args!("listening at {}", listener.local_addr()?));
    let poller = Poller::init_in(POLLER.uninit())?;
    let connections = Connections::init_in(CONNECTIONS.uninit());
    let mut events = Events::new();
    let mut acceptor = Acceptor::new(poller, LISTENER, listener)?;
    loop {
        poller.poll(&mut events, None)?;
        for event in &mut events {
            let id = event.id();
            if id == LISTENER {
                for _ in 0..ACCEPTS {
                    match acceptor.accept(poller)? {
                        Incoming::Connection(stream, _) => {
                            let mut request = Request::new(stream);
                            if request.advance().is_ok_and(|answered| !answered) {
                                // If there is no room for it, it is closed.
                                let _ = wait(poller, connections, request, idle);
                            }
                        }
                        Incoming::Lost(_) | Incoming::Refused(_) => {}
                        Incoming::WouldBlock | Incoming::Exhausted => break,
                    }
                }
            } else if event.readiness().is_timer() {
                connections.remove(id);
            } else if let Some(waiting) = connections.get_mut(id)
                && waiting.request.advance().is_ok_and(|answered| !answered)
            {
                // The rest of the line is still to come.
            } else if let Some(waiting) = connections.remove(id) {
                let _ = poller.cancel_deadline(waiting.idle);
            }
        }
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let options = ListenOptions::new().reuse_addr(true);
    match options.defer_accept(Duration::from_secs(1)).listen(address) {
        Err(error) if error.kind() == ErrorKind::Unsupported => options.listen(address),
        listener => listener,
    }
}

fn wait(
    poller: &mut Poller,
    connections: &mut Connections,
    mut request: Request,
    idle: Duration,
) -> mio_st::Result<()> {
    let entry = connections.vacant_entry()?;
    let id = entry.key().into();
    poller.register(&mut request.stream, id, Interests::READABLE, PollOption::Level)?;
    let idle = poller.add_timeout(id, idle)?;
    entry.insert(Waiting { request, idle });
    Ok(())
}

impl Request {
    fn new(stream: TcpStream) -> Request {
        Request { stream, line: [0; LONGEST_LINE], length: 0 }
    }

    /// Reads once, and answers if the line is complete. Returns whether it has.
    fn advance(&mut self) -> io::Result<bool> {
        match self.stream.read(&mut self.line[self.length..]) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(count) => self.length += count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
            Err(error) => return Err(error),
        }
        let read = &mut self.line[..self.length];
        let Some(end) = read.iter().position(|&byte| byte == b'\n') else {
            let is_too_long = read.len() == LONGEST_LINE;
            return if is_too_long { Err(ErrorKind::InvalidData.into()) } else { Ok(false) };
        };
        let answer = &mut read[..=end];
        answer.make_ascii_uppercase();
        // It is the first that is sent, and fits the socket's buffer.
        self.stream.write_all(answer)?;
        Ok(true)
    }
}
