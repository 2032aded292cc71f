//! Events that the program makes itself.

use std::collections::VecDeque;
use std::hint::black_box;
use std::os::fd::AsRawFd;
use std::time::Duration;

use mio_st::event::{EventedId, Events, Ready};
use mio_st::poll::Poller;

use super::and_c;
use crate::measure::{Contest, Run, measure, scaled};
use crate::selectors::{Calloop, Mio, MioSt, Mode, Polling, Raw, Selector};
use crate::sys;

const TURNS: usize = scaled(1000);
const MANY: usize = 64;

pub fn contests() -> Vec<Contest> {
    let section = "user events";
    let one = Contest::new(section, "one, then poll")
        .with(Raw::PEER, raw)
        .with("raw, never read", raw_unread)
        .with(MioSt::PEER, || ours(1))
        .with(Mio::PEER, mio)
        .with(Polling::PEER, polling)
        .with(Calloop::PEER, calloop);
    let userspace = Contest::new(section, "one, then poll_userspace")
        .with(Raw::PEER, raw)
        .with(MioSt::PEER, ours_userspace);
    let many = Contest::new(section, "64, then poll")
        .with(Raw::PEER, raw_many)
        .with(MioSt::PEER, || ours(MANY));
    vec![and_c!(one, |L| in_c::<L>(1)), userspace, and_c!(many, |L| in_c::<L>(MANY))]
}

/// An eventfd that is written, polled and read.
fn raw() -> Run {
    let (mut selector, fd) = (Raw::new(), sys::eventfd(0));
    selector.register(fd.as_raw_fd(), 7, Mode::Level);
    let mut events = Raw::events();
    Box::new(move || {
        measure(TURNS, || {
            for _ in 0..TURNS {
                sys::write(fd.as_raw_fd(), &1u64.to_ne_bytes());
                selector.poll(&mut events, None);
                Raw::readable(&mut events, |id| {
                    black_box(id);
                    sys::read(fd.as_raw_fd(), &mut [0; 8]);
                });
            }
        })
    })
}

/// The same, edge-triggered: the number grows, and nobody reads it.
fn raw_unread() -> Run {
    let (mut selector, fd) = (Raw::new(), sys::eventfd(0));
    selector.register(fd.as_raw_fd(), 7, Mode::Edge);
    let mut events = Raw::events();
    Box::new(move || {
        measure(TURNS, || {
            for _ in 0..TURNS {
                sys::write(fd.as_raw_fd(), &1u64.to_ne_bytes());
                selector.poll(&mut events, None);
                Raw::readable(&mut events, |id| {
                    black_box(id);
                });
            }
        })
    })
}

/// A queue of the program's, and an eventfd to end the poll.
fn raw_many() -> Run {
    let (mut selector, fd) = (Raw::new(), sys::eventfd(0));
    selector.register(fd.as_raw_fd(), 7, Mode::Level);
    let (mut events, mut queue) = (Raw::events(), VecDeque::new());
    Box::new(move || {
        measure(TURNS, || {
            for _ in 0..TURNS {
                for id in 0..MANY {
                    queue.push_back((id, 1u32));
                }
                sys::write(fd.as_raw_fd(), &1u64.to_ne_bytes());
                selector.poll(&mut events, None);
                Raw::readable(&mut events, |_| {
                    sys::read(fd.as_raw_fd(), &mut [0; 8]);
                    while let Some(event) = queue.pop_front() {
                        black_box(event);
                    }
                });
            }
        })
    })
}

fn ours(many: usize) -> Run {
    turns(move |poller, events| {
        for id in 0..many {
            poller.notify(EventedId(id), Ready::READABLE).unwrap();
        }
        poller.poll(events, None).unwrap();
    })
}

fn ours_userspace() -> Run {
    turns(|poller, events| {
        poller.notify(EventedId(7), Ready::READABLE).unwrap();
        poller.poll_userspace(events).unwrap();
    })
}

fn turns(turn: impl Fn(&mut Poller, &mut Events) + 'static) -> Run {
    let (mut selector, mut events) = (MioSt::new(), MioSt::events());
    Box::new(move || {
        measure(TURNS, || {
            for _ in 0..TURNS {
                turn(&mut selector.poller, &mut events);
                MioSt::readable(&mut events, |id| {
                    black_box(id);
                });
            }
        })
    })
}

fn mio() -> Run {
    let (mut selector, mut events) = (Mio::new(), Mio::events());
    let waker = mio::Waker::new(selector.poll.registry(), mio::Token(7)).unwrap();
    Box::new(move || {
        measure(TURNS, || {
            for _ in 0..TURNS {
                waker.wake().unwrap();
                selector.poll(&mut events, None);
                Mio::readable(&mut events, |id| {
                    black_box(id);
                });
            }
        })
    })
}

/// Its poll ends, without an event.
fn polling() -> Run {
    let (mut selector, mut events) = (Polling::new(), Polling::events());
    Box::new(move || {
        measure(TURNS, || {
            for _ in 0..TURNS {
                selector.poller.notify().unwrap();
                selector.poll(&mut events, Some(Duration::from_secs(1)));
            }
        })
    })
}

fn calloop() -> Run {
    let (mut selector, mut ids) = (Calloop::new(), Calloop::events());
    let (ping, source) = calloop::ping::make_ping().unwrap();
    let handle = selector.event_loop.handle();
    handle.insert_source(source, |(), (), ids: &mut Vec<usize>| ids.push(7)).unwrap();
    Box::new(move || {
        measure(TURNS, || {
            for _ in 0..TURNS {
                ping.ping();
                selector.poll(&mut ids, None);
                Calloop::readable(&mut ids, |id| {
                    black_box(id);
                });
            }
        })
    })
}

#[cfg(feature = "c-peers")]
fn in_c<L: crate::selectors::Library>(many: usize) -> Run {
    use crate::selectors::CLoop;
    let (mut selector, mut events) = (CLoop::<L>::new(), CLoop::<L>::events());
    let users: Vec<_> = (0..many).map(|id| selector.user(id)).collect();
    Box::new(move || {
        measure(TURNS, || {
            for _ in 0..TURNS {
                users.iter().for_each(|user| user.notify());
                selector.poll(&mut events, None);
                CLoop::<L>::readable(&mut events, |id| {
                    black_box(id);
                });
            }
        })
    })
}
