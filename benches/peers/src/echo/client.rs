//! The client: starts servers, loads them, asks them what they have used.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Instant;

use crate::sys;

pub const MESSAGE: [u8; 64] = [b'm'; 64];

/// A server at work, until it is dropped.
pub struct Server {
    /// The server, or the tool that it runs under.
    child: Child,
    output: BufReader<ChildStdout>,
    pub port: u16,
    process: i32,
}

/// What a server has used so far.
#[derive(Copy, Clone, Default)]
pub struct Usage {
    pub allocations: u64,
    pub bytes: u64,
    pub micros: u64,
}

impl Server {
    /// Starts the server of a peer, under `tool` if there is one.
    pub fn start(work: &Path, peer: &str, tool: &[&str]) -> Server {
        let mut words: Vec<&str> = tool.to_vec();
        words.extend([work.to_str().unwrap(), "serve", peer]);
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).stdout(Stdio::piped());
        if !tool.is_empty() {
            command.stderr(Stdio::null());
        }
        let mut child = command.spawn().expect("the server starts");
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let (port, process) = line.trim().split_once(' ').expect("the server says who it is");
        let (port, process) = (port.parse().unwrap(), process.parse().unwrap());
        Server { child, output, port, process }
    }

    pub fn usage(&mut self) -> Usage {
        self.signal(libc::SIGUSR1);
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        let numbers: Vec<u64> = line.split_whitespace().map(|word| word.parse().unwrap()).collect();
        Usage { allocations: numbers[0], bytes: numbers[1], micros: numbers[2] }
    }

    /// Memory of its own that it has touched, in KiB.
    pub fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process)).unwrap();
        let line = status.lines().find(|line| line.starts_with("RssAnon:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    pub fn stay_on(&self, processor: usize) {
        sys::keep_on(self.process, processor);
    }

    /// Ends it. A tool that it runs under has written its report then.
    pub fn stop(self) {}

    fn signal(&self, signal: i32) {
        // SAFETY: no memory is involved, and the process has not been waited for.
        unsafe { libc::kill(self.process, signal) };
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.signal(libc::SIGTERM);
        let _ = self.child.wait();
    }
}

/// Connections to one server.
pub struct Client {
    connections: Vec<TcpStream>,
    epoll: OwnedFd,
}

impl Client {
    pub fn connect(port: u16, connections: usize) -> Client {
        let epoll = sys::epoll();
        let connections: Vec<TcpStream> = (0..connections).map(|_| connect(port)).collect();
        for (id, connection) in connections.iter().enumerate() {
            let fd = connection.as_raw_fd();
            sys::control(epoll.as_raw_fd(), libc::EPOLL_CTL_ADD, fd, libc::EPOLLIN, id);
        }
        let mut client = Client { connections, epoll };
        // The server has accepted all of them when it has answered the last.
        client.run(client.connections.len());
        client
    }

    /// Sends `messages`, one at a time on each connection; the nanoseconds that each took to come back.
    pub fn run(&mut self, messages: usize) -> Vec<u64> {
        let start = Instant::now();
        let nanos = || start.elapsed().as_nanos() as u64;
        let mut sent_at = vec![0; self.connections.len()];
        let mut latencies = Vec::with_capacity(messages);
        let mut sent = 0;
        for (connection, sent_at) in self.connections.iter_mut().zip(&mut sent_at).take(messages) {
            *sent_at = nanos();
            connection.write_all(&MESSAGE).unwrap();
            sent += 1;
        }
        let mut events = [libc::epoll_event { events: 0, u64: 0 }; 256];
        while latencies.len() < messages {
            let count = sys::wait(self.epoll.as_raw_fd(), &mut events, -1);
            for event in &events[..count.max(0) as usize] {
                let id = event.u64 as usize;
                let connection = &mut self.connections[id];
                connection.read_exact(&mut [0; MESSAGE.len()]).unwrap();
                let now = nanos();
                latencies.push(now - sent_at[id]);
                if sent < messages {
                    sent_at[id] = now;
                    connection.write_all(&MESSAGE).unwrap();
                    sent += 1;
                }
            }
        }
        latencies
    }
}

/// Connects, sends, waits for the echo and closes, `connections` times, 16 at once.
pub fn churn(port: u16, connections: usize) {
    for _ in 0..connections / 16 {
        let mut some: Vec<TcpStream> = (0..16).map(|_| connect(port)).collect();
        some.iter_mut().for_each(|connection| connection.write_all(&MESSAGE).unwrap());
        for connection in &mut some {
            connection.read_exact(&mut [0; MESSAGE.len()]).unwrap();
        }
    }
}

fn connect(port: u16) -> TcpStream {
    let connection = TcpStream::connect(("127.0.0.1", port)).unwrap();
    connection.set_nodelay(true).unwrap();
    connection
}
