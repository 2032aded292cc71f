//! The calls on sockets that `std` lacks, or makes in another way.
//!
//! Each socket is born non-blocking and close-on-exec, in one call where the system has it, and is
//! closed when a later step fails. No option is set that was not asked for.

use core::ffi::c_int;
use core::net::SocketAddr;

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

/// socketpair(2) of the Unix domain: two sockets, each the other's peer.
pub(crate) fn pair(kind: c_int) -> Result<(Fd, Fd)> {
    #[cfg(not(target_vendor = "apple"))]
    let kind = kind | libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
    let mut fds = [0; 2];
    // SAFETY: the kernel writes two descriptors, which have no other owner.
    let (one, other) = unsafe {
        check(libc::socketpair(libc::AF_UNIX, kind, 0, fds.as_mut_ptr()))?;
        (Fd::adopt(fds[0]), Fd::adopt(fds[1]))
    };
    #[cfg(target_vendor = "apple")]
    let (one, other) = (prepare(one)?, prepare(other)?);
    Ok((one, other))
}

/// bind(2).
pub(crate) fn bind(socket: &Fd, address: &RawAddress) -> Result<()> {
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
pub(crate) fn connect(socket: &Fd, address: &RawAddress) -> Result<()> {
    // SAFETY: the kernel reads an address of that length.
    match check(unsafe { libc::connect(socket.raw(), address.as_ptr(), address.len()) }) {
        // After an interruption the attempt goes on as well.
        Err(Error::Os(libc::EINPROGRESS | libc::EINTR)) => Ok(()),
        answer => answer.map(drop),
    }
}

/// accept(2). An error of the new connection alone is `ECONNABORTED` or another that
/// [`AcceptError`](super::accept::AcceptError) knows as such.
pub(crate) fn accept(listener: RawFd) -> Result<(Fd, RawAddress)> {
    let mut address = RawAddress::room();
    let (pointer, length) = address.as_mut_ptrs();
    // SAFETY: the kernel writes at most `length` bytes of address, and a descriptor made just now
    // has no other owner.
    #[cfg(not(target_vendor = "apple"))]
    let socket = unsafe {
        let flags = libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
        Fd::adopt(retry(|| libc::accept4(listener, pointer, length, flags))?)
    };
    // SAFETY: as above.
    #[cfg(target_vendor = "apple")]
    let socket = unsafe {
        let socket = Fd::adopt(retry(|| libc::accept(listener, pointer, length))?);
        // If the peer has reset the connection already, these calls fail with `EINVAL`: "the socket
        // has been shut down". That says nothing about the listener.
        prepare(socket).map_err(|_| Error::Os(libc::ECONNABORTED))?
    };
    Ok((socket, address))
}

/// accept(2) on a listener of the internet families.
pub(crate) fn accept_internet(listener: RawFd) -> Result<(Fd, SocketAddr)> {
    let (socket, address) = accept(listener)?;
    // macOS returns no address if the peer has reset the connection already.
    if address.len() == 0 {
        return Err(Error::Os(libc::ECONNABORTED));
    }
    Ok((socket, address.get()?))
}

/// What the other systems do when they make a socket.
#[cfg(target_vendor = "apple")]
fn prepare(socket: Fd) -> Result<Fd> {
    super::option::set(socket.raw(), libc::SOL_SOCKET, libc::SO_NOSIGPIPE, 1 as c_int)?;
    // SAFETY: no memory is involved.
    unsafe {
        check(libc::fcntl(socket.raw(), libc::F_SETFD, libc::FD_CLOEXEC))?;
        let flags = check(libc::fcntl(socket.raw(), libc::F_GETFL))?;
        check(libc::fcntl(socket.raw(), libc::F_SETFL, flags | libc::O_NONBLOCK))?;
    }
    Ok(socket)
}

/// A connection attempt has ended, well or not: the socket is writable, see poll(2).
pub(crate) fn has_connect_ended(socket: RawFd) -> Result<bool> {
    let mut poll = libc::pollfd { fd: socket, events: libc::POLLOUT, revents: 0 };
    // SAFETY: `poll` is one entry, as the call is told.
    Ok(retry(|| unsafe { libc::poll(&mut poll, 1, 0) })? > 0)
}
