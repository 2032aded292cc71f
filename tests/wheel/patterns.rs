//! The wheel against a naive sorted model, over random operations in adversarial patterns.

use core::time::Duration;

use mio_st::Error;
use mio_st::event::{EventedId, Ready};
use mio_st::time::Instant;
use mio_st::timer::{DeadlineKey, TimerWheel};

#[path = "../support/wheel_model.rs"]
mod model;

use self::model::{PATTERNS, Pair};

/// Steps for each pattern and seed: a debug build is some twenty times slower.
const STEPS: u32 = if cfg!(debug_assertions) { 20_000 } else { 200_000 };

fn compare<const N: usize>(seeds: core::ops::Range<u64>) {
    for pattern in PATTERNS {
        for seed in seeds.clone() {
            let mut pair = Pair::<N>::new(seed, pattern);
            for _ in 0..STEPS {
                pair.step();
                // With the wake-up asked for after every operation in one half of the runs, and in the
                // other half seldom.
                if seed % 2 == 0 {
                    pair.wakeup();
                }
            }
            assert!(pair.fired > 0, "{pattern:?}");
        }
    }
}

#[test]
fn capacity_1() {
    compare::<1>(0..2);
}

#[test]
fn capacity_8() {
    compare::<8>(0..2);
}

#[test]
fn capacity_41() {
    compare::<41>(0..4);
}

#[test]
fn capacity_256() {
    compare::<256>(0..4);
}

#[test]
fn capacity_1000() {
    compare::<1000>(0..4);
}

#[test]
fn capacity_5000() {
    compare::<5000>(0..4);
}
