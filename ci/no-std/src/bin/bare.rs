//! The smallest echo server: no state of its own, a connection's id is its descriptor.
//!
//! usage: bare PORT
#![no_std]
#![no_main]

use core::mem::MaybeUninit;

use mio_st::event::{EventedId, Events, Interests};
use mio_st::poll::{PollOption, Registry};
use mio_st::unix::RawFd;
use mio_st::{Error, Result};
use no_std::{Arguments, accept, listen};

no_std::program!(run);

fn run(arguments: Arguments) -> Result<()> {
    let listener = listen(arguments.number(1) as u16)?;
    let mut registry = Registry::new()?;
    let mut events = Events::<64>::sized();
    watch(&mut registry, listener)?;
    loop {
        registry.poll(&mut events, None)?;
        for event in &mut events {
            let fd = event.id().0 as RawFd;
            if fd == listener {
                // Whoever has gone meanwhile is no error of ours.
                if let Ok(connection) = accept(listener) {
                    watch(&mut registry, connection)?;
                }
            } else if let Err(error) = echo(&mut registry, fd)
                && !error.is_would_block()
            {
                // SAFETY: it was accepted here and is closed nowhere else.
                unsafe { libc::close(fd) };
            }
        }
    }
}

fn watch(registry: &mut Registry, fd: RawFd) -> Result<()> {
    registry.register_fd(fd, EventedId(fd as usize), Interests::READABLE, PollOption::Level)
}

/// Takes from the socket only what it has taken back, so that there is nothing to keep.
fn echo(registry: &mut Registry, fd: RawFd) -> Result<()> {
    let mut buffer = MaybeUninit::<[u8; 4096]>::uninit();
    let data = buffer.as_mut_ptr().cast();
    // SAFETY: the kernel writes to the buffer, and reads from it, as much as it is told.
    unsafe {
        let length = libc::recv(fd, data, size_of_val(&buffer), libc::MSG_PEEK);
        if length <= 0 {
            return Err(Error::Os(libc::ECONNRESET));
        }
        let sent = libc::send(fd, data, length as usize, libc::MSG_NOSIGNAL);
        let wanted = if sent < 0 { Interests::WRITABLE } else { Interests::READABLE };
        if sent > 0 {
            libc::recv(fd, data, sent as usize, 0);
        }
        registry.reregister_fd(fd, EventedId(fd as usize), wanted, PollOption::Level)
    }
}
