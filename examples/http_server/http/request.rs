//! The head of a request.

use core::mem::MaybeUninit;

use httparse::{Error, Header};

use super::{Body, Status};

/// The most fields that a head may have.
const MAX_FIELDS: usize = 64;

/// A request's head, as far as a server must understand it.
#[derive(Debug)]
pub struct Request<'a> {
    pub method: &'a str,
    /// The path, without the query.
    pub path: &'a str,
    pub body: Body,
    /// The client allows a further request on this connection.
    pub keep_alive: bool,
    /// The client speaks HTTP/1.0 and has asked to keep the connection: the response must confirm
    /// it.
    pub says_keep_alive: bool,
    /// The client waits for permission to send the body.
    pub expects_continue: bool,
}

/// The fields that matter here, as they were found.
#[derive(Default)]
struct Fields<'a> {
    hosts: usize,
    length: Option<&'a [u8]>,
    chunked: bool,
    close: bool,
    keep_alive: bool,
    expects_continue: bool,
}

impl<'a> Request<'a> {
    /// Parses the head at the beginning of `input`. Returns it and its length in bytes, or `None`
    /// if it has not come as a whole.
    pub fn parse(input: &'a [u8]) -> Result<Option<(Request<'a>, usize)>, Status> {
        let mut headers = [const { MaybeUninit::<Header<'_>>::uninit() }; MAX_FIELDS];
        let mut head = httparse::Request::new(&mut []);
        let length = match head.parse_with_uninit_headers(input, &mut headers) {
            Ok(httparse::Status::Complete(length)) => length,
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(Error::TooManyHeaders) => return Err(Status::HeadTooLarge),
            Err(Error::Version) => return Err(Status::VersionNotSupported),
            Err(_) => return Err(Status::BadRequest),
        };
        let (Some(method), Some(target), Some(version)) = (head.method, head.path, head.version)
        else {
            return Err(Status::BadRequest);
        };
        let fields = Fields::gather(head.headers)?;
        let modern = version > 0;
        // RFC 9112, section 3.2: one host exactly. Section 6.1: what is ambiguous hides a second
        // request.
        if fields.hosts > 1
            || modern && fields.hosts == 0
            || fields.chunked && (fields.length.is_some() || !modern)
        {
            return Err(Status::BadRequest);
        }
        let body = match (fields.chunked, fields.length) {
            (true, _) => Body::chunked(),
            (false, Some(digits)) => Body::Fixed(parse_length(digits)?),
            (false, None) => Body::Fixed(0),
        };
        let request = Request {
            method,
            path: path_of(target),
            body,
            keep_alive: !fields.close && (modern || fields.keep_alive),
            says_keep_alive: !modern && fields.keep_alive && !fields.close,
            expects_continue: modern && fields.expects_continue,
        };
        Ok(Some((request, length)))
    }
}

impl<'a> Fields<'a> {
    fn gather(headers: &[Header<'a>]) -> Result<Fields<'a>, Status> {
        let mut fields = Fields::default();
        for Header { name, value } in headers {
            // Few names have these lengths, so most are passed over by one comparison.
            match name.len() {
                4 if name.eq_ignore_ascii_case("Host") => fields.hosts += 1,
                6 if name.eq_ignore_ascii_case("Expect") => fields.expect(value)?,
                10 if name.eq_ignore_ascii_case("Connection") => fields.connection(value),
                14 if name.eq_ignore_ascii_case("Content-Length") => fields.length(value)?,
                17 if name.eq_ignore_ascii_case("Transfer-Encoding") => fields.encoding(value)?,
                _ => {}
            }
        }
        Ok(fields)
    }

    fn expect(&mut self, value: &[u8]) -> Result<(), Status> {
        self.expects_continue = value.eq_ignore_ascii_case(b"100-continue");
        if self.expects_continue { Ok(()) } else { Err(Status::ExpectationFailed) }
    }

    fn connection(&mut self, value: &[u8]) {
        for option in value.split(|&byte| byte == b',') {
            let option = option.trim_ascii();
            self.close |= option.eq_ignore_ascii_case(b"close");
            self.keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
        }
    }

    fn length(&mut self, value: &'a [u8]) -> Result<(), Status> {
        match self.length.replace(value) {
            Some(other) if other != value => Err(Status::BadRequest),
            _ => Ok(()),
        }
    }

    /// The only transfer coding that is known here is `chunked`, once.
    fn encoding(&mut self, value: &[u8]) -> Result<(), Status> {
        if self.chunked || !value.eq_ignore_ascii_case(b"chunked") {
            return Err(Status::NotImplemented);
        }
        self.chunked = true;
        Ok(())
    }
}

/// Parses digits and nothing else: no sign, no space, no list.
fn parse_length(digits: &[u8]) -> Result<u64, Status> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(Status::BadRequest);
    }
    let mut length = 0_u64;
    for digit in digits {
        length = length
            .checked_mul(10)
            .and_then(|length| length.checked_add(u64::from(digit - b'0')))
            .ok_or(Status::ContentTooLarge)?;
    }
    Ok(length)
}

/// Returns the path of a target, which may be a whole URI (RFC 9112, section 3.2.2).
fn path_of(target: &str) -> &str {
    let target = match target.strip_prefix("http://") {
        Some(rest) => rest.find('/').map_or("/", |at| &rest[at..]),
        None => target,
    };
    target.split_once('?').map_or(target, |(path, _)| path)
}
