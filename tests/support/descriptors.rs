//! Pairs of connected descriptors, and what is done to them.

use core::net::SocketAddr;
use std::io::{self, ErrorKind, PipeReader, PipeWriter, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;

use libc::c_int;

/// How many descriptors this process has open, counted without opening one. Others must not open
/// any meanwhile: see `alone`.
pub fn open_fds() -> usize {
    let (soft, _hard) = super::fd_limits();
    (0..soft.min(1 << 16)).filter(|&fd| is_open(fd as RawFd)).count()
}

/// Whether it is non-blocking, and closed on exec.
pub fn flags(fd: RawFd) -> (bool, bool) {
    // SAFETY: no memory is involved.
    unsafe {
        let (status, own) = (libc::fcntl(fd, libc::F_GETFL), libc::fcntl(fd, libc::F_GETFD));
        assert!(status >= 0 && own >= 0);
        (status & libc::O_NONBLOCK != 0, own & libc::FD_CLOEXEC != 0)
    }
}

pub fn set_nonblocking(source: &impl AsRawFd) {
    // SAFETY: no memory is involved.
    unsafe {
        let status = libc::fcntl(source.as_raw_fd(), libc::F_GETFL);
        assert!(status >= 0);
        let answer = libc::fcntl(source.as_raw_fd(), libc::F_SETFL, status | libc::O_NONBLOCK);
        assert_eq!(answer, 0);
    }
}

pub fn pipe() -> (PipeReader, PipeWriter) {
    let (reader, writer) = io::pipe().unwrap();
    set_nonblocking(&reader);
    set_nonblocking(&writer);
    (reader, writer)
}

pub fn unix_pair() -> (UnixStream, UnixStream) {
    let (one, other) = UnixStream::pair().unwrap();
    set_nonblocking(&one);
    set_nonblocking(&other);
    (one, other)
}

/// Both ends of a connection over the loopback, of `std`'s type.
pub fn tcp_pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let one = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (other, address) = listener.accept().unwrap();
    assert_eq!(address, one.local_addr().unwrap());
    for stream in [&one, &other] {
        set_nonblocking(stream);
        stream.set_nodelay(true).unwrap();
    }
    (one, other)
}

/// Reads until `WouldBlock` or the end; how much there was.
pub fn drain(mut reader: impl Read) -> usize {
    let (mut buffer, mut sum) = ([0; 4096], 0);
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return sum,
            Ok(n) => sum += n,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return sum,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => panic!("drain: {error}"),
        }
    }
}

/// Writes until `WouldBlock`; how much went in.
pub fn fill(mut writer: impl Write) -> usize {
    let mut sum = 0;
    // The small writes find what room the large ones leave.
    for size in [1 << 16, 1] {
        loop {
            match writer.write(&[7; 1 << 16][..size]) {
                Ok(n) => sum += n,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => panic!("fill: {error}"),
            }
        }
    }
    sum
}

/// Closing `socket` will reset the connection.
pub fn reset_on_close(socket: &impl AsRawFd) {
    let linger = libc::linger { l_onoff: 1, l_linger: 0 };
    // SAFETY: the kernel reads a `linger` that is alive.
    let answer = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_LINGER,
            (&raw const linger).cast(),
            size_of_val(&linger) as libc::socklen_t,
        )
    };
    assert_eq!(answer, 0);
}

/// Sends one byte of urgent data.
pub fn send_urgent(socket: &impl AsRawFd) {
    // SAFETY: the kernel reads one byte that is alive.
    let sent = unsafe { libc::send(socket.as_raw_fd(), b"!".as_ptr().cast(), 1, libc::MSG_OOB) };
    assert_eq!(sent, 1);
}

/// Waits until the other end of the connection has received all that was sent.
pub fn wait_until_received(sender: &TcpStream) {
    #[cfg(target_os = "linux")]
    {
        let on_the_way = || {
            let mut bytes: c_int = 0;
            // SAFETY: the kernel writes a number.
            assert_eq!(unsafe { libc::ioctl(sender.as_raw_fd(), libc::TIOCOUTQ, &mut bytes) }, 0);
            bytes
        };
        assert!(super::succeeds(|| on_the_way() == 0));
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = sender;
        std::thread::sleep(super::A_WHILE);
    }
}

pub fn is_open(fd: RawFd) -> bool {
    // SAFETY: no memory is involved.
    unsafe { libc::fcntl(fd, libc::F_GETFD) != -1 }
}

/// A blocking TCP socket that is neither bound nor connected.
pub fn fresh_socket() -> OwnedFd {
    // SAFETY: no memory is involved; the descriptor is nobody else's.
    unsafe {
        let fd = libc::socket(libc::AF_INET, libc::SOCK_STREAM, 0);
        assert!(fd >= 0);
        OwnedFd::from_raw_fd(fd)
    }
}

/// Connects it to a listener.
pub fn connect(socket: &impl AsRawFd, listener: &TcpListener) {
    let SocketAddr::V4(to) = listener.local_addr().unwrap() else { panic!("IPv6") };
    // SAFETY: all zeroes are a value of it, and the kernel reads an address that is alive.
    let answer = unsafe {
        let mut address: libc::sockaddr_in = core::mem::zeroed();
        address.sin_family = libc::AF_INET as libc::sa_family_t;
        address.sin_port = to.port().to_be();
        address.sin_addr.s_addr = u32::from_ne_bytes(to.ip().octets());
        let length = size_of_val(&address) as libc::socklen_t;
        libc::connect(socket.as_raw_fd(), (&raw const address).cast(), length)
    };
    assert_eq!(answer, 0);
}

/// A whole-number option of a socket.
pub fn option(socket: &impl AsRawFd, level: c_int, name: c_int) -> c_int {
    let (mut value, mut length) = (0, size_of::<c_int>() as libc::socklen_t);
    // SAFETY: the kernel writes at most `length` bytes over an integer.
    let answer = unsafe {
        let pointer = (&raw mut value).cast();
        libc::getsockopt(socket.as_raw_fd(), level, name, pointer, &mut length)
    };
    assert_eq!(answer, 0);
    value
}

/// Changes how many connections may wait for a listener.
pub fn set_backlog(listener: &impl AsRawFd, backlog: c_int) {
    // SAFETY: no memory is involved.
    assert_eq!(unsafe { libc::listen(listener.as_raw_fd(), backlog) }, 0);
}
