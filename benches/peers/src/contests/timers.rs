//! What is done with deadlines, at five sizes.
//!
//! | work | what it is |
//! |---|---|
//! | insert | into an empty one, random deadlines within 30 s |
//! | cancel | all of them, in random order |
//! | churn | cancel one at random, insert another at random |
//! | churn, FIFO | cancel the oldest, insert one 30 s from now |
//! | churn, constant | cancel one at random, insert one 30 s from now |
//! | rpc | insert a near one and cancel it, before a background that stays |
//! | push | move one at random to 30 s from now |
//! | .. + next | ask for the next deadline after each |
//! | push oldest + next | push them round and round |
//! | next | ask again and again, nothing having changed |
//! | drain | all are due: fire them, 256 at a time, in order |
//! | hold | sleep until the next, fire it, insert it anew at random |

use std::hint::black_box;

use crate::measure::{Contest, Run, Sample, measure, measure_by, scaled};
use crate::random::Random;
use crate::sys::Clock;
use crate::timers::{self, START, Timers};

const WINDOW: u64 = 30_000_000_000;
/// From one operation to the next, where the timers are taken at random.
const STEP: u64 = 100;
/// Between two looks at what is due; none is, but a peer may tidy up.
const LOOK: usize = 64;
const BATCH: usize = 256;

#[derive(Copy, Clone, Debug, PartialEq)]
enum Work {
    Insert,
    Cancel,
    Churn { order: Order, next: bool },
    Rpc,
    Push { order: Order, next: bool },
    Next,
    Drain,
    Hold,
}

/// Which timer, and its new deadline: both in turn, both at random, or in turn 30 s from now.
#[derive(Copy, Clone, Debug, PartialEq)]
enum Order {
    Random,
    Fifo,
    Constant,
}

impl Order {
    /// From one operation to the next. In turn, so much that the deadlines are spread over the window, as those
    /// of connections are that are all heard of before it is over.
    fn step(self, n: usize) -> u64 {
        match self {
            Order::Fifo => (WINDOW - WINDOW / 8) / n.max(4096) as u64,
            Order::Random | Order::Constant => STEP,
        }
    }
}

const WORKS: [(&str, Work); 14] = [
    ("insert", Work::Insert),
    ("cancel", Work::Cancel),
    ("churn", Work::Churn { order: Order::Random, next: false }),
    ("churn, FIFO", Work::Churn { order: Order::Fifo, next: false }),
    ("churn, constant", Work::Churn { order: Order::Constant, next: false }),
    ("rpc", Work::Rpc),
    ("push", Work::Push { order: Order::Constant, next: false }),
    ("churn + next", Work::Churn { order: Order::Random, next: true }),
    ("churn, FIFO + next", Work::Churn { order: Order::Fifo, next: true }),
    ("push + next", Work::Push { order: Order::Constant, next: true }),
    ("push oldest + next", Work::Push { order: Order::Fifo, next: true }),
    ("next", Work::Next),
    ("drain", Work::Drain),
    ("hold", Work::Hold),
];

pub fn contests() -> Vec<Contest> {
    let mut contests = Vec::new();
    for (name, work) in WORKS {
        contests.push(contest::<16, 32>(name, work));
        contests.push(contest::<256, 512>(name, work));
        contests.push(contest::<4096, 8192>(name, work));
        contests.push(contest::<65_536, 131_072>(name, work));
        contests.push(contest::<1_048_576, 2_097_152>(name, work));
    }
    contests
}

/// `ROOM` is what a heap without removal gets.
fn contest<const N: usize, const ROOM: usize>(name: &str, work: Work) -> Contest {
    let mut contest = Contest::new("timers", format!("{name}, {N}"));
    contest = add::<timers::Null>(contest, work, N);
    contest = add::<timers::Wheel<N>>(contest, work, N);
    contest = add::<timers::WheelWakeup<N>>(contest, work, N);
    contest = add::<timers::Lazy<timers::Std>>(contest, work, N);
    contest = add::<timers::Lazy<timers::Dary>>(contest, work, N);
    contest = add::<timers::Lazy<timers::Heapless<ROOM>>>(contest, work, N);
    contest = add::<timers::Bare<timers::Dary>>(contest, work, N);
    contest = add::<timers::HeapOfIndices>(contest, work, N);
    contest = add::<timers::Ordered>(contest, work, N);
    contest = add::<timers::TimerQueue>(contest, work, N);
    contest = add::<timers::TmWheel>(contest, work, N);
    contest = add::<timers::Nexus>(contest, work, N);
    contest = add::<timers::HashWheel>(contest, work, N);
    add::<timers::Delays>(contest, work, N)
}

