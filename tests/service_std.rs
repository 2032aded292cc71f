//! The service with an allocator that aborts serves real clients, and ends in order.
#![cfg(feature = "std")]
#![allow(unsafe_code)]

mod support;

use core::net::SocketAddr;
use core::time::Duration;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::thread;

use self::support::*;

/// One that can be told to end, and asked how it did.
struct Service {
    process: Child,
    output: BufReader<ChildStdout>,
    address: SocketAddr,
}

impl Service {
    fn start(idle: Duration, limit: Option<usize>) -> Service {
        let mut command = Command::new("sh");
        let limit = limit.map_or(String::new(), |limit| format!("ulimit -n {limit}; "));
        command.arg("-c").arg(format!("{limit}exec \"$0\" \"$@\"")).arg(example("service_std"));
        command.args(["127.0.0.1:0", &idle.as_millis().to_string()]);
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let address = line.trim_end().rsplit(' ').next().unwrap().parse().unwrap();
        Service { process, output, address }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// Its exit status, and the line that it ends with.
    fn stop(&mut self, signal: i32) -> (ExitStatus, String) {
        signal_child(&self.process, signal);
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        (self.process.wait().unwrap(), line)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Sends `length` bytes and wants them back.
fn talk(mut stream: TcpStream, seed: u64, length: usize) {
    let data: Vec<u8> = (0..length as u64).map(|n| ((n * n + seed) % 251) as u8).collect();
    let mut writer = stream.try_clone().unwrap();
    thread::scope(|scope| {
        // From another thread, since more goes out than fits into the sockets.
        scope.spawn(|| writer.write_all(&data).unwrap());
        let mut echo = vec![0; length];
        stream.read_exact(&mut echo).unwrap();
        assert!(echo == data, "another echo");
    });
}

#[test]
fn it_echoes_to_many_at_once_and_ends_when_told_to() {
    let mut service = Service::start(Duration::from_secs(60), None);
    let lengths = [3_000_000, 1, 255, 256, 257, 100_000, 512, 70_000];
    thread::scope(|scope| {
        for (seed, length) in lengths.into_iter().enumerate() {
            let stream = service.connect();
            scope.spawn(move || talk(stream, seed as u64, length));
        }
    });
    let mut silent: Vec<_> = (0..200).map(|_| service.connect()).collect();
    for stream in &mut silent {
        stream.write_all(b"hello").unwrap();
        stream.read_exact(&mut [0; 5]).unwrap();
    }
    // Half of them go, some of them rudely: the others are as good as before.
    for stream in silent.drain(..100) {
        stream.shutdown(Shutdown::Write).unwrap();
    }
    reset_on_close(&silent.pop().unwrap());
    silent.drain(..99).for_each(|stream| talk(stream, 5, 1000));

    let (status, farewell) = service.stop(libc::SIGTERM);
    assert!(status.success(), "{status}");
    let bytes = lengths.iter().sum::<usize>() + 200 * 5 + 99 * 1000;
    assert_eq!(farewell, format!("served {}, echoed {bytes} bytes\n", lengths.len() + 200));
}

#[test]
fn who_is_silent_is_closed_in_time() {
    const IDLE: Duration = Duration::from_millis(400);
    let mut service = Service::start(IDLE, None);
    let (mut served, mut echoed) = (0, 0);
    let mut stays_open = || {
        let (mut busy, mut quiet) = (service.connect(), service.connect());
        served += 2;
        // One is kept alive for twice the time, the other is not.
        let last = stay_busy(IDLE, || {
            let is_alive = busy.write_all(b"x").is_ok() && matches!(busy.read(&mut [0; 9]), Ok(1));
            echoed += usize::from(is_alive);
            is_alive
        });
        assert_eq!(quiet.read(&mut [0; 9]).unwrap(), 0);
        let Some(last) = last else { return false };
        assert_eq!(busy.read(&mut [0; 9]).unwrap(), 0);
        assert!(last.elapsed() >= IDLE / 2, "closed early, after {:?}", last.elapsed());
        true
    };
    assert!(succeeds(&mut stays_open));
    let (status, farewell) = service.stop(libc::SIGINT);
    assert!(status.success(), "{status}");
    assert_eq!(farewell, format!("served {served}, echoed {echoed} bytes\n"));
}

#[test]
fn out_of_descriptors_it_refuses_and_goes_on() {
    let mut service = Service::start(Duration::from_secs(60), Some(40));
    let mut streams: Vec<_> = (0..60).map(|_| service.connect()).collect();
    let mut served = vec![];
    for mut stream in streams.drain(..) {
        // Who was refused hears the end or the reset.
        if stream.write_all(b"x").is_ok() && stream.read(&mut [0]).is_ok_and(|length| length == 1) {
            served.push(stream);
        }
    }
    assert!((10..40).contains(&served.len()), "{}", served.len());
    served.truncate(1);
    let mut again = service.connect();
    // The others' ends may come after this one.
    while again.write_all(b"x").is_err() || again.read(&mut [0]).unwrap_or(0) == 0 {
        again = service.connect();
    }
    talk(served.pop().unwrap(), 9, 10_000);
    assert!(service.stop(libc::SIGTERM).0.success());
}

/// Both are waiting when it comes to look. One that is not received would kill it as it ends.
#[test]
fn two_signals_at_once_are_one_end() {
    let mut service = Service::start(Duration::from_secs(60), None);
    talk(service.connect(), 3, 1000);
    for signal in [libc::SIGSTOP, libc::SIGINT, libc::SIGTERM] {
        signal_child(&service.process, signal);
    }
    let (status, farewell) = service.stop(libc::SIGCONT);
    assert!(status.success(), "{status}");
    assert_eq!(farewell, "served 1, echoed 1000 bytes\n");
}

#[test]
fn one_allocation_ends_it() {
    let mut command = Command::new(example("service_std"));
    let output = command.args(["127.0.0.1:0", "1000", "allocate"]).output().unwrap();
    assert_eq!(output.status.signal(), Some(libc::SIGABRT));
    assert!(output.stdout.is_empty());
}
