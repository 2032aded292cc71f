//! A server for which system calls fail: strace(1) injects the errors.

use std::fs;
use std::process::Command;

use super::{Server, example};

impl Server {
    /// Starts an example with an `inject` of strace(1) for one system call. `None` without strace.
    pub fn start_injected(
        name: &str,
        arguments: &[&str],
        call: &str,
        inject: &str,
    ) -> Option<Server> {
        Command::new("strace").arg("-V").output().ok()?;
        let mut command = Command::new("strace");
        // By -D the server is our child, and strace is not.
        command.args([
            "-D",
            "-f",
            "--seccomp-bpf",
            "-qq",
            "-o",
            "/dev/null",
            "-e",
            &format!("trace={call}"),
        ]);
        command.args(["-e", &format!("inject={call}:{inject}")]);
        Some(Server::start_by(command.arg(example(name)).args(arguments)))
    }

    /// How many descriptors it has open, see proc(5); 0 where there is no such thing.
    pub fn descriptors(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.process.id())).map_or(0, Iterator::count)
    }
}
