//! Where a deadline belongs: slot arithmetic, as pure functions.
//!
//! A deadline is a number of base `2^bits`, one digit per level. Its slot is the highest digit in which it
//! differs from the *pivot*: that digit's position is the level, its value the slot within the level. So
//! all deadlines of one slot agree in that digit and in all above it, where they agree with the pivot too,
//! and a slot covers one stretch of time. No two slots overlap, and together they cover all of time.
//!
//! The full shape has 11 levels of 64 slots. Where the memory for these is missing the digits are narrower and
//! fewer, and what differs from the pivot above the topmost digit is *far*, before the pivot or after it, which
//! makes two more slots. In most of these a slot on level 0 is longer than a nanosecond and may hold
//! different deadlines.

/// The number of a slot, counted through all levels.
pub(super) type Slot = u32;

/// The shape of a wheel.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) struct Geometry {
    /// Bits in a digit; 0 where the wheel is too small for slots and searched whole.
    bits: u32,
    /// Bits below the lowest digit.
    grain: u32,
    /// How many digits there are.
    levels: u32,
}

impl Geometry {
    /// From the best to the least. The smaller ones cover 73, 146, 18 and 9 minutes.
    const SHAPES: [Geometry; 5] = [
        Geometry { bits: 6, grain: 0, levels: 11 },
        Geometry { bits: 6, grain: 0, levels: 7 },
        Geometry { bits: 5, grain: 8, levels: 7 },
        Geometry { bits: 4, grain: 12, levels: 7 },
        Geometry { bits: 3, grain: 18, levels: 7 },
    ];

    const FLAT: Geometry = Geometry { bits: 0, grain: 0, levels: 0 };

    /// The best shape whose slots fit into the spare memory of `capacity` timers: a slot for two.
    pub const fn of(capacity: usize) -> Geometry {
        let mut shape = 0;
        while shape < Self::SHAPES.len() {
            if Self::SHAPES[shape].slots() <= capacity / 2 {
                return Self::SHAPES[shape];
            }
            shape += 1;
        }
        Self::FLAT
    }

    /// Whether there are no slots.
    pub const fn is_flat(self) -> bool {
        self.bits == 0
    }

    /// How many slots there are.
    pub const fn slots(self) -> usize {
        if self.is_flat() {
            return 0;
        }
        if self.has_far() {
            return ((self.levels as usize) << self.bits) + 2;
        }
        // The topmost digit has only the bits that are left.
        let full = self.levels - 1;
        ((full as usize) << self.bits) + (1 << (64 - full * self.bits))
    }

    /// The level of a deadline: the place of its highest digit that is not the pivot's.
    #[inline]
    pub const fn level(self, deadline: u64, pivot: u64) -> u32 {
        let level = (((deadline ^ pivot) | 1 << self.grain).ilog2() - self.grain) / self.bits;
        if self.has_far() && level > self.levels { self.levels } else { level }
    }

    /// The slot on `level` that `time` lies in.
    #[inline]
    pub const fn slot(self, level: u32, time: u64, pivot: u64) -> Slot {
        self.first_slot(level) | self.digit(level, time, pivot)
    }

    /// The digit of `time` on `level`.
    #[inline]
    pub const fn digit(self, level: u32, time: u64, pivot: u64) -> u32 {
        if self.has_far() && level == self.levels {
            return (time >= pivot) as u32;
        }
        (time >> self.shift(level)) as u32 & (self.slots_per_level() - 1)
    }

    /// The first slot of a level.
    #[inline]
    pub const fn first_slot(self, level: u32) -> Slot {
        level << self.bits
    }

    /// How many slots a level has.
    #[inline]
    pub const fn slots_per_level(self) -> u32 {
        1 << self.bits
    }

    /// The level of a slot.
    #[inline]
    pub const fn level_of(self, slot: Slot) -> u32 {
        slot >> self.bits
    }

    /// Whether a slot is one of the two beyond all digits.
    #[inline]
    pub const fn is_far(self, slot: Slot) -> bool {
        self.has_far() && self.level_of(slot) == self.levels
    }

    /// Whether the digits leave something out.
    #[inline]
    const fn has_far(self) -> bool {
        self.top() < 64
    }

    /// Whether a slot can be opened: spread over lower levels.
    #[inline]
    pub const fn can_open(self, slot: Slot) -> bool {
        self.level_of(slot) > 0
    }

    /// The first nanosecond of a slot.
    #[inline]
    pub const fn start(self, slot: Slot, pivot: u64) -> u64 {
        let digit = slot & (self.slots_per_level() - 1);
        if self.is_far(slot) {
            return if digit == 0 { 0 } else { (pivot | self.near()).wrapping_add(1) };
        }
        let shift = self.shift(self.level_of(slot));
        let above = (pivot >> shift) & !(self.slots_per_level() as u64 - 1);
        (above | digit as u64) << shift
    }

