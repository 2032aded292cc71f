//! The wheel with tiny constants, so that everything happens often, and with its invariants walked.
//!
//! Of these, another choice has the same results in every test, since it is only about time (the
//! instructions of whole operations are counted by `ci/instructions.sh`):
//!
//! * what is fetched ahead, and from which capacity on (`PREFETCH_MIN_N`);
//! * conditions on `N` and `SLOTS` that leave out code for wheels for which it would do nothing;
//! * `>` in place of `>=` where an entry is compared with itself at most: it would be written again
//!   (`update` to the same time, `raise`, `enter`);
//! * which levels of `raise` have a branch, and that `enter_above` is left out if it would change
//!   nothing; that `live` skips slots without timers;
//! * in `repair_slot`, that a runner-up is not searched for if it must be the winner.

extern crate std;

use std::println;
use std::vec::Vec;

use core::time::Duration;

use super::entry::{GENERATION_STEP, Leaf, OCCUPIED, PERIODIC, is_timer, priority, priority_of};
use super::tree::NODE_LEAVES;
use super::*;
use crate::error::Error;
use crate::ready::Ready;

#[path = "../../tests/support/wheel_model.rs"]
mod model;

use model::{PATTERNS, Pair};

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
                if step % (64 + N as u32 / 2) == 0 || N < 64 {
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

/// With none to five levels below the root, with whole nodes and slots and with broken ones.
#[test]
fn wheels_agree_with_the_model() {
    compare::<1>(0..2, 2000);
    compare::<2>(0..2, 2000);
    compare::<4>(0..2, 2000);
    compare::<5>(0..2, 2000);
    compare::<16>(0..2, 2000);
    compare::<17>(0..2, 2000);
    compare::<64>(0..2, 2000);
    compare::<70>(0..2, 2000);
    compare::<256>(0..2, 2000);
    compare::<259>(0..2, 2000);
    compare::<1400>(0..2, 2000);
    compare::<5000>(0..1, 3000);
}

/// The number that tells insertions apart is 30 bits wide. It wraps without a key that is refused,
/// or that names a free leaf.
#[test]
fn generations_wrap() {
    let mut wheel = TimerWheel::<120>::new();
    assert_eq!(OCCUPIED.get() / GENERATION_STEP, 1 << 30);
    let first = wheel.insert(Instant::ZERO, EventedId(0)).unwrap();
    wheel.wrap_generations();
    for _ in 0..10 {
        let key = wheel.insert(Instant::ZERO, EventedId(1)).unwrap();
        assert!(wheel.contains(key) && key != first);
        assert_eq!(wheel.iter().count(), 2);
        wheel.cancel(key).unwrap();
        assert_eq!(wheel.cancel(key), Err(Error::StaleKey));
    }
    assert_eq!(wheel.expire(Instant::ZERO, 9, |id, _| assert_eq!(id.0, 0)), 1);
    assert_eq!(wheel.cancel(first), Err(Error::StaleKey));
}

/// No key whatever reaches memory that it does not name: of free leaves, of a period leaf, and of
/// nothing.
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
        let leaves = 0..2 * N as Leaf;
        for leaf in leaves.chain([Leaf::MAX, Leaf::MAX - 1, Leaf::MAX / 2, 1 << 24]) {
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

/// A long sleep costs what fires, however much time has passed: no stale entry is in the way.
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

/// What was cancelled or pushed back is repaired once, `EXPIRE_REPAIR_LIMIT` in a call, and only
/// where it is in the way.
#[test]
fn stale_entries_are_repaired_little_by_little() {
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
    // One entry for a block of four, or for each of them.
    let expected = |gone: u32, limit: u32| gone / 4 / limit..=gone / limit;
    assert!(expected(1300, EXPIRE_REPAIR_LIMIT).contains(&calls), "{calls}");
    // The bound, as little.
    let mut calls = 0;
    for &key in &keys[1301..1350] {
        wheel.cancel(key).unwrap();
    }
    while wheel.next_wakeup() < Some(at(1350)) {
        calls += 1;
    }
    assert!(expected(48, PEEK_REPAIR_LIMIT).contains(&calls), "{calls}");
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
    for (key, deadline) in [(first, 100), (second, 300), (first, 90), (second, 80), (first, 400)] {
        wheel.update(key, at(deadline)).unwrap();
        assert!(wheel.exact, "{deadline}");
    }
    wheel.cancel(first).unwrap();
    assert!(wheel.exact);
    wheel.insert(at(500), EventedId(0)).unwrap();
    assert!(wheel.exact);
    assert_eq!(wheel.next_deadline(), Some(at(80)));
    // Of equal deadlines the earlier insertion.
    let third = wheel.insert(at(80), EventedId(0)).unwrap();
    assert!(wheel.exact && wheel.first == second.leaf);
    // Where it is not known, it is asked for again.
    wheel.update(second, at(90)).unwrap();
    assert!(!wheel.exact);
    assert_eq!(wheel.next_deadline(), Some(at(80)));
    assert!(wheel.exact && wheel.first == third.leaf);
}

/// As long as one slot is ahead of the others, nothing above it is recomputed; and nothing above a
/// node as long as it is ahead of the others of its slot.
#[test]
fn little_is_recomputed_above_what_is_ahead() {
    let mut wheel = TimerWheel::<5000>::new();
    // The timeouts are known: none that comes changes the speed by much.
    *wheel.tree.extra_mut(TimerWheel::<5000>::SLOTS) = 5000 << 20;
    wheel.adjust(0);
    let at = Instant::from_nanos;
    for i in 0..5000 {
        wheel.insert(at(i << 20), EventedId(0)).unwrap();
    }
    let (mut changes, mut before) = (0, wheel.tree.winner());
    let mut above_node = 0;
    for fired in 0..5000 - 1 {
        let (leaf, remembered) = (wheel.first, wheel.tree.node_entry(wheel.first));
        assert_eq!(wheel.expire(at(5000 << 20), 1, |_, _| {}), 1);
        assert!(wheel.exact);
        above_node += u32::from(wheel.tree.node_entry(leaf) != remembered);
        assert_eq!(wheel.next_deadline(), Some(at((fired + 1) << 20)));
        changes += u32::from(wheel.tree.winner() != before);
        before = wheel.tree.winner();
    }
    // Twice for each slot, and for each node, or a little more often if the speed changes.
    assert!(changes < 500, "{changes}");
    assert!(above_node < 1500, "{above_node}");
}

/// The earliest timer of the other slots and nodes stays known until another one is ahead.
#[test]
fn the_runners_up_stay_known() {
    let mut wheel = TimerWheel::<5000>::new();
    let at = Instant::from_nanos;
    // Equal deadlines: neighbouring leaves, 16 of each node and 256 of each slot.
    let insert = |_| wheel.insert(at(1 << 40), EventedId(0)).unwrap();
    let keys: Vec<_> = (0..300).map(insert).collect();
    let move_to = |wheel: &mut TimerWheel<5000>, leaf: usize, deadline: u64| {
        wheel.update(keys[leaf], at(deadline)).unwrap();
        wheel.check();
        (wheel.node_runner_up, wheel.slot_runner_up)
    };
    for (leaf, deadline) in [(1, 10), (20, 20), (270, 30), (0, 5)] {
        move_to(&mut wheel, leaf, deadline);
    }
    assert_eq!(wheel.expire(at(5), 1, |_, _| {}), 1);
    assert_eq!((wheel.node_runner_up, wheel.slot_runner_up), (priority(20), priority(30)));
    // The same node is ahead, and what is no runner-up comes nearer.
    assert_eq!(move_to(&mut wheel, 2, 8), (priority(20), priority(30)));
    assert_eq!(move_to(&mut wheel, 3, 9), (priority(20), priority(30)));
    assert_eq!(move_to(&mut wheel, 21, 40), (priority(20), priority(30)));
    // New runners-up.
    assert_eq!(move_to(&mut wheel, 22, 18), (priority(18), priority(30)));
    assert_eq!(move_to(&mut wheel, 271, 28), (priority(18), priority(28)));
    // Another node is ahead, then another slot: the bound stands for what is not known.
    assert_eq!(move_to(&mut wheel, 23, 7), (priority(7), priority(28)));
    assert_eq!(move_to(&mut wheel, 272, 6), (priority(6), priority(6)));
}

/// With up to 64 leaves there is one slot, and nothing is hashed: the leaf that was freed last is
/// taken first.
#[test]
fn a_small_wheel_has_one_slot() {
    fn fill<const N: usize>() {
        assert_eq!(TimerWheel::<N>::SLOTS, 1);
        let mut wheel = TimerWheel::<N>::new();
        let insert = |wheel: &mut TimerWheel<N>, i: u64| {
            wheel.insert(Instant::from_nanos(i << 40), EventedId(0))
        };
        let keys: Vec<_> = (0..N as u64).map(|i| insert(&mut wheel, i).unwrap()).collect();
        assert!(keys.iter().map(|key| key.leaf).eq(0..N as Leaf));
        assert_eq!(insert(&mut wheel, 1), Err(Error::Full));
        wheel.cancel(keys[N / 2]).unwrap();
        assert_eq!(insert(&mut wheel, 9).unwrap().leaf, N as Leaf / 2);
        assert_eq!(insert(&mut wheel, 1), Err(Error::Full));
        assert_eq!(wheel.speed, 0);
        wheel.check();
    }
    fill::<1>();
    fill::<17>();
    fill::<64>();
    assert_eq!(TimerWheel::<65>::SLOTS, 2);
}

/// From 65 timers on there are several slots, and never more than the bits of a word.
#[test]
fn slots_fit_the_capacity() {
    fn check<const N: usize>(slots: usize, leaves: u32, cuts_at_nodes: bool) {
        assert_eq!((TimerWheel::<N>::SLOTS, 1 << TimerWheel::<N>::SLOT_BITS), (slots, leaves));
        assert_eq!(TimerWheel::<N>::CUTS_AT_NODES, cuts_at_nodes);
    }
    check::<64>(1, 64, false);
    check::<65>(2, 64, false);
    check::<256>(4, 64, false);
    check::<512>(8, 64, false);
    check::<4096>(64, 64, false);
    check::<4097>(17, 256, true);
    check::<10_001>(40, 256, true);
    check::<65_536>(64, 1024, true);
    check::<1_048_576>(64, 16_384, true);
    check::<16_777_216>(64, 262_144, true);
}

/// What a full slot cannot take goes to the spare leaf, or to the next slot on the circle that has
/// one.
#[test]
fn a_full_slot_overflows() {
    let mut wheel = TimerWheel::<300>::new();
    let at = Instant::from_nanos;
    assert_eq!(TimerWheel::<300>::SLOTS, 5);
    // Equal deadlines: all of one slot, the fourth, and they do not change the speed.
    wheel.speed = (u64::MAX / 10 * 7) >> 40;
    let insert = |wheel: &mut TimerWheel<300>| {
        let key = wheel.insert(at(1 << 40), EventedId(0));
        wheel.check();
        key.map(|key| (key, TimerWheel::<300>::slot(key.leaf)))
    };
    let mut keys: Vec<_> = (0..300).map(|_| insert(&mut wheel).unwrap()).collect();
    let hashed = hash::slot_of(1 << 40, wheel.speed, 5);
    assert_eq!(hashed, 3);
    // One slot after the other, around the circle; the last one is smaller.
    let mut order = keys.iter().map(|key| key.1);
    for slot in (0..5).map(|i| (hashed + i) % 5) {
        let size = if slot == 4 { 300 - 4 * 64 } else { 64 };
        assert!(order.by_ref().take(size).all(|of| of == slot));
    }
    assert_eq!(insert(&mut wheel), Err(Error::Full));
    let mut cancel = |wheel: &mut TimerWheel<300>, slot: usize| {
        let at = keys.iter().position(|key| key.1 == slot).unwrap();
        wheel.cancel(keys.remove(at).0).unwrap();
        wheel.check();
    };
    // The spare leaf first, then the slot's own, then that of the next slot on the circle.
    let [second, third, fourth] = [2, 3, 4].map(|i| (hashed + i) % 5);
    cancel(&mut wheel, fourth);
    cancel(&mut wheel, third);
    cancel(&mut wheel, second);
    assert_eq!(insert(&mut wheel).unwrap().1, fourth);
    assert_eq!(insert(&mut wheel).unwrap().1, second);
    assert_eq!(insert(&mut wheel).unwrap().1, third);
    assert_eq!(insert(&mut wheel), Err(Error::Full));
    cancel(&mut wheel, third);
    cancel(&mut wheel, hashed);
    assert_eq!(insert(&mut wheel).unwrap().1, hashed);
    assert_eq!(insert(&mut wheel).unwrap().1, third);
    assert_eq!(wheel.expire(at(1 << 40), 1, |_, _| {}), 1);
    assert!(insert(&mut wheel).is_ok());
}

/// A leaf that is freed goes to the list of its slot; while any slot is full, it is the spare one.
#[test]
fn a_freed_leaf_is_spare_if_a_slot_is_full() {
    let mut wheel = TimerWheel::<300>::new();
    let insert = |wheel: &mut TimerWheel<300>| {
        wheel.insert(Instant::from_nanos(1 << 40), EventedId(0)).unwrap()
    };
    let first = insert(&mut wheel);
    wheel.cancel(first).unwrap();
    assert_eq!((wheel.spare, insert(&mut wheel).leaf), (entry::NONE, first.leaf));
    while wheel.full == 0 {
        insert(&mut wheel);
    }
    let beside = insert(&mut wheel);
    assert_ne!(TimerWheel::<300>::slot(beside.leaf), TimerWheel::<300>::slot(first.leaf));
    wheel.cancel(beside).unwrap();
    assert_eq!(wheel.spare, beside.leaf + 1);
    assert_eq!((insert(&mut wheel).leaf, wheel.spare), (beside.leaf, entry::NONE));
}

/// The spare leaf is for what finds its slot full, not for a slot that was not used yet.
#[test]
fn a_slot_is_used_although_a_leaf_is_spare() {
    let mut wheel = TimerWheel::<300>::new();
    let at = Instant::from_nanos;
    let mut key = wheel.insert(at(1 << 40), EventedId(0)).unwrap();
    while wheel.full == 0 {
        key = wheel.insert(at(1 << 40), EventedId(0)).unwrap();
    }
    wheel.cancel(key).unwrap();
    assert!(wheel.spare != entry::NONE);
    wheel.speed = hash::speed_of(1 << 30);
    for i in 0..100 {
        let deadline = (1 << 40) + (i << 26);
        let hashed = hash::slot_of(deadline, wheel.speed, 5);
        if wheel.full & 1 << hashed != 0 {
            continue;
        }
        let key = wheel.insert(at(deadline), EventedId(0)).unwrap();
        assert_eq!(TimerWheel::<300>::slot(key.leaf), hashed);
        wheel.check();
        wheel.cancel(key).unwrap();
        assert!(wheel.spare != entry::NONE);
    }
}

/// One insertion in 64 is looked at for the speed; none if there is one slot.
#[test]
fn one_insertion_in_64_is_looked_at() {
    let count = |is_sample: fn(u32) -> bool| {
        let generations = (0..64 * 3).map(|i| OCCUPIED.get() | (i * GENERATION_STEP));
        generations.filter(|&generation| is_sample(generation)).count()
    };
    assert_eq!(count(TimerWheel::<64>::is_sample), 0);
    assert_eq!(count(TimerWheel::<65>::is_sample), 3);
    assert_eq!(count(TimerWheel::<5000>::is_sample), 3);
}

/// How far ahead of the first deadline those that are looked at are; one that is alone, of nothing.
#[test]
fn the_reach_is_noted_at_each_look() {
    let mut wheel = TimerWheel::<300>::new();
    let at = Instant::from_nanos;
    let reach = |wheel: &TimerWheel<300>| wheel.tree.extra(TimerWheel::<300>::SLOTS);
    let looks = |wheel: &mut TimerWheel<300>, deadline: u64| {
        let (mut looks, mut before) = (0, reach(wheel));
        for _ in 0..64 * 50 {
            let key = wheel.insert(at(deadline), EventedId(0)).unwrap();
            wheel.cancel(key).unwrap();
            // Each look moves it, one way or the other.
            looks += u32::from(reach(wheel) != before);
            before = reach(wheel);
        }
        looks
    };
    assert_eq!((looks(&mut wheel, 1 << 40), reach(&wheel)), (0, 0));
    wheel.insert(at(1 << 40), EventedId(0)).unwrap();
    assert_eq!(looks(&mut wheel, (1 << 40) + (1 << 30)), 50);
    assert!((1 << 30) / 32 > reach(&wheel).abs_diff(1 << 30), "{}", reach(&wheel));
    assert_eq!(wheel.expire(Instant::MAX, 9, |_, _| {}), 1);
    assert_eq!(looks(&mut wheel, 1 << 50), 0);
}

/// While timers are pending, the speed is adjusted if it is off by a quarter; while none is, if it
/// is off by a little.
#[test]
fn an_empty_wheel_adjusts_its_speed() {
    fn fill<const N: usize>() {
        let mut wheel = TimerWheel::<N>::new();
        let at = Instant::from_nanos;
        for i in 0..N as u64 {
            wheel.insert(at((1 << 40) + (i << 20)), EventedId(0)).unwrap();
        }
        let right = hash::speed_of(wheel.tree.extra(TimerWheel::<N>::SLOTS));
        wheel.speed = right / 8 * 9;
        wheel.sample(priority(1 << 40));
        assert_eq!(wheel.speed, right / 8 * 9);
        assert_eq!(wheel.expire(Instant::MAX, usize::MAX, |_, _| {}), N);
        let right = hash::speed_of(wheel.tree.extra(TimerWheel::<N>::SLOTS));
        assert_eq!(wheel.speed, right);
    }
    fill::<100>();
    fill::<300>();
}

/// The speed changes while timers of the old one are pending: the order stays.
#[test]
fn timers_of_both_speeds_fire_in_order() {
    let mut wheel = TimerWheel::<1400>::new();
    let at = Instant::from_nanos;
    let mut pending = Vec::new();
    for i in 0..700 {
        let deadline = (1 << 40) + ((i * 389 % 700) << 30);
        wheel.insert(at(deadline), EventedId(deadline as usize)).unwrap();
        pending.push(deadline as usize);
    }
    let slow = wheel.speed;
    for i in 0..40_000 {
        // Near ones come and go.
        let key = wheel.insert(at((1 << 30) + (i * 7919 % 100_000)), EventedId(0)).unwrap();
        if i < 39_300 {
            wheel.cancel(key).unwrap();
        } else {
            wheel.cancel(key).unwrap();
            let deadline = (1 << 40) + (i * 7919 % 1_000_000);
            wheel.insert(at(deadline), EventedId(deadline as usize)).unwrap();
            pending.push(deadline as usize);
        }
    }
    assert!(wheel.speed != slow);
    wheel.check();
    pending.sort_unstable();
    let mut fired = Vec::new();
    while !wheel.is_empty() {
        wheel.expire(Instant::MAX, 9, |id, _| fired.push(id.0));
    }
    assert_eq!(fired, pending);
}

/// The circle turns many times, while deadlines lie a full turn ahead and more.
#[test]
fn the_circle_turns() {
    let mut wheel = TimerWheel::<300>::new();
    let at = Instant::from_nanos;
    let mut slots = Vec::new();
    let (mut now, mut fired) = (0, 0);
    for i in 0..20_000_u64 {
        now += 1 << 20;
        if wheel.len() < 250 {
            let key = wheel.insert(at(now + ((i % 7) << 25)), EventedId(0)).unwrap();
            slots.push(TimerWheel::<300>::slot(key.leaf));
        }
        fired += wheel.expire(at(now), 9, |_, _| {});
        assert!(wheel.next_deadline().is_none_or(|next| next > at(now)));
    }
    wheel.check();
    assert!(fired > 15_000, "{fired}");
    // Of those with the longest timeouts, the slots come up in order.
    for slot in 0..5 {
        assert!(slots.iter().filter(|&&of| of == slot).count() > 1000);
    }
}

/// An empty wheel takes all again, and what is stale is never later than what is pending.
#[test]
fn an_empty_wheel_takes_all_again() {
    fn fill<const N: usize>() {
        let mut wheel = TimerWheel::<N>::new();
        let at = Instant::from_nanos;
        for round in 0..7 {
            let count = 4_u64.pow(round).min(N as u64);
            let insert = |i| wheel.insert(at(i), EventedId(0)).unwrap();
            let keys: Vec<_> = (0..count).map(insert).collect();
            keys.iter().for_each(|&key| wheel.cancel(key).unwrap());
            wheel.check();
            assert_eq!((wheel.next_wakeup(), wheel.next_deadline()), (None, None));
            assert!(keys.iter().all(|&key| !wheel.contains(key)));
            // The first one is known at once, those after it when they are asked for.
            let key = wheel.insert(at(1 << 40), EventedId(0)).unwrap();
            let second = wheel.insert(Instant::MAX, EventedId(0)).unwrap();
            assert!(!keys.contains(&key));
            assert_eq!(wheel.next_wakeup(), Some(at(1 << 40)));
            wheel.check();
            wheel.cancel(key).unwrap();
            assert!(wheel.next_wakeup() <= Some(Instant::MAX));
            assert_eq!(wheel.next_deadline(), Some(Instant::MAX));
            wheel.cancel(second).unwrap();
        }
    }
    fill::<16>();
    fill::<64>();
    fill::<1400>();
    fill::<5000>();
}
