//! What the example programs share: arguments, messages, and the state of an echo connection.
#![allow(dead_code, unused_imports)] // Each program uses a part.

#[cfg(feature = "std")]
mod echo;
mod log;

use core::fmt::Display;
use core::str::FromStr;
use core::time::Duration;
use std::env;
use std::ffi::OsString;
use std::io;
use std::process::ExitCode;

#[cfg(feature = "std")]
pub use self::echo::Echo;
pub use self::log::Log;

/// Why a program ends early.
pub enum Failure {
    /// The arguments are not as the usage text says.
    Usage,
    Message(String),
}

impl Failure {
    /// Returns an error that says what it is about, such as an address.
    pub fn at(what: impl Display, error: impl Into<Failure>) -> Failure {
        match error.into() {
            Failure::Usage => Failure::Usage,
            Failure::Message(message) => Failure::Message(format!("{what}: {message}")),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::Message(error.to_string())
    }
}

impl From<mio_st::Error> for Failure {
    fn from(error: mio_st::Error) -> Failure {
        let errno = error.raw_os_error().map(io::Error::from_raw_os_error);
        errno.map_or_else(|| Failure::Message(error.to_string()), Failure::from)
    }
}

/// Runs a program. It ends with status 1 and a message if it fails, and with status 2 and the usage
/// text if its arguments are wrong; with `--help` it prints the usage text only.
pub fn run(usage: &str, program: impl FnOnce(Arguments) -> Result<(), Failure>) -> ExitCode {
    let words: Vec<_> = env::args_os().skip(1).collect();
    if words.iter().any(|word| word == "--help" || word == "-h") {
        println!("{usage}");
        return ExitCode::SUCCESS;
    }
    match program(Arguments(words.into_iter())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Usage) => {
            eprintln!("{usage}");
            ExitCode::from(2)
        }
        Err(Failure::Message(message)) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

/// The arguments of a program, in order.
pub struct Arguments(std::vec::IntoIter<OsString>);

impl Arguments {
    /// Returns the next argument, or `default` if there are no more.
    pub fn next<T: FromStr>(&mut self, default: &str) -> Result<T, Failure> {
        let word = self.0.next().unwrap_or_else(|| default.into());
        word.to_str().and_then(|word| word.parse().ok()).ok_or(Failure::Usage)
    }

    /// Returns the next argument as a time in milliseconds.
    pub fn millis(&mut self, default: &str) -> Result<Duration, Failure> {
        self.next(default).map(Duration::from_millis)
    }

    /// Checks that there are no more.
    pub fn end(mut self) -> Result<(), Failure> {
        self.0.next().map_or(Ok(()), |_| Err(Failure::Usage))
    }
}
