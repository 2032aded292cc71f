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

/// Sends a signal to a child that was not waited for.
pub fn signal_child(child: &Child, signal: i32) {
    // SAFETY: no memory is involved; a child that was not waited for keeps its number.
    assert_eq!(unsafe { libc::kill(child.id() as i32, signal) }, 0);
}

/// Waits until a child ends, which it must.
#[track_caller]
pub fn wait_for_child(child: &mut Child) -> ExitStatus {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        assert!(start.elapsed() < PATIENCE, "the process does not end");
        thread::sleep(Duration::from_millis(1));
    }
}

/// Arguments of a program, its exit status with them, and what it says then.
pub type Complaint<'a> = (&'a [&'a str], i32, &'a str);

/// A program says what is wrong with its arguments.
#[track_caller]
pub fn assert_complaints(program: &str, complaints: &[Complaint<'_>]) {
    for (arguments, status, error) in complaints {
        let output = Command::new(example(program)).args(*arguments).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(*status), "{arguments:?}: {stderr}");
        assert!(stderr.starts_with(&format!("{program}: {error}")), "{arguments:?}: {stderr}");
    }
}

/// What another program prints, which must succeed; `None` if it is not installed.
#[track_caller]
pub fn output_of(program: &str, arguments: &[&str]) -> Option<String> {
    let Ok(output) = Command::new(program).args(arguments).output() else {
        super::skip(format_args!("no {program}"));
        return None;
    };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{program} {arguments:?}: {}", text(&output.stderr));
    Some(text(&output.stdout))
}

/// A load generator gets all its responses, with kept connections and without.
#[track_caller]
pub fn assert_serves_ab(url: &str, requests: &str) {
    for keep_alive in [&["-k"][..], &[]] {
        let arguments = [&["-q", "-n", requests, "-c", "10"], keep_alive, &[url]].concat();
        let Some(report) = output_of("ab", &arguments) else { continue };
        let line = |name: &str| report.lines().find(|line| line.starts_with(name)).unwrap_or("");
        let count = |name: &str| line(name).rsplit(' ').next();
        assert_eq!(count("Complete requests:"), Some(requests), "{report}");
        assert_eq!(count("Failed requests:"), Some("0"), "{report}");
        assert_eq!(line("Non-2xx"), "");
    }
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
        // `per_core` ends when its standard input does.
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
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

    pub fn signal(&self, signal: i32) {
        signal_child(&self.process, signal);
    }

    pub fn end(&mut self) -> ExitStatus {
        wait_for_child(&mut self.process)
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
