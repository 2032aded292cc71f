//! The worst single operation: what is fast on average may have much to do at once.
//!
//! Timers spread over a minute, a clock that goes on by a millisecond; timed is what a loop does at each step:
//! ask for the next deadline, fire what is due. The same is done several times over, and of each step the
//! fastest counts, so that the machine's own disturbances do not.

use std::time::Instant;

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

fn of<T: Timers>(n: usize, times: usize) -> Worst {
    let mut best = vec![u64::MAX; STEPS];
    for _ in 0..times {
        let (mut timers, mut random) = (T::with_capacity(n), Random::new(13));
        for id in 0..n {
            timers.insert(id, START + random.below(MINUTE));
        }
        let (mut now, mut fired) = (START, 0);
        for best in &mut best {
            now += STEP;
            let start = Instant::now();
            std::hint::black_box(timers.next());
            timers.expire(now, 256, |_| fired += 1);
            *best = (*best).min(start.elapsed().as_nanos() as u64);
        }
        assert_eq!(fired, n);
    }
    best.sort_unstable();
    Worst { peer: T::PEER, worst: best[STEPS - 1], one_in_1000: best[STEPS - 1 - STEPS / 1000] }
}
