//! The same work, by epoll's calls in libc.

use std::hint::black_box;

use libc::{c_int, epoll_event};

use crate::work::{self, ROUNDS};

fn watch(fds: &[c_int]) -> c_int {
    // SAFETY: no memory is involved.
    let epoll = unsafe { libc::epoll_create1(0) };
    for (id, &fd) in fds.iter().enumerate() {
        let mut event = epoll_event { events: libc::EPOLLIN as u32, u64: id as u64 };
        // SAFETY: the kernel reads one event.
        assert_eq!(unsafe { libc::epoll_ctl(epoll, libc::EPOLL_CTL_ADD, fd, &mut event) }, 0);
    }
    epoll
}

const NONE: epoll_event = epoll_event { events: 0, u64: 0 };

pub fn ready(count: usize) -> usize {
    let epoll = watch(&work::eventfds(count));
    measured_work_ready(epoll, &mut [NONE; 256]);
    ROUNDS
}

const IN: u32 = (libc::EPOLLIN | libc::EPOLLERR | libc::EPOLLHUP) as u32;
const OUT: u32 = (libc::EPOLLOUT | libc::EPOLLERR | libc::EPOLLHUP) as u32;

#[inline(never)]
fn measured_work_ready(epoll: c_int, events: &mut [epoll_event; 256]) {
    for _ in 0..ROUNDS {
        // SAFETY: the kernel writes at most as many events.
        let count = unsafe { libc::epoll_wait(epoll, events.as_mut_ptr(), 256, -1) };
        assert!(count >= 0);
        let mut sum = 0;
        for event in &events[..count as usize] {
            if event.events & IN != 0 {
                sum += event.u64;
            }
            if event.events & OUT != 0 {
                sum ^= event.u64;
            }
        }
        black_box(sum);
    }
}

pub fn idle() -> usize {
    let epoll = watch(&work::eventfds(0));
    measured_work_idle(epoll, &mut [NONE; 256]);
    ROUNDS
}

#[inline(never)]
fn measured_work_idle(epoll: c_int, events: &mut [epoll_event; 256]) {
    for _ in 0..ROUNDS {
        // SAFETY: the kernel writes at most as many events.
        let count = unsafe { libc::epoll_wait(epoll, events.as_mut_ptr(), 256, 0) };
        assert!(count >= 0);
        for event in &events[..count as usize] {
            black_box(event.u64);
        }
    }
}

pub fn echo(count: usize) -> usize {
    let (clients, servers) = work::connections(count);
    let epoll = watch(&servers);
    let mut events = [NONE; 256];
    for _ in 0..ROUNDS {
        work::send_all(&clients);
        measured_work_echo(epoll, &mut events, &servers);
        work::receive_all(&clients);
    }
    ROUNDS * count
}

#[inline(never)]
fn measured_work_echo(epoll: c_int, events: &mut [epoll_event; 256], servers: &[c_int]) {
    // SAFETY: the kernel writes at most as many events.
    let count = unsafe { libc::epoll_wait(epoll, events.as_mut_ptr(), 256, -1) };
    assert!(count >= 0);
    for event in &events[..count as usize] {
        if event.events & IN != 0 {
            work::echo_one(servers[event.u64 as usize]);
        }
    }
}

const LISTENER: u64 = u64::MAX;

pub fn connections(count: usize, first: bool) -> usize {
    use std::os::fd::AsRawFd;
    let (listener, address) = work::listen();
    let epoll = watch(&[]);
    let mut event = epoll_event { events: libc::EPOLLIN as u32, u64: LISTENER };
    // SAFETY: the kernel reads one event.
    let answer =
        unsafe { libc::epoll_ctl(epoll, libc::EPOLL_CTL_ADD, listener.as_raw_fd(), &mut event) };
    assert_eq!(answer, 0);
    let mut events = [NONE; 256];
    for _ in 0..ROUNDS / 4 {
        let clients = work::clients(address, count);
        measured_work_connections(epoll, &mut events, listener.as_raw_fd(), count, first);
        work::receive_answers(clients);
    }
    ROUNDS / 4 * count
}

/// A connection is known by its descriptor alone, and nothing is kept of it.
#[inline(never)]
fn measured_work_connections(
    epoll: c_int,
    events: &mut [epoll_event; 256],
    listener: c_int,
    mut left: usize,
    first: bool,
) {
    while left > 0 {
        // SAFETY: the kernel writes at most as many events.
        let count = unsafe { libc::epoll_wait(epoll, events.as_mut_ptr(), 256, -1) };
        assert!(count >= 0);
        for event in &events[..count as usize] {
            if event.u64 == LISTENER {
                for _ in 0..work::ACCEPTS {
                    let (none, flags) =
                        (std::ptr::null_mut(), libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC);
                    // SAFETY: no memory is involved.
                    let fd = unsafe { libc::accept4(listener, none, none.cast(), flags) };
                    if fd < 0 {
                        break;
                    }
                    if first && answer(fd) {
                        left -= 1;
                        continue;
                    }
                    let mut event = epoll_event {
                        events: (libc::EPOLLIN | libc::EPOLLRDHUP | libc::EPOLLET) as u32,
                        u64: fd as u64,
                    };
                    // SAFETY: the kernel reads one event.
                    unsafe { libc::epoll_ctl(epoll, libc::EPOLL_CTL_ADD, fd, &mut event) };
                }
            } else if answer(event.u64 as c_int) {
                left -= 1;
            }
        }
    }
}

/// Returns whether the connection was closed.
#[inline(always)]
fn answer(fd: c_int) -> bool {
    let mut buffer = [0u8; 64];
    // SAFETY: the kernel writes at most as many bytes, reads as many as it wrote, and the descriptor is this
    // function's to close.
    unsafe {
        let length = libc::recv(fd, buffer.as_mut_ptr().cast(), 64, 0);
        if length < 0 && *libc::__errno_location() == libc::EAGAIN {
            return false;
        }
        if length > 0 {
            libc::send(fd, buffer.as_ptr().cast(), length as usize, libc::MSG_NOSIGNAL);
        }
        libc::close(fd);
    }
    true
}
