//! The wheel with tiny constants, so that everything happens often, and with its invariants walked.

extern crate std;

use std::println;
use std::vec::Vec;

use core::time::Duration;

use super::entry::{Leaf, OCCUPIED, PERIODIC, is_timer, priority, priority_of};
use super::tree::NODE_LEAVES;
use super::*;
use crate::error::Error;
use crate::ready::Ready;

#[path = "../../tests/wheel_support/mod.rs"]
mod support;

use support::{PATTERNS, Pair};

impl<const N: usize> TimerWheel<N> {
    /// Walks everything.
    fn check(&mut self) {
        let (mut live, mut periodic, mut greatest) = (0, 0, 0);
        let up = Self::slot(self.first);
        let all: Vec<_> =
            (0..N as Leaf).filter(|&leaf| is_timer(self.leaves.entry(leaf))).collect();
        for leaf in all {
            live += 1;
            periodic += u32::from(self.leaves.generation(leaf) & PERIODIC != 0);
            let entry = self.leaves.entry(leaf);
            let priority = priority_of(entry);
            greatest = greatest.max(priority);
            let slot = Self::slot(leaf);
            self.tree.check(leaf, entry);
            assert!(slot == up || priority <= self.slot_runner_up);
            if Self::CUTS_AT_NODES && leaf / NODE_LEAVES != self.first / NODE_LEAVES {
                assert!(priority <= self.node_runner_up);
            }
        }
        assert_eq!(live, self.len);
        assert_eq!(periodic, self.periodic);
        assert!(self.bound >= greatest);
        assert_eq!(self.live().count(), live as usize);
        if Self::SLOTS > 1 {
            assert!(self.slot_runner_up <= self.bound);
            assert!(!Self::CUTS_AT_NODES || self.slot_runner_up <= self.node_runner_up);
        }
        if self.len == 0 {
            assert_eq!((self.bound, self.node_runner_up, self.slot_runner_up), (0, 0, 0));
        } else if self.exact {
            assert_eq!(self.bound, greatest);
            assert_eq!(priority_of(self.leaves.entry(self.first)), greatest);
            assert!(is_timer(self.leaves.entry(self.first)));
        }
        assert_eq!(self.count_free() + (self.len + self.periodic) as usize, N);
    }
}

fn compare<const N: usize>(seeds: core::ops::Range<u64>, steps: u32) {
    let mut fired = 0;
    for pattern in PATTERNS {
        for seed in seeds.clone() {
            let mut pair = Pair::<N>::new(seed, pattern);
            for step in 0..steps {
                pair.step();
                if seed % 2 == 0 {
                    pair.wakeup();
                }
                if step % 64 == 0 || N < 64 {
                    pair.wheel.check();
                }
                if pair.minimum().is_some() {
                    assert!(Some(entry::deadline(pair.wheel.bound)) <= pair.minimum());
                }
            }
            pair.wheel.check();
            fired += pair.fired;
        }
    }
    println!("{N}: {fired} fired");
    assert!(fired > 0);
}

/// With none to four rounds before the finals, with whole groups and with broken ones.
#[test]
fn wheels_agree_with_the_model() {
    compare::<1>(0..6, 2000);
    compare::<2>(0..6, 2000);
    compare::<4>(0..6, 3000);
    compare::<5>(0..6, 3000);
    compare::<16>(0..6, 5000);
    compare::<17>(0..6, 5000);
    compare::<64>(0..6, 5000);
    compare::<70>(0..6, 5000);
    compare::<256>(0..6, 5000);
    compare::<259>(0..6, 5000);
    compare::<1400>(0..6, 10000);
}

