//! What the programs need of sockets beside the library: `listen` and `accept`, by libc.
#![no_std]

use core::ffi::{CStr, c_char, c_int};

use mio_st::unix::{EventedIo, RawFd};
use mio_st::{Error, Result};

/// Returns the error of the call that failed just now.
pub fn last_error() -> Error {
    // SAFETY: the pointer to the thread's own errno is always valid.
    Error::from_raw_os_error(unsafe { *libc::__errno_location() })
}

/// Returns the result of a system call that returns -1 and sets `errno` if it fails.
fn check(result: c_int) -> Result<c_int> {
    if result < 0 { Err(last_error()) } else { Ok(result) }
}

/// A socket that listens at 127.0.0.1.
pub fn listen(port: u16) -> Result<RawFd> {
    let address = libc::sockaddr_in {
        sin_family: libc::AF_INET as libc::sa_family_t,
        sin_port: port.to_be(),
        sin_addr: libc::in_addr { s_addr: u32::from_be_bytes([127, 0, 0, 1]).to_be() },
        sin_zero: [0; 8],
    };
    let (level, name, one) = (libc::SOL_SOCKET, libc::SO_REUSEADDR, 1 as c_int);
    // SAFETY: the kernel reads a number, and an address, of these sizes.
    unsafe {
        let kind = libc::SOCK_STREAM | libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
        let socket = check(libc::socket(libc::AF_INET, kind, 0))?;
        check(libc::setsockopt(
            socket,
            level,
            name,
            (&raw const one).cast(),
            size_of_val(&one) as _,
        ))?;
        check(libc::bind(socket, (&raw const address).cast(), size_of_val(&address) as _))?;
        check(libc::listen(socket, 4096))?;
        Ok(socket)
    }
}

/// Accepts one connection, non-blocking; for `AcceptGuard::accept_with`. The address of the peer is not asked for.
pub fn accept(listener: RawFd) -> Result<(EventedIo, ())> {
    let (nobody, flags) = (core::ptr::null_mut(), libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC);
    // SAFETY: the kernel writes no address, and a descriptor made just now has no other owner.
    unsafe {
        let fd = check(libc::accept4(listener, nobody, core::ptr::null_mut(), flags))?;
        Ok((EventedIo::from_raw_fd(fd), ()))
    }
}

/// The arguments of a program, all of them numbers.
pub struct Arguments {
    count: usize,
    values: *const *const c_char,
}

impl Arguments {
    /// # Safety
    ///
    /// They must be what `main` is given.
    pub unsafe fn new(count: c_int, values: *const *const c_char) -> Arguments {
        Arguments { count: count.max(0) as usize, values }
    }

    /// The one at `index`, from 1; 0 where there is none.
    pub fn number(&self, index: usize) -> u32 {
        if index >= self.count {
            return 0;
        }
        // SAFETY: there are `count` of them, each ends with a NUL.
        let text = unsafe { CStr::from_ptr(*self.values.add(index)) };
        let digits = text.to_bytes().iter().map(|&digit| u32::from(digit.wrapping_sub(b'0')));
        digits.fold(0, |sum, digit| sum.wrapping_mul(10).wrapping_add(digit))
    }
}

/// A line of text, made without `core::fmt`, which is larger than the rest.
pub struct Line {
    bytes: [u8; 120],
    length: usize,
}

impl Default for Line {
    fn default() -> Line {
        Line { bytes: [0; 120], length: 0 }
    }
}

impl Line {
    /// Adds it, as far as there is room.
    pub fn text(mut self, text: &str) -> Line {
        for (byte, &new) in self.bytes.iter_mut().skip(self.length).zip(text.as_bytes()) {
            *byte = new;
            self.length += 1;
        }
        self
    }

    pub fn number(mut self, number: u64) -> Line {
        if number > 9 {
            self = self.number(number / 10);
        }
        let digit = [b'0' + (number % 10) as u8];
        self.text(core::str::from_utf8(&digit).unwrap_or_default())
    }

    /// Writes the line to the standard output, if that is possible without waiting: a reader that does not read
    /// must not hold the program up.
    pub fn print(self) {
        let line = self.text("\n");
        let mut output = libc::pollfd { fd: 1, events: libc::POLLOUT, revents: 0 };
        // SAFETY: the kernel writes one entry, and reads the part of the buffer that was written. Without the
        // signal, writing to a closed pipe is an error.
        unsafe {
            libc::signal(libc::SIGPIPE, libc::SIG_IGN);
            if libc::poll(&mut output, 1, 0) == 1 {
                libc::write(1, line.bytes.as_ptr().cast(), line.length);
            }
        }
    }
}

/// What `main` and a panic are without std.
#[macro_export]
macro_rules! program {
    ($run:path) => {
        #[unsafe(no_mangle)]
        extern "C" fn main(
            count: core::ffi::c_int,
            values: *const *const core::ffi::c_char,
        ) -> core::ffi::c_int {
            // SAFETY: this is `main`.
            match $run(unsafe { $crate::Arguments::new(count, values) }) {
                Ok(()) => 0,
                Err(error) => error.raw_os_error().unwrap_or(255),
            }
        }

        #[panic_handler]
        fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
            // SAFETY: it may always be called.
            unsafe { libc::abort() }
        }
    };
}
