//! Every server among the examples, started in the same way, and clients that each of them can
//! answer.

use core::net::{Ipv4Addr, SocketAddr};
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};
use core::time::Duration;
use std::fs;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::Instant;

use super::{PATIENCE, example, signal_child, skip, vacant, wait_for_child};

/// All that serve TCP. `echo_server` is the README's; `proxy` leads to an echo server of this process.
pub const SERVERS: [&str; 7] = [
    "echo_server",
    "tcp_server",
    "fair_server",
    "idle_timeout",
    "per_core",
    "service_std",
    "proxy",
];

/// Those that close a client after an idle time that is an argument.
pub const WITH_IDLE_TIME: [&str; 5] =
    ["tcp_server", "fair_server", "idle_timeout", "per_core", "service_std"];

/// Whether servers can be traced here; if not, the calling test is skipped.
pub fn can_trace() -> bool {
    let there_is = Command::new("strace").arg("-V").output().is_ok();
    if !there_is {
        skip("there is no strace here");
    }
    there_is
}

/// A server as a process, killed when dropped.
pub struct Running {
    pub process: Child,
    pub address: SocketAddr,
}

impl Running {
    /// Starts the server of this name, with an idle time if it takes one.
    pub fn start(name: &str, idle: Option<Duration>) -> Running {
        Running::start_by(&[], name, idle, Stdio::null())
    }

    /// The same, with system calls traced, and thus slowed down, or made to fail.
    pub fn start_traced(name: &str, options: &[&str]) -> Running {
        let strace = ["strace", "-D", "-f", "-qq", "-o", "/dev/null"];
        Running::start_by(&[&strace, options].concat(), name, None, Stdio::null())
    }

    /// The same, by the command that `launcher` begins.
    pub fn start_by(
        launcher: &[&str],
        name: &str,
        idle: Option<Duration>,
        output: Stdio,
    ) -> Running {
        // The address has to be known, because `echo_server` does not print it.
        let address = vacant(Ipv4Addr::LOCALHOST);
        let program = example(name);
        let mut command = match launcher {
            [] => Command::new(program),
            [first, rest @ ..] => {
                let mut command = Command::new(first);
                command.args(rest).arg(program);
                command
            }
        };
        command.args((name == "per_core").then_some("reuse-port")).arg(address.to_string());
        command.args((name == "proxy").then(|| echo_backend().to_string()));
        command.args(idle.map(|idle| idle.as_millis().to_string()));
        // `per_core` ends when its standard input does.
        command.stdin(Stdio::piped()).stdout(output);
        let mut running = Running { process: command.spawn().unwrap(), address };
        running.wait_until_it_listens();
        running
    }

    /// Without a connection, which would be the first that it accepts.
    fn wait_until_it_listens(&mut self) {
        let begin = Instant::now();
        let line = format!("0100007F:{:04X} 00000000:0000 0A", self.address.port());
        while !fs::read_to_string("/proc/net/tcp").unwrap().contains(&line) {
            assert_eq!(self.process.try_wait().unwrap(), None, "the server has ended");
            assert!(begin.elapsed() < PATIENCE, "the server does not listen");
            thread::sleep(Duration::from_millis(1));
        }
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    pub fn signal(&self, signal: i32) {
        signal_child(&self.process, signal);
    }

    pub fn end(&mut self) -> ExitStatus {
        wait_for_child(&mut self.process)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// An echo server with a thread for each connection, for as long as this process runs.
fn echo_backend() -> SocketAddr {
    static ADDRESS: OnceLock<SocketAddr> = OnceLock::new();
    *ADDRESS.get_or_init(|| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                thread::spawn(move || io::copy(&mut stream.try_clone().unwrap(), &mut stream));
            }
        });
        address
    })
}

/// Sends a line and waits for one: the same from an echo server, the count of bytes from
/// `fair_server`. Returns `false` if the connection ends instead.
pub fn is_answered(client: &mut TcpStream) -> bool {
    let mut answer = Vec::new();
    if client.write_all(b"ping\n").is_err() {
        return false;
    }
    while !answer.ends_with(b"\n") {
        let mut buffer = [0; 64];
        match client.read(&mut buffer) {
            Ok(length @ 1..) => answer.extend(&buffer[..length]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                panic!("neither answered nor closed")
            }
            _ => return false,
        }
    }
    true
}

/// Clients that send lines and read the answers, at full speed, for as long as `body` runs. It is
/// given the number of bytes that they have received until now.
pub fn flooded<T>(server: &Running, count: usize, body: impl FnOnce(&AtomicU64) -> T) -> T {
    let received = AtomicU64::new(0);
    thread::scope(|scope| {
        let mut floods = Vec::new();
        for _ in 0..count {
            let stream = server.connect();
            let (mut writer, mut reader) =
                (stream.try_clone().unwrap(), stream.try_clone().unwrap());
            scope.spawn(move || while writer.write_all(&[b'\n'; 1 << 16]).is_ok() {});
            let received = &received;
            scope.spawn(move || {
                let mut buffer = vec![0; 1 << 18];
                while let Ok(length @ 1..) = reader.read(&mut buffer) {
                    received.fetch_add(length as u64, Relaxed);
                }
            });
            floods.push(stream);
        }
        // Each is a flood by now, not a client that has just connected.
        while received.load(Relaxed) < count as u64 * (1 << 16) {
            thread::sleep(Duration::from_millis(1));
        }
        let result = body(&received);
        for stream in floods {
            let _ = stream.shutdown(std::net::Shutdown::Both);
        }
        result
    })
}
