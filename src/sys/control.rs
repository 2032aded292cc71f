//! Control data, which sendmsg(2) and recvmsg(2) carry beside the data. See cmsg(3).

use core::ffi::{c_int, c_uint};
use core::{fmt, ptr, slice};

use libc::{cmsghdr, msghdr};

use crate::error::{Error, Result};

/// A buffer for control data, in memory that the caller owns.
///
/// 128 bytes hold all that a datagram comes with if everything of `packet` is asked for: 88 bytes
/// on Linux.
#[derive(Copy, Clone)]
#[repr(C, align(8))]
pub(crate) struct Control<const N: usize = 128> {
    bytes: [u8; N],
    /// How much of it is written.
    used: usize,
}

impl<const N: usize> Control<N> {
    pub(crate) const fn new() -> Control<N> {
        Control { bytes: [0; N], used: 0 }
    }

    pub(crate) fn clear(&mut self) {
        self.used = 0;
    }

    /// Appends one item.
    ///
    /// # Errors
    ///
    /// `Full`, which is a mistake of the caller's about `N`.
    pub(crate) fn push<T: Copy>(&mut self, level: c_int, kind: c_int, value: &[T]) -> Result<()> {
        // SAFETY: these are the bytes of a value that is alive.
        unsafe { self.push_bytes(level, kind, value.as_ptr().cast(), size_of_val(value)) }
    }

    /// Not generic, so that it is compiled once.
    ///
    /// # Safety
    ///
    /// There must be as many bytes; they may be padding.
    unsafe fn push_bytes(
        &mut self,
        level: c_int,
        kind: c_int,
        data: *const u8,
        length: usize,
    ) -> Result<()> {
        // SAFETY: both only compute.
        let (space, header_and_data) = unsafe {
            let length = length as c_uint;
            (libc::CMSG_SPACE(length) as usize, libc::CMSG_LEN(length))
        };
        if self.used + space > N {
            return Err(Error::Full);
        }
        // Without the old bytes of the padding.
        self.bytes[self.used..self.used + space].fill(0);
        // SAFETY: the place is aligned, because the start and all lengths are; header and data lie
        // in the buffer, as checked above.
        unsafe {
            let header = self.bytes.as_mut_ptr().add(self.used).cast::<cmsghdr>();
            (*header).cmsg_level = level;
            (*header).cmsg_type = kind;
            (*header).cmsg_len = header_and_data as _;
            ptr::copy_nonoverlapping(data, libc::CMSG_DATA(header), length);
        }
        self.used += space;
        Ok(())
    }

    /// Lets `message` send what was pushed.
    pub(crate) fn attach(&mut self, message: &mut msghdr) {
        message.msg_control = match self.used {
            0 => ptr::null_mut(),
            _ => self.bytes.as_mut_ptr().cast(),
        };
        message.msg_controllen = self.used as _;
    }

    /// Lets `message` receive into all of the buffer.
    pub(crate) fn attach_empty(&mut self, message: &mut msghdr) {
        message.msg_control = self.bytes.as_mut_ptr().cast();
        message.msg_controllen = N as _;
    }

    /// Calls `f` with the level, the type and the bytes of each item that `message` has received
    /// here.
    pub(crate) fn each(&self, message: &msghdr, mut f: impl FnMut(c_int, c_int, &[u8])) {
        #[allow(clippy::unnecessary_cast)] // Another type on other systems.
        let length = (message.msg_controllen as usize).min(N);
        let mut message = *message;
        message.msg_control = self.bytes.as_ptr().cast_mut().cast();
        message.msg_controllen = length as _;
        let end = self.bytes.as_ptr().wrapping_add(length);
        // SAFETY: the kernel has written whole items into the buffer, of the length that it says;
        // each is cut to the end of that.
        unsafe {
            let mut header = libc::CMSG_FIRSTHDR(&message);
            while !header.is_null() {
                let data = libc::CMSG_DATA(header).cast_const();
                let before = data.offset_from(header.cast::<u8>()) as usize;
                #[allow(clippy::unnecessary_cast)] // As above.
                let length = ((*header).cmsg_len as usize).saturating_sub(before);
                let length = length.min((end as usize).saturating_sub(data as usize));
                let bytes = slice::from_raw_parts(data, length);
                f((*header).cmsg_level, (*header).cmsg_type, bytes);
                header = libc::CMSG_NXTHDR(&message, header);
            }
        }
    }
}

/// Reads a value from the bytes of an item, if there are enough of them. `T` is made of integers.
pub(crate) fn read<T: Copy>(bytes: &[u8]) -> Option<T> {
    // SAFETY: there are as many bytes, and any bytes are a value of a type that is made of
    // integers.
    (bytes.len() >= size_of::<T>()).then(|| unsafe { ptr::read_unaligned(bytes.as_ptr().cast()) })
}

impl<const N: usize> fmt::Debug for Control<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control").field("used", &self.used).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_come_out_as_they_went_in_until_the_buffer_is_full() {
        let mut control = Control::<64>::new();
        control.push(1, 2, &[3u16]).unwrap();
        control.push(4, 5, &[6i32, 7]).unwrap();
        assert_eq!(control.push(8, 9, &[0u64; 2]), Err(Error::Full));
        // SAFETY: zeroes are a value of it.
        let mut message: msghdr = unsafe { core::mem::zeroed() };
        control.attach(&mut message);
        let mut seen = heapless::Vec::<_, 4>::new();
        control.each(&message, |level, kind, bytes| {
            seen.push((level, kind, bytes.len(), read::<u16>(bytes))).unwrap();
        });
        assert_eq!(seen, [(1, 2, 2, Some(3)), (4, 5, 8, Some(6))]);
        control.clear();
        control.attach(&mut message);
        control.each(&message, |_, _, _| panic!("nothing is there"));
    }
}
