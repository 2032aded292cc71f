//! Lists of buffers, for one call that reads or writes several.

use core::fmt;
use core::marker::PhantomData;
use core::mem;
use core::ops::{Deref, DerefMut};
use core::slice;

use libc::iovec;

/// A buffer to write from, as in `std::io::IoSlice`, without `std`.
///
/// It has the layout that writev(2) takes.
///
/// ```
/// use mio_st::unix::IoSlice;
///
/// let mut slices = &mut [IoSlice::new(b"head"), IoSlice::new(b"body")][..];
/// // A write took five bytes:
/// IoSlice::advance_slices(&mut slices, 5);
/// assert_eq!(slices.len(), 1);
/// assert_eq!(&*slices[0], b"ody");
/// ```
#[derive(Copy, Clone)]
#[repr(transparent)]
pub struct IoSlice<'a> {
    raw: iovec,
    buffer: PhantomData<&'a [u8]>,
}

/// A buffer to read into, as in `std::io::IoSliceMut`, without `std`.
///
/// It has the layout that readv(2) takes.
///
/// ```
/// use mio_st::unix::IoSliceMut;
///
/// let mut buffer = [1; 4];
/// IoSliceMut::new(&mut buffer)[3] = 2;
/// assert_eq!(buffer, [1, 1, 1, 2]);
/// ```
#[repr(transparent)]
pub struct IoSliceMut<'a> {
    raw: iovec,
    buffer: PhantomData<&'a mut [u8]>,
}

impl<'a> IoSlice<'a> {
    /// Names a buffer.
    #[inline]
    #[must_use]
    pub const fn new(buffer: &'a [u8]) -> IoSlice<'a> {
        // The kernel does not write to it, whatever the type says.
        let start = buffer.as_ptr().cast_mut().cast();
        IoSlice { raw: iovec { iov_base: start, iov_len: buffer.len() }, buffer: PhantomData }
    }

    /// Removes the first `count` bytes from the slice, or all bytes if there are fewer.
    pub fn advance(&mut self, count: usize) {
        let slice: &'a [u8] = self.get();
        *self = IoSlice::new(&slice[count.min(slice.len())..]);
    }

    /// Removes the first `count` bytes from a list of slices, to continue after a partial write:
    /// whole slices first, and then the beginning of the next one.
    pub fn advance_slices(slices: &mut &mut [IoSlice<'a>], mut count: usize) {
        let mut done = 0;
        for slice in slices.iter() {
            if count < slice.len() {
                break;
            }
            count -= slice.len();
            done += 1;
        }
        *slices = &mut mem::take(slices)[done..];
        if let Some(slice) = slices.first_mut() {
            slice.advance(count);
        }
    }

    fn get(&self) -> &'a [u8] {
        // SAFETY: these are the parts of a `&'a [u8]`.
        unsafe { slice::from_raw_parts(self.raw.iov_base.cast(), self.raw.iov_len) }
    }
}

impl<'a> IoSliceMut<'a> {
    /// Names a buffer.
    #[inline]
    #[must_use]
    pub const fn new(buffer: &'a mut [u8]) -> IoSliceMut<'a> {
        let (start, length) = (buffer.as_mut_ptr().cast(), buffer.len());
        IoSliceMut { raw: iovec { iov_base: start, iov_len: length }, buffer: PhantomData }
    }
}

impl Deref for IoSlice<'_> {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        self.get()
    }
}

impl Deref for IoSliceMut<'_> {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        // SAFETY: these are the parts of a `&mut [u8]` that this borrows.
        unsafe { slice::from_raw_parts(self.raw.iov_base.cast(), self.raw.iov_len) }
    }
}

impl DerefMut for IoSliceMut<'_> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `deref`, and it is borrowed mutably.
        unsafe { slice::from_raw_parts_mut(self.raw.iov_base.cast(), self.raw.iov_len) }
    }
}

impl fmt::Debug for IoSlice<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl fmt::Debug for IoSliceMut<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

// SAFETY: it is a `&[u8]` in another form.
unsafe impl Send for IoSlice<'_> {}
// SAFETY: as above.
unsafe impl Sync for IoSlice<'_> {}
// SAFETY: it is a `&mut [u8]` in another form.
unsafe impl Send for IoSliceMut<'_> {}
// SAFETY: as above.
unsafe impl Sync for IoSliceMut<'_> {}

static_assertions::assert_eq_size!(IoSlice<'_>, IoSliceMut<'_>, iovec);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advancing_goes_through_a_list_byte_by_byte() {
        let parts: [&[u8]; 5] = [b"", b"ab", b"", b"cde", b""];
        for count in 0..=7 {
            let mut slices = parts.map(IoSlice::new);
            let mut rest = &mut slices[..];
            IoSlice::advance_slices(&mut rest, count);
            let left = rest.iter().flat_map(|slice| slice.iter());
            assert!(left.eq(&b"abcde"[count.min(5)..]), "{count}: {rest:?}");
            assert!(rest.first().is_none_or(|slice| !slice.is_empty()), "{count}: {rest:?}");
        }
    }
}
