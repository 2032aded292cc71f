//! `kevent`, as each system lays it out.
//!
//! Field types differ: they are set by name on zeroed memory, and read with a cast. On Apple's
//! systems the structure is packed: take no references to its fields.

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod system {
    pub(crate) use libc::{
        EV_ADD, EV_CLEAR, EV_DELETE, EV_DISABLE, EV_DISPATCH, EV_ENABLE, EV_EOF, EV_ERROR,
        EV_ONESHOT, EV_RECEIPT, EVFILT_PROC, EVFILT_READ, EVFILT_SIGNAL, EVFILT_TIMER, EVFILT_USER,
        EVFILT_WRITE, NOTE_EXIT, NOTE_LOWAT, NOTE_TRIGGER, kevent as Kevent, kevent, kqueue,
    };

    #[cfg(any(target_vendor = "apple", target_os = "openbsd", target_os = "dragonfly"))]
    pub(crate) use libc::{EVFILT_EXCEPT, NOTE_OOB};

    /// Without the filter no event has it.
    #[cfg(any(target_os = "freebsd", target_os = "netbsd"))]
    pub(crate) const NOTE_OOB: u32 = 0x2;

    /// How many changes, and how many events, there are.
    #[cfg(target_os = "netbsd")]
    pub(crate) type Count = libc::size_t;
    #[cfg(not(target_os = "netbsd"))]
    pub(crate) type Count = core::ffi::c_int;

    #[cfg(target_os = "netbsd")]
    pub(crate) type Filter = u32;
    #[cfg(not(target_os = "netbsd"))]
    pub(crate) type Filter = i16;

    #[cfg(target_os = "netbsd")]
    pub(crate) type Flags = u32;
    #[cfg(not(target_os = "netbsd"))]
    pub(crate) type Flags = u16;
}

/// On Linux, for tests: macOS's layout and values, with `kqueue` and `kevent` from a library that
/// is linked to the program. See `ci/kqueue-shim`.
#[cfg(any(target_os = "linux", target_os = "android"))]
mod system {
    use core::ffi::{c_int, c_void};

    pub(crate) type Count = c_int;
    pub(crate) type Filter = i16;
    pub(crate) type Flags = u16;

    #[derive(Copy, Clone)]
    #[repr(C)]
    pub(crate) struct Kevent {
        pub(crate) ident: usize,
        pub(crate) filter: i16,
        pub(crate) flags: u16,
        pub(crate) fflags: u32,
        pub(crate) data: isize,
        pub(crate) udata: *mut c_void,
    }

    pub(crate) const EVFILT_READ: i16 = -1;
    pub(crate) const EVFILT_WRITE: i16 = -2;
    pub(crate) const EVFILT_PROC: i16 = -5;
    pub(crate) const EVFILT_SIGNAL: i16 = -6;
    pub(crate) const EVFILT_TIMER: i16 = -7;
    pub(crate) const EVFILT_USER: i16 = -10;
    pub(crate) const EVFILT_EXCEPT: i16 = -15;
    pub(crate) const EV_ADD: u16 = 0x1;
    pub(crate) const EV_DELETE: u16 = 0x2;
    pub(crate) const EV_ENABLE: u16 = 0x4;
    pub(crate) const EV_DISABLE: u16 = 0x8;
    pub(crate) const EV_ONESHOT: u16 = 0x10;
    pub(crate) const EV_CLEAR: u16 = 0x20;
    pub(crate) const EV_RECEIPT: u16 = 0x40;
    pub(crate) const EV_DISPATCH: u16 = 0x80;
    pub(crate) const EV_ERROR: u16 = 0x4000;
    pub(crate) const EV_EOF: u16 = 0x8000;
    pub(crate) const NOTE_LOWAT: u32 = 0x1;
    pub(crate) const NOTE_OOB: u32 = 0x2;
    pub(crate) const NOTE_TRIGGER: u32 = 0x0100_0000;
    pub(crate) const NOTE_EXIT: u32 = 0x8000_0000;

    unsafe extern "C" {
        pub(crate) fn kqueue() -> c_int;
        pub(crate) fn kevent(
            kq: c_int,
            changes: *const Kevent,
            change_count: c_int,
            events: *mut Kevent,
            event_count: c_int,
            timeout: *const libc::timespec,
        ) -> c_int;
    }
}

pub(crate) use self::system::*;
