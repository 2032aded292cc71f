//! Addresses of vsock(7).

use libc::{sa_family_t, sockaddr_vm, socklen_t};

use super::RawAddress;
use crate::error::{Error, Result};

/// The libc crate lacks it for musl.
pub(crate) const AF_VSOCK: core::ffi::c_int = 40;

impl RawAddress {
    pub(crate) fn of_vsock(cid: u32, port: u32) -> RawAddress {
        let mut raw = RawAddress::zeroed();
        // SAFETY: the storage is all zeroes, a value of each of its members.
        let vsock = unsafe { &mut raw.storage.vsock };
        vsock.svm_family = AF_VSOCK as sa_family_t;
        (vsock.svm_cid, vsock.svm_port) = (cid, port);
        raw.length = size_of::<sockaddr_vm>() as socklen_t;
        raw
    }

    /// The machine and the port that the kernel wrote.
    ///
    /// # Errors
    ///
    /// `EAFNOSUPPORT` if it is an address of another family.
    pub(crate) fn vsock(&self) -> Result<(u32, u32)> {
        if self.family() != AF_VSOCK || (self.length as usize) < size_of::<sockaddr_vm>() {
            return Err(Error::Os(libc::EAFNOSUPPORT));
        }
        // SAFETY: the family says that it is this member.
        let vsock = unsafe { &self.storage.vsock };
        Ok((vsock.svm_cid, vsock.svm_port))
    }
}
