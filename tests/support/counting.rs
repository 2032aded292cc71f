//! The system's allocator, and a count of the calls that each thread makes. A program that includes
//! this file uses it.
#![allow(dead_code, unsafe_code, clippy::std_instead_of_core)]

use core::cell::Cell;
use std::alloc::{GlobalAlloc, Layout, System};

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

std::thread_local! {
    // Without a destructor, so that the variable itself allocates nothing.
    static CALLS: Cell<usize> = const { Cell::new(0) };
}

/// How often the calling thread has called the allocator so far, whether to get memory or to give
/// it back: what is freed was allocated.
pub fn allocator_calls() -> usize {
    CALLS.get()
}

/// How often `body` calls the allocator.
pub fn calls_by<T>(body: impl FnOnce() -> T) -> (usize, T) {
    let before = allocator_calls();
    let result = body();
    (allocator_calls() - before, result)
}

#[track_caller]
pub fn without_allocating<T>(body: impl FnOnce() -> T) -> T {
    let (calls, result) = calls_by(body);
    assert_eq!(calls, 0, "the heap was used");
    result
}

fn count() {
    // No more when the thread's variables are gone.
    let _ = CALLS.try_with(|calls| calls.set(calls.get() + 1));
}

// SAFETY: it is the system's allocator that does it all.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller promises what the system's allocator wants, here and below.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: as in `alloc`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: as in `alloc`.
        unsafe { System.realloc(memory, layout, size) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        count();
        // SAFETY: as in `alloc`.
        unsafe { System.dealloc(memory, layout) }
    }
}
