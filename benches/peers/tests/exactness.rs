//! Which peers fire at the nanosecond and in order, so that they are compared as equals; and what the others do
//! instead: they count milliseconds, two of them round down, and what is due in a call comes in the order of their
//! lists.

use mio_st_benches::random::Random;
use mio_st_benches::timers::*;

const N: usize = 1000;
const SECOND: u64 = 1_000_000_000;

#[derive(Debug, Default)]
struct Faults {
    early: usize,
    /// In nanoseconds, at most, by a loop that sleeps until `next` and is never late itself.
    late: u64,
    /// Fired after a later one.
    unordered: usize,
}

/// Fires random deadlines within 30 s, in a loop that wakes when the next is due, or every 100 ms.
fn run<T: Timers>(faults: &mut Faults, prompt: bool) {
    let (mut timers, mut random) = (T::with_capacity(N), Random::new(21));
    let deadlines: Vec<u64> = (0..N).map(|_| START + SECOND + random.below(30 * SECOND)).collect();
    for (id, &deadline) in deadlines.iter().enumerate() {
        timers.insert(id, deadline);
    }
    let (mut now, mut fired) = (START, Vec::new());
    while fired.len() < N {
        now = if prompt { timers.next().unwrap().max(now + 1) } else { now + SECOND / 10 };
        let mut before = usize::MAX;
        while before != fired.len() {
            before = fired.len();
            timers.expire(now, 256, |id| fired.push(id));
            for &id in &fired[before..] {
                faults.early += usize::from(deadlines[id] > now);
                if prompt {
                    faults.late = faults.late.max(now.saturating_sub(deadlines[id]));
                }
            }
        }
    }
    faults.unordered +=
        fired.windows(2).filter(|ids| deadlines[ids[0]] > deadlines[ids[1]]).count();
}

fn faults<T: Timers>() -> Faults {
    let mut faults = Faults::default();
    run::<T>(&mut faults, true);
    run::<T>(&mut faults, false);
    println!("{}: {faults:?}", T::PEER);
    faults
}

fn is_exact<T: Timers>() {
    assert!(T::ORDERED);
    assert!(matches!(faults::<T>(), Faults { early: 0, late: 0, unordered: 0 }), "{}", T::PEER);
}

#[test]
fn those_that_count_as_exact_are() {
    is_exact::<Wheel<N>>();
    is_exact::<WheelWakeup<N>>();
    is_exact::<Lazy<Std>>();
    is_exact::<Lazy<Dary>>();
    is_exact::<HeapOfIndices>();
    is_exact::<Ordered>();
    is_exact::<TimerQueue>();
}

#[test]
fn those_that_do_not_count_as_exact_are_not() {
    fn is_inexact<T: Timers>() -> Faults {
        assert!(!T::ORDERED);
        faults::<T>()
    }
    let tm_wheel = is_inexact::<TmWheel>();
    assert!(tm_wheel.early == 0 && tm_wheel.late > 0 && tm_wheel.unordered > 0);
    let hash_wheel = is_inexact::<HashWheel>();
    assert!(hash_wheel.early > 0 && hash_wheel.unordered > 0);
    let nexus = is_inexact::<Nexus>();
    assert!(nexus.early > 0 && nexus.unordered > 0);
}
