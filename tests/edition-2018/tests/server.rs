//! The README's server as a process with its loop live, and real clients.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{channel, Receiver};
use std::thread;
use std::time::{Duration, Instant};

const ADDRESS: &str = "127.0.0.1:12345";
const PATIENCE: Duration = Duration::from_secs(60);

/// The process, killed at the end of the test whatever happens.
struct Server(Child);

impl Server {
    fn start() -> Server {
        let mut command = Command::new(env!("CARGO_BIN_EXE_server"));
        Server(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
    }

    /// The lines that it prints, as they come.
    fn lines(&mut self) -> Receiver<String> {
        let stdout = BufReader::new(self.0.stdout.take().unwrap());
        let (sender, receiver) = channel();
        thread::spawn(move || stdout.lines().try_for_each(|line| sender.send(line.unwrap())));
        receiver
    }

    /// Waits for its end: success or not, and what it complained of.
    fn end(&mut self) -> (bool, String) {
        let mut complaint = String::new();
        self.0.stderr.take().unwrap().read_to_string(&mut complaint).unwrap();
        (self.0.wait().unwrap().success(), complaint)
    }

    /// The first connection, as soon as it listens.
    fn connect(&mut self) -> TcpStream {
        let start = Instant::now();
        loop {
            match TcpStream::connect(ADDRESS) {
                Ok(stream) => return stream,
                Err(error) => assert!(start.elapsed() < PATIENCE, "{}", error),
            }
            if self.0.try_wait().unwrap().is_some() {
                panic!("the server has ended: {}", self.end().1);
            }
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn it_reports_every_client_and_only_one_can_listen() {
    let mut server = Server::start();
    let lines = server.lines();
    let mut clients = Vec::new();
    for id in 10..60 {
        let client = if id == 10 { server.connect() } else { TcpStream::connect(ADDRESS).unwrap() };
        let address = client.local_addr().unwrap();
        let line = lines.recv_timeout(PATIENCE).expect("the server is silent");
        assert_eq!(line, format!("got a new connection from: {address}, id: EventedId({id})"));
        clients.push(client);
    }

    let (success, complaint) = Server::start().end();
    assert!(!success && complaint.contains("AddrInUse"), "{}", complaint);

    // It keeps what it accepted, whatever the clients do, and still serves.
    clients.truncate(25);
    let newcomer = TcpStream::connect(ADDRESS).unwrap().local_addr().unwrap();
    let line = lines.recv_timeout(PATIENCE).expect("the server is silent");
    assert_eq!(line, format!("got a new connection from: {newcomer}, id: EventedId(60)"));
    assert_eq!(server.0.try_wait().unwrap(), None, "the server has ended");
}
