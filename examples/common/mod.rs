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
use std::io::{self, Write};
use std::process::ExitCode;

#[cfg(feature = "std")]
pub use self::echo::{Echo, Step};
pub use self::log::Log;

/// Why a program ends early.
pub enum Failure {
    /// What is wrong with the arguments.
    Usage(String),
    Message(String),
}

impl Failure {
    /// Returns an error that says what it is about, such as an address.
    pub fn at(what: impl Display, error: impl Into<Failure>) -> Failure {
        let (Failure::Usage(error) | Failure::Message(error)) = error.into();
        Failure::Message(format!("{what}: {error}"))
    }

    /// Returns the error of an argument.
    pub fn usage(argument: impl Display, error: impl Display) -> Failure {
        Failure::Usage(format!("{argument}: {error}"))
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::Message(error.to_string())
    }
}

impl From<mio_st::Error> for Failure {
    fn from(error: mio_st::Error) -> Failure {
        // The errors of `std` say what the system's numbers mean.
        let errno = error.raw_os_error().map(io::Error::from_raw_os_error);
        errno.map_or_else(|| Failure::Message(error.to_string()), Failure::from)
    }
}

/// Runs a program. It ends with status 1 and a message if it fails, and with status 2, a message
/// and the usage text if its arguments are wrong; with `--help` it prints the usage text only.
///
/// The usage text begins with `usage: ` and the name of the program, with which messages begin.
pub fn run(usage: &str, program: impl FnOnce(Arguments) -> Result<(), Failure>) -> ExitCode {
    let name = usage.split_whitespace().nth(1).unwrap_or_default();
    let words: Vec<_> = env::args_os().skip(1).collect();
    if words.iter().any(|word| word == "--help" || word == "-h") {
        // An output that is closed is no reason to panic.
        let _ = writeln!(io::stdout(), "{usage}");
        return ExitCode::SUCCESS;
    }
    let (message, status) = match program(Arguments(words.into_iter())) {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Failure::Usage(message)) => (format!("{message}\n{usage}"), 2),
        Err(Failure::Message(message)) => (message, 1),
    };
    let _ = writeln!(io::stderr(), "{name}: {message}");
    ExitCode::from(status)
}

/// The arguments of a program, in order.
pub struct Arguments(std::vec::IntoIter<OsString>);

/// An argument of a program that has options.
pub enum Argument {
    /// Such as `--idle 500`.
    Option(String, u64),
    Word(String),
}

impl Arguments {
    /// Returns the next argument, or `default` if there are no more.
    pub fn next<T: FromStr<Err: Display>>(&mut self, default: &str) -> Result<T, Failure> {
        parse(&self.word()?.unwrap_or_else(|| default.into()))
    }

    /// Returns the next argument as a time in milliseconds.
    pub fn millis(&mut self, default: &str) -> Result<Duration, Failure> {
        self.next(default).map(Duration::from_millis)
    }

    /// Checks that there are no more.
    pub fn end(mut self) -> Result<(), Failure> {
        self.word()?.map_or(Ok(()), |word| Err(Failure::usage(word, "one argument too many")))
    }

    /// Returns the next argument, which may be an option. `None` if there are no more.
    pub fn next_of_any(&mut self) -> Result<Option<Argument>, Failure> {
        let Some(word) = self.word()? else { return Ok(None) };
        if !word.starts_with("--") {
            return Ok(Some(Argument::Word(word)));
        }
        let value = self.word()?.ok_or_else(|| Failure::usage(&word, "no value"))?;
        let number = value.parse();
        let number =
            number.map_err(|error| Failure::usage(format_args!("{word} {value}"), error))?;
        Ok(Some(Argument::Option(word, number)))
    }

    fn word(&mut self) -> Result<Option<String>, Failure> {
        let word = self.0.next().map(OsString::into_string).transpose();
        word.map_err(|word| Failure::usage(word.display(), "not valid UTF-8"))
    }
}

/// Parses an argument.
pub fn parse<T: FromStr<Err: Display>>(word: &str) -> Result<T, Failure> {
    word.parse().map_err(|error| Failure::usage(word, error))
}
