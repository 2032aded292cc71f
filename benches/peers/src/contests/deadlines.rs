//! Polls while 10,000 deadlines are pending, none of them due.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::time::Duration;

use calloop::timer::{TimeoutAction, Timer};
use calloop::{Dispatcher, EventLoop};
use mio_st::event::{EventedId, Events};
use mio_st::poll::Poller;
use mio_st::time::Instant;

use super::and_c;
use crate::measure::{Contest, Run, measure, scaled};
use crate::random::Random;
use crate::selectors::{Calloop, MioSt, Raw, Selector};

const DEADLINES: usize = 10_000;
/// Each deadline is pushed back twice in a round: what the other peers left in the caches does not count.
const POLLS: usize = scaled(2 * DEADLINES);
/// Far enough for no benchmark to reach it.
const AHEAD: Duration = Duration::from_secs(10_000);

pub fn contests() -> Vec<Contest> {
    let section = "10,000 deadlines";
    let idle = Contest::new(section, "idle poll")
        .with("raw, none", raw_none)
        .with("mio-st, none", || ours(0, false))
        .with(MioSt::PEER, || ours(DEADLINES, false))
        .with("raw, BTreeMap", || raw(false))
        .with(Calloop::PEER, || calloop(false));
    let push = Contest::new(section, "push one back, idle poll")
        .with("raw, none", raw_none)
        .with(MioSt::PEER, || ours(DEADLINES, true))
        .with("raw, BTreeMap", || raw(true))
        .with(Calloop::PEER, || calloop(true))
        .with("tokio", tokio);
    vec![and_c!(idle, |L| in_c::<L>(false)), and_c!(push, |L| in_c::<L>(true))]
}

/// Where deadlines are pushed to: always later.
struct Pushes {
    random: Random,
    ahead: Duration,
}

impl Pushes {
    fn new() -> Pushes {
        Pushes { random: Random::new(1), ahead: AHEAD }
    }

    /// For one round, made before it is measured: which, and how far ahead.
    fn round(&mut self) -> Vec<(usize, Duration)> {
        (0..POLLS).map(|_| self.next()).collect()
    }

    fn next(&mut self) -> (usize, Duration) {
        self.ahead += Duration::from_micros(1);
        (self.random.below(DEADLINES as u64) as usize, self.ahead)
    }
}

fn raw_none() -> Run {
    let (mut selector, mut events) = (Raw::new(), Raw::events());
    Box::new(move || {
        measure(POLLS, || {
            for _ in 0..POLLS {
                selector.poll(&mut events, Some(Duration::ZERO));
            }
        })
    })
}

fn ours(deadlines: usize, push: bool) -> Run {
    let mut poller: Box<Poller<16, DEADLINES>> = Box::new(Poller::sized().unwrap());
    let (mut events, mut pushes, start) = (Events::new(), Pushes::new(), Instant::now());
    let add = |id| poller.add_deadline(EventedId(id), start + AHEAD).unwrap();
    let keys: Vec<_> = (0..deadlines).map(add).collect();
    Box::new(move || {
        let round = pushes.round();
        measure(POLLS, || {
            for &(which, ahead) in &round {
                if push {
                    poller.update_deadline(keys[which], start + ahead).unwrap();
                }
                poller.poll(&mut events, Some(Duration::ZERO)).unwrap();
            }
        })
    })
}

/// What a program does that has raw epoll: an ordered map, and the clock read for each poll.
fn raw(push: bool) -> Run {
    let (mut selector, mut events, mut pushes) = (Raw::new(), Raw::events(), Pushes::new());
    let start = std::time::Instant::now();
    let mut map: BTreeMap<_, _> = (0..DEADLINES).map(|id| ((start + AHEAD, id), ())).collect();
    let mut keys: Vec<_> = map.keys().copied().collect();
    Box::new(move || {
        let round = pushes.round();
        measure(POLLS, || {
            for &(which, ahead) in &round {
                if push {
                    map.remove(&keys[which]);
                    keys[which].0 = start + ahead;
                    map.insert(keys[which], ());
                }
                let (first, _) = map.first_key_value().unwrap();
                assert!(first.0 > std::time::Instant::now());
                selector.poll(&mut events, Some(Duration::ZERO));
            }
        })
    })
}

fn calloop(push: bool) -> Run {
    let mut event_loop: EventLoop<'static, ()> = EventLoop::try_new().unwrap();
    let (handle, start, mut pushes) =
        (event_loop.handle(), std::time::Instant::now(), Pushes::new());
    let timers: Vec<_> = (0..DEADLINES)
        .map(|_| {
            let timer = Timer::from_deadline(start + AHEAD);
            let dispatcher = Dispatcher::new(timer, |_, _, _: &mut ()| TimeoutAction::Drop);
            (handle.register_dispatcher(dispatcher.clone()).unwrap(), dispatcher)
        })
        .collect();
    Box::new(move || {
        let round = pushes.round();
        measure(POLLS, || {
            for &(which, ahead) in &round {
                if push {
                    let (token, dispatcher) = &timers[which];
                    dispatcher.as_source_mut().set_deadline(start + ahead);
                    handle.update(token).unwrap();
                }
                event_loop.dispatch(Duration::ZERO, &mut ()).unwrap();
            }
        })
    })
}

/// A turn of its scheduler is no poll of the kernel, which it makes in one of 61 turns.
fn tokio() -> Run {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let start = tokio::time::Instant::now();
    let mut pushes = Pushes::new();
    let mut sleeps: Vec<Pin<Box<tokio::time::Sleep>>> = {
        let _inside = runtime.enter();
        (0..DEADLINES).map(|_| Box::pin(tokio::time::sleep_until(start + AHEAD))).collect()
    };
    runtime.block_on(std::future::poll_fn(|context| {
        assert!(sleeps.iter_mut().all(|sleep| sleep.as_mut().poll(context).is_pending()));
        std::task::Poll::Ready(())
    }));
    Box::new(move || {
        let round = pushes.round();
        measure(POLLS, || {
            runtime.block_on(async {
                for &(which, ahead) in &round {
                    sleeps[which].as_mut().reset(start + ahead);
                    tokio::task::yield_now().await;
                }
            });
        })
    })
}

#[cfg(feature = "c-peers")]
fn in_c<L: crate::selectors::Library>(push: bool) -> Run {
    use crate::selectors::CLoop;
    let (mut selector, mut events) = (CLoop::<L>::new(), CLoop::<L>::events());
    let timers: Vec<_> = (0..DEADLINES).map(|_| selector.timer(AHEAD)).collect();
    let mut pushes = Pushes::new();
    Box::new(move || {
        let round = pushes.round();
        measure(POLLS, || {
            for &(which, ahead) in &round {
                if push {
                    selector.push(timers[which], ahead);
                }
                selector.poll(&mut events, Some(Duration::ZERO));
            }
        })
    })
}
