//! Is this process a forked child of the one that made the poller?
//!
//! A child shares the parent's kernel queue: what it registers or removes changes what the parent
//! hears. So each registry remembers a mark, and each call compares it with the process's: one load
//! and one compare (`getpid` would cost as much as a whole idle poll).
//!
//! The mark lives on a page that the kernel gives to a forked child as zeroes (madvise(2),
//! `MADV_WIPEONFORK`, Linux 4.14). Where there is no such thing, a `pthread_atfork` handler counts
//! forks instead; it does not run for a bare clone(2).

use core::ffi::c_int;
use core::ptr;
use core::sync::atomic::{AtomicPtr, AtomicU32, Ordering::Relaxed, Ordering::SeqCst};

use crate::error::{Error, Result};

/// Knows whether the process has forked away since it was made.
#[derive(Debug)]
pub(crate) struct ForkGuard {
    /// Holds `mark` in this process, and something else in a child.
    word: &'static AtomicU32,
    mark: u32,
}

impl ForkGuard {
    pub(crate) fn new() -> Result<ForkGuard> {
        let word = word()?;
        loop {
            let mark = word.load(SeqCst);
            if mark != 0 {
                return Ok(ForkGuard { word, mark });
            }
            // The first use of the page, or the first after a fork. The counter was copied by the
            // fork, so a new mark differs from every mark that came along from the parent.
            let mark = MARKS.fetch_add(1, SeqCst);
            let _ = word.compare_exchange(0, mark, SeqCst, SeqCst);
        }
    }

    /// Returns the mark of the process that it was made in.
    #[inline]
    pub(crate) fn mark(&self) -> u32 {
        self.mark
    }

    /// Returns whether this is the mark of the process that calls.
    #[inline]
    pub(crate) fn is_marked(&self, mark: u32) -> bool {
        self.word.load(Relaxed) == mark
    }

    /// Returns an error in a forked child.
    #[inline]
    pub(crate) fn check(&self) -> Result<()> {
        if self.is_marked(self.mark) { Ok(()) } else { Err(Error::Forked) }
    }
}

/// No process's mark: marks are counted from 1, and a page that was wiped holds 0.
pub(crate) const NO_MARK: u32 = u32::MAX;

/// The next mark of the wiped page.
static MARKS: AtomicU32 = AtomicU32::new(1);

/// The page or the counter, chosen once a process. Never freed: guards of any age point to it.
static WORD: AtomicPtr<AtomicU32> = AtomicPtr::new(ptr::null_mut());

fn word() -> Result<&'static AtomicU32> {
    let mut word = WORD.load(SeqCst);
    if word.is_null() {
        let page = wiped_page();
        let made = if page.is_null() { fork_counter()? } else { page };
        match WORD.compare_exchange(ptr::null_mut(), made, SeqCst, SeqCst) {
            Ok(_) => word = made,
            Err(other) => {
                word = other;
                if !page.is_null() {
                    // SAFETY: this page was mapped just now, and another thread's was taken
                    // instead.
                    unsafe { libc::munmap(page.cast(), PAGE) };
                }
            }
        }
    }
    // SAFETY: it points to a static or to a page that is never unmapped; both are aligned and start
    // as a valid integer.
    Ok(unsafe { &*word })
}

/// An advice that no kernel knows.
#[cfg(any(target_os = "linux", target_os = "android"))]
const NO_ADVICE: c_int = -1;

/// The least size of a page. Where pages are larger, mmap(2), madvise(2) and munmap(2) round up.
const PAGE: usize = 4096;

/// Maps a page that is zeroes in a forked child, or returns null if the system does not have that.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn wiped_page() -> *mut AtomicU32 {
    // SAFETY: anonymous memory at an address of the kernel's choice overlaps nothing of ours.
    unsafe {
        let (access, kind) =
            (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        let page = libc::mmap(ptr::null_mut(), PAGE, access, kind, -1, 0);
        if page == libc::MAP_FAILED {
            return ptr::null_mut();
        }
        // Some emulators (qemu-user before 7.1) answer every advice with success and without
        // effect. Then so is one that does not exist.
        let is_obeyed = libc::madvise(page, PAGE, NO_ADVICE) != 0
            && libc::madvise(page, PAGE, libc::MADV_WIPEONFORK) == 0;
        if !is_obeyed {
            libc::munmap(page, PAGE);
            return ptr::null_mut();
        }
        page.cast()
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn wiped_page() -> *mut AtomicU32 {
    ptr::null_mut()
}

fn fork_counter() -> Result<*mut AtomicU32> {
    static FORKS: AtomicU32 = AtomicU32::new(1);

    extern "C" fn count() {
        FORKS.fetch_add(1, SeqCst);
    }

    unsafe extern "C" {
        // libc names it for some systems only; POSIX has it everywhere.
        fn pthread_atfork(
            prepare: Option<extern "C" fn()>,
            parent: Option<extern "C" fn()>,
            child: Option<extern "C" fn()>,
        ) -> c_int;
    }

    // Two threads may both get here: counting twice is as good as once.
    // SAFETY: the handler only adds to an atomic, which is allowed after a fork.
    let errno = unsafe { pthread_atfork(None, None, Some(count)) };
    if errno != 0 {
        return Err(Error::Os(errno));
    }
    Ok((&raw const FORKS).cast_mut())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs `child` in a forked child and says whether it answered true.
    fn in_child(child: impl FnOnce() -> bool) -> bool {
        // SAFETY: the child calls nothing but atomics, waitpid and _exit.
        unsafe {
            let pid = libc::fork();
            if pid == 0 {
                libc::_exit(if child() { 0 } else { 1 });
            }
            let mut status = 0;
            assert_eq!(libc::waitpid(pid, &mut status, 0), pid);
            libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0
        }
    }

    #[test]
    fn a_guard_is_refused_in_the_child_and_a_new_one_is_not() {
        let guard = ForkGuard::new().unwrap();
        assert!(in_child(|| guard.check() == Err(Error::Forked)));
        assert!(in_child(|| {
            let own = ForkGuard::new().unwrap();
            own.check().is_ok()
                && guard.check() == Err(Error::Forked)
                && in_child(|| own.check().is_err() && guard.check().is_err())
        }));
        assert_eq!(guard.check(), Ok(()));
    }

    #[test]
    fn counting_forks_serves_where_no_page_is_wiped() {
        let counter = fork_counter().unwrap();
        // SAFETY: it points to a static.
        let word = unsafe { &*counter };
        let guard = ForkGuard { word, mark: word.load(SeqCst) };
        assert!(in_child(|| guard.check() == Err(Error::Forked)));
        assert_eq!(guard.check(), Ok(()));
    }
}
