//! The few system calls that the contests make themselves.

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::ptr;
use std::sync::Mutex;
use std::time::Duration;

/// No descriptor: closing it marks a place in strace's output.
pub const MARK: RawFd = -77;

/// The error of a call that answered -1.
#[track_caller]
pub fn check(answer: i32) -> i32 {
    assert!(answer >= 0, "{}", io::Error::last_os_error());
    answer
}

/// What time is.
#[derive(Copy, Clone)]
pub enum Clock {
    /// That this thread has run.
    Processor,
    /// That has passed.
    Wall,
}

impl Clock {
    pub fn nanos(self) -> u64 {
        let clock = match self {
            Clock::Processor => libc::CLOCK_THREAD_CPUTIME_ID,
            Clock::Wall => libc::CLOCK_MONOTONIC,
        };
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: `time` is valid for the call.
        check(unsafe { libc::clock_gettime(clock, &mut time) });
        time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
    }
}

/// A new eventfd, not blocking.
pub fn eventfd(value: u32) -> OwnedFd {
    // SAFETY: no memory is involved; the descriptor is new, so nobody else owns it.
    unsafe {
        OwnedFd::from_raw_fd(check(libc::eventfd(value, libc::EFD_NONBLOCK | libc::EFD_CLOEXEC)))
    }
}

/// Bytes read, 0 at the end, negative for an error.
#[inline]
pub fn read(fd: RawFd, buffer: &mut [u8]) -> isize {
    // SAFETY: the kernel writes within `buffer`.
    unsafe { libc::read(fd, buffer.as_mut_ptr().cast(), buffer.len()) }
}

/// Bytes written, negative for an error.
#[inline]
pub fn write(fd: RawFd, bytes: &[u8]) -> isize {
    // SAFETY: the kernel reads within `bytes`.
    unsafe { libc::write(fd, bytes.as_ptr().cast(), bytes.len()) }
}

/// As `read`, from a socket: some per cent cheaper, because nothing is asked that concerns files.
#[inline]
pub fn receive(socket: RawFd, buffer: &mut [u8]) -> isize {
    // SAFETY: as in `read`.
    unsafe { libc::recv(socket, buffer.as_mut_ptr().cast(), buffer.len(), 0) }
}

/// As `write`, to a socket.
#[inline]
pub fn send(socket: RawFd, bytes: &[u8]) -> isize {
    // SAFETY: as in `write`.
    unsafe { libc::send(socket, bytes.as_ptr().cast(), bytes.len(), libc::MSG_NOSIGNAL) }
}

#[inline]
pub fn close(fd: RawFd) {
    // SAFETY: who calls this owns `fd`, or it is `MARK`.
    unsafe { libc::close(fd) };
}

/// The next connection, not blocking; negative where there is none.
#[inline]
pub fn accept(listener: RawFd) -> RawFd {
    let flags = libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
    // SAFETY: the null pointers say that the address is not wanted.
    unsafe { libc::accept4(listener, ptr::null_mut(), ptr::null_mut(), flags) }
}

/// A new epoll instance.
pub fn epoll() -> OwnedFd {
    // SAFETY: as in `eventfd`.
    unsafe { OwnedFd::from_raw_fd(check(libc::epoll_create1(libc::EPOLL_CLOEXEC))) }
}

/// epoll_ctl(2).
#[inline]
pub fn control(epoll: RawFd, operation: i32, fd: RawFd, events: i32, id: usize) {
    let mut event = libc::epoll_event { events: events as u32, u64: id as u64 };
    // SAFETY: `event` is valid for the length of the call.
    check(unsafe { libc::epoll_ctl(epoll, operation, fd, &mut event) });
}

/// epoll_wait(2) into `buffer`; how many events.
#[inline(always)]
pub fn wait(epoll: RawFd, buffer: &mut [libc::epoll_event], millis: i32) -> i32 {
    // SAFETY: the kernel writes at most as many events as `buffer` has room for.
    unsafe { libc::epoll_wait(epoll, buffer.as_mut_ptr(), buffer.len() as i32, millis) }
}

