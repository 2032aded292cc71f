//! epoll: Linux and Android. See epoll(7), epoll_ctl(2), epoll_wait(2).
//!
//! What is peculiar about it, and what is done:
//!
//! * A half-closed peer is seen only by who asks for `EPOLLRDHUP`: it goes with every `READABLE`.
//! * A pipe whose other end has gone may report `EPOLLHUP` or `EPOLLERR` *alone*: `Ready::is_readable` and
//!   `is_writable` are true for them.
//! * Registrations belong to the open file description, not to the number: while a duplicate lives, closing
//!   does not end one. Deregister before closing, or look ids up in a `Slab`, which knows its dead.
//! * `EPOLL_CTL_MOD` looks at the source again, and reports a pending edge again: that re-arms a oneshot.
//! * `epoll_wait` counts milliseconds, `epoll_pwait2` (Linux 5.11) nanoseconds, but costs more: it is used
//!   only for what milliseconds cannot say. Where it is missing, milliseconds are rounded up.
//! * glibc's `epoll_wait` is a thread-cancellation point: some 4 % of a short poll. It and `epoll_pwait2`, which not every libc
//!   has, are called by number.

mod child;
mod signals;
mod waker;

use core::ffi::{c_int, c_long};
use core::mem::MaybeUninit;
use core::ptr;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

use heapless::VecView;

pub(crate) use self::child::ChildWatch;
pub(crate) use self::signals::SignalQueue;
pub(crate) use self::waker::Waker;

use super::FOREVER;
use super::fd::{Fd, RawFd, check, last_error};
use crate::error::{Error, Result};
use crate::id::EventedId;
use crate::interests::{Interests, PollOption};
use crate::ready::Ready;

/// The kernel's `struct epoll_event`; packed on x86-64, so its fields are copied and never borrowed.
#[derive(Copy, Clone)]
#[repr(transparent)]
pub(crate) struct RawEvent(libc::epoll_event);

impl RawEvent {
    #[inline]
    pub(crate) const fn new(id: EventedId, ready: Ready) -> RawEvent {
        RawEvent(libc::epoll_event { events: ready.bits(), u64: id.0 as u64 })
    }

    #[inline]
    pub(crate) const fn id(&self) -> EventedId {
        EventedId(self.0.u64 as usize)
    }

    #[inline]
    pub(crate) const fn ready(&self) -> Ready {
        Ready::from_bits_retain(self.0.events)
    }

    /// epoll's event says that there is an error, but not which.
    #[inline]
    pub(crate) const fn os_error(&self) -> Option<i32> {
        None
    }
}

const _: () = assert!(
    Ready::READABLE.bits() == libc::EPOLLIN as u32
        && Ready::PRIORITY.bits() == libc::EPOLLPRI as u32
        && Ready::WRITABLE.bits() == libc::EPOLLOUT as u32
        && Ready::ERROR.bits() == libc::EPOLLERR as u32
        && Ready::HUP.bits() == libc::EPOLLHUP as u32
        && Ready::READ_CLOSED.bits() == libc::EPOLLRDHUP as u32
);

/// An epoll instance.
#[derive(Debug)]
pub(crate) struct Selector {
    epoll: Fd,
}

impl Selector {
    /// `register` of what is there already is an error.
    pub(crate) const REPLACES: bool = false;

    pub(crate) fn new() -> Result<Selector> {
        // SAFETY: no memory is involved, and a descriptor made just now has no other owner.
        let epoll = unsafe { Fd::adopt(check(libc::epoll_create1(libc::EPOLL_CLOEXEC))?) };
        Ok(Selector { epoll })
    }

    #[inline]
    pub(crate) fn raw_fd(&self) -> RawFd {
        self.epoll.raw()
    }

    pub(crate) fn register(
        &self,
        fd: RawFd,
        id: EventedId,
        interests: Interests,
        opt: PollOption,
    ) -> Result<()> {
        match self.control(libc::EPOLL_CTL_ADD, fd, &mut request(id, interests, opt)) {
            // Regular files and directories.
            Err(Error::Os(libc::EPERM)) => Err(Error::Unsupported),
            answer => answer,
        }
    }

    pub(crate) fn reregister(
        &self,
        fd: RawFd,
        id: EventedId,
        interests: Interests,
        opt: PollOption,
    ) -> Result<()> {
        self.control(libc::EPOLL_CTL_MOD, fd, &mut request(id, interests, opt)).map_err(unknown)
    }

    pub(crate) fn deregister(&self, fd: RawFd) -> Result<()> {
        // Before Linux 2.6.9 the event had to be there, though unused.
        let mut unused = libc::epoll_event { events: 0, u64: 0 };
        self.control(libc::EPOLL_CTL_DEL, fd, &mut unused).map_err(unknown)
    }

    #[inline]
    fn control(&self, operation: c_int, fd: RawFd, event: &mut libc::epoll_event) -> Result<()> {
        // SAFETY: `event` is valid for the length of the call, which does not keep it.
        check(unsafe { libc::epoll_ctl(self.epoll.raw(), operation, fd, event) })?;
        Ok(())
    }

    #[inline]
    pub(crate) fn glance(&self, events: &mut VecView<RawEvent>, wait: bool) -> Result<()> {
        let millis = if wait { -1 } else { 0 };
        let answer = wait_millis(self.epoll.raw(), events.spare_capacity_mut(), millis);
        append(events, answer)
    }

