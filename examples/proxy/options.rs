//! The command line.

use core::time::Duration;

use super::common::{self, Argument, Arguments, Failure};
use super::socket::Address;

pub const USAGE: &str = "\
usage: proxy [OPTION]... LISTEN BACKEND...
  LISTEN         where to listen; an address is like 127.0.0.1:80, [::1]:0 or unix:/run/proxy
  BACKEND        where to connect to: each client gets another, and if that fails, the next
  --connect MS   the longest time for an attempt to connect (3000)
  --idle MS      the longest time in which no byte is carried (300000)
  --grace MS     the longest time for the sessions at the end (10000)";

/// The options of the command line.
#[derive(Clone, Debug)]
pub struct Options {
    pub listen: Address,
    /// One at least.
    pub backends: Vec<Address>,
    pub connect: Duration,
    pub idle: Duration,
    pub grace: Duration,
}

impl Options {
    pub fn parse(mut arguments: Arguments) -> Result<Options, Failure> {
        let (mut connect, mut idle, mut grace) = (3_000, 300_000, 10_000);
        let mut addresses = Vec::new();
        while let Some(argument) = arguments.next_of_any()? {
            match argument {
                Argument::Word(address) => addresses.push(common::parse(&address)?),
                Argument::Option(name, number) => match name.as_str() {
                    "--connect" => connect = number,
                    "--idle" => idle = number,
                    "--grace" => grace = number,
                    _ => return Err(Failure::usage(name, "no such option")),
                },
            }
        }
        if addresses.len() < 2 {
            return Err(Failure::Usage("LISTEN and one BACKEND are needed".into()));
        }
        let [connect, idle, grace] = [connect, idle, grace].map(Duration::from_millis);
        Ok(Options { listen: addresses.remove(0), backends: addresses, connect, idle, grace })
    }
}