fn add<T: Timers>(contest: Contest, work: Work, n: usize) -> Contest {
    let fires = matches!(work, Work::Drain | Work::Hold);
    let asks = matches!(work, Work::Churn { next: true, .. } | Work::Push { next: true, .. });
    if fires && !T::ORDERED || asks && !T::QUICK_NEXT && n > 4096 {
        return contest;
    }
    contest.with(T::PEER, move || match work {
        Work::Insert | Work::Cancel | Work::Drain => whole::<T>(work, n),
        Work::Churn { order, next: false } => churn::<T, false>(n, order),
        Work::Churn { order, next: true } => churn::<T, true>(n, order),
        Work::Push { order, next: false } => push::<T, false>(n, order),
        Work::Push { order, next: true } => push::<T, true>(n, order),
        Work::Rpc => rpc::<T>(n),
        Work::Next => next::<T>(n),
        Work::Hold => hold::<T>(n),
    })
}

/// How many operations a round is: at least one for each timer, so that what a peer puts off falls due in it;
/// and, where caches hold them, many more, so that what the other peers left there does not count.
fn ops(n: usize) -> usize {
    (4 * n).clamp(scaled(65_536), scaled(262_144)).max(n)
}

fn fill<T: Timers>(timers: &mut T, n: usize, now: u64, random: &mut Random) {
    for id in 0..n {
        timers.insert(id, now + random.below(WINDOW));
    }
}

/// Rounds that begin and end empty. The small ones are too short for the processor's clock, whose reading is a
/// system call; the smallest for any clock, so that many of them are worked on in turn.
fn whole<T: Timers>(work: Work, n: usize) -> Run {
    let mut queues: Vec<Box<T>> = (0..512_usize.div_ceil(n)).map(|_| T::with_capacity(n)).collect();
    let ops = n * queues.len();
    let (mut random, mut now) = (Random::new(5), START);
    let mut ids: Vec<usize> = queues.iter().flat_map(|_| 0..n).collect();
    let clock = if n < 4096 { Clock::Wall } else { Clock::Processor };
    Box::new(move || {
        let mut sum = Sample::default();
        for _ in 0..self::ops(n).div_ceil(ops) {
            if work != Work::Insert {
                queues.iter_mut().for_each(|timers| fill(&mut **timers, n, now, &mut random));
            }
            let sample = match work {
                Work::Insert => {
                    let deadlines: Vec<u64> =
                        (0..ops).map(|_| now + random.below(WINDOW)).collect();
                    measure_by(clock, ops, || {
                        for (timers, deadlines) in queues.iter_mut().zip(deadlines.chunks(n)) {
                            for (id, &deadline) in deadlines.iter().enumerate() {
                                timers.insert(id, deadline);
                            }
                        }
                    })
                }
                Work::Cancel => {
                    ids.chunks_mut(n).for_each(|ids| random.shuffle(ids));
                    measure_by(clock, ops, || {
                        for (timers, ids) in queues.iter_mut().zip(ids.chunks(n)) {
                            ids.iter().for_each(|&id| timers.cancel(id));
                        }
                    })
                }
                _ => {
                    now += WINDOW;
                    measure_by(clock, ops, || {
                        for timers in &mut queues {
                            let mut left = n;
                            while left > 0 {
                                timers.expire(now, BATCH, |id| {
                                    black_box(id);
                                    left -= 1;
                                });
                            }
                        }
                    })
                }
            };
            if work == Work::Insert {
                queues.iter_mut().for_each(|timers| (0..n).for_each(|id| timers.cancel(id)));
            }
            sum.ops += sample.ops;
            sum.nanos += sample.nanos;
            sum.allocations += sample.allocations;
        }
        sum
    })
}

/// What a round does to which timer: prepared beforehand, so that it is not measured.
struct Plan {
    random: Random,
    order: Order,
    n: usize,
    turn: usize,
    now: u64,
}

impl Plan {
    fn round(&mut self) -> Vec<(u32, u64)> {
        (0..ops(self.n)).map(|_| self.next()).collect()
    }

