//! Futures on the reactor: what wakes them, in which order, and that nothing is left of one that is
//! dropped.

use core::cell::{Cell, RefCell};
use core::future::{Future, poll_fn};
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

use edge_nal::{Readable, UdpConnect, UdpReceive, UdpSend, UdpSplit};
use mio_st::Error;
use mio_st::event::Interests;
use mio_st::socket::UnixStream;

use super::example::executor::{Executor, TASKS};
use super::example::io::{Async, sleep, timeout};
use super::example::nal::Stack;
use super::example::reactor::{Reactor, SOURCES};
use super::example::worker::Worker;
use super::support::room_for;

const MS: Duration = Duration::from_millis(1);

fn pair(reactor: &Reactor) -> (Async<'_, UnixStream>, UnixStream) {
    let (one, other) = UnixStream::pair().unwrap();
    (Async::new(reactor, one, Interests::BOTH).unwrap(), other)
}

/// Polls a future once.
fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn sleeps_end_in_order_and_not_early() {
    static EXECUTOR: Executor = Executor::new();
    let reactor = Reactor::new().unwrap();
    let (start, order) = (Instant::now(), RefCell::new(vec![]));
    let wait = async |time: u32| {
        sleep(&reactor, time * MS).await.unwrap();
        assert!(start.elapsed() >= time * MS);
        order.borrow_mut().push(time);
    };
    // In this order even if a slow machine lets all of them end at once.
    let tasks = &mut [
        pin!(wait(0)) as Pin<&mut dyn Future<Output = ()>>,
        pin!(wait(10)),
        pin!(wait(20)),
        pin!(wait(30)),
    ];
    EXECUTOR.run_until_all(&reactor, tasks).unwrap();
    assert_eq!(*order.borrow(), [0, 10, 20, 30]);
    assert!(reactor.is_empty());
}

#[test]
fn both_directions_are_awaited_by_different_tasks() {
    static EXECUTOR: Executor = Executor::new();
    let reactor = Reactor::new().unwrap();
    let (one, other) = pair(&reactor);
    let other = Async::new(&reactor, other, Interests::BOTH).unwrap();
    const BYTES: usize = 3_000_000;
    let sent = Cell::new(0);
    let mut write = pin!(async {
        while sent.get() < BYTES {
            let rest = (BYTES - sent.get()).min(100_000);
            sent.set(
                sent.get() + one.write_with(|io| io.write(&[7; 100_000][..rest])).await.unwrap(),
            );
        }
    });
    let mut read = pin!(async {
        let (mut received, mut buffer) = (0, [0; 5_000]);
        while received < BYTES {
            received += other.read_with(|io| io.read(&mut buffer)).await.unwrap();
        }
        assert_eq!(received, BYTES);
    });
    EXECUTOR.run_until_all(&reactor, &mut [write.as_mut(), read.as_mut()]).unwrap();
    assert_eq!(sent.get(), BYTES);
}

#[test]
fn a_timeout_drops_what_is_late_and_only_that() {
    static EXECUTOR: Executor = Executor::new();
    let reactor = Reactor::new().unwrap();
    let (one, other) = pair(&reactor);
    EXECUTOR
        .block_on(&reactor, async {
            let mut buffer = [0; 8];
            let read = one.read_with(|io| io.read(&mut buffer));
            let start = Instant::now();
            assert_eq!(timeout(&reactor, 20 * MS, read).await, Err(Error::Os(libc::ETIMEDOUT)));
            assert!(start.elapsed() >= 20 * MS);
            other.write(b"hello").unwrap();
            let read = one.read_with(|io| io.read(&mut buffer));
            assert_eq!(timeout(&reactor, Duration::MAX, read).await, Ok(Ok(5)));
        })
        .unwrap();
    drop(one);
    assert!(reactor.is_empty());
}

