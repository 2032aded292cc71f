//! A waker of this library as one of `core::task`.

use core::marker::PhantomData;
use core::task::{RawWaker, RawWakerVTable};

/// What a `core::task::Waker` can be made of without an allocation.
pub(crate) trait Wake: Sync + 'static {
    /// Wakes, from any thread.
    fn wake(&self);
}

/// Returns a waker that calls [`Wake::wake`].
pub(crate) fn waker_of<W: Wake>(target: &'static W) -> core::task::Waker {
    // SAFETY: the functions of the table are given the pointer of this raw waker, or of a clone of
    // it: a reference that is valid for ever, to a value that may be used by any thread. Cloning
    // and dropping it have no effect.
    unsafe { core::task::Waker::from_raw(raw(target)) }
}

fn raw<W: Wake>(target: &'static W) -> RawWaker {
    RawWaker::new((&raw const *target).cast(), Table::<W>::TABLE)
}

struct Table<W>(PhantomData<W>);

impl<W: Wake> Table<W> {
    const TABLE: &'static RawWakerVTable =
        &RawWakerVTable::new(clone::<W>, wake::<W>, wake::<W>, |_| {});
}

/// # Safety
///
/// `data` must be the pointer of a raw waker that `raw::<W>` has made.
unsafe fn clone<W: Wake>(data: *const ()) -> RawWaker {
    // SAFETY: it is a `&'static W`.
    raw(unsafe { &*data.cast::<W>() })
}

/// # Safety
///
/// As `clone`.
unsafe fn wake<W: Wake>(data: *const ()) {
    // SAFETY: it is a `&'static W`.
    unsafe { &*data.cast::<W>() }.wake();
}
