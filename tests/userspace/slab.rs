//! `Slab` against a naive one, and its promises one by one.

use core::cell::Cell;
use core::mem::{self, MaybeUninit};
use core::panic::AssertUnwindSafe;
use std::collections::HashSet;

use mio_st::Error;
use mio_st::event::EventedId;
use mio_st::slab::{Key, Slab};

use crate::support::{Rng, for_each_size};

/// The slab that needs no thought: a list of what is there, and of the keys of what is not.
#[derive(Default)]
struct Naive {
    capacity: usize,
    entries: Vec<(Key, u64)>,
    gone: Vec<Key>,
}

impl Naive {
    fn insert(&mut self, key: Result<Key, u64>, value: u64) {
        if self.entries.len() == self.capacity {
            assert_eq!(key, Err(value), "a full slab gives the value back");
            return;
        }
        let key = key.expect("there is room");
        assert!(self.entries.iter().all(|(other, _)| *other != key));
        assert!(!self.gone.contains(&key), "keys are not used again");
        self.entries.push((key, value));
    }

    fn remove(&mut self, key: Key) -> Option<u64> {
        let at = self.entries.iter().position(|(other, _)| *other == key)?;
        self.gone.push(key);
        Some(self.entries.swap_remove(at).1)
    }

    fn drain(&mut self) -> Vec<(Key, u64)> {
        self.gone.extend(self.entries.iter().map(|(key, _)| key));
        sorted(mem::take(&mut self.entries))
    }

    fn check<const N: usize>(&self, slab: &mut Slab<u64, N>) {
        assert_eq!(slab.len(), self.entries.len());
        assert_eq!(slab.is_empty(), self.entries.is_empty());
        assert_eq!(slab.is_full(), self.entries.len() == N);
        for &(key, value) in &self.entries {
            assert_eq!(slab.get(key), Some(&value));
            assert_eq!(slab.get_mut(EventedId::from(key)), Some(&mut { value }));
        }
        for &key in self.gone.iter().rev().take(20) {
            assert_eq!(slab.get(key), None);
            assert!(!slab.contains(EventedId::from(key)));
            assert_eq!(slab.remove(key), None);
        }
        let here = sorted(self.entries.clone());
        assert_eq!(slab.iter().len(), here.len());
        assert_eq!(sorted(slab.iter().map(|(k, v)| (k, *v)).collect()), here);
        assert_eq!(sorted(slab.iter_mut().map(|(k, v)| (k, *v)).collect()), here);
    }
}

fn sorted(mut entries: Vec<(Key, u64)>) -> Vec<(Key, u64)> {
    entries.sort();
    entries
}

fn long_random_walk<const N: usize>() {
    let mut random = Rng::new(0x9E37_79B9_7F4A_7C15 ^ N as u64);
    let mut slab: Slab<u64, N> = Slab::new();
    let mut naive = Naive { capacity: N, ..Naive::default() };
    for step in 0..1_500 {
        let some_key = |naive: &Naive, random: &mut Rng| {
            let from = if random.index(8) == 0 {
                naive.gone.clone()
            } else {
                naive.entries.iter().map(|(key, _)| *key).collect()
            };
            (!from.is_empty()).then(|| from[random.index(from.len())])
        };
        // Now filling, now emptying, so that both ends are met.
        let fills = step / 200 % 2 == 0;
        match random.index(32) {
            0 if random.index(8) == 0 => {
                let drained: Vec<_> = slab.drain().collect();
                assert_eq!(sorted(drained), naive.drain());
            }
            1 if random.index(8) == 0 => {
                slab.clear();
                naive.drain();
            }
            2 => {
                let odd = random.next() & 1;
                slab.retain(|_, value| *value & 1 == odd);
                let (keep, gone) = naive.entries.iter().partition(|(_, v)| v & 1 == odd);
                naive.entries = keep;
                naive.gone.extend(gone.iter().map(|(key, _)| key));
            }
            3 => {
                if let Some(key) = some_key(&naive, &mut random) {
                    if let Some(value) = slab.get_mut(key) {
                        *value += 2;
                    }
                    for (other, value) in &mut naive.entries {
                        *value += if *other == key { 2 } else { 0 };
                    }
                }
            }
            4 => {
                // An entry that is only looked at changes nothing.
                let first = slab.vacant_entry().map(|entry| entry.key());
                let then = slab.vacant_entry().map(|entry| entry.key());
                assert_eq!(first, then);
                assert_eq!(first.is_ok(), naive.entries.len() < N);
            }
            5 => {
                let made = slab.insert_with(|key| EventedId::from(key).0 as u64);
                match made {
                    Ok(key) => naive.insert(Ok(key), EventedId::from(key).0 as u64),
                    Err(error) => assert_eq!((error, slab.len()), (Error::Full, N)),
                }
            }
            n if (n < 24) == fills => {
                let value = random.next();
                naive.insert(slab.insert(value), value);
            }
            _ => {
                if let Some(key) = some_key(&naive, &mut random) {
                    assert_eq!(slab.remove(key), naive.remove(key));
                }
            }
        }
        if step % (1 + N / 8) == 0 {
            naive.check(&mut slab);
        }
    }
    naive.check(&mut slab);
}

