//! What the HTTP server serves, by `edge-http`.

use core::cell::Cell;
use core::fmt::{self, Debug, Display, Write as _};

use edge_http::Method;
use edge_http::io::Error;
use edge_http::io::server::{Connection, Handler};
use edge_nal::TcpSplit;
use edge_nal::io::{Read, Write};
use heapless::String;

use super::worker::Worker;

/// | request | response |
/// |---|---|
/// | `GET /` | a greeting |
/// | `POST /echo` | the request's body |
/// | `GET /ticks` | how many seconds it has run |
/// | `GET /divisors/N` | how many divisors N has, by the worker's thread |
#[derive(Debug)]
pub struct Site<'a> {
    pub ticks: &'a Cell<u32>,
    pub worker: &'a Worker,
}

impl Handler for Site<'_> {
    type Error<E>
        = Error<E>
    where
        E: Debug;

    async fn handle<T, const N: usize>(
        &self,
        _task_id: impl Display + Copy,
        connection: &mut Connection<'_, T, N>,
    ) -> Result<(), Error<T::Error>>
    where
        T: Read + Write + TcpSplit,
    {
        let headers = connection.headers()?;
        let (method, path) = (headers.method, headers.path);
        let number = path.strip_prefix("/divisors/").and_then(|number| number.parse().ok());
        match (method, path, number) {
            (Method::Get, "/", _) => text(connection, 200, format_args!("Hello, world!\n")).await,
            (Method::Post, "/echo", _) => echo(connection).await,
            (Method::Get, "/ticks", _) => {
                text(connection, 200, format_args!("{}\n", self.ticks.get())).await
            }
            (Method::Get, _, Some(TOO_LARGE..)) => {
                text(connection, 400, format_args!("too large\n")).await
            }
            (Method::Get, _, Some(number)) => match self.worker.divisors(number).await {
                Some(count) => text(connection, 200, format_args!("{count}\n")).await,
                None => text(connection, 503, format_args!("busy\n")).await,
            },
            _ => text(connection, 404, format_args!("not found\n")).await,
        }
    }
}

/// Numbers from this one on are not computed: a client must not take the worker for long.
const TOO_LARGE: u64 = 10_000_000;

/// The longest body that is echoed. `edge-http` reads a request's body before it responds.
const ECHO: usize = 4096;

async fn echo<T, const N: usize>(
    connection: &mut Connection<'_, T, N>,
) -> Result<(), Error<T::Error>>
where
    T: Read + Write + TcpSplit,
{
    let (mut body, mut length) = ([0; ECHO], 0);
    while length < ECHO {
        match connection.read(&mut body[length..]).await? {
            0 => return respond(connection, 200, &body[..length]).await,
            count => length += count,
        }
    }
    respond(connection, 413, b"too large\n").await
}

async fn text<T, const N: usize>(
    connection: &mut Connection<'_, T, N>,
    status: u16,
    text: fmt::Arguments<'_>,
) -> Result<(), Error<T::Error>>
where
    T: Read + Write + TcpSplit,
{
    let mut body = String::<64>::new();
    // It is long enough for what is written here.
    let _ = body.write_fmt(text);
    respond(connection, status, body.as_bytes()).await
}

async fn respond<T, const N: usize>(
    connection: &mut Connection<'_, T, N>,
    status: u16,
    body: &[u8],
) -> Result<(), Error<T::Error>>
where
    T: Read + Write + TcpSplit,
{
    let mut length = String::<20>::new();
    let _ = write!(length, "{}", body.len());
    let headers = [("Content-Type", "text/plain"), ("Content-Length", length.as_str())];
    connection.initiate_response(status, None, &headers).await?;
    connection.write_all(body).await
}
