//! The calls on sockets that `std` lacks, or makes in another way.
//!
//! Each socket is born non-blocking and close-on-exec, in one call where the system has it, and is
//! closed when a later step fails. No option is set that was not asked for.

use core::ffi::c_int;
use core::net::SocketAddr;

use super::address::RawAddress;
#[cfg(not(target_vendor = "apple"))]
use super::fd::last_error;
use super::fd::{OwnedFd, RawFd, check, done, retry};
use super::option_name::FAST_OPEN_CONNECT;
use crate::error::{Error, Result};

/// socket(2).
pub(crate) fn socket(family: c_int, kind: c_int) -> Result<OwnedFd> {
    // SAFETY: no memory is involved, and a descriptor made just now has no other owner.
    #[cfg(not(target_vendor = "apple"))]
    return unsafe {
        let kind = kind | BORN;
        Ok(OwnedFd::from_raw_fd(check(libc::socket(family, kind, 0))?))
    };
    // SAFETY: as above.
    #[cfg(target_vendor = "apple")]
    return unsafe { prepare(OwnedFd::from_raw_fd(check(libc::socket(family, kind, 0))?)) };
}

/// The family of an address, for `socket`.
pub(crate) fn family(address: SocketAddr) -> c_int {
    match address {
        SocketAddr::V4(_) => libc::AF_INET,
        SocketAddr::V6(_) => libc::AF_INET6,
    }
}

/// socketpair(2) of the Unix domain: two sockets, each the other's peer.
pub(crate) fn pair(kind: c_int) -> Result<(OwnedFd, OwnedFd)> {
    #[cfg(not(target_vendor = "apple"))]
    let kind = kind | BORN;
    let mut fds = [0; 2];
    // SAFETY: the kernel writes two descriptors, which have no other owner.
    let (one, other) = unsafe {
        done(libc::socketpair(libc::AF_UNIX, kind, 0, fds.as_mut_ptr()))?;
        (OwnedFd::from_raw_fd(fds[0]), OwnedFd::from_raw_fd(fds[1]))
    };
    #[cfg(target_vendor = "apple")]
    let (one, other) = (prepare(one)?, prepare(other)?);
    Ok((one, other))
}

/// bind(2).
pub(crate) fn bind(socket: &OwnedFd, address: &RawAddress) -> Result<()> {
    // SAFETY: the kernel reads an address of that length.
    done(unsafe { libc::bind(socket.as_raw_fd(), address.as_ptr(), address.len()) })
}

/// listen(2).
pub(crate) fn listen(socket: RawFd, backlog: c_int) -> Result<()> {
    // SAFETY: no memory is involved.
    done(unsafe { libc::listen(socket, backlog) })
}

/// bind(2) and listen(2), for a socket that is closed if one fails.
pub(crate) fn listen_at(socket: OwnedFd, address: &RawAddress, backlog: c_int) -> Result<OwnedFd> {
    bind(&socket, address)?;
    listen(socket.as_raw_fd(), backlog)?;
    Ok(socket)
}

/// The same as `connect`, for a socket that is closed if it fails.
pub(crate) fn connect_to(socket: OwnedFd, address: &RawAddress) -> Result<OwnedFd> {
    connect(socket.as_raw_fd(), address)?;
    Ok(socket)
}

/// Begins to connect: connect(2). How it ends is said by an event.
pub(crate) fn connect(socket: RawFd, address: &RawAddress) -> Result<()> {
    // SAFETY: the kernel reads an address of that length.
    match done(unsafe { libc::connect(socket, address.as_ptr(), address.len()) }) {
        // After an interruption the attempt goes on as well.
        Err(Error::Os(libc::EINPROGRESS | libc::EINTR)) => Ok(()),
        result => result,
    }
}

/// accept(2), which writes to `address`. An error of the new connection alone is `ECONNABORTED` or
/// another that [`AcceptError`](super::accept::AcceptError) knows as such.
#[inline]
pub(crate) fn accept(listener: RawFd, address: &mut RawAddress) -> Result<OwnedFd> {
    let (pointer, length) = address.as_mut_ptrs();
    // SAFETY: the kernel writes at most `length` bytes of address, and a descriptor made just now
    // has no other owner.
    #[cfg(not(target_vendor = "apple"))]
    let socket = unsafe {
        OwnedFd::from_raw_fd(match libc::accept4(listener, pointer, length, BORN) {
            fd if fd >= 0 => fd,
            _ => accept_again(listener, pointer, length)?,
        })
    };
    // SAFETY: as above.
    #[cfg(target_vendor = "apple")]
    let socket = unsafe {
        let socket = OwnedFd::from_raw_fd(retry(|| libc::accept(listener, pointer, length))?);
        // If the peer has reset the connection already, these calls fail with `EINVAL`: "the socket
        // has been shut down". That says nothing about the listener.
        prepare(socket).map_err(|_| Error::Os(libc::ECONNABORTED))?
    };
    Ok(socket)
}

/// How a socket is born.
#[cfg(not(target_vendor = "apple"))]
const BORN: c_int = libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;

