//! Datagrams of 64 bytes, received and answered by a server: one system call for each, or one for many. What
//! the clients do is not measured.

use std::io::ErrorKind;
use std::net::UdpSocket;

use mio_st::socket::{self, PacketBatch};

use crate::measure::{Contest, Run, measure};

#[allow(dead_code)] // It is a program.
#[path = "../../../../examples/dns_server.rs"]
mod dns_server;

/// How many datagrams wait when the server's turn comes.
const CROWD: usize = 128;
const LENGTH: usize = 64;
/// How many the server takes at once, and with room for how many bytes.
const BATCH: usize = 64;
const ROOM: usize = 512;

pub fn contests() -> Vec<Contest> {
    let contest = |name: &str, peers: usize, query: fn(usize) -> Vec<u8>, reply: Reply| {
        Contest::new("datagrams", name)
            .with("one call each", move || one_by_one(peers, query, reply))
            .with("mio-st", move || many(peers, query, reply))
    };
    vec![
        contest("echo, 1 peer", 1, |number| vec![number as u8; LENGTH], echo),
        contest("echo, 32 peers", 32, |number| vec![number as u8; LENGTH], echo),
        contest("DNS, 1 peer", 1, question, dns),
        contest("DNS, 32 peers", 32, question, dns),
    ]
}

/// Writes the reply to a query and says how long it is.
type Reply = fn(&[u8], &mut [u8; ROOM]) -> usize;

fn echo(query: &[u8], reply: &mut [u8; ROOM]) -> usize {
    reply[..query.len()].copy_from_slice(query);
    query.len()
}

fn dns(query: &[u8], reply: &mut [u8; ROOM]) -> usize {
    dns_server::answer(query, false, reply)
}

/// A question for a name of the example's zone, as long as all others: with a label that is not known.
fn question(number: usize) -> Vec<u8> {
    let mut query = vec![0, number as u8, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    query.extend([31]);
    query.extend([b'a' + (number % 26) as u8; 31]);
    query.extend(b"\x04zone\x04test\0\0\x01\0\x01");
    query.resize(LENGTH, 0);
    query
}

struct Clients {
    sockets: Vec<UdpSocket>,
    queries: Vec<Vec<u8>>,
}

impl Clients {
    fn new(peers: usize, query: fn(usize) -> Vec<u8>, server: &socket::UdpSocket) -> Clients {
        let connect = || {
            let client = UdpSocket::bind("127.0.0.1:0").unwrap();
            client.set_nonblocking(true).unwrap();
            client.connect(server.local_addr().unwrap()).unwrap();
            client
        };
        Clients {
            sockets: std::iter::repeat_with(connect).take(peers).collect(),
            queries: (0..CROWD).map(query).collect(),
        }
    }

    fn ask(&self) {
        for (number, query) in self.queries.iter().enumerate() {
            self.sockets[number % self.sockets.len()].send(query).unwrap();
        }
    }

    fn hear(&self) {
        let mut heard = 0;
        for socket in &self.sockets {
            loop {
                match socket.recv(&mut [0; ROOM]) {
                    Ok(_) => heard += 1,
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(error) => panic!("{error}"),
                }
            }
        }
        assert_eq!(heard, CROWD, "loopback loses nothing that there is room for");
    }
}

fn server() -> socket::UdpSocket {
    let server = socket::UdpSocket::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    server.set_recv_buffer_size(4 << 20).unwrap();
    server
}

fn one_by_one(peers: usize, query: fn(usize) -> Vec<u8>, reply: Reply) -> Run {
    let server = server();
    let clients = Clients::new(peers, query, &server);
    let (mut buffer, mut answer) = ([0; ROOM], [0; ROOM]);
    Box::new(move || {
        clients.ask();
        let sample = measure(CROWD, || {
            while let Ok(datagram) = server.recv_datagram(&mut buffer) {
                let length = reply(&buffer[..datagram.len], &mut answer);
                server.send_to(&answer[..length], datagram.address).unwrap();
            }
        });
        clients.hear();
        sample
    })
}

fn many(peers: usize, query: fn(usize) -> Vec<u8>, reply: Reply) -> Run {
    let server = server();
    let clients = Clients::new(peers, query, &server);
    let mut batch = Box::new(PacketBatch::<BATCH, ROOM>::new());
    let mut answer = [0; ROOM];
    Box::new(move || {
        clients.ask();
        let sample = measure(CROWD, || {
            while server.recv_many(&mut batch).is_ok() {
                for packet in batch.iter_mut() {
                    *packet.len = reply(&packet.buffer[..*packet.len], &mut answer);
                    packet.buffer[..*packet.len].copy_from_slice(&answer[..*packet.len]);
                    *packet.info = packet.info.reply();
                }
                while !batch.is_empty() {
                    server.send_many(&mut batch).unwrap();
                }
            }
        });
        clients.hear();
        sample
    })
}
