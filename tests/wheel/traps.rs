//! What keepers of deadlines have got wrong elsewhere, one test for each. (The model's tests cover most of these
//! too; here they have names.)

use core::time::Duration;

use mio_st::Error;
use mio_st::event::{EventedId, Ready};
use mio_st::time::Instant;
use mio_st::timer::TimerWheel;

use crate::rng::Rng;

/// With two to four levels below the root, and slots that are whole or not.
macro_rules! for_each_size {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                sizes::$name::<100>();
                sizes::$name::<256>();
                sizes::$name::<301>();
                sizes::$name::<3000>();
            }
        )*
    };
}

for_each_size! {
    a_pushed_back_timer_is_cancelled
    the_end_of_time_is_a_deadline_like_others
    past_deadlines_fire_at_once_and_in_order
    equal_deadlines_keep_their_order
    order_holds_across_calls_with_room_for_one
    stale_keys_are_refused
    keys_of_other_wheels_are_refused
    a_clock_that_stands_still
    a_clock_that_goes_back
    deadlines_around_powers_of_two
    the_minimum_is_never_stale
    an_earlier_deadline_shortens_the_sleep
    a_panic_of_the_caller_loses_only_what_it_was_given
    timers_added_for_those_that_fired_wait_for_the_next_call
    a_handler_sets_its_timer_again
    near_timers_among_far_ones
    every_id_is_legal
    a_long_sleep
}

fn at(nanos: u64) -> Instant {
    Instant::from_nanos(nanos)
}

/// One call.
fn expire<const N: usize>(wheel: &mut TimerWheel<N>, now: u64, room: usize) -> Vec<usize> {
    let mut fired = Vec::new();
    let count = wheel.expire(at(now), room, |id, ready| {
        assert_eq!(ready, Ready::TIMER);
        fired.push(id.0);
    });
    assert_eq!(count, fired.len());
    fired
}

/// As many calls as it takes.
fn expire_all<const N: usize>(wheel: &mut TimerWheel<N>, now: u64) -> Vec<usize> {
    let mut fired = Vec::new();
    while wheel.next_wakeup().is_some_and(|wakeup| wakeup <= at(now)) {
        fired.extend(expire(wheel, now, 7));
    }
    fired
}

mod sizes {
    use super::*;

    pub fn a_pushed_back_timer_is_cancelled<const N: usize>() {
        let mut wheel = TimerWheel::<N>::new();
        let keys: Vec<_> =
            (0..90).map(|i| wheel.insert(at(1000 + i), EventedId(i as usize)).unwrap()).collect();
        for (i, &key) in keys.iter().enumerate() {
            wheel.update(key, at(1 << (20 + i % 40))).unwrap();
        }
        for now in [900, 5000, 1 << 19] {
            assert_eq!(expire(&mut wheel, now, 100), []);
            assert!(wheel.next_wakeup().unwrap() <= at(1 << 20));
        }
        assert_eq!(wheel.next_deadline(), Some(at(1 << 20)));
        for &key in keys.iter().step_by(2) {
            wheel.cancel(key).unwrap();
        }
        let fired = expire_all(&mut wheel, u64::MAX);
        assert_eq!(fired.len(), 45);
        assert!(fired.iter().all(|id| id % 2 == 1));
        assert!(fired.is_sorted_by_key(|id| id % 40));
    }

    pub fn the_end_of_time_is_a_deadline_like_others<const N: usize>() {
        let mut wheel = TimerWheel::<N>::new();
        let deadlines = [u64::MAX, u64::MAX - 1, 1 << 63, (1 << 63) - 1, 1 << 60, 1];
        for (id, &deadline) in deadlines.iter().enumerate() {
            wheel.insert(at(deadline), EventedId(id)).unwrap();
        }
        // `now + never` is never, not a moment ago.
        wheel.insert(at(5) + Duration::MAX, EventedId(6)).unwrap();
        assert_eq!(expire_all(&mut wheel, 5), [5]);
        assert_eq!(wheel.next_deadline(), Some(at(1 << 60)));
        assert_eq!(expire_all(&mut wheel, 1 << 63), [4, 3, 2]);
        assert_eq!(expire_all(&mut wheel, u64::MAX - 1), [1]);
        assert_eq!(wheel.next_deadline(), Some(Instant::MAX));
        assert_eq!(expire(&mut wheel, u64::MAX, 9), [0, 6]);
        assert!(wheel.is_empty());
    }

