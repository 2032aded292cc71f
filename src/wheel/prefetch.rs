//! A hint to the processor: what will be read soon.

/// Has the cache line of a value fetched, without waiting for it. On processors other than x86-64
/// and AArch64 it does nothing.
#[allow(unsafe_code)]
#[inline(always)]
pub(super) fn prefetch<T>(value: &T) {
    #[cfg(all(target_arch = "x86_64", target_feature = "sse", not(miri)))]
    // SAFETY: the processor has SSE; the instruction changes no value and raises no exception,
    // whatever the address is (Intel SDM, volume 2, PREFETCHh).
    unsafe {
        use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(core::ptr::from_ref(value).cast());
    }
    #[cfg(all(target_arch = "aarch64", not(miri)))]
    // SAFETY: the instruction changes no value and raises no exception, whatever the address is
    // (Arm ARM, C6.2, PRFM).
    unsafe {
        let at = core::ptr::from_ref(value);
        core::arch::asm!("prfm pldl1keep, [{at}]", at = in(reg) at, options(nostack, preserves_flags, readonly));
    }
    let _ = value;
}