/// Goes on after accept4(2) has failed. Out of line: with a loop in `accept`, the loop of the
/// program that it is inlined into has three registers less.
///
/// # Safety
///
/// As accept4(2).
#[cfg(not(target_vendor = "apple"))]
#[cold]
#[inline(never)]
unsafe fn accept_again(
    listener: RawFd,
    address: *mut libc::sockaddr,
    length: *mut libc::socklen_t,
) -> Result<RawFd> {
    // SAFETY: the caller's promise.
    let accept = || unsafe { libc::accept4(listener, address, length, BORN) };
    match last_error() {
        Error::Os(libc::EINTR) => retry(accept),
        error => Err(error),
    }
}

/// Makes a socket non-blocking: ioctl(2) with `FIONBIO`, one call where fcntl(2) takes two.
pub(crate) fn set_nonblocking(socket: RawFd) -> Result<()> {
    let mut on: c_int = 1;
    // SAFETY: the kernel reads one number.
    done(unsafe { libc::ioctl(socket, libc::FIONBIO, &mut on) })
}

/// The own address: getsockname(2).
pub(crate) fn local_addr(socket: RawFd) -> Result<RawAddress> {
    let mut address = RawAddress::unset();
    let (pointer, length) = address.as_mut_ptrs();
    // SAFETY: the kernel writes at most `length` bytes of address, and the length.
    done(unsafe { libc::getsockname(socket, pointer, length) })?;
    Ok(address)
}

/// The peer's address: getpeername(2).
pub(crate) fn peer_addr(socket: RawFd) -> Result<RawAddress> {
    let mut address = RawAddress::unset();
    let (pointer, length) = address.as_mut_ptrs();
    // SAFETY: the kernel writes at most `length` bytes of address, and the length.
    done(unsafe { libc::getpeername(socket, pointer, length) }).map_err(no_peer)?;
    Ok(address)
}

/// Gives one meaning to the errors for a socket without a peer: `ENOTCONN`. NetBSD (after a refused
/// attempt) and Apple's systems (after both directions were shut down) return `EINVAL`.
fn no_peer(error: Error) -> Error {
    if error == Error::Os(libc::EINVAL) { Error::Os(libc::ENOTCONN) } else { error }
}

/// shutdown(2); `how` is one of libc's `SHUT_` constants.
pub(crate) fn shutdown(socket: RawFd, how: c_int) -> Result<()> {
    // SAFETY: no memory is involved.
    done(unsafe { libc::shutdown(socket, how) })
}

/// A second descriptor of the same socket, close-on-exec: fcntl(2). Never one of the first three
/// numbers, which mean standard input and output.
pub(crate) fn duplicate(socket: RawFd) -> Result<OwnedFd> {
    // SAFETY: no memory is involved, and a descriptor made just now has no other owner.
    unsafe { Ok(OwnedFd::from_raw_fd(check(libc::fcntl(socket, libc::F_DUPFD_CLOEXEC, 3))?)) }
}

/// What the other systems do when they make a socket.
#[cfg(target_vendor = "apple")]
fn prepare(socket: OwnedFd) -> Result<OwnedFd> {
    super::option::set(socket.as_raw_fd(), libc::SOL_SOCKET, libc::SO_NOSIGPIPE, 1 as c_int)?;
    // SAFETY: no memory is involved.
    unsafe {
        check(libc::fcntl(socket.as_raw_fd(), libc::F_SETFD, libc::FD_CLOEXEC))?;
        let flags = check(libc::fcntl(socket.as_raw_fd(), libc::F_GETFL))?;
        check(libc::fcntl(socket.as_raw_fd(), libc::F_SETFL, flags | libc::O_NONBLOCK))?;
    }
    Ok(socket)
}

/// What has become of a connection attempt, whose error was not asked for yet.
#[derive(Copy, Clone, PartialEq, Eq)]
pub(crate) enum Attempt {
    /// It goes on.
    Pending,
    /// It has ended, well or not: the socket is writable, see poll(2).
    Ended,
    /// The first write will make it (`TCP_FASTOPEN_CONNECT`): the socket is writable, and has no
    /// peer yet.
    AtWrite,
}

/// Returns what has become of the attempt of a socket that has no peer.
pub(crate) fn attempt(socket: RawFd) -> Result<Attempt> {
    let mut poll = libc::pollfd { fd: socket, events: libc::POLLOUT, revents: 0 };
    // SAFETY: `poll` is one entry, as the call is told.
    retry(|| unsafe { libc::poll(&mut poll, 1, 0) })?;
    Ok(match poll.revents {
        0 => Attempt::Pending,
        // One that has failed, or was never made, has `POLLHUP` as well.
        libc::POLLOUT if FAST_OPEN_CONNECT.flag(socket) == Ok(true) => Attempt::AtWrite,
        _ => Attempt::Ended,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_without_a_peer_is_not_connected_on_every_system() {
        for (errno, meaning) in [
            (libc::ENOTCONN, libc::ENOTCONN),
            (libc::EINVAL, libc::ENOTCONN),
            (libc::ENOBUFS, libc::ENOBUFS),
        ] {
            assert_eq!(no_peer(Error::Os(errno)), Error::Os(meaning));
        }
    }
}