    fn next(&mut self) -> (u32, u64) {
        self.now += self.order.step(self.n);
        self.turn = (self.turn + 1) % self.n;
        let id = match self.order {
            Order::Fifo => self.turn,
            Order::Random | Order::Constant => self.random.below(self.n as u64) as usize,
        };
        let ahead = match self.order {
            Order::Random => self.random.below(WINDOW - WINDOW / 8) + WINDOW / 8,
            Order::Fifo | Order::Constant => WINDOW,
        };
        (id as u32, self.now + ahead)
    }
}

/// Full ones, whose deadlines are as `order` would have made them.
fn full<T: Timers>(n: usize, order: Order) -> (Box<T>, Plan) {
    let mut timers = T::with_capacity(n);
    let mut plan = Plan { random: Random::new(7), order, n, turn: n - 1, now: START };
    for id in 0..n {
        let ahead = match order {
            // Away from now, lest the clock catch up with it.
            Order::Random | Order::Constant => WINDOW / 8 + plan.random.below(WINDOW - WINDOW / 8),
            Order::Fifo => WINDOW - (n - id) as u64 * order.step(n),
        };
        timers.insert(id, START + ahead);
    }
    (timers, plan)
}

fn rounds<T: Timers>(
    n: usize,
    order: Order,
    each: impl Fn(&mut T, usize, u64) -> u64 + 'static,
) -> Run {
    let (mut timers, mut plan) = full::<T>(n, order);
    Box::new(move || {
        let (mut now, step) = (plan.now, order.step(n));
        let round = plan.round();
        measure(round.len(), || {
            let mut sum = 0;
            for part in round.chunks(LOOK) {
                for &(id, deadline) in part {
                    sum ^= each(&mut timers, id as usize, deadline);
                }
                now += part.len() as u64 * step;
                timers.expire(now, BATCH, |id| unreachable!("{id} is not due"));
            }
            sum
        })
    })
}

fn churn<T: Timers, const NEXT: bool>(n: usize, order: Order) -> Run {
    rounds::<T>(n, order, |timers, id, deadline| {
        timers.cancel(id);
        timers.insert(id, deadline);
        if NEXT { next_or_zero(timers) } else { 0 }
    })
}

fn push<T: Timers, const NEXT: bool>(n: usize, order: Order) -> Run {
    rounds::<T>(n, order, |timers, id, deadline| {
        timers.update(id, deadline);
        if NEXT { next_or_zero(timers) } else { 0 }
    })
}

#[inline]
fn next_or_zero<T: Timers>(timers: &mut T) -> u64 {
    timers.next().unwrap_or(0)
}

fn rpc<T: Timers>(n: usize) -> Run {
    let (mut timers, _) = full::<T>(n, Order::Constant);
    let mut random = Random::new(9);
    timers.cancel(0);
    Box::new(move || {
        let deadlines: Vec<u64> =
            (0..ops(n)).map(|_| START + 1_000_000 + random.below(WINDOW / 512)).collect();
        measure(deadlines.len(), || {
            for &deadline in &deadlines {
                timers.insert(0, deadline);
                timers.cancel(0);
            }
        })
    })
}

fn next<T: Timers>(n: usize) -> Run {
    let (mut timers, _) = full::<T>(n, Order::Random);
    Box::new(move || {
        measure(ops(n), || {
            let mut sum = 0;
            for _ in 0..ops(n) {
                // The compiler shall not know that nothing has changed.
                sum ^= next_or_zero(&mut **black_box(&mut timers));
            }
            sum
        })
    })
}

fn hold<T: Timers>(n: usize) -> Run {
    let (mut timers, mut random) = (T::with_capacity(n), Random::new(11));
    fill(&mut *timers, n, START, &mut random);
    let (mut now, mut fired) = (START, Vec::with_capacity(BATCH));
    Box::new(move || {
        let ahead: Vec<u64> = (0..ops(n) + BATCH).map(|_| random.below(WINDOW)).collect();
        let mut done = 0;
        let mut sample = measure(1, || {
            while done < ops(n) {
                now = now.max(timers.next().unwrap());
                timers.expire(now, BATCH, |id| fired.push(id));
                for id in fired.drain(..) {
                    timers.insert(id, now + ahead[done]);
                    done += 1;
                }
            }
        });
        sample.ops = done as u64;
        sample
    })
}
