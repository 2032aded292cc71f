//! What strace and callgrind see of a peer's part in a contest, or of a server.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;

use crate::echo::{Client, Server, churn};
use crate::programs::http_client;
use crate::sys;

/// The program `work`, which lies beside this one.
pub fn work() -> PathBuf {
    let mut path = std::env::current_exe().unwrap();
    path.set_file_name("work");
    path
}

/// System calls per measured operation.
pub fn system_calls(section: &str, name: &str, peer: &str) -> f64 {
    let trace = Scratch::new();
    let output = Command::new("strace")
        .args(["--follow-forks", "--quiet=all", "--signal=none", "--output", trace.name()])
        .arg(work())
        .args([section, name, peer, "2", "marks"])
        .output()
        .expect("strace runs");
    let ops: f64 = number(&output.stdout);
    let (mut measured, mut calls) = (false, 0);
    for line in trace.read().lines() {
        // Where threads interleave, a call is cut in two, and the first half has no bracket.
        if line.contains("close(-77)") || line.contains("close(-77 <unfinished") {
            measured = !measured;
        } else if measured && !line.contains(" resumed>") {
            calls += 1;
        }
    }
    f64::from(calls) / ops
}

/// User-space instructions per measured operation.
pub fn instructions(section: &str, name: &str, peer: &str) -> f64 {
    let output = Command::new("valgrind")
        .args(CALLGRIND)
        .arg("--toggle-collect=*measured_work*")
        .arg(work())
        .args([section, name, peer, "2"])
        .output()
        .expect("valgrind runs");
    collected(&String::from_utf8_lossy(&output.stderr)) / number(&output.stdout)
}

const CALLGRIND: [&str; 2] = ["--tool=callgrind", "--callgrind-out-file=/dev/null"];

/// What a server does for one request on `connections`: (system calls, instructions).
pub fn per_request(peer: &str, connections: usize) -> (f64, f64) {
    let few = (640 / connections).max(2) * connections;
    per(peer, few, &|port, count| drop(Client::connect(port, connections).run(count)))
}

/// What a server does for one connection that comes, sends, and goes: (system calls, instructions).
pub fn per_connection(peer: &str) -> (f64, f64) {
    per(peer, 160, &churn)
}

/// What an HTTP server does for one request on `connections`, sent `depth` at once: (system calls, instructions).
pub fn per_http_request(peer: &str, connections: usize, depth: usize) -> (f64, f64) {
    let load = |port, count| http_client::Client::connect(port, connections, depth).run(count);
    per(&format!("http {peer}"), 2 * connections * depth, &load)
}

/// Two lengths of work, one subtracted from the other.
fn per(peer: &str, few: usize, load: &dyn Fn(u16, usize)) -> (f64, f64) {
    let many = 10 * few;
    let difference = |cost: &dyn Fn(usize) -> f64| (cost(many) - cost(few)) / (many - few) as f64;
    (
        difference(&|count| traced(peer, |port| load(port, count))),
        difference(&|count| grinded(peer, |port| load(port, count))),
    )
}

fn traced(peer: &str, load: impl FnOnce(u16)) -> f64 {
    let trace = Scratch::new();
    let tool = ["strace", "--quiet=all", "--signal=none", "--output", trace.name()];
    let server = Server::start(&work(), peer, &tool);
    load(server.port);
    server.stop();
    trace.read().lines().count() as f64
}

fn grinded(peer: &str, load: impl FnOnce(u16)) -> f64 {
    let log = Scratch::new();
    let log_file = format!("--log-file={}", log.name());
    let server =
        Server::start(&work(), peer, &["valgrind", CALLGRIND[0], CALLGRIND[1], log_file.as_str()]);
    load(server.port);
    server.stop();
    collected(&log.read())
}

/// From callgrind's report.
fn collected(report: &str) -> f64 {
    let line = report.lines().find(|line| line.contains("Collected :")).expect("callgrind reports");
    line.split_whitespace().last().unwrap().parse().unwrap()
}

fn number(output: &[u8]) -> f64 {
    String::from_utf8_lossy(output).trim().parse().expect("the program says how much it did")
}

/// Does jobs with all processors, for figures that are no times.
pub fn on_all_processors<J: Sync, R: Send>(jobs: &[J], work: impl Fn(&J) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let worker = |processor| {
        sys::keep_on(0, processor);
        let mut done = Vec::new();
        while let at = next.fetch_add(1, Relaxed)
            && let Some(job) = jobs.get(at)
        {
            done.push((at, work(job)));
        }
        done
    };
    let mut done: Vec<(usize, R)> = thread::scope(|scope| {
        let workers: Vec<_> = (0..sys::processors())
            .map(|processor| scope.spawn(move || worker(processor)))
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    done.sort_by_key(|&(at, _)| at);
    done.into_iter().map(|(_, result)| result).collect()
}

/// Whether there is such a program.
pub fn has(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// A file of a name of its own, removed at the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Scratch {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("mio-st-{}-{}", std::process::id(), NEXT.fetch_add(1, Relaxed));
        Scratch(std::env::temp_dir().join(name))
    }

    fn name(&self) -> &str {
        self.0.to_str().unwrap()
    }

    fn read(&self) -> String {
        std::fs::read_to_string(Path::new(&self.0)).unwrap_or_default()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
