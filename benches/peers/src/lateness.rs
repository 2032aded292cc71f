//! How late a timeout is.

use std::time::{Duration, Instant};

use mio_st::event::EventedId;

use crate::selectors::{Calloop, Mio, MioSt, Polling, Raw, Selector};
use crate::sys;

pub const TIMEOUTS: [Duration; 4] = [
    Duration::from_micros(50),
    Duration::from_micros(250),
    Duration::from_micros(1_300),
    Duration::from_micros(10_700),
];

pub struct Lateness {
    pub peer: &'static str,
    /// In microseconds, sorted; negative where it was early.
    pub micros: Vec<f64>,
}

type Sleep = Box<dyn FnMut(Duration)>;

/// Each peer sleeps `count` times, in turns.
pub fn measure(timeout: Duration, count: usize) -> Vec<Lateness> {
    let mut sleeps = sleeps();
    let mut all: Vec<Lateness> =
        sleeps.iter().map(|&(peer, _)| Lateness { peer, micros: Vec::new() }).collect();
    for _ in 0..count {
        for ((_, sleep), lateness) in sleeps.iter_mut().zip(&mut all) {
            let start = Instant::now();
            sleep(timeout);
            let nanos = start.elapsed().as_nanos() as f64 - timeout.as_nanos() as f64;
            lateness.micros.push(nanos / 1000.0);
        }
    }
    for lateness in &mut all {
        lateness.micros.sort_by(f64::total_cmp);
    }
    all
}

fn sleeps() -> Vec<(&'static str, Sleep)> {
    let precise = {
        let epoll = sys::epoll();
        move |timeout| {
            let mut buffer = [libc::epoll_event { events: 0, u64: 0 }; 8];
            use std::os::fd::AsRawFd;
            sys::wait_precisely(epoll.as_raw_fd(), &mut buffer, timeout);
        }
    };
    let deadline = {
        let (mut selector, mut events) = (MioSt::new(), MioSt::events());
        move |timeout| {
            selector.poller.add_timeout(EventedId(1), timeout).unwrap();
            selector.poll(&mut events, None);
        }
    };
    let without_slack = {
        let (mut selector, mut events) = (MioSt::new(), MioSt::events());
        selector.poller.registry().set_precise(true).unwrap();
        move |timeout| selector.poll(&mut events, Some(timeout))
    };
    let tokio = {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        move |timeout| runtime.block_on(async { tokio::time::sleep(timeout).await })
    };
    #[allow(unused_mut)] // some are optional
    let mut sleeps: Vec<(_, Sleep)> = vec![
        (Raw::PEER, by_poll::<Raw>()),
        ("raw, epoll_pwait2", Box::new(precise)),
        (MioSt::PEER, by_poll::<MioSt>()),
        ("mio-st, add_timeout", Box::new(deadline)),
        ("mio-st, set_precise", Box::new(without_slack)),
        (Mio::PEER, by_poll::<Mio>()),
        (Polling::PEER, by_poll::<Polling>()),
        (Calloop::PEER, by_poll::<Calloop>()),
        ("tokio", Box::new(tokio)),
    ];
    #[cfg(feature = "c-peers")]
    {
        use crate::selectors::{CLoop, Libev, Libevent, Libuv};
        sleeps.push((CLoop::<Libev>::PEER, by_poll::<CLoop<Libev>>()));
        sleeps.push((CLoop::<Libevent>::PEER, by_poll::<CLoop<Libevent>>()));
        sleeps.push((CLoop::<Libuv>::PEER, by_poll::<CLoop<Libuv>>()));
    }
    sleeps
}

fn by_poll<S: Selector>() -> Sleep {
    let (mut selector, mut events) = (S::new(), S::events());
    Box::new(move |timeout| selector.poll(&mut events, Some(timeout)))
}
