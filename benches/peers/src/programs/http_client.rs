//! The client of the HTTP servers: keeps its connections, and sends so many requests at once on each.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::fd::{AsRawFd, OwnedFd};

use crate::sys;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";

pub struct Client {
    /// With how many bytes of responses are still to come.
    connections: Vec<(TcpStream, usize)>,
    epoll: OwnedFd,
    requests: Vec<u8>,
    depth: usize,
    /// How long a response is.
    response: usize,
}

impl Client {
    pub fn connect(port: u16, connections: usize, depth: usize) -> Client {
        let connections: Vec<_> = (0..connections).map(|_| (connect(port), 0)).collect();
        let response = ask(&connections[0].0);
        let epoll = sys::epoll();
        for (id, (connection, _)) in connections.iter().enumerate() {
            let fd = connection.as_raw_fd();
            sys::control(epoll.as_raw_fd(), libc::EPOLL_CTL_ADD, fd, libc::EPOLLIN, id);
        }
        let requests = REQUEST.repeat(depth);
        let mut client = Client { connections, epoll, requests, depth, response };
        // The server has accepted all of them when it has answered all.
        client.run(client.connections.len() * depth);
        client
    }

    /// Sends so many requests, on all connections, and reads the responses.
    pub fn run(&mut self, requests: usize) {
        let batches = requests / self.depth;
        let (mut sent, mut received) = (0, 0);
        for (connection, left) in self.connections.iter_mut().take(batches) {
            connection.write_all(&self.requests).unwrap();
            *left = self.response * self.depth;
            sent += 1;
        }
        let (mut events, mut buffer) =
            ([libc::epoll_event { events: 0, u64: 0 }; 256], [0; 16 * 1024]);
        while received < batches {
            let count = sys::wait(self.epoll.as_raw_fd(), &mut events, -1);
            for event in &events[..count.max(0) as usize] {
                let (connection, left) = &mut self.connections[event.u64 as usize];
                let count = connection.read(&mut buffer).unwrap();
                assert!(count > 0 && count <= *left, "{count} bytes, {left} expected");
                *left -= count;
                if *left > 0 {
                    continue;
                }
                received += 1;
                if sent < batches {
                    connection.write_all(&self.requests).unwrap();
                    *left = self.response * self.depth;
                    sent += 1;
                }
            }
        }
    }
}

fn connect(port: u16) -> TcpStream {
    let connection = TcpStream::connect(("127.0.0.1", port)).unwrap();
    connection.set_nodelay(true).unwrap();
    connection
}

/// Sends one request; how long the response is.
fn ask(mut connection: &TcpStream) -> usize {
    connection.write_all(REQUEST).unwrap();
    let mut response = Vec::new();
    while !String::from_utf8_lossy(&response).contains("Hello, world!") {
        let mut buffer = [0; 1024];
        let count = connection.read(&mut buffer).unwrap();
        assert!(count > 0, "{}", String::from_utf8_lossy(&response));
        response.extend(&buffer[..count]);
    }
    response.len()
}
