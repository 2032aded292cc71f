//! The calls on sockets that `std` lacks, or makes in another way.
//!
//! Each socket is born non-blocking and close-on-exec, in one call where the system has it, and is closed
//! when a later step fails. No option is set that was not asked for.

use core::ffi::{c_int, c_void};
use core::mem;
use core::net::SocketAddr;
use core::time::Duration;

use libc::{iovec, socklen_t};

use super::address::RawAddress;
use super::fd::{Fd, RawFd, check, retry};
use crate::error::{Error, Result};

/// socket(2).
pub(crate) fn socket(family: c_int, kind: c_int) -> Result<Fd> {
    // SAFETY: no memory is involved, and a descriptor made just now has no other owner.
    #[cfg(not(target_vendor = "apple"))]
    return unsafe {
        let kind = kind | libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
        Ok(Fd::adopt(check(libc::socket(family, kind, 0))?))
    };
    // SAFETY: as above.
    #[cfg(target_vendor = "apple")]
    return unsafe { prepare(Fd::adopt(check(libc::socket(family, kind, 0))?)) };
}

/// The family of an address, for `socket`.
pub(crate) fn family(address: SocketAddr) -> c_int {
    match address {
        SocketAddr::V4(_) => libc::AF_INET,
        SocketAddr::V6(_) => libc::AF_INET6,
    }
}

/// bind(2).
pub(crate) fn bind(socket: &Fd, address: SocketAddr) -> Result<()> {
    let address = RawAddress::of(address);
    // SAFETY: the kernel reads an address of that length.
    check(unsafe { libc::bind(socket.raw(), address.as_ptr(), address.len()) })?;
    Ok(())
}

/// listen(2).
pub(crate) fn listen(socket: &Fd, backlog: c_int) -> Result<()> {
    // SAFETY: no memory is involved.
    check(unsafe { libc::listen(socket.raw(), backlog) })?;
    Ok(())
}

/// Begins to connect: connect(2). How it ends is said by an event.
pub(crate) fn connect(socket: &Fd, address: SocketAddr) -> Result<()> {
    let address = RawAddress::of(address);
    // SAFETY: the kernel reads an address of that length.
    match check(unsafe { libc::connect(socket.raw(), address.as_ptr(), address.len()) }) {
        // After an interruption the attempt goes on as well.
        Err(Error::Os(libc::EINPROGRESS | libc::EINTR)) => Ok(()),
        answer => answer.map(drop),
    }
}

/// accept(2).
pub(crate) fn accept(listener: RawFd) -> Result<(Fd, SocketAddr)> {
    let mut address = RawAddress::room();
    let (pointer, length) = address.as_mut_ptrs();
    // SAFETY: the kernel writes at most `length` bytes of address, and a descriptor made just now has no
    // other owner.
    #[cfg(not(target_vendor = "apple"))]
    let socket = unsafe {
        let flags = libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
        Fd::adopt(retry(|| libc::accept4(listener, pointer, length, flags))?)
    };
    // SAFETY: as above.
    #[cfg(target_vendor = "apple")]
    let socket = unsafe { prepare(Fd::adopt(retry(|| libc::accept(listener, pointer, length))?))? };
    Ok((socket, address.get()?))
}

/// What the other systems do when they make a socket.
#[cfg(target_vendor = "apple")]
fn prepare(socket: Fd) -> Result<Fd> {
    set_option(socket.raw(), libc::SOL_SOCKET, libc::SO_NOSIGPIPE, 1 as c_int)?;
    // SAFETY: no memory is involved.
    unsafe {
        check(libc::fcntl(socket.raw(), libc::F_SETFD, libc::FD_CLOEXEC))?;
        let flags = check(libc::fcntl(socket.raw(), libc::F_GETFL))?;
        check(libc::fcntl(socket.raw(), libc::F_SETFL, flags | libc::O_NONBLOCK))?;
    }
    Ok(socket)
}

/// A write to a closed peer raises no `SIGPIPE`.
#[cfg(not(target_vendor = "apple"))]
const QUIETLY: c_int = libc::MSG_NOSIGNAL;
/// Apple's sockets have an option for that.
#[cfg(target_vendor = "apple")]
const QUIETLY: c_int = 0;

/// The most parts that one call takes: `IOV_MAX`, on every system that has epoll or kqueue.
const MOST_PARTS: usize = 1024;

/// Writes the parts one behind the other, as writev(2) does, but without `SIGPIPE`: sendmsg(2).
///
/// # Safety
///
/// Each part must be memory that can be read.
pub(crate) unsafe fn send_vectored(socket: RawFd, parts: &[iovec]) -> Result<usize> {
    // SAFETY: these are integers and pointers, for which zeroes are a value.
    let mut message: libc::msghdr = unsafe { mem::zeroed() };
    message.msg_iov = parts.as_ptr().cast_mut();
    message.msg_iovlen = parts.len().min(MOST_PARTS) as _;
    // SAFETY: the kernel reads the parts, of which it is told how many there are, and changes none.
    let sent = check(unsafe { libc::sendmsg(socket, &message, QUIETLY) })?;
    Ok(sent as usize)
}

/// setsockopt(2).
pub(crate) fn set_option<T: Copy>(
    socket: RawFd,
    level: c_int,
    name: c_int,
    value: T,
) -> Result<()> {
    let length = size_of::<T>() as socklen_t;
    let value = (&raw const value).cast::<c_void>();
    // SAFETY: the kernel reads `length` bytes of a value that is alive.
    check(unsafe { libc::setsockopt(socket, level, name, value, length) })?;
    Ok(())
}

/// getsockopt(2).
fn option<T: Copy>(socket: RawFd, level: c_int, name: c_int, mut value: T) -> Result<T> {
    let mut length = size_of::<T>() as socklen_t;
    let pointer = (&raw mut value).cast::<c_void>();
    // SAFETY: the kernel writes at most `length` bytes, integers of any value, over a `T`, which callers
    // choose to be made of integers.
    check(unsafe { libc::getsockopt(socket, level, name, pointer, &mut length) })?;
    Ok(value)
}

#[cfg(not(target_vendor = "apple"))]
use libc::SO_LINGER;
/// Apple's `SO_LINGER` counts clock ticks; this one counts seconds.
#[cfg(target_vendor = "apple")]
use libc::SO_LINGER_SEC as SO_LINGER;

pub(crate) fn linger(socket: RawFd) -> Result<Option<Duration>> {
    let off = libc::linger { l_onoff: 0, l_linger: 0 };
    let linger = option(socket, libc::SOL_SOCKET, SO_LINGER, off)?;
    Ok((linger.l_onoff != 0).then(|| Duration::from_secs(linger.l_linger as u64)))
}

pub(crate) fn set_linger(socket: RawFd, linger: Option<Duration>) -> Result<()> {
    let seconds = linger.map_or(0, |linger| linger.as_secs().try_into().unwrap_or(c_int::MAX));
    let linger = libc::linger { l_onoff: linger.is_some().into(), l_linger: seconds };
    set_option(socket, libc::SOL_SOCKET, SO_LINGER, linger)
}

/// A connection attempt has ended, well or not: the socket is writable, see poll(2).
pub(crate) fn has_connect_ended(socket: RawFd) -> Result<bool> {
    let mut poll = libc::pollfd { fd: socket, events: libc::POLLOUT, revents: 0 };
    // SAFETY: `poll` is one entry, as the call is told.
    Ok(retry(|| unsafe { libc::poll(&mut poll, 1, 0) })? > 0)
}
