//! Ending a poll from elsewhere: of the same thread, and of another and back.

use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::channel;
use std::thread::{self, JoinHandle};

use mio_st::event::EventedId;

use super::and_c;
use crate::measure::{Contest, Run, measure, measure_waiting, scaled};
use crate::selectors::{Calloop, Mio, MioSt, Mode, Polling, Raw, Selector};
use crate::sys;

const TURNS: usize = scaled(1000);

pub fn contests() -> Vec<Contest> {
    let contest = |name, run: fn(Peer) -> Run| {
        let contest = Contest::new("wakers", name)
            .with("raw, read", move || run(raw_read))
            .with("raw, never read", move || run(raw_unread))
            .with(MioSt::PEER, move || run(ours))
            .with(Mio::PEER, move || run(mio))
            .with(Polling::PEER, move || run(polling))
            .with(Calloop::PEER, move || run(calloop))
            .with("tokio", move || run(tokio));
        and_c!(contest, |L| run(in_c::<L>))
    };
    vec![contest("wake, then poll", alone), contest("another thread and back", between)]
}

/// A poll that waits for wakes, and what wakes it.
type Peer = fn() -> (Box<dyn FnMut()>, Waker);
type Waker = Box<dyn Fn() + Send>;

fn alone(peer: Peer) -> Run {
    let (mut poll, wake) = peer();
    Box::new(move || {
        measure(TURNS, || {
            for _ in 0..TURNS {
                wake();
                poll();
            }
        })
    })
}

fn between(peer: Peer) -> Run {
    let (mut poll, wake_us) = peer();
    let (sender, receiver) = channel();
    let ended = Arc::new(AtomicBool::new(false));
    let end = ended.clone();
    let other = thread::spawn(move || {
        let (mut poll, wake) = peer();
        sender.send(wake).unwrap();
        loop {
            poll();
            if ended.load(Relaxed) {
                return;
            }
            wake_us();
        }
    });
    let other = Other { wake: receiver.recv().unwrap(), end, thread: Some(other) };
    Box::new(move || {
        measure_waiting(TURNS, || {
            for _ in 0..TURNS {
                (other.wake)();
                poll();
            }
        })
    })
}

/// The other thread, until this is dropped.
struct Other {
    wake: Waker,
    end: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Other {
    fn drop(&mut self) {
        self.end.store(true, Relaxed);
        (self.wake)();
        self.thread.take().unwrap().join().unwrap();
    }
}

fn raw_read() -> (Box<dyn FnMut()>, Waker) {
    raw(Mode::Level)
}

fn raw_unread() -> (Box<dyn FnMut()>, Waker) {
    raw(Mode::Edge)
}

fn raw(mode: Mode) -> (Box<dyn FnMut()>, Waker) {
    let (mut selector, mut events, fd) = (Raw::new(), Raw::events(), Arc::new(sys::eventfd(0)));
    selector.register(fd.as_raw_fd(), 7, mode);
    let written = fd.clone();
    let poll = move || {
        selector.poll(&mut events, None);
        if mode == Mode::Level {
            sys::read(fd.as_raw_fd(), &mut [0; 8]);
        }
    };
    let wake = move || {
        sys::write(written.as_raw_fd(), &1u64.to_ne_bytes());
    };
    (Box::new(poll), Box::new(wake))
}

fn ours() -> (Box<dyn FnMut()>, Waker) {
    let (mut selector, mut events) = (MioSt::new(), MioSt::events());
    let waker = mio_st::unix::Waker::new(selector.poller.registry(), EventedId(7)).unwrap();
    let waker = Arc::new(waker);
    let kept = waker.clone();
    let poll = move || {
        let _kept = &kept; // dropped with the poller
        selector.poll(&mut events, None);
    };
    (Box::new(poll), Box::new(move || waker.wake().unwrap()))
}

fn mio() -> (Box<dyn FnMut()>, Waker) {
    let (mut selector, mut events) = (Mio::new(), Mio::events());
    let waker = mio::Waker::new(selector.poll.registry(), mio::Token(7)).unwrap();
    (Box::new(move || selector.poll(&mut events, None)), Box::new(move || waker.wake().unwrap()))
}

fn polling() -> (Box<dyn FnMut()>, Waker) {
    let selector = Arc::new(polling::Poller::new().unwrap());
    let (notified, mut events) = (selector.clone(), Polling::events());
    let poll = move || {
        events.clear();
        selector.wait(&mut events, None).unwrap();
    };
    (Box::new(poll), Box::new(move || notified.notify().unwrap()))
}

fn calloop() -> (Box<dyn FnMut()>, Waker) {
    let (mut selector, mut ids) = (Calloop::new(), Calloop::events());
    let (ping, source) = calloop::ping::make_ping().unwrap();
    selector.event_loop.handle().insert_source(source, |(), (), _| {}).unwrap();
    (Box::new(move || selector.poll(&mut ids, None)), Box::new(move || ping.ping()))
}

/// A wake that comes before the wait ends it without a look at the kernel.
fn tokio() -> (Box<dyn FnMut()>, Waker) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let notify = Arc::new(tokio::sync::Notify::new());
    let waited = notify.clone();
    (Box::new(move || runtime.block_on(waited.notified())), Box::new(move || notify.notify_one()))
}

#[cfg(feature = "c-peers")]
fn in_c<L: crate::selectors::Library>() -> (Box<dyn FnMut()>, Waker) {
    use crate::selectors::CLoop;
    let (mut selector, mut events) = (CLoop::<L>::of_threads(), CLoop::<L>::events());
    let user = selector.user(7);
    let poll = move || {
        selector.poll(&mut events, None);
        CLoop::<L>::readable(&mut events, |id| {
            std::hint::black_box(id);
        });
    };
    (Box::new(poll), Box::new(move || user.notify()))
}
