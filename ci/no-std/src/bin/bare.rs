//! The smallest echo server: no state of its own, a connection's id is its descriptor.
//!
//! usage: bare PORT
#![no_std]
#![no_main]

use core::mem::MaybeUninit;

use mio_st::event::{EventedId, Events, Interests};
use mio_st::poll::{PollOption, Registry};
use mio_st::unix::{AcceptError, RawFd};
use mio_st::{Error, Result};
use no_std::{Arguments, accept, last_error, listen};

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
                welcome(&mut registry, listener)?;
            } else if echo(&mut registry, fd).is_err() {
                close(fd);
            }
        }
    }
}

/// Accepts one connection: under `Level` the next poll reports the others.
fn welcome(registry: &mut Registry, listener: RawFd) -> Result<()> {
    match accept(listener) {
        Ok((connection, ())) => {
            let fd = connection.into_raw_fd();
            if watch(registry, fd).is_err() {
                close(fd);
            }
        }
        Err(error) => match AcceptError::of(error) {
            AcceptError::WouldBlock | AcceptError::Lost => {}
            // Without deadlines and a reserve, which `service` has, this bounds how often it tries in vain.
            // SAFETY: no memory is involved.
            AcceptError::Exhausted => drop(unsafe { libc::usleep(10_000) }),
            AcceptError::Listener => return Err(error),
        },
    }
    Ok(())
}

fn close(fd: RawFd) {
    // SAFETY: it was accepted here and is closed nowhere else.
    unsafe { libc::close(fd) };
}

fn watch(registry: &mut Registry, fd: RawFd) -> Result<()> {
    registry.register_fd(fd, EventedId(fd as usize), Interests::READABLE, PollOption::Level)
}

/// Takes from the socket only what it has taken back, so that there is nothing to keep. One step for each
/// event: no connection can hold the others up.
fn echo(registry: &mut Registry, fd: RawFd) -> Result<()> {
    let mut buffer = MaybeUninit::<[u8; 4096]>::uninit();
    let data = buffer.as_mut_ptr().cast();
    // SAFETY: the kernel writes to the buffer, and reads from it, as much as it is told.
    unsafe {
        let length = libc::recv(fd, data, size_of_val(&buffer), libc::MSG_PEEK);
        if length == 0 {
            return Err(Error::Os(libc::ECONNRESET));
        }
        let (sent, mut wanted) = match length {
            ..0 => (length, Interests::READABLE),
            _ => (libc::send(fd, data, length as usize, libc::MSG_NOSIGNAL), Interests::WRITABLE),
        };
        if sent < 0 {
            let error = last_error();
            if !error.is_would_block() {
                return Err(error);
            }
        } else {
            libc::recv(fd, data, sent as usize, 0);
            wanted = Interests::READABLE;
        }
        registry.reregister_fd(fd, EventedId(fd as usize), wanted, PollOption::Level)
    }
}