/// Milliseconds for epoll_wait(2), rounded up; -1 for no timeout.
#[inline(always)]
pub fn millis(timeout: Option<Duration>) -> i32 {
    timeout.map_or(-1, |timeout| timeout.as_nanos().div_ceil(1_000_000) as i32)
}

/// epoll_pwait2(2), which counts nanoseconds.
pub fn wait_precisely(epoll: RawFd, buffer: &mut [libc::epoll_event], timeout: Duration) -> i32 {
    let timeout =
        libc::timespec { tv_sec: timeout.as_secs() as i64, tv_nsec: timeout.subsec_nanos().into() };
    // SAFETY: as in `wait`; `timeout` is valid for the length of the call, the null mask is none.
    unsafe {
        libc::syscall(
            libc::SYS_epoll_pwait2,
            epoll,
            buffer.as_mut_ptr(),
            buffer.len(),
            &raw const timeout,
            ptr::null::<libc::sigset_t>(),
            8,
        ) as i32
    }
}

/// As many descriptors as the system lets this process have.
pub fn raise_descriptor_limit() -> usize {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is valid for both calls.
    unsafe {
        libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit);
        limit.rlim_cur = limit.rlim_max;
        libc::setrlimit(libc::RLIMIT_NOFILE, &limit);
    }
    limit.rlim_cur as usize
}

/// How many there are, whichever of them this thread is kept on.
pub fn processors() -> usize {
    // SAFETY: no memory is involved.
    unsafe { libc::sysconf(libc::_SC_NPROCESSORS_ONLN) as usize }
}

/// Keeps a process (0: this thread) on one processor, if there are so many.
pub fn keep_on(process: i32, processor: usize) {
    // SAFETY: the set is plain data, and the call reads it only.
    unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(processor, &mut set);
        libc::sched_setaffinity(process, size_of_val(&set), &set);
    }
}

/// Two connected sockets over loopback, not blocking, without Nagle's delay.
pub fn tcp_pair() -> (OwnedFd, OwnedFd) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let here = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (there, _) = listener.accept().unwrap();
    for stream in [&here, &there] {
        stream.set_nodelay(true).unwrap();
        stream.set_nonblocking(true).unwrap();
    }
    (here.into(), there.into())
}

/// Two connected Unix sockets, not blocking.
pub fn unix_pair() -> (OwnedFd, OwnedFd) {
    let (here, there) = std::os::unix::net::UnixStream::pair().unwrap();
    here.set_nonblocking(true).unwrap();
    there.set_nonblocking(true).unwrap();
    (here.into(), there.into())
}

/// `count` eventfds, of which the first `ready` are readable. All contests share them, one after the other.
pub fn eventfds(count: usize, ready: usize) -> Vec<RawFd> {
    let mut all = EVENTFDS.lock().unwrap();
    while all.len() < count {
        all.push(eventfd(0).into_raw_fd());
    }
    for (at, &fd) in all[..count].iter().enumerate() {
        read(fd, &mut [0; 8]);
        if at < ready {
            write(fd, &1u64.to_ne_bytes());
        }
    }
    all[..count].to_vec()
}

static EVENTFDS: Mutex<Vec<RawFd>> = Mutex::new(Vec::new());

/// Closes them, when no contest uses them any more: other things want their numbers.
pub fn close_eventfds() {
    EVENTFDS.lock().unwrap().drain(..).for_each(close);
}

/// A listener at a port of the system's choice, not blocking, and the port.
pub fn listen() -> (OwnedFd, u16) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    // A longer queue than std's 128.
    // SAFETY: no memory is involved.
    check(unsafe { libc::listen(listener.as_raw_fd(), 4096) });
    let port = listener.local_addr().unwrap().port();
    (listener.into(), port)
}
