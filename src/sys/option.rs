//! Socket options, and what else a socket knows of itself, as far as `std` lacks them.

use core::ffi::{c_int, c_void};
use core::net::Ipv4Addr;
use core::time::Duration;

use libc::socklen_t;

use super::backend::MAX_LINGER;
use super::fd::{RawFd, done};
use crate::error::Result;

/// setsockopt(2).
pub(crate) fn set<T: Copy>(socket: RawFd, level: c_int, name: c_int, value: T) -> Result<()> {
    let length = size_of::<T>() as socklen_t;
    let value = (&raw const value).cast::<c_void>();
    // SAFETY: the kernel reads `length` bytes of a value that is alive.
    done(unsafe { libc::setsockopt(socket, level, name, value, length) })
}

/// getsockopt(2).
pub(crate) fn get<T: Copy>(socket: RawFd, level: c_int, name: c_int, mut value: T) -> Result<T> {
    let mut length = size_of::<T>() as socklen_t;
    let pointer = (&raw mut value).cast::<c_void>();
    // SAFETY: the kernel writes at most `length` bytes, integers of any value, over a `T`, which
    // callers choose to be made of integers.
    done(unsafe { libc::getsockopt(socket, level, name, pointer, &mut length) })?;
    Ok(value)
}

#[cfg(not(target_vendor = "apple"))]
use libc::SO_LINGER;
/// Apple's `SO_LINGER` counts clock ticks; this one counts seconds.
#[cfg(target_vendor = "apple")]
use libc::SO_LINGER_SEC as SO_LINGER;

pub(crate) fn linger(socket: RawFd) -> Result<Option<Duration>> {
    let off = libc::linger { l_onoff: 0, l_linger: 0 };
    let linger = get(socket, libc::SOL_SOCKET, SO_LINGER, off)?;
    // Linux takes a negative number for a time without end, and reports it as another negative
    // number.
    let seconds = u32::try_from(linger.l_linger).unwrap_or(c_int::MAX as u32);
    Ok((linger.l_onoff != 0).then(|| Duration::from_secs(seconds.into())))
}

/// Rounds up, since zero is no short time: closing resets the connection then. Cuts to what the
/// system keeps.
pub(crate) fn set_linger(socket: RawFd, linger: Option<Duration>) -> Result<()> {
    let seconds = linger.map_or(0, |time| linger_seconds(time, MAX_LINGER));
    let linger = libc::linger { l_onoff: linger.is_some().into(), l_linger: seconds };
    set(socket, libc::SOL_SOCKET, SO_LINGER, linger)
}

fn linger_seconds(time: Duration, most: c_int) -> c_int {
    let whole = time.as_secs().saturating_add((time.subsec_nanos() > 0).into());
    c_int::try_from(whole).unwrap_or(most).min(most)
}

/// FreeBSD's `SO_REUSEPORT` lets many bind, but gives everything to one of them; this one spreads.
#[cfg(target_os = "freebsd")]
const SO_REUSEPORT: c_int = libc::SO_REUSEPORT_LB;
#[cfg(not(target_os = "freebsd"))]
use libc::SO_REUSEPORT;

pub(crate) fn set_reuse_port(socket: RawFd) -> Result<()> {
    set(socket, libc::SOL_SOCKET, SO_REUSEPORT, 1 as c_int)
}

pub(crate) fn only_v6(socket: RawFd) -> Result<bool> {
    Ok(get(socket, libc::IPPROTO_IPV6, libc::IPV6_V6ONLY, 0 as c_int)? != 0)
}

pub(crate) fn set_only_v6(socket: RawFd, only: bool) -> Result<()> {
    set(socket, libc::IPPROTO_IPV6, libc::IPV6_V6ONLY, c_int::from(only))
}

/// Through which interface multicast goes out, named by its address.
pub(crate) fn multicast_if_v4(socket: RawFd) -> Result<Ipv4Addr> {
    let octets = get(socket, libc::IPPROTO_IP, libc::IP_MULTICAST_IF, [0u8; 4])?;
    Ok(octets.into())
}

pub(crate) fn set_multicast_if_v4(socket: RawFd, interface: Ipv4Addr) -> Result<()> {
    set(socket, libc::IPPROTO_IP, libc::IP_MULTICAST_IF, interface.octets())
}

/// Through which interface multicast goes out, by its index.
pub(crate) fn multicast_if_v6(socket: RawFd) -> Result<u32> {
    get(socket, libc::IPPROTO_IPV6, libc::IPV6_MULTICAST_IF, 0)
}

pub(crate) fn set_multicast_if_v6(socket: RawFd, interface: u32) -> Result<()> {
    set(socket, libc::IPPROTO_IPV6, libc::IPV6_MULTICAST_IF, interface)
}

/// The process at the other end of a Unix domain stream.
pub(crate) struct Peer {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) pid: Option<i32>,
}

/// unix(7), `SO_PEERCRED`.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn peer(socket: RawFd) -> Result<Peer> {
    let nobody = libc::ucred { pid: 0, uid: u32::MAX, gid: u32::MAX };
    let peer = get(socket, libc::SOL_SOCKET, libc::SO_PEERCRED, nobody)?;
    // Linux has no error for it, and is nobody's peer itself.
    if peer.pid == 0 && peer.uid == u32::MAX {
        return Err(crate::Error::Os(libc::ENOTCONN));
    }
    Ok(Peer { uid: peer.uid, gid: peer.gid, pid: Some(peer.pid) })
}

/// getpeereid(3).
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn peer(socket: RawFd) -> Result<Peer> {
    let (mut uid, mut gid) = (0, 0);
    // SAFETY: both are places to write to.
    done(unsafe { libc::getpeereid(socket, &mut uid, &mut gid) })?;
    Ok(Peer { uid, gid, pid: None })
}

/// Binds a socket to an interface by its name: `SO_BINDTODEVICE` in socket(7).
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn bind_device(socket: RawFd, name: &[u8]) -> Result<()> {
    if name.len() >= libc::IFNAMSIZ || name.contains(&0) {
        return Err(crate::Error::InvalidInput);
    }
    let mut padded = [0u8; libc::IFNAMSIZ];
    for (place, &byte) in padded.iter_mut().zip(name) {
        *place = byte;
    }
    set(socket, libc::SOL_SOCKET, libc::SO_BINDTODEVICE, padded)
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn bind_device(_: RawFd, _: &[u8]) -> Result<()> {
    Err(crate::Error::Unsupported)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linger_is_rounded_up_and_cut_to_what_the_system_keeps() {
        let nanos = Duration::from_nanos;
        for most in [i16::MAX as c_int / 100, i16::MAX.into(), u16::MAX.into(), c_int::MAX] {
            let seconds = |time| linger_seconds(time, most);
            assert_eq!(seconds(Duration::ZERO), 0);
            assert_eq!((seconds(nanos(1)), seconds(nanos(1_000_000_000))), (1, 1));
            assert_eq!(seconds(nanos(1_000_000_001)), 2);
            assert_eq!(seconds(Duration::from_secs(most as u64)), most);
            assert_eq!(seconds(Duration::from_secs(most as u64) + nanos(1)), most);
            assert_eq!(seconds(Duration::from_secs(1 << 40)), most);
            assert_eq!(seconds(Duration::MAX), most);
        }
    }
}
