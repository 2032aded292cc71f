//! The protocol without sockets: each request split at each byte, and each status.

use super::example::http::{Buffer, Context, Date, Protocol, Stage};
use super::messages::*;
use super::support::Rng;

fn context() -> Context {
    Context { date: Date::of(784_111_777), max_body: 1 << 20, stopping: false, served: 0 }
}

/// What is sent back for these pieces of input, and the stage in which that ends. The output has
/// room for everything at once if `room` is 0; otherwise only so many bytes are sent before each
/// step.
fn serve<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, room: usize) -> (Vec<u8>, Stage, u64) {
    let (mut protocol, mut context) = (Protocol::new(), context());
    let (mut input, mut output, mut sent) = (Buffer::new(), Buffer::new(), vec![]);
    for mut piece in pieces {
        while !piece.is_empty() {
            let space = input.space();
            let count = space.len().min(piece.len());
            space[..count].copy_from_slice(&piece[..count]);
            input.commit(count);
            piece = &piece[count..];
            while protocol.advance(&mut input, &mut output, &mut context) || !output.is_empty() {
                let count =
                    if room == 0 { output.filled().len() } else { room.min(output.filled().len()) };
                sent.extend(&output.filled()[..count]);
                output.consume(count);
            }
            if let (Stage::Done { .. }, _) = protocol.stage(&input) {
                return (sent, protocol.stage(&input).0, context.served);
            }
        }
    }
    (sent, protocol.stage(&input).0, context.served)
}

const DATE: &str = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n";

fn pipeline() -> (Vec<u8>, String) {
    let requests = PIPELINE.iter().flat_map(|(request, _)| *request).copied().collect();
    let with_date = |response: &&str| {
        let (line, rest) = response.split_once("\r\n").unwrap();
        format!("{line}\r\n{DATE}{rest}")
    };
    (requests, PIPELINE.iter().map(|(_, response)| with_date(response)).collect())
}

#[track_caller]
fn assert_served((sent, stage, served): (Vec<u8>, Stage, u64), expected: &str) {
    assert_eq!(String::from_utf8(sent).unwrap(), expected);
    assert_eq!((stage, served), (Stage::Done { linger: false }, PIPELINE.len() as u64));
}

#[test]
fn pipelined_requests_split_at_any_byte_get_the_same_responses() {
    let (requests, expected) = pipeline();
    for at in 0..=requests.len() {
        let (one, other) = requests.split_at(at);
        assert_served(serve([one, other], 0), &expected);
    }
    assert_served(serve(requests.chunks(1), 0), &expected);
    let mut rng = Rng::new(7);
    for _ in 0..300 {
        let (mut pieces, mut rest) = (vec![], &requests[..]);
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(1 + rng.below(rest.len() as u64) as usize);
            (rest, _) = (after, pieces.push(piece));
        }
        assert_served(serve(pieces, rng.below(100) as usize), &expected);
    }
}

#[test]
fn what_is_wrong_gets_its_status_and_ends_the_connection() {
    let long = too_long();
    let long = long.iter().map(|(status, request)| (*status, &request[..]));
    for (status, request) in REFUSED.iter().copied().chain(long) {
        let whole = serve([request], 0);
        let name = String::from_utf8_lossy(&request[..request.len().min(200)]);
        let line = format!("HTTP/1.1 {status} ");
        assert!(
            whole.0.starts_with(line.as_bytes()),
            "{name}: {}",
            String::from_utf8_lossy(&whole.0)
        );
        assert_eq!(whole.1, Stage::Done { linger: true }, "{name}");
        assert!(String::from_utf8_lossy(&whole.0).contains("\r\nConnection: close\r\n"), "{name}");
        // Byte by byte as well.
        assert_eq!(serve(request.chunks(1), 0), whole, "{name}");
    }
}

#[test]
fn a_body_that_is_echoed_may_be_longer_than_every_buffer() {
    let body: Vec<u8> = (0..100_000_u64).map(|n| (n * n % 251) as u8).collect();
    let head = format!("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", body.len());
    for size in [1_000, 8_192, 100_000] {
        let pieces = core::iter::once(head.as_bytes()).chain(body.chunks(size));
        let (sent, stage, served) = serve(pieces, 0);
        assert!(sent.ends_with(&[b"\r\n\r\n", &body[..]].concat()), "{}", sent.len());
        assert_eq!((stage, served), (Stage::Idle, 1));
    }
}

#[test]
fn an_error_in_the_middle_of_a_response_cuts_it_off() {
    let head = b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n";
    let (sent, stage, _) = serve([&head[..], b"wrong"], 0);
    let sent = String::from_utf8(sent).unwrap();
    assert!(sent.starts_with("HTTP/1.1 200 ") && sent.ends_with("\r\n\r\n3\r\nabc\r\n"), "{sent}");
    assert_eq!(stage, Stage::Done { linger: true });
}

/// Random bytes, and random changes of good requests: nothing panics, and all input is taken or
/// refused.
#[test]
fn noise_is_refused() {
    let (requests, _) = pipeline();
    let mut rng = Rng::new(11);
    for _ in 0..3_000 {
        let mut noise = requests.clone();
        for _ in 0..1 + rng.below(4) {
            let at = rng.below(noise.len() as u64) as usize;
            match rng.below(3) {
                0 => noise[at] = rng.next() as u8,
                1 => drop(noise.remove(at)),
                _ => noise.insert(at, rng.choose(b"\r\n: ;0a\0")),
            }
        }
        let (sent, _, _) = serve(noise.chunks(1 + rng.below(900) as usize), 0);
        assert!(sent.is_empty() || sent.starts_with(b"HTTP/1.1 "));
    }
}

#[test]
fn dates_are_as_the_calendar_has_them() {
    for (time, date) in [
        (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
        (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
        (1_735_689_599, "Tue, 31 Dec 2024 23:59:59 GMT"),
        (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
    ] {
        assert_eq!(Date::of(time).as_bytes(), date.as_bytes());
    }
}