#[test]
fn long_random_walks_agree_with_the_naive_slab() {
    macro_rules! sizes { ($($n:literal)*) => { $( long_random_walk::<$n>(); )* } }
    sizes!(0 1 2 3 4 5 7 8 15 16 17 31 33 64 65 100 127 128 129 200 255 256 257 300);
}

/// Every sequence of these operations: insert, empty all, remove the n-th key (even if it is stale).
fn every_short_walk<const N: usize>(operations: usize, length: u32) {
    for mut walk in 0..operations.pow(length) {
        let mut slab: Slab<u64, N> = Slab::new();
        let mut naive = Naive { capacity: N, ..Naive::default() };
        let mut keys = Vec::new();
        for step in 0..u64::from(length) {
            match walk % operations {
                0 => {
                    let key = slab.insert(step);
                    keys.extend(key);
                    naive.insert(key, step);
                }
                1 => assert_eq!(sorted(slab.drain().collect()), naive.drain()),
                n => {
                    if let Some(&key) = keys.get(n - 2) {
                        assert_eq!(slab.remove(key), naive.remove(key));
                    }
                }
            }
            walk /= operations;
        }
        naive.check(&mut slab);
    }
}

#[test]
fn every_short_walk_agrees_with_the_naive_slab() {
    every_short_walk::<0>(3, 4);
    every_short_walk::<1>(5, 7);
    every_short_walk::<2>(6, 7);
    every_short_walk::<3>(6, 7);
}

#[test]
fn a_closed_connection_gets_no_event_even_when_its_slot_is_taken() {
    let mut slab: Slab<&str, 4> = Slab::new();
    let first = slab.insert("first").unwrap();
    let second = slab.insert("second").unwrap();
    let batch = [EventedId::from(first), EventedId::from(second)];

    assert_eq!(slab.get(batch[0]), Some(&"first"));
    slab.remove(second);
    let third = slab.insert("third").unwrap();
    let same_slot = |a: Key, b: Key| {
        let index = |key| EventedId::from(key).0 & 3;
        index(a) == index(b)
    };
    assert!(same_slot(second, third), "the slot freed last is filled first");
    assert_eq!(slab.get(batch[1]), None);
    assert_eq!(slab.get(third), Some(&"third"));
}

#[test]
fn small_ids_never_resolve() {
    fn free_below<const N: usize>() {
        let mut slab: Slab<usize, N> = Slab::new();
        let free = if usize::BITS == 64 { u32::MAX as usize } else { N.next_power_of_two() - 1 };
        for round in 0..5 {
            while let Ok(key) = slab.insert(round) {
                assert!(EventedId::from(key).0 > free);
            }
            for id in (0..1000).chain([free / 2, free]) {
                let id = EventedId(id.min(free));
                assert_eq!(slab.get(id), None);
                assert_eq!(slab.get_mut(id), None);
                assert_eq!(slab.remove(id), None);
            }
            slab.clear();
        }
    }
    for_each_size!(free_below of 1 2 3 256 300);
}

#[test]
fn no_id_reaches_beyond_the_slots() {
    let mut slab: Slab<u8, 3> = Slab::new();
    let key = slab.insert(1).unwrap();
    let id = EventedId::from(key).0;
    for bit in (0..usize::BITS).filter(|bit| id ^ 1 << bit != key.second().0) {
        assert_eq!(slab.get(EventedId(id ^ 1 << bit)), None, "bit {bit}");
    }
    assert_eq!(slab.get(EventedId(usize::MAX)), None);
}

