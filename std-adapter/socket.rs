//! `std`'s traits of descriptors for the sockets of `socket`, and for `unix::OwnedFd`.

extern crate std;

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, RawFd};

use crate::socket::{Kind, Socket};
use crate::unix::OwnedFd;

#[allow(unsafe_code)]
impl<K: Kind> AsFd for Socket<K> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        // SAFETY: it is open for as long as the socket is borrowed.
        unsafe { BorrowedFd::borrow_raw(self.as_raw_fd()) }
    }
}

impl<K: Kind> AsRawFd for Socket<K> {
    fn as_raw_fd(&self) -> RawFd {
        self.as_raw_fd()
    }
}

impl<K: Kind> IntoRawFd for Socket<K> {
    fn into_raw_fd(self) -> RawFd {
        self.into_raw_fd()
    }
}

#[allow(unsafe_code)]
impl AsFd for OwnedFd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        // SAFETY: it is open for as long as its owner is borrowed.
        unsafe { BorrowedFd::borrow_raw(self.as_raw_fd()) }
    }
}

impl AsRawFd for OwnedFd {
    fn as_raw_fd(&self) -> RawFd {
        self.as_raw_fd()
    }
}

impl IntoRawFd for OwnedFd {
    fn into_raw_fd(self) -> RawFd {
        self.into_raw_fd()
    }
}

#[allow(unsafe_code)]
impl From<std::os::fd::OwnedFd> for OwnedFd {
    fn from(fd: std::os::fd::OwnedFd) -> OwnedFd {
        // SAFETY: it is open, and its owner gives it away.
        unsafe { OwnedFd::from_raw_fd(fd.into_raw_fd()) }
    }
}

#[allow(unsafe_code)]
impl From<OwnedFd> for std::os::fd::OwnedFd {
    fn from(fd: OwnedFd) -> std::os::fd::OwnedFd {
        // SAFETY: as above.
        unsafe { std::os::fd::OwnedFd::from_raw_fd(fd.into_raw_fd()) }
    }
}
