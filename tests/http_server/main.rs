//! `examples/http_server`: its protocol by itself, and the whole of it as a process with real and
//! with hostile clients.
#![cfg(feature = "std")]
#![allow(unsafe_code, clippy::std_instead_of_core)]

#[path = "../support/counting.rs"]
mod counting;
#[path = "../support/mod.rs"]
mod support;

#[allow(dead_code)]
#[path = "../../examples/http_server/main.rs"]
mod example;

mod allocations;
mod clients;
mod crowds;
mod ending;
mod limits;
mod messages;
mod protocol;

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;

use support::Server;

/// A response as a client sees it.
#[derive(Debug, PartialEq, Eq)]
struct Response {
    status: u16,
    head: String,
    body: Vec<u8>,
}

fn start(arguments: &[&str]) -> Server {
    Server::start("http_server", &[&["127.0.0.1:0"], arguments].concat())
}

/// Reads one response to `method`.
fn read_response(stream: &mut impl BufRead, method: &str) -> Response {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert_ne!(stream.read_line(&mut head).unwrap(), 0, "the end within {head:?}");
    }
    let field = |name: &str| head.lines().find_map(|line| line.strip_prefix(name));
    let length = field("Content-Length: ").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![];
    if field("Transfer-Encoding: chunked").is_some() {
        read_chunks(stream, &mut body);
    } else if method != "HEAD" {
        body = vec![0; length];
        stream.read_exact(&mut body).unwrap();
    }
    Response { status: head[9..12].parse().unwrap(), head, body }
}

fn read_chunks(stream: &mut impl BufRead, body: &mut Vec<u8>) {
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        let size = usize::from_str_radix(line.trim_end(), 16).unwrap();
        let mut chunk = vec![0; size + 2];
        stream.read_exact(&mut chunk).unwrap();
        assert!(chunk.ends_with(b"\r\n"));
        body.extend(&chunk[..size]);
        if size == 0 {
            return;
        }
    }
}

/// Sends `request` on a connection of its own and reads the response.
fn ask(server: &Server, request: &[u8]) -> Response {
    let mut stream = server.connect();
    stream.write_all(request).unwrap();
    read_response(&mut BufReader::new(stream), "GET")
}

/// The connection still works.
fn greets(stream: &mut TcpStream) -> bool {
    stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    read_response(&mut BufReader::new(stream), "GET").body == b"Hello, world!"
}

/// The same of one that the server may have closed.
fn is_greeted(stream: &mut TcpStream) -> bool {
    let is_sent = stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").is_ok();
    is_sent
        && stream.peek(&mut [0]).is_ok_and(|length| length > 0)
        && read_response(&mut BufReader::new(stream), "GET").body == b"Hello, world!"
}

/// What comes until the end, or until the connection is reset.
fn read_rest(mut stream: &TcpStream) -> Vec<u8> {
    let (mut bytes, mut buffer) = (vec![], [0; 4096]);
    loop {
        match stream.read(&mut buffer) {
            Ok(count @ 1..) => bytes.extend(&buffer[..count]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            _ => return bytes,
        }
    }
}
