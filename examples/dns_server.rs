//! A DNS server that answers A queries for a fixed zone, over UDP, without a heap: RFC 1035.
//!
//! ```text
//! $ cargo run --features std --example dns_server 127.0.0.1:5353
//! $ dig @127.0.0.1 -p 5353 www.zone.test A +short
//! ```
#![allow(clippy::std_instead_of_core)] // As a user writes it.

mod common;

use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use mio_st::Error;
use mio_st::event::{EventedId, Events, Interests};
use mio_st::poll::{PollOption, Poller};
use mio_st::socket::{PacketBatch, UdpSocket};

use self::common::{Failure, Log};

const USAGE: &str = "\
usage: dns_server [ADDRESS]

Answers A queries for zone.test. ADDRESS is like 127.0.0.1:5353 (the default) or [::1]:0.";

#[allow(dead_code)] // A test includes this file.
fn main() -> ExitCode {
    common::run(USAGE, |mut arguments| {
        let address = arguments.next("127.0.0.1:5353")?;
        arguments.end()?;
        serve(address).map_err(|error| Failure::at(address, error))
    })
}

#[allow(dead_code)] // As above.
fn serve(address: SocketAddr) -> mio_st::Result<()> {
    let mut server = Server::bind(address)?;
    Log::new().line(format_args!("answering at {}", server.local_addr()?));
    loop {
        server.turn(None)?;
    }
}

const ORIGIN: &str = "zone.test";

/// Lower case, sorted or not.
const ZONE: [(&str, Ipv4Addr); 3] = [
    ("zone.test", Ipv4Addr::new(192, 0, 2, 1)),
    ("www.zone.test", Ipv4Addr::new(192, 0, 2, 2)),
    ("mail.zone.test", Ipv4Addr::new(192, 0, 2, 3)),
];

const SOCKET: EventedId = EventedId(0);
/// How long to leave the socket alone if the system has no memory to receive from it.
const PAUSE: Duration = Duration::from_millis(20);

pub(crate) struct Server {
    /// With a deadline for the end of the pause.
    poller: Poller<0, 1>,
    events: Events<8>,
    socket: UdpSocket,
    queries: Batch,
    answers: Batch,
}

type Batch = PacketBatch<MANY, LONGEST>;

/// Without EDNS no message is longer, asked or answered.
const LONGEST: usize = 512;
/// How many queries are answered with two system calls.
const MANY: usize = 32;

impl Server {
    pub(crate) fn bind(address: SocketAddr) -> mio_st::Result<Server> {
        let (poller, socket) = (Poller::sized()?, UdpSocket::bind(address)?);
        let (queries, answers) = (Batch::new(), Batch::new());
        let mut server = Server { poller, events: Events::sized(), socket, queries, answers };
        server.listen()?;
        Ok(server)
    }

    pub(crate) fn local_addr(&self) -> mio_st::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Waits for queries, for at most `timeout`, and answers those that are there; more are
    /// reported by the next poll.
    pub(crate) fn turn(&mut self, timeout: Option<Duration>) -> mio_st::Result<()> {
        self.poller.poll(&mut self.events, timeout)?;
        let Some(event) = self.events.iter().next() else {
            return Ok(()); // The timeout has ended.
        };
        if event.readiness().is_timer() {
            return self.listen().or_else(|_| self.pause());
        }
        match self.socket.recv_many(&mut self.queries).map_err(Error::raw_os_error) {
            Ok(_) => self.answer_all(),
            // Reported again and again, the query would keep the loop busy.
            Err(Some(libc::ENOMEM | libc::ENOBUFS)) => {
                self.poller.deregister(&mut self.socket)?;
                return self.pause();
            }
            // No query is waiting, or it concerns one datagram or the network: clients that get no
            // answer ask again.
            Err(_) => {}
        }
        Ok(())
    }

    fn listen(&mut self) -> mio_st::Result<()> {
        // Nothing waits to be sent: an answer that cannot be sent now is dropped, and asked for
        // again.
        self.poller.register(&mut self.socket, SOCKET, Interests::READABLE, PollOption::Level)
    }

    fn pause(&mut self) -> mio_st::Result<()> {
        self.poller.add_timeout(SOCKET, PAUSE).map(drop)
    }

