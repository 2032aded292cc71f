//! For its size: an echo server with std and nothing between it and epoll. `size_raw ADDRESS`.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsRawFd, RawFd};

fn main() -> io::Result<()> {
    let listener = TcpListener::bind(std::env::args().nth(1).expect("an address"))?;
    listener.set_nonblocking(true)?;
    // SAFETY: no memory is involved.
    let epoll = check(unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) })?;
    watch(epoll, listener.as_raw_fd())?;
    let mut connections: HashMap<RawFd, TcpStream> = HashMap::new();
    let mut events = [libc::epoll_event { events: 0, u64: 0 }; 256];
    let mut buffer = [0; 1024];
    loop {
        // SAFETY: the kernel writes at most as many events as there is room for.
        let count = check(unsafe { libc::epoll_wait(epoll, events.as_mut_ptr(), 256, -1) })?;
        for event in &events[..count as usize] {
            let fd = event.u64 as RawFd;
            if fd == listener.as_raw_fd() {
                while let Ok((stream, _)) = listener.accept() {
                    stream.set_nonblocking(true)?;
                    watch(epoll, stream.as_raw_fd())?;
                    connections.insert(stream.as_raw_fd(), stream);
                }
                continue;
            }
            let Some(stream) = connections.get_mut(&fd) else { continue };
            match stream.read(&mut buffer) {
                Ok(length @ 1..) => drop(stream.write(&buffer[..length])),
                _ => drop(connections.remove(&fd)),
            }
        }
    }
}

fn watch(epoll: RawFd, fd: RawFd) -> io::Result<()> {
    let events = (libc::EPOLLIN | libc::EPOLLRDHUP | libc::EPOLLET) as u32;
    let mut event = libc::epoll_event { events, u64: fd as u64 };
    // SAFETY: `event` is valid for the length of the call.
    check(unsafe { libc::epoll_ctl(epoll, libc::EPOLL_CTL_ADD, fd, &mut event) }).map(drop)
}

fn check(answer: i32) -> io::Result<i32> {
    if answer < 0 { Err(io::Error::last_os_error()) } else { Ok(answer) }
}