/// The number that tells insertions apart is 30 bits wide. It wraps without a key that is good for nothing,
/// or for all leafs that are free.
#[test]
fn generations_wrap() {
    let mut wheel = TimerWheel::<120>::new();
    let first = wheel.insert(Instant::ZERO, EventedId(0)).unwrap();
    wheel.wrap_generations();
    for _ in 0..10 {
        let key = wheel.insert(Instant::ZERO, EventedId(1)).unwrap();
        assert!(wheel.contains(key) && key != first);
        wheel.cancel(key).unwrap();
        assert_eq!(wheel.cancel(key), Err(Error::StaleKey));
    }
    assert_eq!(wheel.expire(Instant::ZERO, 9, |id, _| assert_eq!(id.0, 0)), 1);
    assert_eq!(wheel.cancel(first), Err(Error::StaleKey));
}

/// No key whatever reaches memory that it does not name: those of free leafs, of an interval's
/// partner, and of nothing.
#[test]
fn garbage_keys_are_refused() {
    fn fuzz<const N: usize>() {
        let mut wheel = TimerWheel::<N>::new();
        let mut keys = Vec::new();
        for i in 0..N as u64 / 4 {
            let deadline = Instant::from_nanos(i << (i % 40));
            let key = wheel.insert(deadline, EventedId(0)).unwrap();
            keys.push(wheel.insert_interval(deadline, Duration::MAX, EventedId(1)).unwrap());
            keys.push(key);
        }
        // Some are free.
        for key in keys.split_off(keys.len() / 2) {
            wheel.cancel(key).unwrap();
        }
        let leafs = 0..2 * N as Leaf;
        for leaf in leafs.chain([Leaf::MAX, Leaf::MAX - 1, Leaf::MAX / 2, 1 << 24]) {
            for &DeadlineKey { generation, .. } in &keys {
                let near = (0..8).map(|low| generation.get() & !7 | low);
                for generation in
                    near.chain([1, 2, 3, u32::MAX]).map(|generation| OCCUPIED | generation)
                {
                    let key = DeadlineKey { leaf, generation };
                    if !keys.contains(&key) {
                        assert!(!wheel.contains(key));
                        assert_eq!(wheel.deadline(key), None);
                        assert_eq!(wheel.update(key, Instant::ZERO), Err(Error::StaleKey));
                        assert_eq!(wheel.cancel(key), Err(Error::StaleKey));
                    }
                }
            }
        }
        wheel.check();
        assert!(keys.into_iter().all(|key| wheel.cancel(key).is_ok()));
    }
    fuzz::<5>();
    fuzz::<60>();
    fuzz::<120>();
}

/// A long sleep costs what fires, however much time has passed: no stale player is in the way.
#[test]
fn a_long_sleep_costs_what_fires() {
    for sleep in [1 << 42, (1 << 48) + 1, 1 << 58, u64::MAX] {
        let mut wheel = TimerWheel::<1400>::new();
        for i in 0..1400 {
            let deadline = Instant::from_nanos(sleep / 1400 * (i * 31 % 1400));
            wheel.insert(deadline, EventedId(0)).unwrap();
        }
        assert_eq!(wheel.expire(Instant::from_nanos(sleep), usize::MAX, |_, _| {}), 1400);
    }
}

/// What was cancelled or pushed back is put right once, `EXPIRE_REPAIR_LIMIT` in a call, and only where it is in the way.
#[test]
fn stale_players_are_put_right_little_by_little() {
    let mut wheel = TimerWheel::<1400>::new();
    let at = Instant::from_nanos;
    let keys: Vec<_> = (0..1400).map(|i| wheel.insert(at(i), EventedId(0)).unwrap()).collect();
    assert_eq!(wheel.expire(at(0), 0, |_, _| {}), 0);
    for &key in &keys[..1000] {
        wheel.update(key, at(5000)).unwrap();
    }
    for &key in &keys[1000..1300] {
        wheel.cancel(key).unwrap();
    }
    // Of four neighbours the first one was the winner.
    let mut calls = 0;
    while wheel.expire(at(2000), 1, |_, _| {}) == 0 {
        assert!(wheel.bound >= priority(2000));
        wheel.check();
        calls += 1;
    }
    assert_eq!(calls, 1300 / 4 / EXPIRE_REPAIR_LIMIT);
    // The bound, as little.
    let mut calls = 0;
    for &key in &keys[1301..1350] {
        wheel.cancel(key).unwrap();
    }
    while wheel.next_wakeup() < Some(at(1350)) {
        calls += 1;
    }
    assert_eq!(calls, 48 / 4 / PEEK_REPAIR_LIMIT);
    assert_eq!(wheel.next_deadline(), Some(at(1350)));
}

