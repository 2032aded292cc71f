//! `Ready` as a set, against sets of bit numbers.

use std::collections::BTreeSet;

use mio_st::event::Ready;

fn numbers(ready: Ready) -> BTreeSet<u32> {
    (0..32).filter(|bit| ready.bits() >> bit & 1 == 1).collect()
}

fn samples() -> Vec<Ready> {
    let mut samples = vec![Ready::empty(), Ready::all(), Ready::from_bits_retain(u32::MAX)];
    samples.extend(Ready::all().iter());
    samples.extend([0x8000_0000, 0x0100_0001, 0x55, 0xffff].map(Ready::from_bits_retain));
    samples
}

#[test]
fn the_operations_are_those_of_sets() {
    for a in samples() {
        for b in samples() {
            let (x, y) = (numbers(a), numbers(b));
            assert_eq!(numbers(a | b), &x | &y);
            assert_eq!(numbers(a & b), &x & &y);
            assert_eq!(numbers(a - b), &x - &y);
            assert_eq!(numbers(a ^ b), &x ^ &y);
            assert_eq!(a.contains(b), x.is_superset(&y));
            assert_eq!(a.intersects(b), !x.is_disjoint(&y));
            let mut set = a;
            set.insert(b);
            assert_eq!(set, a | b);
            set.remove(b);
            assert_eq!(set, a - b);
            set.set(b, true);
            assert_eq!(set, a | b);
            set.set(b, false);
            assert_eq!(set, a - b);
            set.toggle(b);
            assert_eq!(set, (a - b) ^ b);
            let (mut or, mut and, mut sub, mut xor) = (a, a, a, a);
            or |= b;
            and &= b;
            sub -= b;
            xor ^= b;
            assert_eq!((or, and, sub, xor), (a | b, a & b, a - b, a ^ b));
        }
        assert_eq!(numbers(!a), &numbers(Ready::all()) - &numbers(a));
        assert_eq!((a.is_empty(), a.is_all()), (a.bits() == 0, a & Ready::all() == Ready::all()));
    }
}

#[test]
fn it_is_made_of_its_bits() {
    for a in samples() {
        assert_eq!(a.iter().collect::<Ready>(), a);
        assert!(a.into_iter().eq(a.iter()));
        assert_eq!(Ready::from_bits_retain(a.bits()), a);
        assert_eq!(Ready::from_bits_truncate(a.bits()), a & Ready::all());
        assert_eq!(Ready::from_bits(a.bits()), Ready::all().contains(a).then_some(a));
        let mut extended = Ready::HUP;
        extended.extend([a, Ready::TIMER]);
        assert_eq!(extended, a | Ready::HUP | Ready::TIMER);
    }
    assert_eq!(Ready::all().iter().count(), 16);
    assert!(Ready::all().iter().all(|bit| bit.bits().is_power_of_two()));
}

#[test]
fn messages_name_the_bits() {
    for (ready, text) in [
        (Ready::empty(), "(empty)"),
        (Ready::READABLE, "READABLE"),
        (Ready::HUP | Ready::USER_7, "HUP | USER_7"),
        (Ready::from_bits_retain(0x8000_0001), "READABLE | 0x80000000"),
    ] {
        assert_eq!(format!("{ready:?}"), text);
        assert_eq!(format!("{ready}"), text);
    }
}