    fn answer_all(&mut self) {
        let mut reply = [0; LONGEST];
        for query in &self.queries {
            let length = answer(query.data, query.truncated, &mut reply);
            if length > 0 {
                // There is room for as many answers as queries.
                let _ = self.answers.push(&reply[..length], &query.info.reply());
            }
        }
        while !self.answers.is_empty() {
            // A full buffer, or a query whose sender's address leads nowhere: not the server's
            // trouble.
            if self.socket.send_many(&mut self.answers).is_err() {
                self.answers.pop_front();
            }
        }
    }
}

const HEADER: usize = 12;

const NO_ERROR: u8 = 0;
const FORMAT_ERROR: u8 = 1;
const NO_SUCH_NAME: u8 = 3;
const NOT_IMPLEMENTED: u8 = 4;
const REFUSED: u8 = 5;

const A: u16 = 1;
const ANY: u16 = 255;
const INTERNET: u16 = 1;

/// Writes the answer to `query` and says how long it is; 0 where none is due. A question takes 259
/// bytes at most, so that there is always room.
pub(crate) fn answer(query: &[u8], truncated: bool, reply: &mut [u8; LONGEST]) -> usize {
    // What is no query is not answered, or two servers could answer each other for ever.
    if query.len() < HEADER || query[2] & 0x80 != 0 {
        return 0;
    }
    let question = if truncated { None } else { Question::parse(query) };
    let (code, address) = match &question {
        _ if query[2] & 0x78 != 0 => (NOT_IMPLEMENTED, None),
        None => (FORMAT_ERROR, None),
        Some(question) => question.look_up(),
    };
    let question = question.map_or(&[][..], |question| question.bytes);
    reply[..2].copy_from_slice(&query[..2]); // Whose answer it is.
    reply[2] = 0x84 | query[2] & 0x79; // An authoritative answer; what was asked for.
    reply[3] = code;
    reply[4..HEADER].fill(0);
    reply[5] = u8::from(!question.is_empty());
    reply[7] = u8::from(address.is_some());
    let mut end = HEADER + question.len();
    reply[HEADER..end].copy_from_slice(question);
    if let Some(address) = address {
        // The name stands at the start of the question; type A, the internet, a minute to live.
        reply[end..end + 12].copy_from_slice(&[0xc0, HEADER as u8, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
        reply[end + 12..end + 16].copy_from_slice(&address.octets());
        end += 16;
    }
    end
}

struct Question<'a> {
    /// As it came.
    bytes: &'a [u8],
    /// Its name: labels, each behind its length.
    labels: &'a [u8],
    kind: u16,
    class: u16,
}

impl<'a> Question<'a> {
    /// The one question of a query.
    fn parse(query: &'a [u8]) -> Option<Question<'a>> {
        if query[4..6] != [0, 1] {
            return None;
        }
        let mut end = HEADER;
        loop {
            match *query.get(end)? {
                0 => break,
                length @ 1..=63 => end += 1 + usize::from(length),
                _ => return None, // A pointer: to what, in the first name?
            }
        }
        let labels = &query[HEADER..end];
        let &[a, b, c, d] = query.get(end + 1..end + 5)?.first_chunk()?;
        let (kind, class) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
        let bytes = &query[HEADER..end + 5];
        (labels.len() < 255).then_some(Question { bytes, labels, kind, class })
    }

    fn look_up(&self) -> (u8, Option<Ipv4Addr>) {
        let known = ZONE.iter().find(|(name, _)| self.is_named(name));
        match known {
            _ if self.class != INTERNET => (REFUSED, None),
            Some((_, address)) if self.kind == A || self.kind == ANY => (NO_ERROR, Some(*address)),
            Some(_) => (NO_ERROR, None),
            None if self.is_below(ORIGIN) => (NO_SUCH_NAME, None),
            None => (REFUSED, None),
        }
    }

    fn is_named(&self, name: &str) -> bool {
        is_named(self.labels, name)
    }

    fn is_below(&self, name: &str) -> bool {
        let mut labels = self.labels;
        while let [length, rest @ ..] = labels {
            if is_named(labels, name) {
                return true;
            }
            labels = &rest[usize::from(*length)..];
        }
        false
    }
}

/// Do these labels spell the name? Case does not matter in ASCII.
fn is_named(mut labels: &[u8], name: &str) -> bool {
    for part in name.split('.') {
        let [length, rest @ ..] = labels else { return false };
        let (label, rest) = rest.split_at(usize::from(*length));
        if !label.eq_ignore_ascii_case(part.as_bytes()) {
            return false;
        }
        labels = rest;
    }
    labels.is_empty()
}
