//! What needs a look inside: generations at their end.

extern crate std;

use std::vec::Vec;

use super::*;
use crate::id::EventedId;

impl<T, const N: usize> Slab<T, N> {
    /// Pretends that the slot has been used until `generation` was its last.
    fn wear(&mut self, index: usize, last: u32) {
        match &mut self.slots[index] {
            Slot::Vacant { generation, .. } => *generation = last,
            Slot::Occupied { .. } => panic!("in use"),
        }
    }
}

#[test]
fn generations_go_round_without_zero() {
    let mut slab: Slab<u32, 2> = Slab::new();
    let last = u32::MAX >> (32 - (usize::BITS - if usize::BITS == 64 { 32 } else { 2 }));
    slab.wear(0, last - 2);
    let mut keys = Vec::new();
    for value in 0..6 {
        let key = slab.insert(value).unwrap();
        assert!(keys.iter().all(|key| !slab.contains(*key)));
        assert!(EventedId::from(key).0 >= 2, "small ids stay free");
        keys.push(key);
        assert_eq!(slab.remove(key), Some(value));
    }
    let generations: Vec<_> =
        keys.iter().map(|&key| Slab::<u32, 2>::LAYOUT.generation(key) as u32).collect();
    assert_eq!(generations, [last - 1, last, 1, 2, 3, 4]);
}

#[test]
fn after_a_whole_turn_a_key_resolves_again_and_not_before() {
    let mut slab: Slab<&str, 1> = Slab::new();
    let key = slab.insert("then").unwrap();
    let generation = Slab::<&str, 1>::LAYOUT.generation(key) as u32;
    slab.remove(key);
    // As many uses as there are generations, without 0, less one.
    let last = u32::MAX >> if usize::BITS == 64 { 0 } else { 1 };
    let before_last = match generation {
        1 => last - 1,
        2 => last,
        _ => generation - 2,
    };
    slab.wear(0, before_last);
    let before = slab.insert("before").unwrap();
    assert_eq!(slab.get(key), None);
    slab.remove(before);
    assert_eq!(slab.insert("now"), Ok(key));
    assert_eq!(slab.get(key), Some(&"now"));
}

#[test]
fn the_free_list_holds_every_vacant_slot_once() {
    let mut slab: Slab<usize, 40> = Slab::new();
    let mut keys = Vec::new();
    let mut random = 1u32;
    for step in 0..20_000 {
        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        if random & 1 == 0 || keys.is_empty() {
            keys.extend(slab.insert(step));
        } else {
            let key = keys.swap_remove(random as usize % keys.len());
            assert!(slab.remove(key).is_some());
        }
        let mut seen = [false; 40];
        let mut index = slab.head;
        while (index as usize) < 40 {
            assert!(!mem::replace(&mut seen[index as usize], true));
            let Slot::Vacant { link, .. } = slab.slots[index as usize] else {
                panic!("in use and free");
            };
            index = (index + 1).wrapping_add(link);
        }
        assert_eq!(index, 40);
        assert_eq!(seen.iter().filter(|&&free| !free).count(), keys.len());
        assert_eq!(slab.len(), keys.len());
    }
}

#[test]
fn sizes_are_as_documented() {
    assert_eq!([size_of::<Slot<()>>(), size_of::<Slot<u32>>()], [12, 12]);
    assert_eq!(size_of::<Slot<[u8; 5]>>(), 16);
    assert_eq!(size_of::<Slot<[u64; 4]>>(), 40);
    assert_eq!(size_of::<Slab<u32, 0>>(), 12);
}
