//! What comes with a datagram of the internet protocols beside its data: ip(7), ipv6(7), udp(7).

use core::ffi::c_int;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use libc::msghdr;

use super::control::{Control, read};
use super::fd::RawFd;
use super::option_name::{self as name, OptionName};
use super::socket;
use crate::error::{Error, Result};

/// What came with a datagram, or goes with one.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ancillary {
    /// The own address: where it was sent to, or is to come from.
    pub(crate) local: Option<IpAddr>,
    /// Whether the system says that nothing can come from there: a network's broadcast address.
    pub(crate) is_broadcast: bool,
    /// The index of the interface, or 0.
    pub(crate) interface: u32,
    /// The type of service or the traffic class.
    pub(crate) class: Option<u8>,
    /// The length of each datagram but the last of several in one.
    pub(crate) segment_size: Option<u16>,
}

/// Reads what `message` has received.
pub(crate) fn parse(control: &Control, message: &msghdr) -> Ancillary {
    let mut ancillary = Ancillary::default();
    control.each(message, |level, kind, bytes| match (level, kind) {
        (libc::IPPROTO_IP, _) => parse_v4(&mut ancillary, kind, bytes),
        (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO) => {
            let Some(info) = read::<libc::in6_pktinfo>(bytes) else { return };
            let ip = Ipv6Addr::from(info.ipi6_addr.s6_addr);
            ancillary.local = Some(ip.to_ipv4_mapped().map_or(IpAddr::V6(ip), IpAddr::V4));
            ancillary.interface = info.ipi6_ifindex as _;
        }
        (libc::IPPROTO_IPV6, libc::IPV6_TCLASS) => {
            ancillary.class = read::<c_int>(bytes).map(|class| class as u8);
        }
        #[cfg(any(target_os = "linux", target_os = "android"))]
        (libc::SOL_UDP, libc::UDP_GRO) => {
            ancillary.segment_size = read::<c_int>(bytes).map(|size| size as u16);
        }
        _ => {}
    });
    ancillary
}

fn parse_v4(ancillary: &mut Ancillary, kind: c_int, bytes: &[u8]) {
    match kind {
        kind if is_tos(kind) => ancillary.class = bytes.first().copied(),
        #[cfg(not(any(target_os = "freebsd", target_os = "openbsd", target_os = "dragonfly")))]
        libc::IP_PKTINFO => {
            let Some(info) = read::<libc::in_pktinfo>(bytes) else { return };
            ancillary.local = Some(Ipv4Addr::from(info.ipi_addr.s_addr.to_ne_bytes()).into());
            ancillary.interface = info.ipi_ifindex as _;
            // Linux names the address for an answer as well.
            #[cfg(any(target_os = "linux", target_os = "android"))]
            {
                ancillary.is_broadcast = info.ipi_spec_dst.s_addr != info.ipi_addr.s_addr;
            }
        }
        #[cfg(any(target_os = "freebsd", target_os = "openbsd", target_os = "dragonfly"))]
        libc::IP_RECVDSTADDR => {
            let address = read::<libc::in_addr>(bytes);
            ancillary.local =
                address.map(|address| Ipv4Addr::from(address.s_addr.to_ne_bytes()).into());
        }
        _ => {}
    }
}

/// Returns whether a type of service comes under this name. Linux names what it received as it
/// names what it sends.
fn is_tos(kind: c_int) -> bool {
    #[cfg(any(target_os = "freebsd", target_vendor = "apple"))]
    return kind == libc::IP_RECVTOS || kind == libc::IP_TOS;
    #[cfg(not(any(target_os = "freebsd", target_vendor = "apple")))]
    return kind == libc::IP_TOS;
}

/// A type of service as it is sent. Apple's systems take an `int`, although what they deliver is a
/// byte, and overlook anything else.
#[cfg(target_vendor = "apple")]
type Tos = c_int;
#[cfg(not(any(
    target_vendor = "apple",
    target_os = "netbsd",
    target_os = "openbsd",
    target_os = "dragonfly",
)))]
type Tos = u8;

/// Returns whether what goes with a datagram to this address is that of IPv6.
///
/// To a mapped address an IPv6 socket sends IPv4. Linux reads what is IPv4's then, and of what is
/// IPv6's only the own address: the traffic class would be left out without an error.
pub(crate) fn is_v6(to: &SocketAddr) -> bool {
    let reads_v4 = cfg!(any(target_os = "linux", target_os = "android"));
    matches!(to, SocketAddr::V6(v6) if !reads_v4 || v6.ip().to_ipv4_mapped().is_none())
}

/// Writes what is to go with a datagram, as IPv6's or as IPv4's: see [`is_v6`].
///
/// # Errors
///
/// `Unsupported` for a segment size where the system does not cut datagrams.
pub(crate) fn write(control: &mut Control, ancillary: &Ancillary, is_v6: bool) -> Result<()> {
    control.clear();
    if is_v6 {
        write_v6(control, ancillary)?;
    } else {
        write_v4(control, ancillary)?;
    }
    match ancillary.segment_size {
        None => Ok(()),
        #[cfg(any(target_os = "linux", target_os = "android"))]
        Some(size) => control.push(libc::SOL_UDP, libc::UDP_SEGMENT, &[size]),
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        Some(_) => Err(Error::Unsupported),
    }
}