#[test]
fn what_is_dropped_leaves_nothing() {
    let reactor = Reactor::new().unwrap();
    {
        let (one, _other) = pair(&reactor);
        let mut buffer = [0; 8];
        let mut read = pin!(one.read_with(|io| io.read(&mut buffer)));
        let mut sleep = pin!(sleep(&reactor, 1000 * MS));
        assert!(poll_once(read.as_mut()).is_pending() && poll_once(sleep.as_mut()).is_pending());
        assert!(!reactor.is_empty());
    }
    assert!(reactor.is_empty());
    // Again and again, it is the same memory.
    for _ in 0..3 * SOURCES {
        assert!(poll_once(pin!(sleep(&reactor, Duration::MAX))).is_pending());
        drop(pair(&reactor));
    }
    assert!(reactor.is_empty());
}

#[test]
fn what_is_full_is_an_error_and_hurts_nothing() {
    static EXECUTOR: Executor = Executor::new();
    if !room_for(2 * SOURCES) {
        return;
    }
    let reactor = Reactor::new().unwrap();
    let mut sleeps: Vec<_> =
        (0..SOURCES / 2).map(|_| Box::pin(sleep(&reactor, Duration::MAX))).collect();
    assert!(sleeps.iter_mut().all(|sleep| poll_once(sleep.as_mut()).is_pending()));
    let sources: Vec<_> = (SOURCES / 2..SOURCES).map(|_| pair(&reactor)).collect();
    assert_eq!(poll_once(pin!(sleep(&reactor, MS))), Poll::Ready(Err(Error::Full)));
    let (one, _other) = UnixStream::pair().unwrap();
    assert_eq!(Async::new(&reactor, one, Interests::BOTH).unwrap_err(), Error::Full);
    sleeps.pop();
    assert_eq!(EXECUTOR.block_on(&reactor, sleep(&reactor, MS)), Ok(Ok(())));
    let mut futures = [(); TASKS + 1].map(|()| Box::pin(async {}));
    let mut tasks = futures.each_mut().map(|it| it.as_mut() as Pin<&mut dyn Future<Output = ()>>);
    assert_eq!(EXECUTOR.run_until_all(&reactor, &mut tasks), Err(Error::Full));
    assert_eq!(EXECUTOR.run_until_all(&reactor, &mut tasks[1..]), Ok(()));
    drop((sleeps, sources));
    assert!(reactor.is_empty());
}

#[test]
fn other_threads_wake_a_task_that_sleeps_and_one_that_runs() {
    static EXECUTOR: Executor = Executor::new();
    /// How often the other thread has counted, and what it wakes.
    static COUNT: Mutex<(u32, Option<Waker>)> = Mutex::new((0, None));
    const TIMES: u32 = 20_000;
    let reactor = Reactor::new().unwrap();
    thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..TIMES {
                let mut count = COUNT.lock().unwrap();
                count.0 += 1;
                if let Some(waker) = count.1.take() {
                    waker.wake();
                }
            }
        });
        let mut seen = pin!(async {
            let mut seen = 0;
            while seen < TIMES {
                seen = poll_fn(|context| {
                    let mut count = COUNT.lock().unwrap();
                    if count.0 > seen {
                        return Poll::Ready(count.0);
                    }
                    count.1 = Some(context.waker().clone());
                    Poll::Pending
                })
                .await;
            }
        });
        let mut other = pin!(async { sleep(&reactor, MS).await.unwrap() });
        EXECUTOR.run_until_all(&reactor, &mut [seen.as_mut(), other.as_mut()]).unwrap();
    });
    // A waker that outlives its task, and its executor's run, does no harm.
    let kept = Cell::new(None);
    let mut keep = pin!(poll_fn(|context| {
        kept.set(Some(context.waker().clone()));
        Poll::Ready(())
    }));
    EXECUTOR.run_until_all(&reactor, &mut [keep.as_mut()]).unwrap();
    let kept = kept.take().unwrap();
    thread::spawn(move || kept.wake()).join().unwrap();
}

