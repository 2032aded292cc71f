//! The command line.

use core::net::SocketAddr;
use std::num::NonZero;
use std::thread;
use std::time::Duration;

use super::common::{self, Argument, Arguments, Failure};
use super::connection::Next;
use super::http::Stage;

pub const USAGE: &str = "\
usage: http_server [OPTION]... [ADDRESS]
  ADDRESS            where to listen, such as [::1]:0; 127.0.0.1:8080 if not given
  --cores N          threads, each with a poller of its own; 0 is one for each processor (1)
  --idle MS          the longest time between two requests of a connection (60000)
  --head MS          the longest time for a request's head (10000)
  --body MS          the longest time for a request's body (30000)
  --write MS         the longest time in which a client takes no part of a response (30000)
  --grace MS         the longest time for what is under way at the end (10000)
  --max-body BYTES   the longest body of a request (1048576)";

#[derive(Copy, Clone, Debug)]
pub struct Options {
    pub address: SocketAddr,
    pub cores: usize,
    pub limits: Limits,
}

/// What a client may take of the server.
#[derive(Copy, Clone, Debug)]
pub struct Limits {
    pub idle: Duration,
    pub head: Duration,
    pub body: Duration,
    pub write: Duration,
    pub grace: Duration,
    pub max_body: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            idle: Duration::from_secs(60),
            head: Duration::from_secs(10),
            body: Duration::from_secs(30),
            write: Duration::from_secs(30),
            grace: Duration::from_secs(10),
            max_body: 1 << 20,
        }
    }
}

impl Limits {
    /// Returns how long a connection may wait for this.
    pub fn of(&self, next: Next, stage: Stage) -> Duration {
        match (next, stage) {
            (_, Stage::Done { .. }) => Duration::from_secs(2),
            (Next::Write, _) | (_, Stage::Reply) => self.write,
            (_, Stage::Idle) => self.idle,
            (_, Stage::Head) => self.head,
            (_, Stage::Body) => self.body,
        }
    }
}

impl Options {
    pub fn parse(mut arguments: Arguments) -> Result<Options, Failure> {
        let address = SocketAddr::from(([127, 0, 0, 1], 8080));
        let mut options = Options { address, cores: 1, limits: Limits::default() };
        while let Some(argument) = arguments.next_of_any()? {
            match argument {
                Argument::Word(address) => options.address = common::parse(&address)?,
                Argument::Option(name, number) => options.set(&name, number)?,
            }
        }
        Ok(options)
    }

    fn set(&mut self, option: &str, number: u64) -> Result<(), Failure> {
        let limits = &mut self.limits;
        let limit = match option {
            "--idle" => &mut limits.idle,
            "--head" => &mut limits.head,
            "--body" => &mut limits.body,
            "--write" => &mut limits.write,
            "--grace" => &mut limits.grace,
            "--max-body" => {
                limits.max_body = number;
                return Ok(());
            }
            "--cores" => {
                self.cores = match number {
                    0 => thread::available_parallelism().map_or(1, NonZero::get),
                    1..=1024 => number as usize,
                    _ => return Err(Failure::usage("--cores", "at most 1024")),
                };
                return Ok(());
            }
            _ => return Err(Failure::usage(option, "no such option")),
        };
        *limit = Duration::from_millis(number);
        Ok(())
    }
}
