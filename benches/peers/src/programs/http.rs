//! HTTP servers. All send the same response: 200, a date, a length and 13 bytes of text.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;

use edge_nal::TcpBind;
use mio_st::net::TcpListener;

use super::async_example::executor::Executor;
use super::async_example::handler::Site;
use super::async_example::nal::Stack;
use super::async_example::reactor::Reactor;
use super::async_example::worker::Worker;
use super::async_example::{clock, serve_http};
use super::http_server::options::Limits;
use super::http_server::server::Server;
use super::{http_hyper, http_loops};
use crate::echo;

/// In the order of the table. The first four run the protocol of `examples/http_server`; "mio-st" is that
/// example, with a deadline for each connection, which only "raw, deadlines" has as well.
pub const PEERS: &[&str] = &["raw", "raw, deadlines", "mio-st", "mio", "hyper", "edge-http"];

/// Serves until it is killed, as [`echo::serve`] does.
pub fn serve(peer: &str) {
    match peer {
        "raw" => http_loops::with_epoll(echo::announce()),
        "raw, deadlines" => http_loops::with_epoll_and_lists(echo::announce()),
        "mio" => http_loops::with_mio(echo::announce()).unwrap(),
        "hyper" => http_hyper::serve(echo::announce()).unwrap(),
        "mio-st" => {
            let listener = TcpListener::from_std(echo::announce().into()).unwrap();
            Server::new(listener, Limits::default()).unwrap().serve().unwrap();
        }
        "edge-http" => with_edge_http(),
        peer => panic!("{peer}: no such peer"),
    }
}

/// `examples/async`.
fn with_edge_http() {
    static EXECUTOR: Executor = Executor::new();
    static WORKER: Worker = Worker::new();
    let reactor = &*Box::leak(Box::new(Reactor::new().unwrap()));
    clock::use_reactor(reactor);
    let stack = Stack(reactor);
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let acceptor = EXECUTOR.block_on(reactor, stack.bind(any)).unwrap().unwrap();
    echo::announce_at(acceptor.address().unwrap().port());
    let ticks = Default::default();
    let site = Site { ticks: &ticks, worker: &WORKER };
    let serve = async { serve_http(acceptor, 60_000, site).await.unwrap() };
    EXECUTOR.run_until_any(reactor, &mut [pin!(serve)]).unwrap();
}

/// What a loop does with its listener: accepts until it would block.
pub(super) fn accept_all(
    listener: &std::net::TcpListener,
    mut admit: impl FnMut(std::net::TcpStream),
) -> io::Result<()> {
    loop {
        match listener.accept() {
            Ok((stream, _)) => {
                stream.set_nonblocking(true)?;
                stream.set_nodelay(true)?;
                admit(stream);
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}