    pub fn past_deadlines_fire_at_once_and_in_order<const N: usize>() {
        let mut wheel = TimerWheel::<N>::new();
        wheel.insert(at(2_000_000), EventedId(9)).unwrap();
        assert_eq!(expire(&mut wheel, 1_000_000, 9), []);
        for (id, deadline) in [(3, 999_999), (1, 5), (0, 0), (2, 70_000), (4, 1_000_000)] {
            wheel.insert(at(deadline), EventedId(id)).unwrap();
        }
        assert_eq!(wheel.next_wakeup(), Some(at(0)));
        assert_eq!(expire_all(&mut wheel, 1_000_000), [0, 1, 2, 3, 4]);
        assert_eq!(wheel.next_deadline(), Some(at(2_000_000)));
    }

    pub fn equal_deadlines_keep_their_order<const N: usize>() {
        let mut wheel = TimerWheel::<N>::new();
        let deadline = 0x1234_5678_9ABC;
        for id in 0..N {
            wheel.insert(at(deadline), EventedId(id)).unwrap();
            if id % 50 == 0 {
                // With other calls in between.
                assert_eq!(expire(&mut wheel, deadline / N as u64 * id as u64, 7), []);
                assert_eq!(wheel.next_deadline(), Some(at(deadline)));
            }
        }
        assert_eq!(expire_all(&mut wheel, deadline - 1), []);
        assert!(expire_all(&mut wheel, deadline).into_iter().eq(0..N));
    }

    pub fn order_holds_across_calls_with_room_for_one<const N: usize>() {
        let mut wheel = TimerWheel::<N>::new();
        let keys: Vec<_> = (0..64)
            .map(|i| wheel.insert(at(1000 + 10 * i), EventedId(i as usize)).unwrap())
            .collect();
        assert_eq!(expire(&mut wheel, 5000, 0), []);
        assert_eq!(expire(&mut wheel, 5000, 1), [0]);
        assert_eq!(expire(&mut wheel, 5000, 1), [1]);
        wheel.insert(at(1), EventedId(100)).unwrap();
        assert_eq!(expire(&mut wheel, 5000, 1), [100]);
        // Due and unread: still cancelled, pushed back, pulled forward.
        wheel.cancel(keys[2]).unwrap();
        wheel.update(keys[3], at(9000)).unwrap();
        wheel.update(keys[40], at(1025)).unwrap();
        assert_eq!(expire(&mut wheel, 5000, 1), [40]);
        assert_eq!(expire(&mut wheel, 5000, 2), [4, 5]);
        let rest: Vec<_> = core::iter::from_fn(|| expire(&mut wheel, 5000, 1).pop()).collect();
        assert!(rest.into_iter().eq((6..40).chain(41..64)));
        assert_eq!(wheel.next_deadline(), Some(at(9000)));
    }

    pub fn stale_keys_are_refused<const N: usize>() {
        let mut wheel = TimerWheel::<N>::new();
        let fired = wheel.insert(at(10), EventedId(0)).unwrap();
        let cancelled = wheel.insert(at(20), EventedId(1)).unwrap();
        let removed = wheel.insert(at(30), EventedId(2)).unwrap();
        assert_eq!(expire_all(&mut wheel, 15), [0]);
        wheel.cancel(cancelled).unwrap();
        assert!(wheel.remove(EventedId(2)) && !wheel.remove(EventedId(2)));
        let stale = [fired, cancelled, removed];
        for _ in 0..100 {
            let key = wheel.insert(at(100), EventedId(3)).unwrap();
            for old in stale {
                assert_ne!(old, key);
                assert_eq!(wheel.cancel(old), Err(Error::StaleKey));
                assert_eq!(wheel.update(old, at(0)), Err(Error::StaleKey));
                assert_eq!(wheel.deadline(old), None);
            }
            assert_eq!(wheel.next_deadline(), Some(at(100)));
            wheel.cancel(key).unwrap();
            assert!(wheel.is_empty());
        }
    }