#[test]
fn keys_of_another_slab_name_nothing() {
    let mut slabs: Vec<Slab<usize, 8>> = (0..50).map(|_| Slab::new()).collect();
    let mut keys = Vec::new();
    for (number, slab) in slabs.iter_mut().enumerate() {
        for use_ in 0..50 {
            let key = slab.insert(number).unwrap();
            keys.push((number, key, use_ >= 42));
            if use_ < 42 {
                slab.remove(key);
            }
        }
    }
    let distinct: HashSet<Key> = keys.iter().map(|(_, key, _)| *key).collect();
    assert_eq!(distinct.len(), keys.len());
    for (owner, key, lives) in keys {
        for (number, slab) in slabs.iter().enumerate() {
            assert_eq!(slab.contains(key), lives && number == owner);
        }
    }
}

/// Counts its drops.
struct Counted<'a>(&'a Cell<usize>);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

#[test]
fn each_value_is_dropped_once() {
    let drops = Cell::new(0);
    let filled = || {
        drops.set(0);
        let mut slab: Slab<Counted<'_>, 10> = Slab::new();
        let keys: Vec<_> = (0..7).map(|_| slab.insert(Counted(&drops)).ok().unwrap()).collect();
        (slab, keys)
    };

    let (slab, _) = filled();
    drop(slab);
    assert_eq!(drops.get(), 7);

    let (mut slab, keys) = filled();
    let taken = slab.remove(keys[3]);
    assert_eq!(drops.get(), 0);
    drop(taken);
    assert_eq!(drops.get(), 1);
    assert!(slab.remove(keys[3]).is_none());
    drop(slab);
    assert_eq!(drops.get(), 7);

    let (mut slab, _) = filled();
    slab.clear();
    assert_eq!((drops.get(), slab.len()), (7, 0));
    drop(slab);
    assert_eq!(drops.get(), 7);

    let (mut slab, _) = filled();
    assert_eq!(slab.drain().take(2).count(), 2);
    assert_eq!((drops.get(), slab.len()), (7, 0));

    let (mut slab, _) = filled();
    mem::forget(slab.drain());
    assert_eq!((drops.get(), slab.len()), (0, 7));
    let mut odd = false;
    slab.retain(|_, _| {
        odd = !odd;
        odd
    });
    assert_eq!((drops.get(), slab.len()), (3, 4));

    while slab.insert(Counted(&drops)).is_ok() {}
    assert_eq!(drops.get(), 4, "the one that was refused");
    drop(slab);
    assert_eq!(drops.get(), 14);
}

#[test]
fn a_panic_while_a_value_is_made_leaves_the_slab_as_it_was() {
    let mut slab: Slab<u8, 2> = Slab::new();
    let result = std::panic::catch_unwind(AssertUnwindSafe(|| {
        slab.insert_with(|_| std::panic::resume_unwind(Box::new("refused")))
    }));
    assert!(result.is_err());
    assert_eq!(slab.len(), 0);
    assert!(slab.insert(1).is_ok() && slab.insert(2).is_ok());
    assert_eq!(slab.insert(3), Err(3));
}

#[test]
fn any_type_fits() {
    let mut units: Slab<(), 3> = Slab::new();
    let unit = units.insert(()).unwrap();
    assert_eq!(units.remove(unit), Some(()));
    assert_eq!(units.remove(unit), None);

    let mut large: Slab<[u64; 512], 3> = Slab::new();
    let key = large.insert([7; 512]).unwrap();
    assert_eq!(large.get(key).unwrap()[511], 7);

    #[repr(align(64))]
    #[derive(Debug, PartialEq)]
    struct Aligned(u8);
    let mut aligned: Slab<Aligned, 3> = Slab::new();
    let key = aligned.insert(Aligned(1)).unwrap();
    let value = aligned.get(key).unwrap();
    assert_eq!(core::ptr::from_ref(value) as usize % 64, 0);

    // Types with niches of all kinds, where zeros are or are not a value.
    let mut niches: Slab<Option<bool>, 3> = Slab::new();
    let keys = [None, Some(false), Some(true)].map(|value| niches.insert(value).unwrap());
    assert_eq!(keys.map(|key| niches.remove(key).unwrap()), [None, Some(false), Some(true)]);
    let mut boxes: Slab<Box<u8>, 1> = Slab::new();
    let key = boxes.insert(Box::new(5)).unwrap();
    assert_eq!(boxes.remove(key), Some(Box::new(5)));
}

