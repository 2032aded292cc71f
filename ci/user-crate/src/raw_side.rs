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

/// What a server knows of its connections.
trait Table: Default {
    /// What is accepted with each: room for the peer's address, or nothing.
    fn address(&mut self) -> (*mut libc::sockaddr, *mut libc::socklen_t);

    /// Returns whether an address was written as it should be.
    fn check_address(&self) -> bool;

    /// Returns an id for a connection.
    fn insert(&mut self, fd: c_int) -> u64;

    /// Returns the descriptor of an id, unless the connection is gone.
    fn find(&self, id: u64) -> Option<c_int>;

    fn remove(&mut self, id: u64);
}

/// Nothing: the id is the descriptor, and the peer's address is not asked for.
#[derive(Default)]
struct Nothing;

impl Table for Nothing {
    fn address(&mut self) -> (*mut libc::sockaddr, *mut libc::socklen_t) {
        (std::ptr::null_mut(), std::ptr::null_mut())
    }

    fn check_address(&self) -> bool {
        true
    }

    fn insert(&mut self, fd: c_int) -> u64 {
        fd as u64
    }

    fn find(&self, id: u64) -> Option<c_int> {
        Some(id as c_int)
    }

    fn remove(&mut self, _: u64) {}
}

/// As much as the library's: a table of 64 whose ids become stale, and the peer's address.
struct Slots {
    slots: [Slot; 64],
    /// The first free slot; 64 if there is none.
    head: u32,
    address: std::mem::MaybeUninit<libc::sockaddr_storage>,
    length: libc::socklen_t,
}

#[derive(Copy, Clone)]
struct Slot {
    /// Odd if the slot is used.
    generation: u32,
    /// The descriptor, or the next free slot.
    content: u32,
}

impl Default for Slots {
    fn default() -> Slots {
        let slots = std::array::from_fn(|index| Slot { generation: 0, content: index as u32 + 1 });
        Slots { slots, head: 0, address: std::mem::MaybeUninit::uninit(), length: 0 }
    }
}

impl Table for Slots {
    fn address(&mut self) -> (*mut libc::sockaddr, *mut libc::socklen_t) {
        // SAFETY: writing is no reading.
        unsafe { (*self.address.as_mut_ptr()).ss_family = 0 };
        self.length = size_of::<libc::sockaddr_storage>() as libc::socklen_t;
        (self.address.as_mut_ptr().cast(), &mut self.length)
    }

    fn check_address(&self) -> bool {
        // SAFETY: the family was written above, or by the kernel.
        let family = c_int::from(unsafe { (*self.address.as_ptr()).ss_family });
        let length = self.length as usize;
        family == libc::AF_INET && length >= size_of::<libc::sockaddr_in>()
            || family == libc::AF_INET6 && length >= size_of::<libc::sockaddr_in6>()
    }

    fn insert(&mut self, fd: c_int) -> u64 {
        let index = self.head;
        let slot = &mut self.slots[index as usize];
        self.head = slot.content;
        slot.content = fd as u32;
        slot.generation = slot.generation.wrapping_add(1);
        u64::from(slot.generation) << 32 | u64::from(index)
    }

    fn find(&self, id: u64) -> Option<c_int> {
        let slot = self.slots.get(id as u32 as usize)?;
        (slot.generation == (id >> 32) as u32).then_some(slot.content as c_int)
    }

    fn remove(&mut self, id: u64) {
        let slot = &mut self.slots[id as u32 as usize];
        slot.generation = slot.generation.wrapping_add(1);
        slot.content = self.head;
        self.head = id as u32;
    }
}

/// `kept`: the server keeps of its connections what the library's does.
/// `FIRST`: each is read from before it is registered.
pub fn connections<const FIRST: bool>(count: usize, kept: bool) -> usize {
    if kept { serve::<Slots, FIRST>(count) } else { serve::<Nothing, FIRST>(count) }
}

fn serve<T: Table, const FIRST: bool>(count: usize) -> usize {
    use std::os::fd::AsRawFd;
    let (listener, address) = work::listen();
    let epoll = watch(&[]);
    let mut event = epoll_event { events: libc::EPOLLIN as u32, u64: LISTENER };
    // SAFETY: the kernel reads one event.
    let answer =
        unsafe { libc::epoll_ctl(epoll, libc::EPOLL_CTL_ADD, listener.as_raw_fd(), &mut event) };
    assert_eq!(answer, 0);
    let (mut events, mut table) = ([NONE; 256], T::default());
    for _ in 0..ROUNDS / 4 {
        let clients = work::clients(address, count);
        let listener = listener.as_raw_fd();
        measured_work_connections::<T, FIRST>(epoll, &mut events, &mut table, listener, count);
        work::receive_answers(clients);
    }
    ROUNDS / 4 * count
}

#[inline(never)]
fn measured_work_connections<T: Table, const FIRST: bool>(
    epoll: c_int,
    events: &mut [epoll_event; 256],
    table: &mut T,
    listener: c_int,
    mut left: usize,
) {
    while left > 0 {
        // SAFETY: the kernel writes at most as many events.
        let count = unsafe { libc::epoll_wait(epoll, events.as_mut_ptr(), 256, -1) };
        assert!(count >= 0);
        for event in &events[..count as usize] {
            if event.u64 == LISTENER {
                for _ in 0..work::ACCEPTS {
                    let (address, length) = table.address();
                    let flags = libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
                    // SAFETY: the kernel writes an address to the room for one, if there is any.
                    let fd = unsafe { libc::accept4(listener, address, length, flags) };
                    if fd < 0 || !table.check_address() {
                        break;
                    }
                    if FIRST && answer(fd) {
                        left -= 1;
                        continue;
                    }
                    let mut event = epoll_event {
                        events: (libc::EPOLLIN | libc::EPOLLRDHUP | libc::EPOLLET) as u32,
                        u64: table.insert(fd),
                    };
                    // SAFETY: the kernel reads one event.
                    unsafe { libc::epoll_ctl(epoll, libc::EPOLL_CTL_ADD, fd, &mut event) };
                }
            } else if let Some(fd) = table.find(event.u64)
                && answer(fd)
            {
                table.remove(event.u64);
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
