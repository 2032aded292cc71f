//! The example DNS server, asked by `dig` and by hand, and watched for allocations.
#![cfg(feature = "std")]
#![allow(unsafe_code, clippy::std_instead_of_core)]

#[path = "../examples/dns_server.rs"]
mod dns_server;

#[path = "support/counting.rs"]
mod counting;
mod support;

use std::net::{SocketAddr, UdpSocket};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use counting::allocator_calls;
use dns_server::Server;

/// Runs `client` against a server, on which no allocation may happen from the first query to the last.
fn serve(client: impl FnOnce(SocketAddr)) {
    let (sender, receiver) = mpsc::channel();
    let flag = AtomicBool::new(false);
    thread::scope(|scope| {
        let stop = Stop(&flag);
        let server = scope.spawn(|| {
            let mut server = Server::bind(support::net::address("127.0.0.1:0")).unwrap();
            sender.send(server.local_addr().unwrap()).unwrap();
            let before = allocator_calls();
            while !flag.load(SeqCst) {
                server.turn(Some(Duration::from_millis(20))).unwrap();
            }
            allocator_calls() - before
        });
        client(receiver.recv().unwrap());
        drop(stop);
        assert_eq!(server.join().unwrap(), 0, "allocations");
    });
}

/// Ends the server, also when the client panics.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, SeqCst);
    }
}

#[test]
fn dig_gets_its_answers() {
    if Command::new("dig").arg("-v").output().is_err() {
        return support::net::skip("there is no dig (Debian's bind9-dnsutils)");
    }
    serve(|address| {
        let dig = |arguments: &str| {
            let output = Command::new("dig")
                .arg(format!("@{}", address.ip()))
                .args(["-p", &address.port().to_string(), "+tries=3", "+time=20"])
                .args(arguments.split(' '))
                .output()
                .unwrap();
            assert!(output.status.success(), "{output:?}");
            String::from_utf8(output.stdout).unwrap()
        };
        assert_eq!(dig("www.zone.test A +short").trim(), "192.0.2.2");
        assert_eq!(dig("MAIL.Zone.TEST A +short +noedns").trim(), "192.0.2.3");
        assert_eq!(dig("zone.test A +short").trim(), "192.0.2.1");
        assert_eq!(dig("www.zone.test AAAA +short").trim(), "");
        for (question, status, answers) in [
            ("www.zone.test A", "NOERROR", 1),
            ("www.zone.test MX", "NOERROR", 0),
            ("nobody.zone.test A", "NXDOMAIN", 0),
            ("example.org A", "REFUSED", 0),
            ("xzone.test A", "REFUSED", 0),
            ("zone.test CH TXT", "REFUSED", 0),
            (". NS", "REFUSED", 0),
        ] {
            let answer = dig(question);
            assert!(answer.contains(&format!("status: {status}")), "{question}: {answer}");
            assert!(answer.contains(&format!("ANSWER: {answers}")), "{question}: {answer}");
            let from_who_knows =
                answer.lines().any(|line| line.starts_with(";; flags:") && line.contains(" aa "));
            assert!(from_who_knows, "{question}: {answer}");
        }
    });
}

/// A query with this question behind its header.
fn query(question: &[u8]) -> Vec<u8> {
    [&[0xab, 0xcd, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0], question].concat()
}

const WWW: &[u8] = b"\x03www\x04zone\x04test\0\0\x01\0\x01";

#[test]
fn what_is_no_query_is_answered_by_an_error_or_not_at_all() {
    serve(|address| {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.connect(address).unwrap();
        socket.set_read_timeout(Some(support::PATIENCE)).unwrap();
        let ask = |query: &[u8]| {
            socket.send(query).unwrap();
            let mut answer = [0; 1024];
            let length = socket.recv(&mut answer).unwrap();
            answer[..length].to_vec()
        };
        let good = ask(&query(WWW));
        assert_eq!(good[..12], [0xab, 0xcd, 0x85, 0, 0, 1, 0, 1, 0, 0, 0, 0]);
        assert!(good.ends_with(&[192, 0, 2, 2]));

        let too_long = [query(WWW), vec![0; 600]].concat();
        let long_name = [&b"\x3f"[..], &[b'x'; 63]].concat().repeat(4);
        for bad in [
            query(b""),
            query(b"\x03ww"),
            query(b"\x03www\0"),
            query(b"\xc0\x0c\0\x01\0\x01"),
            query(&[&long_name[..], b"\0\0\x01\0\x01"].concat()),
            too_long,
        ] {
            let answer = ask(&bad);
            assert_eq!(answer[..4], [0xab, 0xcd, 0x85, 1], "a format error");
            assert_eq!(answer.len(), 12);
        }
        let mut update = query(WWW);
        update[2] |= 5 << 3;
        assert_eq!(ask(&update)[3], 4, "not implemented");

        // An answer, a part of a header and nothing at all are not answered; the next query is.
        let mut answer = query(WWW);
        answer[2] |= 0x80;
        for silent in [&answer[..], &answer[..11], b""] {
            socket.send(silent).unwrap();
        }
        assert_eq!(ask(&query(WWW)), good);
    });
}

#[test]
fn no_bytes_upset_it() {
    let mut random = support::Rng::new(1);
    let mut reply = [0; 512];
    for round in 0..20_000 {
        let mut bytes = query(WWW);
        bytes.resize(12 + random.index(500), 1);
        for _ in 0..random.below(8) {
            let place = random.index(bytes.len());
            bytes[place] = random.next() as u8;
        }
        let length = dns_server::answer(&bytes, round % 16 == 0, &mut reply);
        assert!(length == 0 || (12..=512).contains(&length));
    }
}

/// Then it returns to its poll: a flood of queries cannot keep a program from its other sources.
#[test]
fn one_event_takes_a_bounded_number_of_queries() {
    const AT_ONCE: usize = 32;
    let mut server = Server::bind(support::net::address("127.0.0.1:0")).unwrap();
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    client.connect(server.local_addr().unwrap()).unwrap();
    for _ in 0..2 * AT_ONCE {
        client.send(&query(WWW)).unwrap();
    }
    client.set_nonblocking(true).unwrap();
    let (mut turns, mut answers) = (0, 0);
    while answers < 2 * AT_ONCE {
        server.turn(Some(support::PATIENCE)).unwrap();
        turns += 1;
        // An answer may be on its way for a while.
        std::thread::sleep(support::A_WHILE);
        answers += (0..).take_while(|_| client.recv(&mut [0; 512]).is_ok()).count();
        assert!(answers <= turns * AT_ONCE, "{answers} in {turns} turns");
    }
}