    pub fn keys_of_other_wheels_are_refused<const N: usize>() {
        let mut wheels: [TimerWheel<N>; 3] = Default::default();
        let mut other = TimerWheel::<4000>::new();
        let keys: Vec<_> = (0..90)
            .map(|i| wheels.each_mut().map(|wheel| wheel.insert(at(i), EventedId(0)).unwrap()))
            .collect();
        for _ in 0..4000 {
            let key = other.insert(at(1), EventedId(0)).unwrap();
            assert!(wheels.iter().all(|wheel| !wheel.contains(key)));
        }
        for keys in keys {
            for (i, key) in keys.into_iter().enumerate() {
                assert!(!other.contains(key));
                for (j, wheel) in wheels.iter_mut().enumerate() {
                    assert_eq!(wheel.update(key, at(500)).is_ok(), i == j);
                }
            }
        }
    }

    pub fn a_clock_that_stands_still<const N: usize>() {
        let mut wheel = TimerWheel::<N>::new();
        let now = 7_000_000_000;
        assert_eq!(expire(&mut wheel, now, 9), []);
        for id in 0..3 {
            wheel.insert(at(now - 1 + id as u64), EventedId(id)).unwrap();
        }
        assert_eq!(expire(&mut wheel, now, 9), [0, 1]);
        assert_eq!(expire(&mut wheel, now, 9), []);
        assert_eq!(expire(&mut wheel, now, 9), []);
        assert_eq!(wheel.next_wakeup(), Some(at(now + 1)));
        wheel.insert(at(now), EventedId(5)).unwrap();
        assert_eq!(expire(&mut wheel, now, 9), [5]);
        assert_eq!(expire(&mut wheel, now + 1, 9), [2]);
    }

    pub fn a_clock_that_goes_back<const N: usize>() {
        let mut wheel = TimerWheel::<N>::new();
        for i in 0..90 {
            wheel.insert(at(i * 1_000_000), EventedId(i as usize)).unwrap();
        }
        assert_eq!(expire_all(&mut wheel, 50_000_000).len(), 51);
        assert_eq!(expire(&mut wheel, 10, 9), []);
        wheel.insert(at(20_000_000), EventedId(100)).unwrap();
        assert_eq!(expire(&mut wheel, 19_999_999, 9), []);
        assert_eq!(expire(&mut wheel, 20_000_000, 9), [100]);
        assert_eq!(expire(&mut wheel, 0, 9), []);
        assert!(expire_all(&mut wheel, 90_000_000).into_iter().eq(51..90));
    }

    pub fn deadlines_around_powers_of_two<const N: usize>() {
        for bit in 1..64 {
            let boundary = 1_u64 << bit;
            for before in [0, boundary - 2, boundary - 1, boundary, boundary + 5] {
                let mut wheel = TimerWheel::<N>::new();
                expire(&mut wheel, before, 1);
                let around = [
                    boundary + 1,
                    boundary - 1,
                    boundary,
                    boundary.saturating_mul(2),
                    boundary - 2,
                ];
                for (id, deadline) in around.into_iter().enumerate() {
                    wheel.insert(at(deadline), EventedId(id)).unwrap();
                }
                for (id, late) in [(4, 0_u64), (1, 1), (2, 2), (0, 3)] {
                    let deadline = boundary - 2 + late;
                    assert_eq!(wheel.next_deadline(), Some(at(deadline)));
                    if deadline > 0 {
                        assert_eq!(expire_all(&mut wheel, deadline - 1), []);
                    }
                    assert_eq!(expire_all(&mut wheel, deadline), [id]);
                }
                assert_eq!(expire_all(&mut wheel, u64::MAX), [3]);
            }
        }
    }

