//! The longest single step: what is fast on average may have much to do at once.
//!
//! Timers spread over a minute, a clock that advances by a millisecond; timed is what a loop does
//! at each step: ask for the next deadline, fire what is due. And the steps of the adversaries. The
//! same is done several times over, and of each step the fastest counts, so that disturbances by
//! the machine do not.

use std::time::Instant;

use crate::contests::adversaries::{self, Adversary, State};
use crate::random::Random;
use crate::timers::{self, START, Timers};

const MINUTE: u64 = 60_000_000_000;
const STEP: u64 = 1_000_000;
const STEPS: usize = (MINUTE / STEP) as usize + 10;

pub struct Worst {
    pub peer: &'static str,
    /// Nanoseconds.
    pub worst: u64,
    pub one_in_1000: u64,
}

/// Of `n` timers, in `times` repetitions.
pub fn measure<const N: usize>(times: usize) -> Vec<Worst> {
    vec![
        of::<timers::Wheel<N>>(N, times),
        of::<timers::WheelWakeup<N>>(N, times),
        of::<timers::Lazy<timers::Std>>(N, times),
        of::<timers::Lazy<timers::Dary>>(N, times),
        of::<timers::HeapOfIndices>(N, times),
        of::<timers::Ordered>(N, times),
        of::<timers::TimerQueue>(N, times),
    ]
}

/// The longest step of each adversary, and its name.
pub fn of_adversaries(times: usize) -> Vec<(&'static str, Vec<Worst>)> {
    let peers = |(name, adversary)| {
        let peers = vec![
            of_adversary::<timers::WheelWakeup<65_536>>(adversary, times),
            of_adversary::<timers::Lazy<timers::Std>>(adversary, times),
            of_adversary::<timers::HeapOfIndices>(adversary, times),
            of_adversary::<timers::Ordered>(adversary, times),
            of_adversary::<timers::TimerQueue>(adversary, times),
        ];
        (name, peers)
    };
    adversaries::ALL.into_iter().map(peers).collect()
}

fn of_adversary<T: Timers>(adversary: Adversary, times: usize) -> Worst {
    let steps = State::<T>::new(adversary).steps();
    let best = fastest(steps, times, || {
        let mut state = State::<T>::new(adversary);
        move || state.step()
    });
    Worst::of(T::PEER, best)
}

fn of<T: Timers>(n: usize, times: usize) -> Worst {
    let best = fastest(STEPS, times, || {
        let (mut timers, mut random) = (T::with_capacity(n), Random::new(13));
        for id in 0..n {
            timers.insert(id, START + random.below(MINUTE));
        }
        let (mut now, mut fired) = (START, 0);
        move || {
            now += STEP;
            std::hint::black_box(timers.next());
            timers.expire(now, 256, |_| fired += 1);
            std::hint::black_box(fired);
        }
    });
    Worst::of(T::PEER, best)
}

/// Of each step the fastest repetition, in nanoseconds.
fn fastest<S: FnMut()>(steps: usize, times: usize, start: impl Fn() -> S) -> Vec<u64> {
    let mut best = vec![u64::MAX; steps];
    for _ in 0..times {
        let mut step = start();
        for best in &mut best {
            let start = Instant::now();
            step();
            *best = (*best).min(start.elapsed().as_nanos() as u64);
        }
    }
    best
}

impl Worst {
    fn of(peer: &'static str, mut steps: Vec<u64>) -> Worst {
        steps.sort_unstable();
        let last = steps.len() - 1;
        Worst { peer, worst: steps[last], one_in_1000: steps[last - steps.len() / 1000] }
    }
}
