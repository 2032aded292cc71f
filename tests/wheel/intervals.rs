//! Periodic deadlines.

use core::time::Duration;

use mio_st::Error;
use mio_st::event::EventedId;
use mio_st::time::Instant;
use mio_st::timer::TimerWheel;

use crate::sizes::for_each_size;

fn at(nanos: u64) -> Instant {
    Instant::from_nanos(nanos)
}

const fn every(nanos: u64) -> Duration {
    Duration::from_nanos(nanos)
}

fn expire<const N: usize>(wheel: &mut TimerWheel<N>, now: u64) -> usize {
    wheel.expire(at(now), usize::MAX, |id, _| assert_eq!(id, EventedId(7)))
}

fn ticks<const N: usize>() {
    let mut wheel = Box::new(TimerWheel::<N>::new());
    let key = wheel.insert_interval(at(1000), every(300), EventedId(7)).unwrap();
    // Each tick lies on the grid, however late the previous one was noticed.
    for (now, fired, next) in [
        (999, 0, 1000),
        (1000, 1, 1300),
        (1399, 1, 1600),
        (1600, 1, 1900),
        (1600, 0, 1900),
        (1_000_000, 1, 1_000_300),
    ] {
        assert_eq!(expire(&mut wheel, now), fired);
        assert_eq!(wheel.next_deadline(), Some(at(next)));
        assert_eq!(wheel.deadline(key), Some(at(next)));
        assert_eq!(wheel.len(), 1);
    }
    // Hours late: the missed ticks are skipped at once.
    assert_eq!(expire(&mut wheel, 1 << 62), 1);
    let next = wheel.next_deadline().unwrap().as_nanos();
    assert!(next > 1 << 62 && next <= (1 << 62) + 300 && (next - 1000).is_multiple_of(300));
    // A move of the next tick moves the grid.
    wheel.update(key, at(next + 50)).unwrap();
    assert_eq!(expire(&mut wheel, next + 49), 0);
    assert_eq!(expire(&mut wheel, next + 50), 1);
    assert_eq!(wheel.next_deadline(), Some(at(next + 350)));
    wheel.update(key, at(5)).unwrap();
    assert_eq!(expire(&mut wheel, 10), 1);
    assert_eq!(wheel.next_deadline(), Some(at(305)));
    assert_eq!(wheel.iter().collect::<Vec<_>>(), [(key, at(305), EventedId(7))]);
    wheel.cancel(key).unwrap();
    assert_eq!(wheel.cancel(key), Err(Error::StaleKey));
    assert!(wheel.is_empty());
}

#[test]
fn ticks_keep_to_their_grid() {
    for_each_size!(ticks of 2 200 300 2000);
}

#[test]
fn an_interval_takes_two_places() {
    let mut wheel = TimerWheel::<5>::new();
    for cycle in 0..10 {
        let a = wheel.insert_interval(at(1), every(1), EventedId(7)).unwrap();
        let b = wheel.insert_interval(at(2), every(1), EventedId(7)).unwrap();
        assert_eq!(wheel.insert_interval(at(3), every(1), EventedId(7)), Err(Error::Full));
        let c = wheel.insert(at(3), EventedId(7)).unwrap();
        assert_eq!(wheel.insert(at(3), EventedId(7)), Err(Error::Full));
        assert_eq!((wheel.len(), wheel.capacity()), (3, 5));
        if cycle % 2 == 0 {
            wheel.cancel(a).unwrap();
            assert!(wheel.remove(EventedId(7)));
            assert!(!wheel.contains(b) && wheel.contains(c));
        } else {
            wheel.cancel(b).unwrap();
            wheel.cancel(a).unwrap();
        }
        wheel.cancel(c).unwrap();
    }
}

#[test]
fn a_period_of_nothing_is_refused() {
    let mut wheel = TimerWheel::<5>::new();
    assert_eq!(
        wheel.insert_interval(at(1), Duration::ZERO, EventedId(7)),
        Err(Error::InvalidInput)
    );
    assert!(wheel.is_empty());
}

/// One that never gets its processor back would otherwise tick forever within one call.
#[test]
fn one_call_delivers_one_tick() {
    let mut wheel = TimerWheel::<5>::new();
    wheel.insert_interval(at(0), every(1), EventedId(7)).unwrap();
    for now in [0, 0, 5, 6, 6, 1000] {
        assert!(expire(&mut wheel, now) <= 1);
        assert_eq!(wheel.next_deadline(), Some(at(now + 1)));
    }
}

#[test]
fn the_end_of_time_ends_an_interval() {
    let mut wheel = TimerWheel::<2>::new();
    let key = wheel.insert_interval(at(u64::MAX - 5), every(3), EventedId(7)).unwrap();
    assert_eq!(expire(&mut wheel, u64::MAX - 3), 1);
    assert_eq!(wheel.next_deadline(), Some(at(u64::MAX - 2)));
    assert_eq!(expire(&mut wheel, u64::MAX), 1);
    assert!(wheel.is_empty() && !wheel.contains(key));
    wheel.insert_interval(at(1), Duration::MAX, EventedId(7)).unwrap();
    assert_eq!(expire(&mut wheel, 1), 1);
    assert!(wheel.is_empty());
}

/// Neither before its first tick, nor wherever it is moved to, nor by what another interval has left
/// in its memory.
#[test]
fn an_interval_that_was_moved_has_not_fired() {
    let mut wheel = TimerWheel::<2>::new();
    let key = wheel.insert_interval(at(100), every(100), EventedId(7)).unwrap();
    for deadline in [Instant::MAX, at(100)] {
        wheel.update(key, deadline).unwrap();
        assert!(!wheel.has_fired(key));
    }
    assert_eq!(expire(&mut wheel, 100), 1);
    assert!(wheel.has_fired(key));
    for bit in 0..64 {
        wheel.update(key, at(200 ^ (1 << bit))).unwrap();
        assert!(!wheel.has_fired(key));
    }
    wheel.cancel(key).unwrap();
    let other = wheel.insert_interval(at(200), every(100), EventedId(7)).unwrap();
    assert!(!wheel.has_fired(other));
}