    pub fn the_minimum_is_never_stale<const N: usize>() {
        let mut wheel = TimerWheel::<N>::new();
        assert_eq!((wheel.next_deadline(), wheel.next_wakeup()), (None, None));
        let a = wheel.insert(at(500), EventedId(0)).unwrap();
        let b = wheel.insert(at(600), EventedId(1)).unwrap();
        assert_eq!(wheel.next_deadline(), Some(at(500)));
        wheel.update(a, at(500)).unwrap();
        assert_eq!(wheel.next_deadline(), Some(at(500)));
        wheel.update(a, at(700)).unwrap();
        assert!(wheel.next_wakeup() <= Some(at(600)));
        assert_eq!(wheel.next_deadline(), Some(at(600)));
        wheel.update(a, at(100)).unwrap();
        assert_eq!(wheel.next_wakeup(), Some(at(100)));
        wheel.cancel(a).unwrap();
        assert_eq!(wheel.next_deadline(), Some(at(600)));
        wheel.cancel(b).unwrap();
        assert_eq!((wheel.next_deadline(), wheel.next_wakeup()), (None, None));
        wheel.insert(at(9000), EventedId(2)).unwrap();
        assert_eq!(wheel.next_wakeup(), Some(at(9000)));
    }

    /// Ten that are due together, some at the same time, and one later; the caller fails at each in turn.
    pub fn a_panic_of_the_caller_loses_only_what_it_was_given<const N: usize>() {
        for fails_at in 0..10 {
            let mut wheel = TimerWheel::<N>::new();
            for i in 0..10 {
                wheel.insert(at((1 << 40) + i / 3), EventedId(i as usize)).unwrap();
            }
            wheel.insert(at(1 << 50), EventedId(10)).unwrap();
            let mut fired = Vec::new();
            let call = core::panic::AssertUnwindSafe(|| {
                wheel.expire(at(1 << 41), 100, |id, _| {
                    fired.push(id.0);
                    assert!(id.0 != fails_at, "on purpose");
                })
            });
            std::panic::catch_unwind(call).unwrap_err();
            assert_eq!(wheel.len(), 10 - fails_at);
            fired.extend(expire_all(&mut wheel, 1 << 41));
            assert_eq!(fired, (0..10).collect::<Vec<_>>());
            assert_eq!(wheel.next_deadline(), Some(at(1 << 50)));
        }
    }

    pub fn an_earlier_deadline_shortens_the_sleep<const N: usize>() {
        let mut wheel = TimerWheel::<N>::new();
        let keys: Vec<_> = (0..90)
            .map(|i| wheel.insert(at((1 << 40) + i), EventedId(i as usize)).unwrap())
            .collect();
        let far = wheel.next_wakeup().unwrap();
        wheel.update(keys[77], at(1 << 20)).unwrap();
        assert!(wheel.next_wakeup().unwrap() < far);
        assert_eq!(wheel.next_wakeup(), Some(at(1 << 20)));
        wheel.insert(at(1 << 10), EventedId(100)).unwrap();
        assert_eq!(wheel.next_wakeup(), Some(at(1 << 10)));
        assert_eq!(expire(&mut wheel, 1 << 20, 9), [100, 77]);
    }

    pub fn timers_added_for_those_that_fired_wait_for_the_next_call<const N: usize>() {
        let mut wheel = TimerWheel::<N>::new();
        for id in 0..20 {
            wheel.insert(at(0), EventedId(id)).unwrap();
        }
        wheel.insert(at(1), EventedId(99)).unwrap();
        let mut calls = 0;
        for _ in 0..10 {
            for id in expire(&mut wheel, 50, 8) {
                wheel.insert(at(if id == 99 { 50 } else { 2 }), EventedId(id)).unwrap();
                calls += usize::from(id == 99);
            }
        }
        // What was pending comes before what was added for what fired.
        assert_eq!(calls, 1);
    }

    pub fn a_handler_sets_its_timer_again<const N: usize>() {
        let mut wheel = Box::new(TimerWheel::<N>::new());
        let count = (N / 2).min(100) as u64;
        for id in 0..count {
            wheel.insert(at(id), EventedId(id as usize)).unwrap();
        }
        // Each is due three times, the handler of one cancels that of the next.
        let mut fired = Vec::new();
        for round in 1..=3 {
            let now = at(round * 1000);
            let mut others = Vec::new();
            while let Some(id) = wheel.pop_expired(now) {
                fired.push(id.0);
                let again = at(now.as_nanos() + 1 + id.0 as u64);
                wheel.insert(again, id).unwrap();
                let other = wheel.insert(now, EventedId(usize::MAX)).unwrap();
                others.push(other);
                wheel.cancel(other).unwrap();
            }
            assert!(others.into_iter().all(|other| !wheel.contains(other)));
        }
        let expected: Vec<_> = (0..3).flat_map(|_| 0..count as usize).collect();
        assert_eq!(fired, expected);
        assert_eq!(wheel.len() as u64, count);
        assert_eq!(wheel.pop_expired(at(3000)), None);
    }

