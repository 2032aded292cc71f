//! An example as a process.

use core::net::SocketAddr;
use core::time::Duration;
use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;

use super::PATIENCE;

/// Where cargo has put an example of this name: beside the folder that this test is in.
pub fn example(name: &str) -> PathBuf {
    let mut path = env::current_exe().unwrap();
    path.pop();
    path.pop();
    path.push("examples");
    path.push(name);
    assert!(path.exists(), "{} is not built: `cargo test` builds it", path.display());
    path
}

/// A server that says where it listens in its first line, and is killed when dropped.
pub struct Server {
    pub process: Child,
    pub address: SocketAddr,
    log: Arc<Mutex<String>>,
}

impl Server {
    pub fn start(name: &str, arguments: &[&str]) -> Server {
        Server::start_by(Command::new(example(name)).args(arguments))
    }

    pub fn start_by(command: &mut Command) -> Server {
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let address = line.trim_end().rsplit(' ').next().unwrap().parse().unwrap();
        let log = Arc::new(Mutex::new(line));
        let copy = Arc::clone(&log);
        thread::spawn(move || {
            for line in stdout.lines() {
                copy.lock().unwrap().push_str(&format!("{}\n", line.unwrap()));
            }
        });
        Server { process, address, log }
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// In steps that the listener's queue has room for, or a busy machine would take seconds to try
    /// again.
    pub fn connect_many(&self, count: usize) -> Vec<TcpStream> {
        let mut clients = Vec::new();
        while clients.len() < count {
            clients.push(self.connect());
            if clients.len().is_multiple_of(100) {
                self.wait_for(&format!("connected, {} open", clients.len()));
            }
        }
        clients
    }

    /// Waits until the server has printed `text`, and forgets it.
    pub fn wait_for(&self, text: &str) {
        let start = Instant::now();
        loop {
            let mut log = self.log.lock().unwrap();
            if let Some(at) = log.find(text) {
                log.replace_range(at..at + text.len(), "");
                return;
            }
            assert!(start.elapsed() < PATIENCE, "no '{text}' in:\n{log}");
            drop(log);
            thread::sleep(Duration::from_millis(2));
        }
    }

    pub fn end(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status;
            }
            assert!(start.elapsed() < PATIENCE, "the server does not end");
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// See proc(5); 0 where there is no such thing.
    pub fn resident_bytes(&self) -> usize {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()));
        let status = status.unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.map_or(0, |line| 1024 * line.trim().trim_end_matches(" kB").parse::<usize>().unwrap())
    }

    /// Waits until the server sleeps: is not scheduled once while this looks, see proc(5). One that
    /// spins, or is woken again and again, never does.
    #[track_caller]
    pub fn wait_for_sleep(&self) {
        let start = Instant::now();
        loop {
            let before = self.scheduling();
            thread::sleep(Duration::from_millis(30));
            let now = self.scheduling();
            if now == before && now.iter().all(|line| !line.starts_with("State:\tR")) {
                return;
            }
            assert!(start.elapsed() < PATIENCE, "the server does not sleep: {before:?}, {now:?}");
        }
    }

    /// How often its threads have been given the processor; 0 where nothing tells.
    pub fn times_scheduled(&self) -> u64 {
        let lines = self.scheduling();
        let numbers =
            lines.iter().filter_map(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
        numbers.sum::<u64>()
    }

    /// For each thread its state, and how often it has been given the processor; nothing where
    /// there is no such thing.
    fn scheduling(&self) -> Vec<String> {
        let threads = fs::read_dir(format!("/proc/{}/task", self.process.id()));
        let mut lines = vec![];
        for thread in threads.into_iter().flatten().flatten() {
            let status = fs::read_to_string(thread.path().join("status")).unwrap_or_default();
            let is_wanted =
                |line: &&str| line.starts_with("State:") || line.contains("ctxt_switches:");
            lines.extend(status.lines().filter(is_wanted).map(str::to_owned));
        }
        lines
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
