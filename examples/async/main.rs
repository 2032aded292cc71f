//! Futures on a poller, without an executor's crate and without allocation: an HTTP server by
//! `edge-http`, a crate for `no_std` that does not depend on this library, beside a UDP echo, a
//! timer and a thread that computes. At a signal it finishes what is under way.
//!
//! ```text
//! $ cargo run --features std --example async -- 127.0.0.1:8080
//! $ curl http://127.0.0.1:8080/divisors/5040
//! ```
//!
//! The layers, from the bottom:
//!
//! * `reactor`: wakers for the events of a poller;
//! * `executor`: tasks on one thread, woken by the reactor or by other threads;
//! * `io`: `readable().await`, `sleep(..).await`, `timeout(..).await`;
//! * `nal`, `clock`: the traits that other crates are written for;
//! * `worker`, `handler`: what is served.
#![allow(clippy::std_instead_of_core)] // As a user writes it.

// The tests and the benches include this file.
pub(crate) mod clock;
pub(crate) mod executor;
pub(crate) mod handler;
pub(crate) mod io;
pub(crate) mod nal;
pub(crate) mod reactor;
pub(crate) mod worker;

#[path = "../common/mod.rs"]
mod common;

use core::cell::Cell;
use core::net::SocketAddr;
use core::pin::pin;
use core::time::Duration;
use std::process::ExitCode;
use std::thread;

use edge_http::io::Error as HttpError;
use edge_http::io::server::Server;
use edge_nal::{TcpBind, UdpBind, UdpReceive, UdpSend, WithTimeout, WithTimeoutError};
use mio_st::socket::UdpSocket;
use mio_st::unix::{self, Signal, SignalSet, Signals};
use static_cell::{ConstStaticCell, StaticCell};

use self::common::{Failure, Log};
use self::executor::Executor;
use self::handler::Site;
use self::io::{Async, sleep};
use self::nal::{Acceptor, ENDED, Ending, NetError, Stack, Udp};
use self::reactor::Reactor;
use self::worker::Worker;

/// How many connections are served at once; the others wait in the listener's queue.
const CONNECTIONS: usize = 64;
/// How much of each may be in memory.
const BUFFER: usize = 2048;
/// The most fields of a request.
const FIELDS: usize = 32;

const USAGE: &str = "\
usage: async [ADDRESS [IDLE [GRACE]]]

Serves HTTP, and echoes datagrams. ADDRESS is like 127.0.0.1:8080 (the default) or [::1]:0.
  IDLE   the longest time to wait for a client, in milliseconds (5000); for a request, 4 x IDLE
  GRACE  the longest time for what is under way at the end, in milliseconds (10000)";

const STOPS: SignalSet = SignalSet::of(&[Signal::INTERRUPT, Signal::TERMINATE]);

static EXECUTOR: Executor = Executor::new();
static REACTOR: StaticCell<Reactor> = StaticCell::new();
static SERVER: ConstStaticCell<Server<CONNECTIONS, BUFFER, FIELDS>> =
    ConstStaticCell::new(Server::new());
static WORKER: Worker = Worker::new();

fn main() -> ExitCode {
    common::run(USAGE, |mut arguments| {
        let address = arguments.next("127.0.0.1:8080")?;
        let (idle, grace) = (arguments.next("5000")?, arguments.millis("10000")?);
        arguments.end()?;
        serve(address, idle, grace).map_err(|error| Failure::at(address, error.0))
    })
}

fn serve(address: SocketAddr, idle: u32, grace: Duration) -> Result<(), NetError> {
    // Before any other thread is started, which would get the signals.
    let signals = Signals::new(STOPS)?;
    let reactor = &*REACTOR.init(Reactor::new()?);
    clock::use_reactor(reactor);
    let _ = unix::raise_descriptor_limit();
    thread::spawn(|| WORKER.run());

    let (stack, ending) = (Stack(reactor), Ending::default());
    let mut acceptor = EXECUTOR.block_on(reactor, TcpBind::bind(&stack, address))??;
    acceptor.end_by(&ending);
    let address = acceptor.address()?; // The port is known now.
    let socket = EXECUTOR.block_on(reactor, UdpBind::bind(&stack, address))??;
    // The output may be closed, or not be read: a server must not wait for that, nor end.
    Log::new().line(format_args!("listening at {address}"));

    let (ticks, result) = (Cell::new(0), Cell::new(Ok(())));
    let site = Site { ticks: &ticks, worker: &WORKER };
    EXECUTOR.run_until_any(
        reactor,
        &mut [
            pin!(async { result.set(end_by_signal(reactor, signals, &ending, grace).await) }),
            pin!(async { result.set(serve_http(acceptor, idle, site).await) }),
            pin!(async { result.set(serve_udp(reactor, socket).await) }),
            pin!(async { result.set(count_seconds(reactor, &ticks).await) }),
        ],
    )?;
    result.into_inner()
}

/// Waits for a signal, and ends the server in order, within `grace`. A second signal acts as if
/// nothing waited for it: it ends the process at once.
async fn end_by_signal(
    reactor: &Reactor,
    signals: Signals,
    ending: &Ending,
    grace: Duration,
) -> Result<(), NetError> {
    let mut signals = Async::new(reactor, signals, Signals::INTERESTS)?;
    signals.readable().await;
    // One that is not received would act when `signals` is dropped.
    while signals.handle.receive()?.is_some() {}
    drop(signals);
    ending.begin();
    Ok(sleep(reactor, grace).await?)
}

/// Serves HTTP, until all connections are closed after an [`Ending`] has begun. `idle` is the
/// longest time between two requests of a connection, and for each read and write, in milliseconds;
/// four times as long is the limit for a request as a whole.
pub(crate) async fn serve_http(
    mut acceptor: Acceptor<'_>,
    idle: u32,
    site: Site<'_>,
) -> Result<(), NetError> {
    acceptor.limit_requests(4 * Duration::from_millis(idle.into()));
    let server = SERVER.take();
    match server.run(Some(idle), WithTimeout::new(idle, acceptor), site).await {
        Err(HttpError::Io(WithTimeoutError::Error(error))) if error.0 != ENDED => Err(error),
        _ => Ok(()),
    }
}

/// Sends datagrams back, but to no service: after one forged datagram it and an echo server would
/// answer each other for ever.
pub(crate) async fn serve_udp(
    reactor: &Reactor,
    mut socket: Udp<Async<'_, UdpSocket>>,
) -> Result<(), NetError> {
    let (mut buffer, own_port) = ([0; 1500], socket.address()?.port());
    loop {
        let Ok((length, peer)) = socket.receive(&mut buffer).await else {
            // An error of a datagram, such as a peer that has gone; or a shortage.
            sleep(reactor, Duration::from_millis(10)).await?;
            continue;
        };
        if peer.port() != own_port && peer.port() >= 1024 {
            let _ = socket.send(peer, &buffer[..length.min(buffer.len())]).await;
        }
    }
}

pub(crate) async fn count_seconds(reactor: &Reactor, ticks: &Cell<u32>) -> Result<(), NetError> {
    loop {
        sleep(reactor, Duration::from_secs(1)).await?;
        ticks.set(ticks.get() + 1);
    }
}
