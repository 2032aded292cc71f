//! The wheel with tiny constants, so that everything happens often, and with its invariants walked.

extern crate std;

use std::println;

use super::*;

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
                assert!(self.store.is_live(self.earliest));
            }
        }
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
            let mut previous = slot;
            for node in self.timers_of(slot) {
                assert_eq!(self.store.prev(node), previous);
                assert!(self.store.is_live(node));
                assert!(self.store.deadline(node) >= start);
                // Only what is being opened lies around the pivot.
                let around = level > 0
                    && start <= self.pivot
                    && self.pivot <= geometry.last(slot, self.pivot);
                assert!(!around || slot == self.opening);
                if geometry.last(slot, self.pivot) < self.pivot {
                    below |= 1 << level;
                }
                previous = node;
                filed += 1;
            }
            assert_eq!(self.store.prev(slot), previous);
        }
        assert_eq!(filed, self.len);
        self.occupied.check(levels, below);
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
                if step % 16 == 0 || N < 64 {
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
}

#[test]
fn three_bit_wheels_agree_with_the_model() {
    compare::<120>(0..6, 5000);
}

#[test]
fn four_bit_wheels_agree_with_the_model() {
    compare::<256>(0..6, 5000);
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