#[test]
fn a_worker_gives_its_result_to_the_task_that_asked() {
    static EXECUTOR: Executor = Executor::new();
    static WORKER: Worker = Worker::new();
    let reactor = Reactor::new().unwrap();
    // It has not begun to work: a job waits for it, until it is dropped.
    {
        let mut first = pin!(WORKER.divisors(4));
        assert!(poll_once(first.as_mut()).is_pending());
        assert_eq!(poll_once(pin!(WORKER.divisors(7))), Poll::Ready(None), "one job at a time");
    }
    assert!(poll_once(pin!(WORKER.divisors(7))).is_pending());
    thread::spawn(|| WORKER.run());
    assert_eq!(EXECUTOR.block_on(&reactor, WORKER.divisors(5_040)), Ok(Some(60)));
    // One that is dropped is cancelled, or its result forgotten, however far it has come.
    let again = async |number| {
        loop {
            match WORKER.divisors(number).await {
                Some(count) => return count,
                None => sleep(&reactor, MS).await.unwrap(),
            }
        }
    };
    for wait in [Duration::ZERO, MS, 5 * MS] {
        let _ = EXECUTOR.block_on(&reactor, timeout(&reactor, wait, again(300_000)));
        assert_eq!(EXECUTOR.block_on(&reactor, again(12)), Ok(6));
    }
}

#[test]
fn a_connected_udp_socket_has_one_peer() {
    static EXECUTOR: Executor = Executor::new();
    let reactor = Reactor::new().unwrap();
    let [peer, other] = [0; 2].map(|_| std::net::UdpSocket::bind("127.0.0.1:0").unwrap());
    let address = peer.local_addr().unwrap();
    let stack = Stack(&reactor);
    let exchange = async {
        let any = "127.0.0.1:0".parse().unwrap();
        let mut socket = UdpConnect::connect(&stack, any, address).await.unwrap();
        socket.send(address, b"hello").await.unwrap();
        let mut buffer = [0; 9];
        let (length, from) = peer.recv_from(&mut buffer).unwrap();
        assert_eq!(length, 5);
        // Of the first nothing is seen.
        other.send_to(b"no", from).unwrap();
        peer.send_to(b"yes", from).unwrap();
        Readable::readable(&mut socket).await.unwrap();
        assert_eq!(socket.receive(&mut buffer).await, Ok((3, address)));
        let (mut receiver, mut sender) = socket.split();
        sender.send(address, b"").await.unwrap();
        assert_eq!(peer.recv(&mut buffer).unwrap(), 0);
        peer.send_to(b"more", from).unwrap();
        assert_eq!(receiver.receive(&mut buffer).await, Ok((4, address)));
    };
    EXECUTOR.block_on(&reactor, exchange).unwrap();
    assert!(reactor.is_empty());
}

#[test]
fn an_executor_has_one_reactor_and_runs_once_at_a_time() {
    static EXECUTOR: Executor = Executor::new();
    let (reactor, other) = (Reactor::new().unwrap(), Reactor::new().unwrap());
    for _ in 0..2 {
        assert_eq!(EXECUTOR.block_on(&reactor, async { 7 }), Ok(7));
        assert_eq!(EXECUTOR.block_on(&other, async {}), Err(Error::AlreadyExists));
        let nested = async { EXECUTOR.block_on(&reactor, async {}) };
        assert_eq!(EXECUTOR.block_on(&reactor, nested), Ok(Err(Error::AlreadyExists)));
    }
}

/// A source that is always ready does not keep a task, or the others, from their turn.
#[test]
fn an_endless_source_leaves_time_for_timers_and_other_tasks() {
    static EXECUTOR: Executor = Executor::new();
    let reactor = Reactor::new().unwrap();
    let (one, _other) = pair(&reactor);
    let mut flood = pin!(async {
        // It never blocks.
        while one.write_with(|_| Ok(1)).await.is_ok() {}
    });
    let mut friend = pin!(async {
        for _ in 0..20 {
            sleep(&reactor, MS).await.unwrap();
        }
    });
    EXECUTOR.run_until_any(&reactor, &mut [flood.as_mut(), friend.as_mut()]).unwrap();
}
