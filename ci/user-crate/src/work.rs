//! What both sides share.

use libc::{c_int, c_void};

pub const SOURCES: usize = 256;
pub const ROUNDS: usize = 1000;

/// Event counters, of which the first `ready` are readable for ever.
pub fn eventfds(ready: usize) -> Vec<c_int> {
    // SAFETY: no memory is involved.
    (0..SOURCES).map(|n| unsafe { libc::eventfd(u32::from(n < ready), 0) }).collect()
}

/// Connected sockets: the clients' ends, and the server's.
pub fn connections(count: usize) -> (Vec<c_int>, Vec<c_int>) {
    (0..count)
        .map(|_| {
            let (kind, mut ends) = (libc::SOCK_STREAM | libc::SOCK_NONBLOCK, [0; 2]);
            // SAFETY: the kernel writes two numbers.
            assert_eq!(unsafe { libc::socketpair(libc::AF_UNIX, kind, 0, ends.as_mut_ptr()) }, 0);
            (ends[0], ends[1])
        })
        .unzip()
}

pub fn write(fd: c_int, bytes: &[u8]) -> isize {
    // SAFETY: the kernel reads bytes that are alive.
    unsafe { libc::write(fd, bytes.as_ptr().cast::<c_void>(), bytes.len()) }
}

pub fn read(fd: c_int, bytes: &mut [u8]) -> isize {
    // SAFETY: the kernel writes at most as many bytes.
    unsafe { libc::read(fd, bytes.as_mut_ptr().cast::<c_void>(), bytes.len()) }
}

/// Every client sends a byte.
pub fn send_all(clients: &[c_int]) {
    clients.iter().for_each(|&client| assert_eq!(write(client, b"x"), 1));
}

/// Every client receives its echo.
pub fn receive_all(clients: &[c_int]) {
    clients.iter().for_each(|&client| assert_eq!(read(client, &mut [0; 8]), 1));
}

/// Reads what has come and sends it back.
#[inline(always)]
pub fn echo_one(fd: c_int) {
    let mut buffer = [0; 64];
    let count = read(fd, &mut buffer);
    if count > 0 {
        write(fd, &buffer[..count as usize]);
    }
}

/// The most connections that one event of the listener lets a server accept.
pub const ACCEPTS: usize = 16;

/// A TCP listener, and its address.
pub fn listen() -> (std::net::TcpListener, std::net::SocketAddr) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// Clients that have connected and sent a request.
pub fn clients(address: std::net::SocketAddr, count: usize) -> Vec<std::net::TcpStream> {
    use std::io::Write;
    let connect = || {
        let mut client = std::net::TcpStream::connect(address).unwrap();
        client.write_all(b"request").unwrap();
        client
    };
    (0..count).map(|_| connect()).collect()
}

/// Every client receives the answer and the end.
pub fn receive_answers(clients: Vec<std::net::TcpStream>) {
    use std::io::Read;
    for mut client in clients {
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).unwrap();
        assert_eq!(answer, b"request");
    }
}
