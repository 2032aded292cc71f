//! Lines on the standard output that never hold a server up.

use core::fmt;
use core::time::Duration;
use std::io::{self, Write};

use mio_st::Error;
use mio_st::event::{Evented, EventedId, Events, Interests};
use mio_st::poll::{PollOption, Registry};
use mio_st::unix::EventedFd;

/// Writes lines to the standard output, as long as that takes no waiting.
///
/// A pipe that is not read is full at some time: `println!` then waits, and the server with it. If
/// the pipe is closed, `println!` panics. Here such lines are lost, and counted. A kernel queue of
/// its own says whether the output is writable, which for a pipe means that a line of up to 4,096
/// bytes fits.
pub struct Log {
    output: Output,
    lost: u64,
}

enum Output {
    /// A regular file: writing to it never waits for a reader.
    File,
    Watched(Registry, Events<1>),
    /// Closed.
    None,
}

impl Log {
    pub fn new() -> Log {
        Log { output: Output::new().unwrap_or(Output::None), lost: 0 }
    }

    /// Writes `line` and the end of the line.
    pub fn line(&mut self, line: fmt::Arguments<'_>) {
        if !self.output.is_writable() {
            self.lost += 1;
            return;
        }
        let mut output = io::stdout().lock();
        // An error, such as that of a closed pipe, is no reason to end.
        if self.lost > 0 {
            let _ = writeln!(output, "({} lines lost)", self.lost);
            self.lost = 0;
        }
        let _ = writeln!(output, "{line}");
    }
}

impl Output {
    fn new() -> mio_st::Result<Output> {
        let mut registry = Registry::new()?;
        let mut output = EventedFd(&1);
        let (writable, level) = (Interests::WRITABLE, PollOption::Level);
        match output.register(&mut registry, EventedId(0), writable, level) {
            Ok(()) => Ok(Output::Watched(registry, Events::sized())),
            Err(Error::Unsupported) => Ok(Output::File),
            Err(error) => Err(error),
        }
    }

    fn is_writable(&mut self) -> bool {
        match self {
            Output::File => true,
            Output::None => false,
            Output::Watched(registry, events) => {
                registry.poll(events, Some(Duration::ZERO)).is_ok() && !events.is_empty()
            }
        }
    }
}
