//! The body of a request.

use httparse::{EMPTY_HEADER, Status as Parsed};

use super::Status;

/// The most fields that may follow a chunked body.
const MAX_TRAILERS: usize = 16;

/// What is left of a request's body.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// So many bytes.
    Fixed(u64),
    /// Chunks, whose sum is at most `budget` bytes.
    Chunked { at: Chunk, budget: u64 },
}

/// Where a chunked body has come to: RFC 9112, section 7.1.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Chunk {
    /// Before the line with a chunk's size.
    Size,
    /// So many bytes before the end of a chunk.
    Data(u64),
    /// Before the line end that follows a chunk.
    End,
    /// Before or in the fields that follow the last chunk.
    Trailers,
}

/// What [`Body::decode`] has found.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct Decoded<'a> {
    /// A part of the body.
    pub data: &'a [u8],
    /// How many bytes of the input that took; 0 if more input is needed.
    pub used: usize,
    /// That was the end of the body.
    pub ended: bool,
}

impl Body {
    pub const fn chunked() -> Body {
        Body::Chunked { at: Chunk::Size, budget: u64::MAX }
    }

    /// Refuses a body that is longer than `max` bytes: a fixed length now, chunks when they are too
    /// many.
    pub fn limited_to(self, max: u64) -> Result<Body, Status> {
        match self {
            Body::Fixed(length) if length > max => Err(Status::ContentTooLarge),
            Body::Fixed(_) => Ok(self),
            Body::Chunked { at, .. } => Ok(Body::Chunked { at, budget: max }),
        }
    }

    pub fn is_empty(&self) -> bool {
        *self == Body::Fixed(0)
    }

    /// Takes the next part of the body, of at most `most` bytes, from the beginning of `input`.
    pub fn decode<'a>(&mut self, input: &'a [u8], most: usize) -> Result<Decoded<'a>, Status> {
        match self {
            Body::Fixed(left) => {
                let data = take(input, left, most);
                Ok(Decoded { data, used: data.len(), ended: *left == 0 })
            }
            Body::Chunked { at, budget } => at.decode(input, most, budget),
        }
    }
}

impl Chunk {
    fn decode<'a>(
        &mut self,
        input: &'a [u8],
        most: usize,
        budget: &mut u64,
    ) -> Result<Decoded<'a>, Status> {
        let (used, next) = match self {
            Chunk::Size => match parse_size(input)? {
                Some((used, 0)) => (used, Chunk::Trailers),
                Some((used, size)) => {
                    *budget = budget.checked_sub(size).ok_or(Status::ContentTooLarge)?;
                    (used, Chunk::Data(size))
                }
                None => return Ok(Decoded::default()),
            },
            Chunk::Data(left) => {
                let data = take(input, left, most);
                if *left == 0 {
                    *self = Chunk::End;
                }
                return Ok(Decoded { data, used: data.len(), ended: false });
            }
            Chunk::End => match input {
                [b'\r', b'\n', ..] => (2, Chunk::Size),
                [] | [b'\r'] => return Ok(Decoded::default()),
                _ => return Err(Status::BadRequest),
            },
            Chunk::Trailers => {
                let mut trailers = [EMPTY_HEADER; MAX_TRAILERS];
                return match httparse::parse_headers(input, &mut trailers) {
                    Ok(Parsed::Complete((used, _))) => Ok(Decoded { used, ended: true, data: &[] }),
                    Ok(Parsed::Partial) => Ok(Decoded::default()),
                    Err(_) => Err(Status::BadRequest),
                };
            }
        };
        *self = next;
        Ok(Decoded { used, ..Decoded::default() })
    }
}

/// Parses the line with a chunk's size. Returns its length in bytes and the size.
fn parse_size(input: &[u8]) -> Result<Option<(usize, u64)>, Status> {
    match httparse::parse_chunk_size(input) {
        // The parser takes no digit for 0, and a line feed for a part of an extension. A proxy may
        // see that differently, and then what looks like data here is a request there.
        Ok(Parsed::Complete((used, size))) => {
            let line = &input[..used - 2];
            let valid = line.first().is_some_and(u8::is_ascii_hexdigit) && !line.contains(&b'\n');
            if valid { Ok(Some((used, size))) } else { Err(Status::BadRequest) }
        }
        Ok(Parsed::Partial) => Ok(None),
        Err(_) => Err(Status::BadRequest),
    }
}

/// Returns the beginning of `input`, of at most `left` and at most `most` bytes, and counts `left`
/// down.
fn take<'a>(input: &'a [u8], left: &mut u64, most: usize) -> &'a [u8] {
    let length = most.min(input.len()).min(usize::try_from(*left).unwrap_or(usize::MAX));
    *left -= length as u64;
    &input[..length]
}
