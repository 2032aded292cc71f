//! Unix domain addresses: a path, a name in Linux's abstract space, or none. See unix(7).

use core::ffi::c_char;
use core::mem::offset_of;
use core::slice;

use libc::{sa_family_t, sockaddr_un, socklen_t};

use super::RawAddress;
use crate::error::{Error, Result};

/// The forms of an address.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum UnixName<'a> {
    /// Nothing: a socket that was not bound.
    Unnamed,
    /// A path, which is neither empty nor contains a NUL.
    Path(&'a [u8]),
    /// Any bytes, NULs too; only Linux has it.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    Abstract(&'a [u8]),
}

const PATH: usize = offset_of!(sockaddr_un, sun_path);

impl RawAddress {
    /// # Errors
    ///
    /// `InvalidInput` for a path that no socket can have: an empty one, one with a NUL, one that
    /// does not fit together with the NUL at its end.
    pub(crate) fn of_path(path: &[u8]) -> Result<RawAddress> {
        if path.is_empty() || path.contains(&0) {
            return Err(Error::InvalidInput);
        }
        RawAddress::of_bytes(&[], path, 1)
    }

    /// # Errors
    ///
    /// `InvalidInput` for a name that does not fit.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub(crate) fn of_abstract(name: &[u8]) -> Result<RawAddress> {
        RawAddress::of_bytes(&[0], name, 0)
    }

    /// The unnamed address. If a socket is bound to it, Linux chooses an abstract name.
    pub(crate) fn unnamed() -> RawAddress {
        let mut raw = RawAddress::zeroed();
        raw.set_unix(&[], &[], PATH);
        raw
    }

    fn of_bytes(prefix: &[u8], name: &[u8], suffix: usize) -> Result<RawAddress> {
        let length = PATH + prefix.len() + name.len() + suffix;
        if length > size_of::<sockaddr_un>() {
            return Err(Error::InvalidInput);
        }
        let mut raw = RawAddress::zeroed();
        raw.set_unix(prefix, name, length);
        Ok(raw)
    }

    fn set_unix(&mut self, prefix: &[u8], name: &[u8], length: usize) {
        // SAFETY: the storage is all zeroes, a value of each of its members.
        let unix = unsafe { &mut self.storage.unix };
        unix.sun_family = libc::AF_UNIX as sa_family_t;
        for (place, &byte) in unix.sun_path.iter_mut().zip(prefix.iter().chain(name)) {
            *place = byte as c_char;
        }
        self.length = length as socklen_t;
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        {
            unix.sun_len = length as u8;
        }
    }

    /// What the kernel wrote.
    ///
    /// # Errors
    ///
    /// `EAFNOSUPPORT` where it is no Unix domain address.
    pub(crate) fn unix(&self) -> Result<UnixName<'_>> {
        let length = self.length as usize;
        // Some systems write nothing at all for the address of a socket that has none.
        if length == 0 {
            return Ok(UnixName::Unnamed);
        }
        if self.family() != libc::AF_UNIX {
            return Err(Error::Os(libc::EAFNOSUPPORT));
        }
        // Linux adds 1 for a NUL that did not fit; OpenBSD tells the length of the whole structure.
        let path_length = length.saturating_sub(PATH).min(SUN_PATH);
        // SAFETY: the member has so many bytes, and all up to `length` are initialised. Any byte is
        // a value of `c_char` and of `u8`.
        let bytes = unsafe {
            slice::from_raw_parts((&raw const self.storage.unix.sun_path).cast(), path_length)
        };
        Ok(match bytes {
            #[cfg(any(target_os = "linux", target_os = "android"))]
            [0, name @ ..] => UnixName::Abstract(name),
            #[cfg(not(any(target_os = "linux", target_os = "android")))]
            [0, ..] => UnixName::Unnamed,
            [] => UnixName::Unnamed,
            path => UnixName::Path(path.split(|&byte| byte == 0).next().unwrap_or(path)),
        })
    }
}

const SUN_PATH: usize = size_of::<sockaddr_un>() - PATH;

#[cfg(test)]
mod tests {
    extern crate std;
    use std::vec;

    use super::*;

    #[test]
    fn a_path_survives_the_way_to_the_kernel_and_back() {
        let longest = vec![b'x'; SUN_PATH - 1];
        for path in [&b"/run/socket"[..], b"x", b"\xff\xfe", &longest] {
            let raw = RawAddress::of_path(path).unwrap();
            assert_eq!(raw.unix(), Ok(UnixName::Path(path)));
            assert_eq!(raw.len() as usize, PATH + path.len() + 1);
        }
    }

    #[test]
    fn what_no_socket_can_be_called_is_refused() {
        let too_long = vec![b'x'; SUN_PATH];
        for path in [&b""[..], b"\0", b"a\0b", b"a\0", &too_long] {
            assert_eq!(RawAddress::of_path(path).err(), Some(Error::InvalidInput));
        }
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    #[test]
    fn an_abstract_name_may_hold_anything_that_fits() {
        let longest = vec![0; SUN_PATH - 1];
        for name in [&b""[..], b"name", b"a\0b", &longest] {
            let raw = RawAddress::of_abstract(name).unwrap();
            assert_eq!(raw.unix(), Ok(UnixName::Abstract(name)));
        }
        let too_long = vec![0; SUN_PATH];
        assert_eq!(RawAddress::of_abstract(&too_long).err(), Some(Error::InvalidInput));
    }

    #[test]
    fn nobody_and_strangers_are_told_apart() {
        assert_eq!(RawAddress::unnamed().unix(), Ok(UnixName::Unnamed));
        let mut unwritten = RawAddress::unset();
        unwritten.length = 0;
        assert_eq!(unwritten.unix(), Ok(UnixName::Unnamed));
        let internet = RawAddress::of("127.0.0.1:1".parse().unwrap());
        assert_eq!(internet.unix(), Err(Error::Os(libc::EAFNOSUPPORT)));
    }

    #[test]
    fn a_path_that_fills_the_structure_is_read_to_its_end() {
        let mut raw = RawAddress::of_path(&[b'x'; SUN_PATH - 1]).unwrap();
        // SAFETY: the member was written just now.
        unsafe { raw.storage.unix.sun_path[SUN_PATH - 1] = b'y' as c_char };
        raw.length += 1;
        let UnixName::Path(path) = raw.unix().unwrap() else { panic!("a path") };
        assert!(path.len() == SUN_PATH && path.ends_with(b"xy"));
    }
}
