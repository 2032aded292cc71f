//! Rounds, and what comes of them.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use crate::counting;
use crate::sys::{self, Clock};

/// What one round took.
#[derive(Copy, Clone, Debug, Default, PartialEq)]
pub struct Sample {
    /// How many operations it was.
    pub ops: u64,
    pub nanos: u64,
    pub allocations: u64,
}

impl Sample {
    pub fn nanos_per_op(&self) -> f64 {
        self.nanos as f64 / self.ops as f64
    }
}

/// One peer at work: each call is a round, prepared outside of what is measured.
pub type Run = Box<dyn FnMut() -> Sample>;

/// A peer's part in a contest.
pub struct Entry {
    pub peer: &'static str,
    pub make: Box<dyn Fn() -> Run>,
}

/// The same work, done by several peers. The first is what the others are compared with.
pub struct Contest {
    /// Contests of one section have the same peers.
    pub section: &'static str,
    pub name: String,
    pub entries: Vec<Entry>,
}

impl Contest {
    pub fn new(section: &'static str, name: impl Into<String>) -> Contest {
        Contest { section, name: name.into(), entries: Vec::new() }
    }

    /// A name for filters and for files: `poll/1-of-256-ready`.
    pub fn id(&self) -> String {
        format!("{}/{}", slug(self.section), slug(&self.name))
    }

    pub fn with(mut self, peer: &'static str, make: impl Fn() -> Run + 'static) -> Contest {
        self.entries.push(Entry { peer, make: Box::new(make) });
        self
    }
}

/// The words of a name, in lower case, joined by hyphens.
pub fn slug(name: &str) -> String {
    // A comma within a number does not separate.
    let name = name.replace(",0", "0").to_lowercase();
    let words = name.split(|c: char| !c.is_alphanumeric() && c != '_');
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-")
}

/// What a peer did in a contest.
pub struct Score {
    pub peer: &'static str,
    /// The median of the rounds, in nanoseconds per operation.
    pub nanos: f64,
    /// Of each round, in nanoseconds per operation.
    pub rounds: Vec<f64>,
    /// Per operation, of all rounds but the first.
    pub allocations: f64,
}

/// Runs a contest: one round to warm up, then `rounds` in which each peer has its turn.
pub fn run(contest: &Contest, rounds: usize) -> Vec<Score> {
    let mut runs: Vec<Run> = contest.entries.iter().map(|entry| (entry.make)()).collect();
    let mut samples = vec![Vec::new(); runs.len()];
    for round in 0..=rounds {
        for (run, samples) in runs.iter_mut().zip(&mut samples) {
            let sample = run();
            if round > 0 {
                samples.push(sample);
            }
        }
    }
    let score = |(entry, samples): (&Entry, &Vec<Sample>)| {
        let ops: u64 = samples.iter().map(|sample| sample.ops).sum();
        let allocations: u64 = samples.iter().map(|sample| sample.allocations).sum();
        let rounds: Vec<f64> = samples.iter().map(Sample::nanos_per_op).collect();
        Score {
            peer: entry.peer,
            nanos: median(rounds.clone()),
            rounds,
            allocations: allocations as f64 / ops as f64,
        }
    };
    contest.entries.iter().zip(&samples).map(score).collect()
}

pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// How many operations a round is, or, in tests that only show that it can be done, a tenth of it.
pub const fn scaled(ops: usize) -> usize {
    if cfg!(test) { ops / 10 } else { ops }
}

/// Measures `work`, which is `ops` operations, by this thread's processor time: what else the machine does
/// does not count.
pub fn measure<R>(ops: usize, work: impl FnOnce() -> R) -> Sample {
    measure_by(Clock::Processor, ops, work)
}

/// Measures `work` that waits for others, by the time that passes.
pub fn measure_waiting<R>(ops: usize, work: impl FnOnce() -> R) -> Sample {
    measure_by(Clock::Wall, ops, work)
}

/// Measures `work` by the clock of choice.
pub fn measure_by<R>(clock: Clock, ops: usize, work: impl FnOnce() -> R) -> Sample {
    let allocations = counting::allocations();
    let start = clock.nanos();
    mark();
    std::hint::black_box(measured_work(work));
    mark();
    let nanos = clock.nanos() - start;
    Sample { ops: ops as u64, nanos, allocations: counting::allocations() - allocations }
}

/// The name is what callgrind is told to look at: see [`crate::tools`].
#[inline(never)]
fn measured_work<R>(work: impl FnOnce() -> R) -> R {
    work()
}

static MARKS: AtomicBool = AtomicBool::new(false);

/// From now on each measured stretch begins and ends with a system call that strace can recognise.
pub fn show_marks() {
    MARKS.store(true, Relaxed);
}

fn mark() {
    if MARKS.load(Relaxed) {
        sys::close(sys::MARK);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peers_take_turns_and_the_median_is_in_the_middle() {
        let contest = Contest::new("test", "count")
            .with("one", || Box::new(|| Sample { ops: 2, nanos: 10, allocations: 1 }))
            .with("two", || {
                let mut nanos = 0;
                Box::new(move || {
                    nanos += 10;
                    Sample { ops: 10, nanos, allocations: 0 }
                })
            });
        let scores = run(&contest, 3);
        assert_eq!((scores[0].peer, scores[0].nanos, scores[0].allocations), ("one", 5.0, 0.5));
        assert_eq!((scores[1].peer, scores[1].nanos), ("two", 3.0));
    }

    #[test]
    fn ids_are_words() {
        let contest = Contest::new("10,000 deadlines", "push one back, idle poll");
        assert_eq!(contest.id(), "10000-deadlines/push-one-back-idle-poll");
        assert_eq!(slug("one, then poll_userspace"), "one-then-poll_userspace");
        assert_eq!(slug("mio-st"), "mio-st");
    }

    #[test]
    fn allocations_are_seen() {
        let sample = measure(1, || Box::new(std::hint::black_box(7)));
        assert!(sample.allocations >= 1); // other tests allocate too
    }
}