    pub fn near_timers_among_far_ones<const N: usize>() {
        let mut wheel = TimerWheel::<N>::new();
        for id in 0..50 {
            wheel.insert(at((1 << 45) + (id << 25)), EventedId(id as usize)).unwrap();
        }
        assert_eq!(wheel.next_deadline(), Some(at(1 << 45)));
        for round in (0..40_u64).rev() {
            for id in 0..40 {
                wheel.insert(at((1 << round) + id), EventedId(100 + id as usize)).unwrap();
            }
            assert_eq!(wheel.next_deadline(), Some(at(1 << round)));
            assert!(expire_all(&mut wheel, (1 << round) + 39).into_iter().eq(100..140));
        }
        assert!(expire_all(&mut wheel, 1 << 46).into_iter().eq(0..50));
    }

    pub fn every_id_is_legal<const N: usize>() {
        let mut wheel = TimerWheel::<N>::new();
        let ids = [usize::MAX, 0, usize::MAX - 1, 1, usize::MAX, 1 << 31];
        for id in ids {
            wheel.insert(at(3), EventedId(id)).unwrap();
        }
        assert_eq!(expire_all(&mut wheel, 3), ids);
    }

    /// Everything fires, in order.
    pub fn a_long_sleep<const N: usize>() {
        let sleeps = [3_600_000_000_000, 1_036_800_000_000_000, (1 << 56) + 1, 1 << 58, u64::MAX];
        for sleep in sleeps {
            let mut wheel = TimerWheel::<N>::new();
            for i in 0..90 {
                wheel
                    .insert(at(sleep / 90 * (i * 7 % 90)), EventedId((i * 7 % 90) as usize))
                    .unwrap();
            }
            // A walk through the time between would not end.
            assert!(expire_all(&mut wheel, sleep).into_iter().eq(0..90));
        }
    }
}

#[test]
fn removal_by_id_takes_the_earliest() {
    let mut wheel = TimerWheel::<1400>::new();
    let later = wheel.insert(at(300), EventedId(1)).unwrap();
    let first = wheel.insert(at(200), EventedId(1)).unwrap();
    let second = wheel.insert(at(200), EventedId(1)).unwrap();
    wheel.insert(at(100), EventedId(2)).unwrap();
    assert!(wheel.remove(EventedId(1)));
    assert!(!wheel.contains(first) && wheel.contains(second));
    assert!(wheel.remove(EventedId(1)));
    assert!(!wheel.contains(second) && wheel.contains(later));
    assert!(wheel.remove(EventedId(1)) && !wheel.remove(EventedId(1)));
    assert_eq!(wheel.next_deadline(), Some(at(100)));
}

/// What was pushed back is repaired little by little: calls may then deliver nothing, but show it.
#[test]
fn a_call_does_a_bounded_amount_of_work() {
    let mut memory = Box::new_uninit();
    let wheel = TimerWheel::<50_000>::init_in(&mut memory);
    let keys: Vec<_> =
        (0..50_000).map(|i| wheel.insert(at(1000 + i as u64), EventedId(i)).unwrap()).collect();
    assert_eq!(expire(wheel, 1000, 1), [0]);
    for &key in &keys[1..] {
        wheel.update(key, at(100_000)).unwrap();
    }
    wheel.insert(at(60_000), EventedId(50_000)).unwrap();
    let mut calls = 0;
    let mut fired = Vec::new();
    while fired.is_empty() {
        assert!(wheel.next_wakeup().unwrap() <= at(60_000));
        fired.extend(expire(wheel, 60_000, 100));
        calls += 1;
    }
    assert_eq!(fired, [50_000]);
    assert!(calls > 20, "{calls}");
    // The exact answer has all that it takes.
    assert_eq!(wheel.next_deadline(), Some(at(100_000)));
    assert_eq!(wheel.len(), 49_999);
}

