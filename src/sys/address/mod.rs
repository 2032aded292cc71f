//! Socket addresses, written and read field by field: the layout of `SocketAddr` is nobody's
//! business.

mod unix;
#[cfg(any(target_os = "linux", target_os = "android"))]
mod vsock;

use core::fmt;
use core::mem;
use core::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

use libc::{
    sa_family_t, sockaddr, sockaddr_in, sockaddr_in6, sockaddr_storage, sockaddr_un, socklen_t,
};

pub(crate) use self::unix::UnixName;
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) use self::vsock::AF_VSOCK;

use crate::error::{Error, Result};

/// An address as the kernel wants it: a pointer, and how many bytes of it count.
#[derive(Copy, Clone)]
pub struct RawAddress {
    storage: Storage,
    length: socklen_t,
}

/// The families that are in use, in as much memory as the largest takes.
#[derive(Copy, Clone)]
#[repr(C)]
union Storage {
    head: Head,
    any: sockaddr_storage,
    v4: sockaddr_in,
    v6: sockaddr_in6,
    unix: sockaddr_un,
    #[cfg(any(target_os = "linux", target_os = "android"))]
    vsock: libc::sockaddr_vm,
}

/// What all families begin with.
#[derive(Copy, Clone)]
#[repr(C)]
struct Head {
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    length: u8,
    family: sa_family_t,
}

impl RawAddress {
    /// Room for the kernel to write an address of any family. Only the family is initialised, and
    /// is none: another one, and the bytes up to the length, are written by the kernel.
    #[inline]
    pub(crate) const fn unset() -> RawAddress {
        let head = Head {
            #[cfg(not(any(target_os = "linux", target_os = "android")))]
            length: 0,
            family: libc::AF_UNSPEC as sa_family_t,
        };
        RawAddress { storage: Storage { head }, length: size_of::<Storage>() as socklen_t }
    }

    /// An address whose members are to be set.
    const fn zeroed() -> RawAddress {
        // SAFETY: all of these are plain integers, for which zeroes are a value.
        let storage = unsafe { mem::zeroed() };
        RawAddress { storage, length: size_of::<Storage>() as socklen_t }
    }

    pub(crate) fn of(address: SocketAddr) -> RawAddress {
        let mut raw = RawAddress::zeroed();
        match address {
            SocketAddr::V4(address) => raw.set_v4(address),
            SocketAddr::V6(address) => raw.set_v6(address),
        }
        raw
    }

    fn set_v4(&mut self, address: SocketAddrV4) {
        // SAFETY: the storage is all zeroes, a value of each of its members.
        let v4 = unsafe { &mut self.storage.v4 };
        v4.sin_family = libc::AF_INET as sa_family_t;
        v4.sin_port = address.port().to_be();
        // The octets are in the order of the network already.
        v4.sin_addr.s_addr = u32::from_ne_bytes(address.ip().octets());
        self.length = size_of::<sockaddr_in>() as socklen_t;
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        {
            v4.sin_len = self.length as u8;
        }
    }

    fn set_v6(&mut self, address: SocketAddrV6) {
        // SAFETY: as in `set_v4`.
        let v6 = unsafe { &mut self.storage.v6 };
        v6.sin6_family = libc::AF_INET6 as sa_family_t;
        v6.sin6_port = address.port().to_be();
        v6.sin6_addr.s6_addr = address.ip().octets();
        // As in std, the flow information goes as it is, and is no number in the network's order.
        v6.sin6_flowinfo = address.flowinfo();
        v6.sin6_scope_id = address.scope_id();
        self.length = size_of::<sockaddr_in6>() as socklen_t;
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        {
            v6.sin6_len = self.length as u8;
        }
    }

    /// The address family.
    #[inline]
    pub(crate) fn family(&self) -> libc::c_int {
        // SAFETY: all families begin with it, and it is always initialised.
        libc::c_int::from(unsafe { self.storage.head.family })
    }

    /// What the kernel wrote.
    ///
    /// # Errors
    ///
    /// `EAFNOSUPPORT` where it is no internet address.
    #[inline]
    pub(crate) fn get(&self) -> Result<SocketAddr> {
        match self.family() {
            libc::AF_INET if self.length as usize >= size_of::<sockaddr_in>() => {
                // SAFETY: the family says that it is this member, and the length that it is whole.
                let v4 = unsafe { &self.storage.v4 };
                let ip = Ipv4Addr::from(v4.sin_addr.s_addr.to_ne_bytes());
                Ok(SocketAddrV4::new(ip, u16::from_be(v4.sin_port)).into())
            }
            libc::AF_INET6 if self.length as usize >= size_of::<sockaddr_in6>() => {
                // SAFETY: as above.
                let v6 = unsafe { &self.storage.v6 };
                let ip = Ipv6Addr::from(v6.sin6_addr.s6_addr);
                let port = u16::from_be(v6.sin6_port);
                Ok(SocketAddrV6::new(ip, port, v6.sin6_flowinfo, v6.sin6_scope_id).into())
            }
            _ => Err(Error::Os(libc::EAFNOSUPPORT)),
        }
    }

    pub(crate) fn as_ptr(&self) -> *const sockaddr {
        (&raw const self.storage).cast()
    }

    #[inline]
    pub(crate) fn len(&self) -> socklen_t {
        self.length
    }

    /// For the kernel to write to, if it is told the length by another way: the room, and how much
    /// there is.
    pub(crate) fn as_buffer(&mut self) -> (*mut sockaddr, socklen_t) {
        ((&raw mut self.storage).cast(), size_of::<Storage>() as socklen_t)
    }

    /// Says how much the kernel has written.
    pub(crate) fn set_length(&mut self, length: socklen_t) {
        self.length = length;
    }

    /// For the kernel to write to: the address, and its length, at first how much room there is.
    #[inline]
    pub(crate) fn as_mut_ptrs(&mut self) -> (*mut sockaddr, *mut socklen_t) {
        ((&raw mut self.storage).cast(), &mut self.length)
    }
}

impl fmt::Debug for RawAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (family, length) = (self.family(), self.length);
        f.debug_struct("RawAddress").field("family", &family).field("length", &length).finish()
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::string::ToString;

    use super::*;

    #[test]
    fn every_address_survives_the_way_to_the_kernel_and_back() {
        for address in
            ["127.0.0.1:1", "255.254.253.252:65535", "0.0.0.0:0", "[::1]:80", "[fe80::1]:9"]
        {
            let address: SocketAddr = address.parse().unwrap();
            assert_eq!(RawAddress::of(address).get(), Ok(address));
        }
        let scoped = SocketAddrV6::new("fe80::2".parse().unwrap(), 7, 11, 3);
        assert_eq!(RawAddress::of(scoped.into()).get(), Ok(scoped.into()));
        assert_eq!(scoped.to_string(), "[fe80::2%3]:7");
    }

    #[test]
    fn what_is_no_internet_address_is_an_error() {
        assert_eq!(RawAddress::unset().get(), Err(Error::Os(libc::EAFNOSUPPORT)));
        let mut short = RawAddress::of("127.0.0.1:1".parse().unwrap());
        short.length = 2;
        assert_eq!(short.get(), Err(Error::Os(libc::EAFNOSUPPORT)));
    }
}
