//! A child's end by a handler of `SIGCHLD`, for systems without pidfds: Linux before 5.4, Android
//! before 12, and sandboxes.
//!
//! Each watch has an eventfd. The handler asks for each watched child whether it has ended
//! (waitid(2), which leaves the child as it is), and then writes to its eventfd, which stays
//! readable from then on, as a pidfd does. Afterwards it calls the handler that it has replaced.
//!
//! The handler runs in any thread at any time, so that it uses nothing but atomics and system
//! calls. The watches are in slots whose memory is never freed. A slot names the process that it
//! belongs to, since a forked child has copies of them, which mean nothing there.

use core::ffi::{c_int, c_void};
use core::iter;
use core::mem::{self, MaybeUninit};
use core::ptr;
use core::sync::atomic::Ordering::SeqCst;
use core::sync::atomic::{AtomicBool, AtomicI32, AtomicPtr, AtomicU32, AtomicUsize};

use libc::{pid_t, siginfo_t};

use crate::error::Result;
use crate::sys::fd::{RawFd, done, last_error, preserve_errno};

/// A watched child, or room for one.
#[derive(Debug)]
struct Slot {
    /// The process that uses the slot; 0 if none does, negative while it is being filled in.
    owner: AtomicI32,
    /// The child, or 0 if its end has been reported.
    child: AtomicI32,
    eventfd: AtomicI32,
}

const SLOTS: usize = 340;

/// As many slots as fit a page of memory, and the next page.
struct Page {
    slots: [Slot; SLOTS],
    next: AtomicPtr<Page>,
}

const _: () = assert!(size_of::<Page>() <= 4096);

/// All zeroes, so that it takes no bytes of the program's file.
static FIRST: Page = Page {
    slots: [const {
        Slot { owner: AtomicI32::new(0), child: AtomicI32::new(0), eventfd: AtomicI32::new(0) }
    }; SLOTS],
    next: AtomicPtr::new(ptr::null_mut()),
};

/// The process that has watches, and how many handlers are looking at them. A forked child has
/// copies of both, which mean nothing there.
static PROCESS: AtomicI32 = AtomicI32::new(0);
static RUNNING: AtomicU32 = AtomicU32::new(0);

/// Makes an eventfd readable when a child ends; until it is dropped.
#[derive(Debug)]
pub(super) struct Watch {
    slot: &'static Slot,
    process: pid_t,
}

impl Watch {
    /// If the child has ended already, the eventfd is readable at once.
    pub(super) fn new(child: pid_t, eventfd: RawFd) -> Result<Watch> {
        install()?;
        let process = this_process();
        if PROCESS.load(SeqCst) != process {
            RUNNING.store(0, SeqCst);
            PROCESS.store(process, SeqCst);
        }
        let slot = claim(process)?;
        slot.eventfd.store(eventfd, SeqCst);
        slot.child.store(child, SeqCst);
        slot.owner.store(process, SeqCst);
        slot.report_if_ended();
        Ok(Watch { slot, process })
    }

    /// Makes the eventfd readable and asks no longer: the child's number may be another's from now
    /// on.
    pub(super) fn report(&self) {
        self.slot.report(self.slot.child.load(SeqCst));
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if self.process != this_process() {
            return;
        }
        self.slot.child.store(0, SeqCst);
        // A handler in another thread may be about to write to the eventfd, which is closed next.
        while RUNNING.load(SeqCst) > 0 {
            // SAFETY: no memory is involved.
            unsafe { libc::sched_yield() };
        }
        self.slot.owner.store(0, SeqCst);
    }
}

impl Slot {
    fn report_if_ended(&self) {
        let child = self.child.load(SeqCst);
        if child != 0 && has_ended(child) {
            self.report(child);
        }
    }

    /// Writes to the eventfd, once.
    fn report(&self, child: pid_t) {
        if child != 0 && self.child.compare_exchange(child, 0, SeqCst, SeqCst).is_ok() {
            let one = 1u64;
            // SAFETY: the kernel reads eight bytes of a number that is alive.
            unsafe { libc::write(self.eventfd.load(SeqCst), (&raw const one).cast(), 8) };
        }
    }
}

/// Reports the children of this process that have ended. May be called by a signal handler.
pub(super) fn report_all() {
    let process = this_process();
    if PROCESS.load(SeqCst) != process {
        return;
    }
    RUNNING.fetch_add(1, SeqCst);
    for slot in pages().flat_map(|page| &page.slots) {
        if slot.owner.load(SeqCst) == process {
            slot.report_if_ended();
        }
    }
    let _ = RUNNING.fetch_update(SeqCst, SeqCst, |running| running.checked_sub(1));
}

