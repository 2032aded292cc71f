//! Groups of UDP receivers: ip(7), ipv6(7). The interface of a sender is in `option`.

use core::net::{Ipv4Addr, Ipv6Addr};

use super::fd::RawFd;
use super::option::{get, set};
use super::option_name::byte;
use crate::error::Result;

#[cfg(any(target_os = "linux", target_os = "android"))]
use libc::{IPV6_ADD_MEMBERSHIP as JOIN_V6, IPV6_DROP_MEMBERSHIP as LEAVE_V6};
#[cfg(not(any(target_os = "linux", target_os = "android")))]
use libc::{IPV6_JOIN_GROUP as JOIN_V6, IPV6_LEAVE_GROUP as LEAVE_V6};

/// The BSDs take one byte only.
#[cfg(any(
    target_os = "freebsd",
    target_os = "netbsd",
    target_os = "openbsd",
    target_os = "dragonfly",
))]
type Small = u8;
#[cfg(not(any(
    target_os = "freebsd",
    target_os = "netbsd",
    target_os = "openbsd",
    target_os = "dragonfly",
)))]
type Small = core::ffi::c_int;

/// Joins (`true`) or leaves a group, on the interface that has this address.
pub(crate) fn change_v4(
    socket: RawFd,
    join: bool,
    group: Ipv4Addr,
    interface: Ipv4Addr,
) -> Result<()> {
    let name = if join { libc::IP_ADD_MEMBERSHIP } else { libc::IP_DROP_MEMBERSHIP };
    let in_addr = |ip: Ipv4Addr| libc::in_addr { s_addr: u32::from_ne_bytes(ip.octets()) };
    let request =
        libc::ip_mreq { imr_multiaddr: in_addr(group), imr_interface: in_addr(interface) };
    set(socket, libc::IPPROTO_IP, name, request)
}

/// Joins (`true`) or leaves a group, on the interface of this index.
pub(crate) fn change_v6(socket: RawFd, join: bool, group: Ipv6Addr, interface: u32) -> Result<()> {
    let name = if join { JOIN_V6 } else { LEAVE_V6 };
    let group = libc::in6_addr { s6_addr: group.octets() };
    let request = libc::ipv6_mreq { ipv6mr_multiaddr: group, ipv6mr_interface: interface as _ };
    set(socket, libc::IPPROTO_IPV6, name, request)
}

pub(crate) fn loop_v4(socket: RawFd) -> Result<bool> {
    Ok(get::<Small>(socket, libc::IPPROTO_IP, libc::IP_MULTICAST_LOOP, 0)? != 0)
}

pub(crate) fn set_loop_v4(socket: RawFd, on: bool) -> Result<()> {
    set(socket, libc::IPPROTO_IP, libc::IP_MULTICAST_LOOP, Small::from(on))
}

pub(crate) fn ttl_v4(socket: RawFd) -> Result<u32> {
    Ok(get::<Small>(socket, libc::IPPROTO_IP, libc::IP_MULTICAST_TTL, 0)? as u32)
}

pub(crate) fn set_ttl_v4(socket: RawFd, hops: u32) -> Result<()> {
    set(socket, libc::IPPROTO_IP, libc::IP_MULTICAST_TTL, Small::from(byte(hops)?))
}