/// The documented limits, exactly: 64 repairs for a wake-up, 256 for a call that fires what is due.
#[test]
fn the_work_of_a_call_has_the_documented_limit() {
    let mut memory = Box::new_uninit();
    let wheel = TimerWheel::<4096>::init_in(&mut memory);
    // Equal deadlines take neighbouring places. Of each four one is left, so that each stale entry
    // is repaired by itself.
    let mut keys: Vec<_> =
        (0..4096).map(|id| wheel.insert(at(1 << 40), EventedId(id)).unwrap()).collect();
    let cancelled = keys.iter().enumerate().filter(|(place, _)| place % 4 != 0);
    cancelled.for_each(|(_, &key)| wheel.cancel(key).unwrap());
    keys = keys.into_iter().step_by(4).collect();
    let stale = |count: u64| at(1000 + count);
    for (count, &key) in (0..).zip(&keys) {
        wheel.update(key, stale(count)).unwrap();
    }
    for &key in &keys {
        wheel.update(key, at(1 << 41)).unwrap();
    }
    assert_eq!(wheel.next_wakeup(), Some(stale(64)));
    assert_eq!(expire(wheel, 1 << 30, 9), []);
    assert_eq!(wheel.next_wakeup(), Some(stale(64 + 256 + 64)));
    assert_eq!(wheel.pop_expired(at(1 << 30)), None);
    assert_eq!(wheel.next_wakeup(), Some(stale(64 + 256 + 64 + 256 + 64)));
    assert_eq!(wheel.next_deadline(), Some(at(1 << 41)));
    // The limit is that of the call, not of each timer that fires.
    for (count, &key) in (0..).zip(&keys) {
        wheel.update(key, stale(count)).unwrap();
    }
    for (count, &key) in keys.iter().enumerate() {
        if ![200, 401].contains(&count) {
            wheel.update(key, at(1 << 41)).unwrap();
        }
    }
    assert_eq!(expire(wheel, 1 << 30, 9), [4 * 200]);
    assert_eq!(expire(wheel, 1 << 30, 9), [4 * 401]);
}

/// A wheel of one place uses it again and again, and never comes upon the key of another wheel.
#[test]
fn generations_of_wheels_lie_far_apart() {
    let mut wheels: [TimerWheel<1>; 3] = Default::default();
    let keys = wheels.each_mut().map(|wheel| wheel.insert(at(1), EventedId(0)).unwrap());
    for (wheel, key) in wheels.iter_mut().zip(keys) {
        wheel.cancel(key).unwrap();
        for _ in 0..10_000 {
            let key = wheel.insert(at(1), EventedId(0)).unwrap();
            assert!(!keys.contains(&key));
            wheel.cancel(key).unwrap();
        }
    }
}

/// A sleep by `next_wakeup` is hardly ever shorter than one by the exact deadline. Many idle connections: each byte
/// pushes a timeout back.
#[test]
fn wake_ups_for_nothing_are_rare() {
    const CONNECTIONS: usize = 3000;
    const IDLE: u64 = 30_000_000_000;
    let mut memory = Box::new_uninit();
    let wheel = TimerWheel::<CONNECTIONS>::init_in(&mut memory);
    let mut now = 1 << 40;
    let mut keys: Vec<_> =
        (0..CONNECTIONS).map(|id| wheel.insert(at(now + IDLE), EventedId(id)).unwrap()).collect();
    let (mut useful, mut idle) = (0, 0);
    let mut random = Rng::new(1);
    while useful < 1000 {
        // Some connection or other every 3 ms: each one is silent for 9 s on average.
        let byte = now + random.below(6_000_000);
        while wheel.next_wakeup().is_some_and(|wakeup| wakeup <= at(byte)) {
            now = wheel.next_wakeup().unwrap().as_nanos().max(now);
            let fired = expire(wheel, now, 100);
            useful += usize::from(!fired.is_empty());
            idle += usize::from(fired.is_empty());
            for id in fired {
                keys[id] = wheel.insert(at(now + IDLE), EventedId(id)).unwrap();
            }
        }
        now = byte;
        let id = random.index(CONNECTIONS);
        wheel.update(keys[id], at(now + IDLE)).unwrap();
    }
    assert!(idle * 20 < useful, "{idle} of {useful}");
}
