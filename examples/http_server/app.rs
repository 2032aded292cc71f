//! What the server serves: replace it by your own.
//!
//! | request | response |
//! |---|---|
//! | `GET /` | a greeting |
//! | `GET /bytes/N` | N bytes |
//! | `POST /echo` | the request's body, while it arrives |
//! | `POST /length` | the length of the request's body, once it has arrived |

use super::http::{Body, Buffer, Length, Request, Status};

const GREETING: &str = "Hello, world!";
const PATTERN: &[u8; 64] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-\n";

/// What to do with a request, and what has been done.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Action {
    Greet,
    Bytes(u64),
    Echo,
    Count(u64),
    Refuse(Status),
}

/// Chooses what to do.
pub fn route(request: &Request<'_>) -> Action {
    let (action, allowed) = match request.path {
        "/" => (Action::Greet, "GET, HEAD"),
        "/echo" => (Action::Echo, "POST"),
        "/length" => (Action::Count(0), "POST"),
        other => match other.strip_prefix("/bytes/").and_then(|count| count.parse().ok()) {
            Some(count) => (Action::Bytes(count), "GET, HEAD"),
            None => return Action::Refuse(Status::NotFound),
        },
    };
    match request.method {
        method if allowed.split(", ").any(|allowed| allowed == method) => action,
        "GET" | "HEAD" | "POST" | "PUT" | "DELETE" | "OPTIONS" | "PATCH" | "TRACE" | "CONNECT" => {
            Action::Refuse(Status::MethodNotAllowed(allowed))
        }
        _ => Action::Refuse(Status::NotImplemented),
    }
}

impl Action {
    /// Returns the length of the response's body if the response begins before the request's body
    /// has come.
    pub fn length_at_once(&self, body: &Body) -> Option<Length> {
        match (self, body) {
            (Action::Echo, Body::Fixed(length)) => Some(Length::Bytes(*length)),
            (Action::Echo, Body::Chunked { .. }) => Some(Length::Chunked),
            _ => None,
        }
    }

    /// Takes a part of the request's body. Returns `true` if the response's body is the same.
    pub fn receive(&mut self, data: &[u8]) -> bool {
        if let Action::Count(count) = self {
            *count += data.len() as u64;
        }
        *self == Action::Echo
    }

    /// Returns the response to a request that has come as a whole.
    pub fn finish(&self) -> (Status, Length) {
        match *self {
            Action::Greet | Action::Echo => (Status::Ok, Length::Text(GREETING)),
            Action::Bytes(count) => (Status::Ok, Length::Bytes(count)),
            Action::Count(count) => (Status::Ok, Length::Number(count)),
            Action::Refuse(status) => (status, Length::Text(status.reason())),
        }
    }
}

/// Writes a part of a body of which `left` bytes are left. Returns how many it has written.
pub fn fill(output: &mut Buffer, left: u64) -> usize {
    let count = output.room().min(usize::try_from(left).unwrap_or(usize::MAX));
    let mut written = 0;
    while written < count {
        let part = &PATTERN[..PATTERN.len().min(count - written)];
        output.push(part);
        written += part.len();
    }
    count
}
