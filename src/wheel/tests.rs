//! The wheel with tiny constants, so that everything happens often, and with its invariants walked.

extern crate std;

use std::println;

use core::num::NonZeroU32;
use core::time::Duration;
use std::vec::Vec;

use super::store::{PERIODIC, Store};
use super::*;
use crate::error::Error;
use crate::ready::Ready;

#[path = "../../tests/wheel_support/mod.rs"]
mod support;

use support::{PATTERNS, Pair};

impl<const N: usize> TimerWheel<N> {
    /// Walks everything.
    fn check(&self) {
        let mut live = 0;
        let mut periodic = 0;
        let mut minimum = u64::MAX;
        for (_, node) in self.store.live() {
            live += 1;
            periodic += u32::from(self.store.stamp(node) & PERIODIC != 0);
            minimum = minimum.min(self.store.deadline(node));
        }
        assert_eq!(live, self.len);
        assert_eq!(periodic, self.periodic);
        if self.len != 0 {
            assert!(self.bound <= minimum);
            if self.earliest != UNKNOWN && self.earliest != COARSE {
                assert_eq!(self.bound, minimum);
                assert_eq!(self.store.deadline(self.earliest), minimum);
                assert!(self.store.key(self.earliest).is_some());
            }
        }
        self.check_front();
        if !Self::GEOMETRY.is_flat() {
            self.check_slots();
        }
        assert_eq!(self.store.count_free() + (self.len + self.periodic) as usize, N);
    }

    fn check_slots(&self) {
        let geometry = Self::GEOMETRY;
        let mut filed = 0;
        let (mut levels, mut below) = (0_u32, 0_u32);
        for slot in 0..geometry.slots() as Slot {
            if !self.occupied.contains(slot) {
                assert!(self.opening != slot || slot == NO_SLOT);
                continue;
            }
            let level = geometry.level_of(slot);
            let start = geometry.start(slot, self.pivot);
            levels |= 1 << level;
            let mut previous = Store::<N>::link_of(slot);
            for node in self.timers_of(slot) {
                assert_eq!(self.store.prev(node), previous);
                assert!(self.store.key(node).is_some());
                assert!(self.store.deadline(node) >= start);
                // Only what is being opened lies around the pivot.
                let around = geometry.can_open(slot)
                    && start <= self.pivot
                    && self.pivot <= geometry.last(slot, self.pivot);
                assert!(!around || slot == self.opening);
                if geometry.last(slot, self.pivot) < self.pivot {
                    below |= 1 << level;
                }
                previous = node;
                filed += 1;
            }
            assert_eq!(self.store.prev(Store::<N>::link_of(slot)), previous);
        }
        assert_eq!(filed, self.len);
        self.occupied.check(levels, below);
    }

    /// All timers before the horizon are the first ones of the front's list, in order.
    fn check_front(&self) {
        let early = self.store.live().filter(|timer| timer.0 < self.horizon);
        let Some(slot) = self.front.checked_sub(1) else {
            assert!(self.len == 0 || early.count() == 0 && self.horizon == self.bound);
            return;
        };
        assert!(self.occupied.contains(slot));
        let timers = self.timers_of(slot).map(|node| self.store.deadline(node));
        let front: Vec<_> = timers.take_while(|&deadline| deadline < self.horizon).collect();
        assert!(front.is_sorted());
        assert_eq!(front.len(), early.count());
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
                    assert!(Some(pair.wheel.bound) <= pair.minimum());
                }
            }
            pair.wheel.check();
            fired += pair.fired;
        }
    }
    println!("{N}: {fired} fired");
    assert!(fired > 0);
}

#[test]
fn tiny_wheels_agree_with_the_model() {
    compare::<1>(0..6, 2000);
    compare::<2>(0..6, 2000);
    compare::<5>(0..6, 3000);
    compare::<16>(0..6, 5000);
    compare::<70>(0..6, 2000);
}

#[test]
fn three_bit_wheels_agree_with_the_model() {
    compare::<120>(0..6, 5000);
}

#[test]
fn four_bit_wheels_agree_with_the_model() {
    compare::<240>(0..6, 5000);
}

#[test]
fn five_bit_wheels_agree_with_the_model() {
    compare::<460>(0..6, 5000);
}

#[test]
fn small_six_bit_wheels_agree_with_the_model() {
    compare::<910>(0..6, 5000);
}