    pub(crate) fn select(&self, events: &mut VecView<RawEvent>, timeout: u64) -> Result<()> {
        let (epoll, spare) = (self.epoll.raw(), events.spare_capacity_mut());
        let answer = match timeout {
            FOREVER => wait_millis(epoll, spare, -1),
            timeout => wait_nanos(epoll, spare, timeout),
        };
        append(events, answer)
    }
}

/// What cannot be registered is not: `EPERM`, which comes first, means `NotFound` to all but `register`.
fn unknown(error: Error) -> Error {
    if error == Error::Os(libc::EPERM) { Error::NotFound } else { error }
}

fn request(id: EventedId, interests: Interests, opt: PollOption) -> libc::epoll_event {
    let mut events = interests.as_ready().bits();
    if interests.is_readable() {
        events |= libc::EPOLLRDHUP as u32;
    }
    events |= match opt {
        PollOption::Edge => libc::EPOLLET as u32,
        PollOption::Level => 0,
        PollOption::Oneshot => libc::EPOLLONESHOT as u32,
    };
    libc::epoll_event { events, u64: id.0 as u64 }
}

/// Counts the events that the kernel wrote behind the old ones; `answer` is how many, or -1.
#[inline]
fn append(events: &mut VecView<RawEvent>, answer: c_long) -> Result<()> {
    if answer < 0 {
        return Err(last_error());
    }
    let length = events.len() + answer as usize;
    // SAFETY: the kernel was told how many fit, and wrote that many at most.
    unsafe { events.set_len(length) };
    Ok(())
}

type Spare = [MaybeUninit<RawEvent>];

const NANOS_PER_MILLI: u64 = 1_000_000;

/// epoll_wait(2): waits for `millis` milliseconds, or without end for -1.
#[inline]
fn wait_millis(epoll: RawFd, spare: &mut Spare, millis: c_int) -> c_long {
    let (room, millis) = (spare.len() as c_long, c_long::from(millis));
    // SAFETY: the kernel writes at most `room` events to `spare`, which has that much room and whose type
    // has the kernel's layout.
    #[cfg(any(target_arch = "x86_64", target_arch = "x86", target_arch = "arm"))]
    unsafe {
        libc::syscall(libc::SYS_epoll_wait, epoll as c_long, spare.as_mut_ptr(), room, millis)
    }
    // The newer architectures have only the call that also takes a signal mask, here none.
    // SAFETY: as above.
    #[cfg(not(any(target_arch = "x86_64", target_arch = "x86", target_arch = "arm")))]
    unsafe {
        let (mask, size) = (ptr::null::<libc::sigset_t>(), 8 as c_long);
        libc::syscall(
            libc::SYS_epoll_pwait,
            epoll as c_long,
            spare.as_mut_ptr(),
            room,
            millis,
            mask,
            size,
        )
    }
}

/// epoll_pwait2(2) is missing here (an old kernel, or a sandbox that answers for it).
static NO_PWAIT2: AtomicBool = AtomicBool::new(false);

/// Waits for `timeout` nanoseconds; `FOREVER` is more than these calls can say.
fn wait_nanos(epoll: RawFd, spare: &mut Spare, timeout: u64) -> c_long {
    let whole = timeout.is_multiple_of(NANOS_PER_MILLI);
    if whole && timeout <= LONGEST_MILLIS as u64 * NANOS_PER_MILLI || NO_PWAIT2.load(Relaxed) {
        return wait_millis(epoll, spare, millis_rounded_up(timeout));
    }
    let answer = wait_precisely(epoll, spare, timeout);
    // EPERM is the answer of sandboxes that do not know the call; the call itself never gives it.
    if answer < 0 && matches!(last_error(), Error::Os(libc::ENOSYS | libc::EPERM)) {
        NO_PWAIT2.store(true, Relaxed);
        return wait_millis(epoll, spare, millis_rounded_up(timeout));
    }
    answer
}

const LONGEST_MILLIS: c_int = c_int::MAX;

/// Never 0, which would not sleep at all and spin, and never less than asked, unless it is more than 24
/// days: then the sleep comes back early, and who needs more calls again.
fn millis_rounded_up(timeout: u64) -> c_int {
    timeout.div_ceil(NANOS_PER_MILLI).min(LONGEST_MILLIS as u64) as c_int
}

/// The same number on every architecture that Android has, where the libc crate does not name it.
#[cfg(target_os = "android")]
const SYS_EPOLL_PWAIT2: c_long = 441;
#[cfg(not(target_os = "android"))]
const SYS_EPOLL_PWAIT2: c_long = libc::SYS_epoll_pwait2;

fn wait_precisely(epoll: RawFd, spare: &mut Spare, timeout: u64) -> c_long {
    /// The kernel's own timespec: 64 bits wide everywhere, unlike some libc's.
    #[repr(C)]
    struct Timespec {
        seconds: i64,
        nanos: i64,
    }

    let timeout = Timespec {
        seconds: (timeout / 1_000_000_000) as i64,
        nanos: (timeout % 1_000_000_000) as i64,
    };
    let mask = ptr::null::<libc::sigset_t>();
    // SAFETY: the kernel reads `timeout` during the call only, and writes events as in `wait_millis`.
    unsafe {
        libc::syscall(
            SYS_EPOLL_PWAIT2,
            epoll as c_long,
            spare.as_mut_ptr(),
            spare.len() as c_long,
            &raw const timeout,
            mask,
            8 as c_long,
        )
    }
}
