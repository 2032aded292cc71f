//! The command line.

use core::time::Duration;

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
    /// Parses the arguments. The error describes what is wrong with them.
    pub fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Options, String> {
        let (mut connect, mut idle, mut grace) = (3_000, 300_000, 10_000);
        let mut addresses = Vec::new();
        while let Some(argument) = arguments.next() {
            let number = match argument.as_str() {
                "--connect" => &mut connect,
                "--idle" => &mut idle,
                "--grace" => &mut grace,
                other if other.starts_with("--") => return Err(format!("{other}: no such option")),
                address => {
                    addresses.push(address.parse::<Address>()?);
                    continue;
                }
            };
            let value = arguments.next().ok_or_else(|| format!("{argument}: no value"))?;
            *number = value.parse().map_err(|error| format!("{argument} {value}: {error}"))?;
        }
        if addresses.len() < 2 {
            return Err("an address to listen at and one of a backend are needed".into());
        }
        let [connect, idle, grace] = [connect, idle, grace].map(Duration::from_millis);
        Ok(Options { listen: addresses.remove(0), backends: addresses, connect, idle, grace })
    }
}
