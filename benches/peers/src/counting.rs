//! The allocator of every program here: the system's, and a count.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
static BYTES: AtomicU64 = AtomicU64::new(0);

/// How often memory was asked for, growing included.
pub fn allocations() -> u64 {
    ALLOCATIONS.load(Relaxed)
}

/// How many bytes are in use.
pub fn bytes() -> u64 {
    BYTES.load(Relaxed)
}

// SAFETY: every call goes to `System` as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: the caller's promises are those that `System` asks for, here and below.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, old: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size);
        BYTES.fetch_sub(layout.size() as u64, Relaxed);
        // SAFETY: as above.
        unsafe { System.realloc(old, layout, size) }
    }

    unsafe fn dealloc(&self, old: *mut u8, layout: Layout) {
        BYTES.fetch_sub(layout.size() as u64, Relaxed);
        // SAFETY: as above.
        unsafe { System.dealloc(old, layout) }
    }
}

fn count(bytes: usize) {
    ALLOCATIONS.fetch_add(1, Relaxed);
    BYTES.fetch_add(bytes as u64, Relaxed);
}

/// C's realloc, counted, which frees where `size` is 0.
///
/// # Safety
/// `old` is null, or came from here and has not been freed.
#[cfg(feature = "c-peers")]
pub unsafe extern "C" fn resize(old: *mut libc::c_void, size: usize) -> *mut libc::c_void {
    // SAFETY: the caller's promise; null has no size.
    BYTES.fetch_sub(unsafe { libc::malloc_usable_size(old) } as u64, Relaxed);
    if size == 0 {
        // SAFETY: as above.
        unsafe { libc::free(old) };
        return std::ptr::null_mut();
    }
    // SAFETY: as above.
    let new = unsafe { libc::realloc(old, size) };
    // SAFETY: it has just come.
    count(unsafe { libc::malloc_usable_size(new) });
    new
}