    /// The last nanosecond of a slot.
    #[inline]
    pub const fn last(self, slot: Slot, pivot: u64) -> u64 {
        if self.is_far(slot) {
            let before = slot == self.first_slot(self.levels);
            return if before { (pivot & !self.near()).wrapping_sub(1) } else { u64::MAX };
        }
        self.start(slot, pivot) | (self.width(slot) - 1)
    }

    /// The length of a slot in nanoseconds. What is far has none.
    #[inline]
    pub const fn width(self, slot: Slot) -> u64 {
        if self.is_far(slot) {
            return 0;
        }
        1 << self.shift(self.level_of(slot))
    }

    /// Bits below the digit of `level`.
    #[inline]
    const fn shift(self, level: u32) -> u32 {
        self.grain + level * self.bits
    }

    /// Bits in all digits and below.
    const fn top(self) -> u32 {
        self.shift(self.levels)
    }

    /// The bits in which a time that is not far may differ from the pivot.
    #[inline]
    const fn near(self) -> u64 {
        if self.top() < 64 { (1 << self.top()) - 1 } else { u64::MAX }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::vec::Vec;

    use super::{Geometry, Slot};

    /// Times on both sides of every power of two, and a few without pattern.
    fn times() -> impl Iterator<Item = u64> + Clone {
        let powers = (0..64).flat_map(|bit| {
            let power = 1_u64 << bit;
            [power - 1, power, power + 1, power | power >> 1, !power]
        });
        let odd = (1..40).map(|i: u64| i.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        powers.chain(odd).chain([0, u64::MAX, u64::MAX - 1])
    }

    fn slot_of(geometry: Geometry, deadline: u64, pivot: u64) -> Slot {
        geometry.slot(geometry.level(deadline, pivot), deadline, pivot)
    }

    #[test]
    fn every_capacity_has_room_for_its_slots() {
        for capacity in 0..5000 {
            let geometry = Geometry::of(capacity);
            assert!(geometry.slots() <= capacity / 2);
            assert!(geometry.slots() <= 64 * 11);
        }
        let first = |shape| (0..).find(|&n| Geometry::of(n) == shape).unwrap();
        assert_eq!(Geometry::SHAPES.map(first), [1312, 900, 452, 228, 116]);
        assert_eq!(Geometry::of(1 << 24), Geometry::SHAPES[0]);
    }

    #[test]
    fn a_deadline_lies_in_its_slot() {
        for geometry in Geometry::SHAPES {
            for pivot in times() {
                for deadline in times() {
                    let slot = slot_of(geometry, deadline, pivot);
                    assert!((slot as usize) < geometry.slots());
                    let (start, last) = (geometry.start(slot, pivot), geometry.last(slot, pivot));
                    assert!(start <= deadline && deadline <= last);
                    assert!(geometry.is_far(slot) || last - start == geometry.width(slot) - 1);
                    // The pivot is in no slot but its own on level 0.
                    assert!(!geometry.can_open(slot) || pivot < start || last < pivot);
                    assert_eq!(slot_of(geometry, start, pivot), slot);
                    assert_eq!(slot_of(geometry, last, pivot), slot);
                }
            }
        }
    }

    #[test]
    fn slots_cover_all_of_time_once() {
        for geometry in Geometry::SHAPES {
            for pivot in times().step_by(7) {
                let slots = (0..geometry.slots() as u32).filter(|&slot| {
                    let level = geometry.level_of(slot);
                    level == 0
                        || geometry.is_far(slot)
                        || slot != geometry.slot(level, pivot, pivot)
                });
                let mut stretches: Vec<_> = slots
                    .map(|slot| (geometry.start(slot, pivot), geometry.last(slot, pivot)))
                    // At the ends of time nothing is far before or after.
                    .filter(|&stretch| stretch != (0, u64::MAX))
                    .collect();
                stretches.sort();
                let mut next = Some(0);
                for (start, last) in stretches {
                    assert_eq!(Some(start), next);
                    next = last.checked_add(1);
                }
                assert_eq!(next, None);
            }
        }
    }

    #[test]
    fn neighbours_of_a_boundary_part() {
        let geometry = Geometry::SHAPES[0];
        for level in 1..11 {
            let boundary = 1_u64 << (6 * level);
            assert_eq!(geometry.level(boundary, boundary - 1), level);
            assert_eq!(geometry.level(boundary - 1, boundary), level);
            assert_eq!(geometry.level(boundary + 1, boundary), 0);
        }
        assert_eq!(geometry.level(u64::MAX, 0), 10);
        assert_eq!(geometry.start(slot_of(geometry, u64::MAX, 0), 0), 15 << 60);
    }
}
