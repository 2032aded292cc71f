//! The socket options by name: a table of what each system calls them, and the ways to get and set
//! one.

use core::ffi::c_int;
use core::time::Duration;

use super::fd::RawFd;
use super::option::{get, set};
use crate::error::{Error, Result};

/// An option whose value is an `int`: its level and its name, or `None` if this system has no such
/// option.
#[derive(Copy, Clone)]
pub(crate) struct OptionName(Option<(c_int, c_int)>);

/// Declares options: `NAME = [condition] level, name;`, missing if the condition does not hold.
macro_rules! option_names {
    ($($(#[doc = $doc:literal])* $Name:ident = [$condition:meta] $level:ident, $name:ident;)*) => {
        $(
            $(#[doc = $doc])*
            #[cfg($condition)]
            pub(crate) const $Name: OptionName = OptionName(Some((libc::$level, libc::$name)));
            #[cfg(not($condition))]
            pub(crate) const $Name: OptionName = OptionName(None);
        )*
    };
}

// socket(7)
option_names! {
    BROADCAST = [unix] SOL_SOCKET, SO_BROADCAST;
    KEEPALIVE = [unix] SOL_SOCKET, SO_KEEPALIVE;
    REUSE_ADDR = [unix] SOL_SOCKET, SO_REUSEADDR;
    RECV_BUFFER = [unix] SOL_SOCKET, SO_RCVBUF;
    SEND_BUFFER = [unix] SOL_SOCKET, SO_SNDBUF;
    ERROR = [unix] SOL_SOCKET, SO_ERROR;
    TYPE = [unix] SOL_SOCKET, SO_TYPE;
    ACCEPTS = [unix] SOL_SOCKET, SO_ACCEPTCONN;
    MARK = [any(target_os = "linux", target_os = "android")] SOL_SOCKET, SO_MARK;
    BUSY_POLL = [any(target_os = "linux", target_os = "android")] SOL_SOCKET, SO_BUSY_POLL;
    INCOMING_CPU = [target_os = "linux"] SOL_SOCKET, SO_INCOMING_CPU;
}

// tcp(7)
option_names! {
    NODELAY = [unix] IPPROTO_TCP, TCP_NODELAY;
    KEEP_INTERVAL = [not(target_os = "openbsd")] IPPROTO_TCP, TCP_KEEPINTVL;
    KEEP_COUNT = [not(target_os = "openbsd")] IPPROTO_TCP, TCP_KEEPCNT;
    /// Milliseconds.
    USER_TIMEOUT = [any(target_os = "linux", target_os = "android")] IPPROTO_TCP, TCP_USER_TIMEOUT;
    QUICK_ACK = [any(target_os = "linux", target_os = "android")] IPPROTO_TCP, TCP_QUICKACK;
    /// Linux and FreeBSD take a length of the queue; Apple's systems take 1.
    FAST_OPEN = [any(
        target_os = "linux",
        target_os = "android",
        target_os = "freebsd",
        target_vendor = "apple",
    )] IPPROTO_TCP, TCP_FASTOPEN;
    FAST_OPEN_CONNECT = [any(target_os = "linux", target_os = "android")] IPPROTO_TCP, TCP_FASTOPEN_CONNECT;
    /// Seconds.
    DEFER_ACCEPT = [any(target_os = "linux", target_os = "android")] IPPROTO_TCP, TCP_DEFER_ACCEPT;
}

#[cfg(not(any(target_vendor = "apple", target_os = "openbsd")))]
pub(crate) const KEEP_IDLE: OptionName = OptionName(Some((libc::IPPROTO_TCP, libc::TCP_KEEPIDLE)));
/// The same option by another name.
#[cfg(target_vendor = "apple")]
pub(crate) const KEEP_IDLE: OptionName = OptionName(Some((libc::IPPROTO_TCP, libc::TCP_KEEPALIVE)));
#[cfg(target_os = "openbsd")]
pub(crate) const KEEP_IDLE: OptionName = OptionName(None);

// ip(7), ipv6(7)
option_names! {
    TTL = [unix] IPPROTO_IP, IP_TTL;
    TYPE_OF_SERVICE = [unix] IPPROTO_IP, IP_TOS;
    TRAFFIC_CLASS = [unix] IPPROTO_IPV6, IPV6_TCLASS;
    HOPS_V6 = [unix] IPPROTO_IPV6, IPV6_UNICAST_HOPS;
    MULTICAST_LOOP_V6 = [unix] IPPROTO_IPV6, IPV6_MULTICAST_LOOP;
    RECV_TRAFFIC_CLASS = [unix] IPPROTO_IPV6, IPV6_RECVTCLASS;
    RECV_DESTINATION_V6 = [unix] IPPROTO_IPV6, IPV6_RECVPKTINFO;
    RECV_TYPE_OF_SERVICE = [any(
        target_os = "linux",
        target_os = "android",
        target_os = "freebsd",
        target_vendor = "apple",
    )] IPPROTO_IP, IP_RECVTOS;
}

#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
use libc::IP_PKTINFO as DESTINATION;
#[cfg(any(target_os = "freebsd", target_os = "openbsd", target_os = "dragonfly"))]
use libc::IP_RECVDSTADDR as DESTINATION;
#[cfg(target_os = "netbsd")]
use libc::IP_RECVPKTINFO as DESTINATION;

pub(crate) const RECV_DESTINATION: OptionName = OptionName(Some((libc::IPPROTO_IP, DESTINATION)));

// udp(7)
option_names! {
    GRO = [any(target_os = "linux", target_os = "android")] SOL_UDP, UDP_GRO;
}

#[cfg(any(target_os = "linux", target_os = "android"))]
option_names! {
    SEGMENT = [unix] SOL_UDP, UDP_SEGMENT;
}

impl OptionName {
    /// The level and the name, for setsockopt(2).
    ///
    /// # Errors
    ///
    /// `Unsupported` if this system has no such option.
    pub(crate) fn parts(self) -> Result<(c_int, c_int)> {
        self.0.ok_or(Error::Unsupported)
    }

    pub(crate) fn int(self, socket: RawFd) -> Result<c_int> {
        let (level, name) = self.parts()?;
        get(socket, level, name, 0)
    }

    pub(crate) fn set_int(self, socket: RawFd, value: c_int) -> Result<()> {
        let (level, name) = self.parts()?;
        set(socket, level, name, value)
    }

    pub(crate) fn flag(self, socket: RawFd) -> Result<bool> {
        Ok(self.int(socket)? != 0)
    }

    pub(crate) fn set_flag(self, socket: RawFd, value: bool) -> Result<()> {
        self.set_int(socket, value.into())
    }

    /// A number that is never negative.
    pub(crate) fn number(self, socket: RawFd) -> Result<u32> {
        Ok(self.int(socket)? as u32)
    }

    /// Passes on the bits of the number: what is too large for an `int` is negative to the kernel.
    pub(crate) fn set_number(self, socket: RawFd, value: u32) -> Result<()> {
        self.set_int(socket, value as c_int)
    }

    /// A byte. To systems that take an `int`, a negative one is their default, and some cut others
    /// to a byte.
    ///
    /// # Errors
    ///
    /// `EINVAL` for what is none.
    pub(crate) fn set_byte(self, socket: RawFd, value: u32) -> Result<()> {
        self.set_int(socket, byte(value)?.into())
    }

    /// A size: what is too large for an `int` counts as the largest.
    pub(crate) fn set_size(self, socket: RawFd, value: u32) -> Result<()> {
        self.set_int(socket, saturated(value))
    }

    /// The same, if there is a size to set.
    pub(crate) fn set_size_if(self, socket: RawFd, value: Option<u32>) -> Result<()> {
        value.map_or(Ok(()), |value| self.set_size(socket, value))
    }

    pub(crate) fn seconds(self, socket: RawFd) -> Result<Duration> {
        Ok(Duration::from_secs(self.number(socket)?.into()))
    }

    /// Rounds up to whole seconds, because zero may have a meaning of its own.
    pub(crate) fn set_seconds(self, socket: RawFd, time: Duration) -> Result<()> {
        let seconds = time.as_secs().saturating_add((time.subsec_nanos() > 0).into());
        self.set_int(socket, seconds.try_into().unwrap_or(c_int::MAX))
    }

    pub(crate) fn millis(self, socket: RawFd) -> Result<Duration> {
        Ok(Duration::from_millis(self.number(socket)?.into()))
    }

    /// Rounds up to whole milliseconds, because zero may have a meaning of its own.
    pub(crate) fn set_millis(self, socket: RawFd, time: Duration) -> Result<()> {
        let millis = time.as_nanos().div_ceil(1_000_000);
        self.set_int(socket, millis.try_into().unwrap_or(c_int::MAX))
    }
}

/// A number as a byte.
///
/// # Errors
///
/// `EINVAL` for one that is too large.
pub(super) fn byte(value: u32) -> Result<u8> {
    u8::try_from(value).map_err(|_| Error::Os(libc::EINVAL))
}

/// A number as an `int`; one that is too large is the largest.
pub(crate) fn saturated(value: u32) -> c_int {
    value.try_into().unwrap_or(c_int::MAX)
}