/// Whether the child has ended; if it is none any more, another call has taken its status.
fn has_ended(child: pid_t) -> bool {
    let mut info = MaybeUninit::<siginfo_t>::zeroed();
    let options = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
    // SAFETY: the kernel writes one such structure; it is of integers, so zeroes were a value
    // already.
    unsafe {
        libc::waitid(libc::P_PID, child as libc::id_t, info.as_mut_ptr(), options) != 0
            || info.assume_init().si_pid() != 0
    }
}

/// getpid(2), which glibc does not remember: true in a child of vfork(2), too.
fn this_process() -> pid_t {
    // SAFETY: no memory is involved.
    unsafe { libc::getpid() }
}

fn pages() -> impl Iterator<Item = &'static Page> {
    // SAFETY: a page is never freed, and complete when another points to it.
    iter::successors(Some(&FIRST), |page| unsafe { page.next.load(SeqCst).as_ref() })
}

/// Takes a slot that belongs to no watch of this process.
fn claim(process: pid_t) -> Result<&'static Slot> {
    loop {
        for slot in pages().flat_map(|page| &page.slots) {
            let owner = slot.owner.load(SeqCst);
            let is_free = owner.abs() != process;
            if is_free && slot.owner.compare_exchange(owner, -process, SeqCst, SeqCst).is_ok() {
                return Ok(slot);
            }
        }
        add_page()?;
    }
}

fn add_page() -> Result<()> {
    let (length, access) = (size_of::<Page>(), libc::PROT_READ | libc::PROT_WRITE);
    let kind = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: anonymous memory at an address of the kernel's choice overlaps nothing of ours.
    let page = unsafe { libc::mmap(ptr::null_mut(), length, access, kind, -1, 0) };
    if page == libc::MAP_FAILED {
        return Err(last_error());
    }
    // Zeroes are free slots, and no next page.
    for last in pages() {
        if last.next.compare_exchange(ptr::null_mut(), page.cast(), SeqCst, SeqCst).is_ok() {
            break;
        }
    }
    Ok(())
}

/// The handler that was replaced, or 0, and whether it takes three arguments.
static REPLACED: AtomicUsize = AtomicUsize::new(0);
static TAKES_INFO: AtomicBool = AtomicBool::new(false);
static INSTALLED: AtomicBool = AtomicBool::new(false);

/// Installs the handler unless it is there already, keeping what the program has asked for:
/// sigaction(2).
fn install() -> Result<()> {
    let mut old = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: the kernel writes one such structure, for which zeroes were a value already.
    let old = unsafe {
        done(libc::sigaction(libc::SIGCHLD, ptr::null(), old.as_mut_ptr()))?;
        old.assume_init()
    };
    let is_handler = old.sa_sigaction != libc::SIG_DFL && old.sa_sigaction != libc::SIG_IGN;
    let handler = handle as *const () as usize;
    // A handler that has replaced ours is expected to call it, as ours does.
    if old.sa_sigaction == handler || is_handler && INSTALLED.load(SeqCst) {
        return Ok(());
    }
    REPLACED.store(if is_handler { old.sa_sigaction } else { 0 }, SeqCst);
    TAKES_INFO.store(old.sa_flags & libc::SA_SIGINFO != 0, SeqCst);
    let mut new = old;
    new.sa_sigaction = handler;
    new.sa_flags = old.sa_flags & !libc::SA_RESETHAND | libc::SA_SIGINFO | libc::SA_ONSTACK;
    if !is_handler {
        new.sa_flags |= libc::SA_RESTART | libc::SA_NOCLDSTOP;
    }
    if old.sa_sigaction == libc::SIG_IGN {
        new.sa_flags |= libc::SA_NOCLDWAIT;
    }
    INSTALLED.store(true, SeqCst);
    // SAFETY: the handler does only what handlers may, and lives for ever.
    done(unsafe { libc::sigaction(libc::SIGCHLD, &new, ptr::null_mut()) })
}

extern "C" fn handle(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    preserve_errno(report_all);
    let replaced = REPLACED.load(SeqCst);
    if replaced == 0 {
        return;
    }
    // SAFETY: the program has installed this function for this signal, with or without
    // `SA_SIGINFO`.
    unsafe {
        if TAKES_INFO.load(SeqCst) {
            type Handler = extern "C" fn(c_int, *mut siginfo_t, *mut c_void);
            mem::transmute::<usize, Handler>(replaced)(signal, info, context);
        } else {
            mem::transmute::<usize, extern "C" fn(c_int)>(replaced)(signal);
        }
    }
}
