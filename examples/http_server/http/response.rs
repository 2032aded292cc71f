//! Responses.

use super::{Buffer, Context, Status};

/// The response to a connection that exceeds a limit of the server. It needs no buffer.
pub const BUSY: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\n\
    Content-Type: text/plain\r\nContent-Length: 25\r\n\r\n503 Service Unavailable\r\n";

/// How long a response's body is.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Length {
    /// As long as this text, which is the body.
    Text(&'static str),
    /// As long as this number in decimal digits and a line feed, which are the body.
    Number(u64),
    /// So many bytes, which follow.
    Bytes(u64),
    /// Chunks, which follow.
    Chunked,
}

/// A response's head, and its body if that is short.
#[derive(Copy, Clone, Debug)]
pub struct Response {
    pub status: Status,
    pub length: Length,
    pub connection: Connection,
}

/// What happens to the connection after a response.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Connection {
    /// It stays, as the client expects.
    Stays,
    /// It stays, which a client of HTTP/1.0 has asked for and does not expect.
    IsKept,
    Closes,
}

impl Response {
    /// Writes it, its body only if `with_body`.
    pub fn write(&self, output: &mut Buffer, context: &Context, with_body: bool) {
        output.push(self.status.line().as_bytes());
        output.push(b"Date: ");
        output.push(context.date.as_bytes());
        output.push(b"\r\nContent-Type: text/plain\r\n");
        match self.connection {
            Connection::Stays => {}
            Connection::IsKept => output.push(b"Connection: keep-alive\r\n"),
            Connection::Closes => output.push(b"Connection: close\r\n"),
        }
        if let Status::MethodNotAllowed(allowed) = self.status {
            output.push(b"Allow: ");
            output.push(allowed.as_bytes());
            output.push(b"\r\n");
        }
        self.write_length(output);
        match self.length {
            Length::Text(text) if with_body => output.push(text.as_bytes()),
            Length::Number(number) if with_body => {
                output.push(Decimal::new(number).as_bytes());
                output.push(b"\n");
            }
            _ => {}
        }
    }

    fn write_length(&self, output: &mut Buffer) {
        let length = match self.length {
            Length::Text(text) => text.len() as u64,
            Length::Number(number) => Decimal::new(number).as_bytes().len() as u64 + 1,
            Length::Bytes(length) => length,
            Length::Chunked => return output.push(b"Transfer-Encoding: chunked\r\n\r\n"),
        };
        output.push(b"Content-Length: ");
        output.push(Decimal::new(length).as_bytes());
        output.push(b"\r\n\r\n");
    }
}

/// Writes a part of a chunked body, which must not be empty: that would be its end.
pub fn write_chunk(output: &mut Buffer, data: &[u8]) {
    let digits = data.len().ilog2() / 4 + 1;
    for digit in (0..digits).rev() {
        output.push(&[b"0123456789abcdef"[data.len() >> (4 * digit) & 15]]);
    }
    output.push(b"\r\n");
    output.push(data);
    output.push(b"\r\n");
}

/// The space that [`write_chunk`] needs beside the data.
pub const CHUNK_FRAME: usize = size_of::<usize>() * 2 + 4;

/// The end of a chunked body.
pub const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// A number in decimal digits.
struct Decimal {
    digits: [u8; 20],
    start: usize,
}

impl Decimal {
    fn new(mut number: u64) -> Decimal {
        let mut decimal = Decimal { digits: [b'0'; 20], start: 20 };
        while {
            decimal.start -= 1;
            decimal.digits[decimal.start] = b'0' + (number % 10) as u8;
            number /= 10;
            number > 0
        } {}
        decimal
    }

    fn as_bytes(&self) -> &[u8] {
        &self.digits[self.start..]
    }
}