#[test]
fn six_bit_wheels_agree_with_the_model() {
    compare::<1400>(0..6, 10000);
}
/// The number that tells insertions apart is 30 bits wide. It wraps without a key that is good for nothing,
/// or for all places that are free.
#[test]
fn stamps_wrap() {
    let mut wheel = TimerWheel::<120>::new();
    let first = wheel.insert(Instant::ZERO, EventedId(0)).unwrap();
    wheel.store.wrap_stamps();
    for _ in 0..10 {
        let key = wheel.insert(Instant::ZERO, EventedId(1)).unwrap();
        assert!(wheel.contains(key) && key != first);
        wheel.cancel(key).unwrap();
        assert_eq!(wheel.cancel(key), Err(Error::StaleKey));
    }
    assert_eq!(wheel.expire(Instant::ZERO, 9, |id, _| assert_eq!(id.0, 0)), 1);
    assert_eq!(wheel.cancel(first), Err(Error::StaleKey));
}

/// No key whatever reaches memory that it does not name: those of free places, of slots, of the second place
/// of an interval, and of nothing.
#[test]
fn garbage_keys_are_refused() {
    fn fuzz<const N: usize>() {
        let mut wheel = TimerWheel::<N>::new();
        let mut keys = Vec::new();
        for i in 0..N as u64 / 4 {
            let deadline = Instant::from_nanos(i << (i % 40));
            let key = wheel.insert(deadline, EventedId(0)).unwrap();
            keys.push(wheel.insert_interval(deadline, Duration::MAX, EventedId(1)).unwrap());
            if i % 3 == 0 {
                wheel.cancel(key).unwrap();
            } else {
                keys.push(key);
            }
        }
        let nodes = (0..6 * N as Node).chain([Node::MAX, Node::MAX - 1, Node::MAX / 2, 1 << 24]);
        for node in nodes {
            for &DeadlineKey { stamp, .. } in &keys {
                let near = (0..8).map(|low| stamp.get() & !7 | low);
                let all = near.chain([1, 2, 3, u32::MAX]).filter_map(NonZeroU32::new);
                for stamp in all {
                    let key = DeadlineKey { node, stamp };
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

/// A long sleep moves each timer a few times at most, however many slots it passes over.
#[test]
fn a_long_sleep_costs_what_fires() {
    for sleep in [1 << 42, (1 << 48) + 1, 1 << 58, u64::MAX] {
        let mut wheel = TimerWheel::<1400>::new();
        for i in 0..1400 {
            wheel
                .insert(Instant::from_nanos(sleep / 1400 * (i * 31 % 1400)), EventedId(0))
                .unwrap();
        }
        let mut calls = 0;
        while !wheel.is_empty() {
            wheel.expire(Instant::from_nanos(sleep), usize::MAX, |_, _| {});
            calls += 1;
        }
        // `WORK` moves are allowed in each call.
        assert!(calls * WORK < 1400 * 11, "{calls}");
    }
}

/// Each number of timers cancelled while their slot is being opened, then everything goes on.
#[test]
fn a_slot_is_emptied_while_it_is_being_opened() {
    for cancelled in 0..=12 {
        let mut wheel = TimerWheel::<1400>::new();
        let start = 1 << 30;
        let keys: Vec<_> = (0..12)
            .map(|i| wheel.insert(Instant::from_nanos(start + i * 1000), EventedId(i as usize)))
            .map(Result::unwrap)
            .collect();
        // Due, but not yet found.
        assert_eq!(wheel.expire(Instant::from_nanos(start), 1, |_, _| {}), 1);
        assert_eq!(wheel.expire(Instant::from_nanos(start + 1), 1, |_, _| {}), 0);
        for &key in keys.iter().skip(1).take(cancelled) {
            wheel.cancel(key).unwrap();
            wheel.check();
        }
        for now in [2, start / 2, start + 1] {
            wheel.expire(Instant::from_nanos(now), 0, |_, _| {});
            wheel.check();
            wheel.insert(Instant::from_nanos(now + start), EventedId(100)).unwrap();
            wheel.insert(Instant::from_nanos(now + 2), EventedId(100)).unwrap();
            wheel.check();
        }
        let mut fired = Vec::new();
        while !wheel.is_empty() {
            wheel.expire(Instant::MAX, 5, |id, ready| {
                assert_eq!(ready, Ready::TIMER);
                fired.push(id.0);
            });
            wheel.check();
        }
        assert!(fired.iter().filter(|id| **id < 100).copied().eq(cancelled.min(11) + 1..12));
        assert_eq!(fired.len(), 6 + 11 - cancelled.min(11));
    }
}
