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