fn write_v6(control: &mut Control, ancillary: &Ancillary) -> Result<()> {
    let local = ancillary.local;
    if local.is_some() || ancillary.interface != 0 {
        let ip = local.map_or(Ipv6Addr::UNSPECIFIED, |local| match local {
            IpAddr::V4(v4) => v4.to_ipv6_mapped(),
            IpAddr::V6(v6) => v6,
        });
        // A mapped address is IPv4 beneath, where the interface was chosen by it already.
        let interface = if ip.to_ipv4_mapped().is_some() { 0 } else { ancillary.interface };
        let info = libc::in6_pktinfo {
            ipi6_addr: libc::in6_addr { s6_addr: ip.octets() },
            ipi6_ifindex: interface as _,
        };
        control.push(libc::IPPROTO_IPV6, libc::IPV6_PKTINFO, &[info])?;
    }
    match ancillary.class {
        Some(class) => control.push(libc::IPPROTO_IPV6, libc::IPV6_TCLASS, &[c_int::from(class)]),
        None => Ok(()),
    }
}

fn write_v4(control: &mut Control, ancillary: &Ancillary) -> Result<()> {
    let local = match ancillary.local {
        Some(IpAddr::V6(local)) => Some(local.to_ipv4_mapped().ok_or(Error::InvalidInput)?),
        Some(IpAddr::V4(local)) => Some(local),
        None => None,
    };
    if local.is_some() || ancillary.interface != 0 {
        let ip = local.unwrap_or(Ipv4Addr::UNSPECIFIED);
        write_source_v4(control, u32::from_ne_bytes(ip.octets()), ancillary.interface)?;
    }
    match ancillary.class {
        #[cfg(not(any(target_os = "netbsd", target_os = "openbsd", target_os = "dragonfly")))]
        Some(class) => control.push(libc::IPPROTO_IP, libc::IP_TOS, &[Tos::from(class)]),
        #[cfg(any(target_os = "netbsd", target_os = "openbsd", target_os = "dragonfly"))]
        Some(_) => Err(Error::Unsupported),
        None => Ok(()),
    }
}

#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn write_source_v4(control: &mut Control, address: u32, interface: u32) -> Result<()> {
    let info = libc::in_pktinfo {
        ipi_ifindex: interface as _,
        ipi_spec_dst: libc::in_addr { s_addr: address },
        ipi_addr: libc::in_addr { s_addr: 0 },
    };
    control.push(libc::IPPROTO_IP, libc::IP_PKTINFO, &[info])
}

#[cfg(target_os = "netbsd")]
fn write_source_v4(control: &mut Control, address: u32, interface: u32) -> Result<()> {
    let ipi_addr = libc::in_addr { s_addr: address };
    let info = libc::in_pktinfo { ipi_addr, ipi_ifindex: interface as _ };
    control.push(libc::IPPROTO_IP, libc::IP_PKTINFO, &[info])
}

/// Without an interface: these systems choose it by the address.
#[cfg(any(target_os = "freebsd", target_os = "openbsd", target_os = "dragonfly"))]
fn write_source_v4(control: &mut Control, address: u32, _: u32) -> Result<()> {
    match address {
        0 => Ok(()),
        address => {
            let address = libc::in_addr { s_addr: address };
            control.push(libc::IPPROTO_IP, libc::IP_SENDSRCADDR, &[address])
        }
    }
}

/// Whether datagrams are to come with the address that they were sent to.
pub(crate) fn set_destination(socket: RawFd, on: bool) -> Result<()> {
    set(socket, name::RECV_DESTINATION, name::RECV_DESTINATION_V6, on)
}

/// Whether datagrams are to come with their type of service or traffic class.
pub(crate) fn set_class(socket: RawFd, on: bool) -> Result<()> {
    set(socket, name::RECV_TYPE_OF_SERVICE, name::RECV_TRAFFIC_CLASS, on)
}

/// An IPv6 socket may take IPv4 too, and then has the options of both on some systems.
fn set(socket: RawFd, v4: OptionName, v6: OptionName, on: bool) -> Result<()> {
    if socket::local_addr(socket)?.family() == libc::AF_INET {
        return v4.set_flag(socket, on);
    }
    v6.set_flag(socket, on)?;
    let _ = v4.set_flag(socket, on);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_with_a_datagram_is_what_comes_with_it() {
        let class = cfg!(any(target_os = "linux", target_os = "android", target_vendor = "apple"));
        let cut = cfg!(any(target_os = "linux", target_os = "android"));
        for (local, is_v6) in [("10.1.2.3", false), ("fe80::7", true)] {
            let sent = Ancillary {
                local: Some(local.parse().unwrap()),
                is_broadcast: false,
                interface: 9,
                class: class.then_some(3),
                segment_size: cut.then_some(1200),
            };
            let mut control = Control::new();
            write(&mut control, &sent, is_v6).unwrap();
            // SAFETY: zeroes are a value of it.
            let mut message: msghdr = unsafe { core::mem::zeroed() };
            control.attach(&mut message);
            let received = parse(&control, &message);
            // What is sent is named in other fields, and by other types.
            assert_eq!(received.interface, sent.interface);
            assert_eq!(received.class, sent.class);
            assert_eq!(received.local.is_some(), sent.local.is_some());
        }
    }

    #[test]
    fn an_own_address_of_another_family_is_refused() {
        let v6 = Ancillary { local: Some("::2".parse().unwrap()), ..Ancillary::default() };
        assert_eq!(write(&mut Control::new(), &v6, false), Err(Error::InvalidInput));
        write(&mut Control::new(), &v6, true).unwrap();
    }
}