/// What does not change which timer is the earliest does not have it searched for again.
#[test]
fn the_earliest_stays_known() {
    let mut wheel = TimerWheel::<16>::new();
    let at = Instant::from_nanos;
    let first = wheel.insert(at(100), EventedId(0)).unwrap();
    let second = wheel.insert(at(200), EventedId(0)).unwrap();
    assert!(wheel.exact);
    assert_eq!(wheel.next_deadline(), Some(at(100)));
    wheel.update(first, at(100)).unwrap();
    wheel.update(second, at(300)).unwrap();
    wheel.update(first, at(90)).unwrap();
    wheel.update(second, at(80)).unwrap();
    wheel.update(first, at(400)).unwrap();
    wheel.cancel(first).unwrap();
    wheel.insert(at(500), EventedId(0)).unwrap();
    assert!(wheel.exact);
    assert_eq!(wheel.next_deadline(), Some(at(80)));
}

/// As long as one group keeps the lead, those above it do not play: the finals remember who has fired.
#[test]
fn a_group_that_keeps_the_lead_plays_alone() {
    let mut wheel = TimerWheel::<300>::new();
    let at = Instant::from_nanos;
    for i in 0..300 {
        wheel.insert(at(i), EventedId(0)).unwrap();
    }
    let batch = u64::from(NODE_LEAVES);
    for fired in 0..300 - 1 {
        assert_eq!(wheel.expire(at(1000), 1, |_, _| {}), 1);
        wheel.check();
        assert!(wheel.exact);
        assert_eq!(wheel.next_deadline(), Some(at(fired + 1)));
        // The first two of each group are told to all.
        let remembered = (fired + 1).min((fired + 1) / batch * batch + 1);
        assert_eq!(priority_of(wheel.tree.winner()), priority(remembered));
    }
}

/// An empty wheel begins at the first leaf again, and forgets what is stale.
#[test]
fn an_empty_wheel_is_like_a_new_one() {
    let mut wheel = TimerWheel::<1400>::new();
    let at = Instant::from_nanos;
    for round in 0..7 {
        let count = 4_u64.pow(round).min(1400);
        let keys: Vec<_> = (0..count).map(|i| wheel.insert(at(i), EventedId(0)).unwrap()).collect();
        keys.iter().for_each(|&key| wheel.cancel(key).unwrap());
        wheel.check();
        assert!(keys.iter().all(|&key| !wheel.contains(key)));
        let key = wheel.insert(at(1 << 40), EventedId(0)).unwrap();
        let second = wheel.insert(at(1 << 41), EventedId(0)).unwrap();
        assert!(!keys.contains(&key));
        assert_eq!(wheel.next_wakeup(), Some(at(1 << 40)));
        wheel.check();
        wheel.cancel(key).unwrap();
        // Nothing from before is in the way.
        assert_eq!(wheel.next_wakeup(), Some(at(1 << 41)));
        wheel.cancel(second).unwrap();
    }
    // Also where nothing is more urgent than nothing is.
    let keys: Vec<_> =
        (0..1400).map(|i| wheel.insert(at(1400 - i), EventedId(0)).unwrap()).collect();
    keys.iter().for_each(|&key| wheel.cancel(key).unwrap());
    wheel.insert(Instant::MAX, EventedId(0)).unwrap();
    assert_eq!(wheel.next_wakeup(), Some(Instant::MAX));
    wheel.check();
}
