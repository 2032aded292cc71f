//! One poll, with more or less to be found, and what registrations cost.

use std::hint::black_box;
use std::os::fd::RawFd;
use std::time::Duration;

use super::of_selectors;
use crate::measure::{Contest, Run, measure, scaled};
use crate::selectors::{Mode, Selector};
use crate::sys;

const POLLS: usize = scaled(1000);
/// More than a day ahead: never reached.
const LONG: Duration = Duration::from_secs(100_000);

pub fn contests() -> Vec<Contest> {
    let mut contests = Vec::new();
    for of in [256, 10_000] {
        for ready in [1, 8, 64, 256] {
            let contest = Contest::new("poll", format!("{ready} of {of} ready"));
            contests.push(of_selectors!(contest, endless(of, ready)));
        }
    }
    let contest = Contest::new("poll", "1 of 256 ready, a timeout given");
    contests.push(of_selectors!(contest, with_timeout(256, 1)));
    let contest = Contest::new("poll", "nothing ready, timeout 0");
    contests.push(of_selectors!(contest, idle(256)));
    let contest = Contest::new("poll", "register");
    contests.push(of_selectors!(contest, register()));
    let contest = Contest::new("poll", "reregister");
    contests.push(of_selectors!(contest, reregister()));
    let contest = Contest::new("poll", "deregister");
    contests.push(of_selectors!(contest, deregister()));
    contests
}

fn endless<S: Selector>(of: usize, ready: usize) -> Run {
    polls::<S>(of, ready, |selector, events| selector.poll(events, None))
}

fn with_timeout<S: Selector>(of: usize, ready: usize) -> Run {
    polls::<S>(of, ready, |selector, events| selector.poll(events, Some(LONG)))
}

fn idle<S: Selector>(of: usize) -> Run {
    polls::<S>(of, 0, |selector, events| selector.poll(events, Some(Duration::ZERO)))
}

/// Polls of `of` sources, of which always the same are `ready`. The timeout is a constant in `poll`, as it is
/// in most programs.
fn polls<S: Selector>(
    of: usize,
    ready: usize,
    poll: impl Fn(&mut S, &mut S::Events) + 'static,
) -> Run {
    let mut selector = S::new();
    for (id, &fd) in sys::eventfds(of, ready).iter().enumerate() {
        selector.register(fd, id, Mode::Level);
    }
    let mut events = S::events();
    Box::new(move || {
        measure(POLLS, || {
            let (mut count, mut sum) = (0, 0);
            for _ in 0..POLLS {
                poll(&mut selector, &mut events);
                S::readable(&mut events, |id| {
                    count += 1;
                    sum += id;
                });
            }
            // An endless poll that finds nothing would never end; an idle one must find nothing.
            assert_eq!(count == 0, ready == 0);
            black_box(sum)
        })
    })
}

const SOURCES: usize = 256;

fn register<S: Selector>() -> Run {
    let (mut selector, fds) = (S::new(), sys::eventfds(SOURCES, 0));
    Box::new(move || {
        let sample = measure(SOURCES, || register_all(&mut selector, &fds));
        deregister_all(&mut selector, &fds);
        sample
    })
}

fn reregister<S: Selector>() -> Run {
    let (mut selector, fds) = (S::new(), sys::eventfds(SOURCES, 0));
    register_all(&mut selector, &fds);
    let mut writable = false;
    Box::new(move || {
        writable = !writable;
        measure(SOURCES, || {
            for (id, &fd) in fds.iter().enumerate() {
                selector.reregister(fd, id, writable);
            }
            selector.flush();
        })
    })
}

fn deregister<S: Selector>() -> Run {
    let (mut selector, fds) = (S::new(), sys::eventfds(SOURCES, 0));
    Box::new(move || {
        register_all(&mut selector, &fds);
        measure(SOURCES, || deregister_all(&mut selector, &fds))
    })
}

fn register_all<S: Selector>(selector: &mut S, fds: &[RawFd]) {
    for (id, &fd) in fds.iter().enumerate() {
        selector.register(fd, id, Mode::Edge);
    }
    selector.flush();
}

fn deregister_all<S: Selector>(selector: &mut S, fds: &[RawFd]) {
    fds.iter().for_each(|&fd| selector.deregister(fd));
    selector.flush();
}
