//! The numbers of system calls that the libc crate does not name for Android. They are the same on
//! every architecture that Android has.

use core::ffi::c_long;

macro_rules! syscall_numbers {
    ($($NAME:ident = $libc:ident, on_android: $number:literal;)*) => {
        $(
            #[cfg(target_os = "android")]
            pub(super) const $NAME: c_long = $number;
            #[cfg(not(target_os = "android"))]
            pub(super) const $NAME: c_long = libc::$libc;
        )*
    };
}

syscall_numbers! {
    EPOLL_PWAIT2 = SYS_epoll_pwait2, on_android: 441;
    PIDFD_OPEN = SYS_pidfd_open, on_android: 434;
    PIDFD_SEND_SIGNAL = SYS_pidfd_send_signal, on_android: 424;
}
