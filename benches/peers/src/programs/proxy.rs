//! `examples/proxy` and other proxies, each a process of its own, between a client and a backend in this one.

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::sys;
use crate::tools;

/// In the order of the table.
pub const PEERS: &[&str] = &["mio-st", "HAProxy", "socat"];

/// What a message is, for connections that carry one each way.
const MESSAGE: [u8; 64] = [b'm'; 64];

/// A proxy at work, until it is dropped, and its backend.
pub struct Proxy {
    child: Child,
    port: u16,
    backend: TcpListener,
}

impl Proxy {
    /// Starts it, on one processor. `None` if it is not installed.
    pub fn start(peer: &str) -> Option<Proxy> {
        let backend = TcpListener::bind("127.0.0.1:0").unwrap();
        // A longer queue than std's 128.
        // SAFETY: no memory is involved.
        sys::check(unsafe { libc::listen(std::os::fd::AsRawFd::as_raw_fd(&backend), 4096) });
        let target = backend.local_addr().unwrap();
        let port = free_port();
        let mut command = match peer {
            "mio-st" => {
                let mut command = Command::new(tools::work().with_file_name("examples/proxy"));
                command.args([format!("127.0.0.1:{port}"), target.to_string()]);
                command
            }
            "socat" => {
                let listen =
                    format!("TCP-LISTEN:{port},bind=127.0.0.1,reuseaddr,fork,nodelay,backlog=512");
                let mut command = Command::new("socat");
                command.args(["-b65536", &listen, &format!("TCP:{target},nodelay")]);
                command
            }
            "HAProxy" => {
                let mut command = Command::new(haproxy());
                command.args(["-db", "-q", "-f", "/dev/stdin"]);
                command
            }
            peer => panic!("{peer}: no such peer"),
        };
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().ok()?;
        if peer == "HAProxy" {
            let config = format!(
                "global\n nbthread 1\n maxconn 4000\ndefaults\n mode tcp\n option splice-request\n option splice-response\n \
                 timeout connect 3s\n timeout client 300s\n timeout server 300s\nlisten proxy\n \
                 bind 127.0.0.1:{port}\n server backend {target}\n"
            );
            child.stdin.take().unwrap().write_all(config.as_bytes()).unwrap();
        }
        sys::keep_on(child.id() as i32, 1);
        let proxy = Proxy { child, port, backend };
        proxy.wait();
        Some(proxy)
    }

    /// Waits until it listens.
    fn wait(&self) {
        for _ in 0..1_000 {
            if let Ok(probe) = TcpStream::connect(("127.0.0.1", self.port)) {
                let _backend = self.backend.accept().unwrap();
                drop(probe);
                return;
            }
            thread::sleep(Duration::from_millis(5));
        }
        panic!("the proxy does not listen");
    }

    /// Carries so many bytes from a client to the backend.
    pub fn transfer(&self, bytes: usize) {
        let mut client = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let (mut backend, _) = self.backend.accept().unwrap();
        thread::scope(|scope| {
            scope.spawn(move || {
                let block = vec![7; 256 * 1024];
                let mut left = bytes;
                while left > 0 {
                    let count = client.write(&block[..left.min(block.len())]).unwrap();
                    left -= count;
                }
                client.shutdown(Shutdown::Write).unwrap();
                assert_eq!(client.read(&mut [0]).unwrap(), 0);
            });
            let (mut buffer, mut sum) = (vec![0; 256 * 1024], 0);
            loop {
                match backend.read(&mut buffer).unwrap() {
                    0 => break,
                    count => sum += count,
                }
            }
            assert_eq!(sum, bytes);
            drop(backend);
        });
    }

    /// Makes so many connections, 16 at once, each of which carries a message each way.
    pub fn connections(&self, count: usize) {
        thread::scope(|scope| {
            scope.spawn(|| {
                for _ in 0..count {
                    let (mut backend, _) = self.backend.accept().unwrap();
                    let mut message = [0; MESSAGE.len()];
                    backend.read_exact(&mut message).unwrap();
                    backend.write_all(&message).unwrap();
                }
            });
            for _ in 0..count / 16 {
                let connect = |_| TcpStream::connect(("127.0.0.1", self.port)).unwrap();
                let mut some: Vec<TcpStream> = (0..16).map(connect).collect();
                some.iter_mut().for_each(|client| client.write_all(&MESSAGE).unwrap());
                for client in &mut some {
                    client.read_exact(&mut [0; MESSAGE.len()]).unwrap();
                }
            }
        });
    }

    /// The processor time that it has used, and its children that have ended, in seconds: see proc(5).
    pub fn seconds(&self) -> f64 {
        let id = self.child.id();
        // What a child has used counts once it has ended.
        let children = format!("/proc/{id}/task/{id}/children");
        while fs::read_to_string(&children).is_ok_and(|children| !children.is_empty()) {
            thread::sleep(Duration::from_millis(5));
        }
        // Its own time in nanoseconds; that of its children in hundredths of a second.
        let own = fs::read_to_string(format!("/proc/{id}/schedstat")).unwrap();
        let own: f64 = own.split(' ').next().unwrap().parse().unwrap();
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
        // After the name, which is in brackets, the third field.
        let (_, fields) = stat.rsplit_once(") ").unwrap();
        let ticks = fields.split(' ').skip(13).take(2).map(|ticks| ticks.parse::<f64>().unwrap());
        own / 1e9 + ticks.sum::<f64>() / 100.0
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Debian keeps it where only root's searches go.
fn haproxy() -> PathBuf {
    let path = PathBuf::from("/usr/sbin/haproxy");
    if path.exists() { path } else { "haproxy".into() }
}
