//! Nothing is allocated while requests are served.

use core::cell::Cell;
use core::pin::pin;
use core::task::{Poll, Waker};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::sync::{Mutex, mpsc};
use std::thread;

use edge_nal::{TcpBind, UdpBind};

use super::counting::allocator_calls;
use super::example::executor::Executor;
use super::example::handler::Site;
use super::example::nal::Stack;
use super::example::reactor::Reactor;
use super::example::worker::Worker;
use super::example::{clock, count_seconds, serve_http, serve_udp};
use super::support::{PATIENCE, succeeds};

static EXECUTOR: Executor = Executor::new();
static WORKER: Worker = Worker::new();
/// Whether to stop, and what waits for it.
static STOP: Mutex<(bool, Option<Waker>)> = Mutex::new((false, None));

/// Serves until `STOP`, on a thread whose calls of the allocator are counted.
fn serve(sender: mpsc::Sender<SocketAddr>) -> usize {
    let reactor = &*Box::leak(Box::new(Reactor::new().unwrap()));
    clock::use_reactor(reactor);
    let stack = Box::leak(Box::new(Stack(reactor)));
    let local = "127.0.0.1:0".parse().unwrap();
    let acceptor = EXECUTOR.block_on(reactor, TcpBind::bind(stack, local)).unwrap().unwrap();
    let address = acceptor.address().unwrap();
    let socket = EXECUTOR.block_on(reactor, UdpBind::bind(stack, address)).unwrap().unwrap();
    let ticks = Cell::new(0);
    let site = Site { ticks: &ticks, worker: &WORKER };
    let stopped = core::future::poll_fn(|context| {
        let mut stop = STOP.lock().unwrap();
        stop.1 = Some(context.waker().clone());
        if stop.0 { Poll::Ready(()) } else { Poll::Pending }
    });
    sender.send(address).unwrap();
    let before = allocator_calls();
    EXECUTOR
        .run_until_any(
            reactor,
            &mut [
                pin!(stopped),
                pin!(async { serve_http(acceptor, 300, site).await.unwrap() }),
                pin!(async { serve_udp(reactor, socket).await.unwrap() }),
                pin!(async { count_seconds(reactor, &ticks).await.unwrap() }),
            ],
        )
        .unwrap();
    allocator_calls() - before
}

#[test]
fn serving_allocates_nothing() {
    thread::spawn(|| WORKER.run());
    let (sender, receiver) = mpsc::channel();
    // In a debug build, the futures of all connections take a few megabytes while they are made.
    let server = thread::Builder::new().stack_size(32 << 20);
    let server = server.spawn(move || serve(sender)).unwrap();
    let address = receiver.recv().unwrap();
    // On a busy machine some may be late and be closed.
    let is_answered = |request, end| succeeds(|| ask(address, request).ends_with(end));
    for _ in 0..20 {
        let get = "GET / HTTP/1.1\r\nConnection: close\r\n\r\n";
        assert!(is_answered(get, "Hello, world!\n"));
        let post = "POST /echo HTTP/1.1\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
        assert!(is_answered(post, "abc"));
        let divisors = "GET /divisors/5040 HTTP/1.1\r\nConnection: close\r\n\r\n";
        assert!(is_answered(divisors, "60\n"));
        ask(address, "NONSENSE\r\n\r\n");
    }
    // A slow one and an idle one are closed, by timeouts.
    assert_eq!(ask(address, "GET / HT"), "");
    assert_eq!(ask(address, ""), "");
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.send_to(b"hello", address).unwrap();
    assert_eq!(socket.recv(&mut [0; 9]).unwrap(), 5);
    let mut stop = STOP.lock().unwrap();
    stop.0 = true;
    stop.1.take().unwrap().wake();
    drop(stop);
    assert_eq!(server.join().unwrap(), 0);
}

/// What comes back until the server closes the connection.
fn ask(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let _ = stream.write_all(request.as_bytes());
    let mut response = String::new();
    let _ = stream.read_to_string(&mut response);
    response
}
