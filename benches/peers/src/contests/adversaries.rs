//! What is hard for a timing wheel: 65,536 deadlines, arranged so that a wheel has much to do.
//!
//! | work | what it is | what it is hard for |
//! |---|---|---|
//! | one slot | all deadlines are equal: cancel one at random, insert it again | slots that are lists |
//! | far and near | half a day ahead, half 50 ms: both are cancelled and inserted at random | a hash of one speed |
//! | flip-flop | 64 near ones come and go before far ones; the next is asked for after each | an exact next deadline |
//! | push-back storm | each is pushed back in turn, the next is asked for after each | what puts updates off |
//! | burst | all are due at the end of one turn of 2^35 ns: fire 256, insert them for the end of the next | a slot that is opened at once |
//! | full wheel | no place is free but that of the one that was cancelled at random | a hash without room |
//!
//! `next` is what a loop asks: the wake-up, of ours. The longest single step of each is in the
//! section `worst` ([`crate::worst`]).

use crate::measure::{Contest, Run, measure, scaled};
use crate::random::Random;
use crate::timers::{self, START, Timers};

/// How many deadlines the wheel has memory for.
const CAPACITY: usize = 65_536;
const SECOND: u64 = 1_000_000_000;
const DAY: u64 = 86_400 * SECOND;
/// Near ones of the flip-flop.
const NEAR: usize = 64;
const BATCH: usize = 256;
/// One turn, as far as the burst knows.
const TURN: u64 = 1 << 35;

#[derive(Copy, Clone, Debug, PartialEq)]
pub enum Adversary {
    OneSlot,
    FarAndNear,
    FlipFlop,
    PushBack,
    Burst,
    Full,
}

pub const ALL: [(&str, Adversary); 6] = [
    ("one slot", Adversary::OneSlot),
    ("far and near", Adversary::FarAndNear),
    ("flip-flop", Adversary::FlipFlop),
    ("push-back storm", Adversary::PushBack),
    ("burst", Adversary::Burst),
    ("full wheel", Adversary::Full),
];

pub fn contests() -> Vec<Contest> {
    let contest = |(name, adversary)| {
        Contest::new("timer adversaries", name)
            .with(
                timers::WheelWakeup::<CAPACITY>::PEER,
                run::<timers::WheelWakeup<CAPACITY>>(adversary),
            )
            .with("BinaryHeap", run::<timers::Lazy<timers::Std>>(adversary))
            .with(timers::HeapOfIndices::PEER, run::<timers::HeapOfIndices>(adversary))
            .with(timers::Ordered::PEER, run::<timers::Ordered>(adversary))
            .with(timers::TimerQueue::PEER, run::<timers::TimerQueue>(adversary))
    };
    ALL.into_iter().map(contest).collect()
}

fn run<T: Timers>(adversary: Adversary) -> impl Fn() -> Run {
    move || {
        let mut state = State::<T>::new(adversary);
        Box::new(move || measure(state.steps(), || (0..state.steps()).for_each(|_| state.step())))
    }
}

/// An adversary at work.
pub struct State<T> {
    adversary: Adversary,
    timers: Box<T>,
    random: Random,
    now: u64,
    turn: usize,
    fired: Vec<usize>,
}

impl<T: Timers> State<T> {
    pub fn new(adversary: Adversary) -> Self {
        let mut state = State {
            adversary,
            timers: T::with_capacity(CAPACITY),
            random: Random::new(17),
            now: START,
            turn: 0,
            fired: Vec::with_capacity(BATCH),
        };
        for id in 0..state.pending() {
            let deadline = state.deadline(id);
            state.timers.insert(id, deadline);
        }
        state
    }

    /// How many steps a round has: more than one for each deadline.
    pub fn steps(&self) -> usize {
        match self.adversary {
            Adversary::Burst => scaled(2 * CAPACITY / BATCH),
            _ => scaled(2 * CAPACITY),
        }
    }

    fn pending(&self) -> usize {
        scaled(if self.adversary == Adversary::FlipFlop { CAPACITY - NEAR } else { CAPACITY })
    }

    /// Of a timer that is inserted now.
    fn deadline(&mut self, id: usize) -> u64 {
        match self.adversary {
            Adversary::OneSlot => START + DAY,
            Adversary::FarAndNear if id.is_multiple_of(2) => {
                self.now + DAY + self.random.below(SECOND)
            }
            Adversary::FarAndNear => self.now + SECOND / 20 + self.random.below(SECOND / 100),
            Adversary::FlipFlop => self.now + DAY + self.random.below(16 * SECOND),
            Adversary::PushBack => self.now + 30 * SECOND,
            Adversary::Burst => (self.now / TURN + 1) * TURN,
            Adversary::Full => self.now + self.random.below(30 * SECOND) + SECOND,
        }
    }

    /// What a loop does at once: a change or a few, a look at the next, and what is due.
    pub fn step(&mut self) {
        let n = self.pending();
        match self.adversary {
            Adversary::OneSlot | Adversary::FarAndNear | Adversary::Full => {
                let id = self.random.below(n as u64) as usize;
                self.timers.cancel(id);
                let deadline = self.deadline(id);
                self.timers.insert(id, deadline);
                self.now += 100;
            }
            Adversary::FlipFlop => {
                let id = n + self.turn % NEAR;
                if self.turn >= NEAR {
                    self.timers.cancel(id);
                    std::hint::black_box(self.timers.next());
                }
                let near = self.now + SECOND / 1000 + self.random.below(SECOND / 1000);
                self.timers.insert(id, near);
            }
            Adversary::PushBack => {
                let deadline = self.deadline(self.turn % n);
                self.timers.update(self.turn % n, deadline);
                self.now += 100_000;
            }
            Adversary::Burst => self.now = self.now.max(self.timers.next().unwrap()),
        }
        self.turn += 1;
        std::hint::black_box(self.timers.next());
        let fired = &mut self.fired;
        self.timers.expire(self.now, BATCH, |id| fired.push(id));
        while let Some(id) = self.fired.pop() {
            let deadline = self.deadline(id);
            self.timers.insert(id, deadline);
        }
    }
}