#[test]
fn sizes_are_as_documented() {
    fn slot<T>() -> usize {
        (size_of::<Slab<T, 1024>>() - size_of::<Slab<T, 0>>()) / 1024
    }
    assert_eq!(slot::<()>(), 12);
    assert_eq!(slot::<u32>(), 12);
    assert_eq!(slot::<u64>(), 16);
    assert_eq!(slot::<[u64; 7]>(), 64);
    assert_eq!(slot::<u128>(), 32);
    assert_eq!(size_of::<Slab<u32, 10>>(), 12 + 10 * 12);
    assert_eq!(size_of::<Key>(), size_of::<usize>());
}

#[test]
fn a_large_one_lives_in_a_static_or_is_made_in_place() {
    static SLAB: std::sync::Mutex<Slab<[u8; 1000], 20_000>> = std::sync::Mutex::new(Slab::new());
    let mut slab = SLAB.lock().unwrap();
    while slab.insert([1; 1000]).is_ok() {}
    assert_eq!(slab.iter().count(), 20_000);
    slab.clear();

    // 64 MB by way of a stack of 64 KiB.
    std::thread::Builder::new()
        .stack_size(64 * 1024)
        .spawn(|| {
            let mut place: Box<MaybeUninit<Slab<[u64; 7], 1_000_000>>> = Box::new_uninit();
            let slab = Slab::init_in(&mut place);
            let keys: Vec<_> = (0..1000).map(|n| slab.insert([n; 7]).expect("room")).collect();
            assert!(slab.get(keys[999]).is_some_and(|value| value[6] == 999));
            assert_eq!((slab.len(), slab.capacity()), (1000, 1_000_000));
        })
        .unwrap()
        .join()
        .unwrap();
}

#[test]
fn it_prints_what_it_holds() {
    let mut slab: Slab<&str, 4> = Slab::default();
    assert_eq!(format!("{slab:?}"), "{}");
    let key = slab.insert("here").unwrap();
    assert_eq!(format!("{slab:?}"), format!("{{{key:?}: \"here\"}}"));
    assert!(format!("{:?}", slab.vacant_entry()).starts_with("Ok(VacantEntry(Key("));
    assert!(format!("{:?}", slab.iter()).contains("here"));
}

#[test]
fn indexing_is_for_keys_that_are_known_to_be_current() {
    let mut slab: Slab<u32, 3> = Slab::new();
    let key = slab.insert(1).unwrap();
    slab[key] += 1;
    assert_eq!(slab[EventedId::from(key)], 2);
    slab.remove(key);
    std::panic::catch_unwind(|| slab[key]).unwrap_err();
}

#[test]
fn a_slab_can_be_consumed_and_what_is_left_is_dropped() {
    let value = std::rc::Rc::new(());
    let mut slab: Slab<_, 5> = Slab::new();
    let keys: Vec<_> = (0..5).map(|_| slab.insert(value.clone()).unwrap()).collect();
    slab.remove(keys[1]);
    let mut entries = slab.into_iter();
    assert_eq!(entries.len(), 4);
    let (first, _) = entries.next().unwrap();
    let (second, _) = entries.next().unwrap();
    assert_eq!([first, second], [keys[0], keys[2]]);
    drop(entries);
    assert_eq!(std::rc::Rc::strong_count(&value), 1);
}

#[test]
fn each_entry_has_two_ids() {
    let mut slab: Slab<u32, 3> = Slab::new();
    for round in 0..100 {
        let keys = [0, 1, 2].map(|n| slab.insert(3 * round + n).unwrap());
        for (n, key) in keys.into_iter().enumerate() {
            let (first, second) = (EventedId::from(key), key.second());
            assert!(!Key::is_second(first) && Key::is_second(second) && first != second);
            assert_eq!(Key::from(second), key);
            for id in [first, second] {
                assert_eq!(slab.get(id), Some(&(3 * round + n as u32)));
            }
        }
        slab.remove(keys[1].second()).unwrap();
        assert!(!slab.contains(keys[1]) && !slab.contains(keys[1].second()));
        slab.clear();
        assert!(keys.iter().all(|key| !slab.contains(key.second())));
    }
}

#[test]
fn keys_are_short_in_messages() {
    let mut slab: Slab<(), 9> = Slab::new();
    let keys: Vec<_> = (0..9).map(|_| slab.insert(()).unwrap()).collect();
    let text = format!("{:?}", keys[7]);
    assert!(text.starts_with("Key("), "{text}");
    if usize::BITS == 64 {
        assert!(text.starts_with("Key(7, generation "), "{text}");
    }
}
