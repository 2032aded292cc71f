//! What the programs need beside the library: what `main` is given, and a line of output.
#![no_std]

use core::ffi::{c_char, c_int};
use core::time::Duration;

use mio_st::event::{EventedId, Events, Interests};
use mio_st::poll::{PollOption, Registry};
use mio_st::unix::Sender;

/// What the system gives a program: its arguments, all of them numbers, and its standard output.
pub struct Program {
    count: usize,
    values: *const *const c_char,
}

impl Program {
    /// # Safety
    ///
    /// The values must be what `main` is given, and nothing else may own the descriptor of the standard output.
    pub unsafe fn new(count: c_int, values: *const *const c_char) -> Program {
        Program { count: count.max(0) as usize, values }
    }

    /// Its standard output, which is closed at the end.
    pub fn output(self) -> Sender {
        // SAFETY: nothing else owns it, as `new` was promised, and this is called once.
        unsafe { Sender::from_raw_fd(1) }
    }

    /// The argument at `index`, from 1; 0 where there is none.
    pub fn number(&self, index: usize) -> u32 {
        if index >= self.count {
            return 0;
        }
        let mut number = 0_u32;
        // SAFETY: there are `count` of them, each ends with a NUL.
        unsafe {
            let mut text = (*self.values.add(index)).cast::<u8>();
            while *text != 0 {
                let digit = (*text).wrapping_sub(b'0');
                number = number.wrapping_mul(10).wrapping_add(digit.into());
                text = text.add(1);
            }
        }
        number
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
    /// must not hold the program up. `registry` has nothing else to watch by now.
    pub fn print(self, output: &Sender, registry: &mut Registry) {
        let line = self.text("\n");
        let fd = output.as_raw_fd();
        // What cannot be watched, a file, never waits.
        if registry.register_fd(fd, EventedId(0), Interests::WRITABLE, PollOption::Level).is_ok() {
            let mut events = Events::<1>::sized();
            let _ = registry.poll(&mut events, Some(Duration::ZERO));
            if events.is_empty() {
                return;
            }
        }
        let _ = output.try_write(line.bytes.get(..line.length).unwrap_or_default());
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
            // SAFETY: this is `main`, and the program begins.
            match $run(unsafe { $crate::Program::new(count, values) }) {
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
