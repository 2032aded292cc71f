//! Where a deadline belongs: slot arithmetic, as pure functions.
//!
//! A deadline is a number of base `2^bits`, one digit per level. Its slot is the highest digit in which it
//! differs from the *pivot*: that digit's position is the level, its value the slot within the level. So
//! all deadlines of one slot agree in that digit and in all above it, where they agree with the pivot too,
//! and a slot covers one stretch of time. No two slots overlap, and together they cover all of time.
//!
//! On level 0 a slot is one nanosecond long, or, in a small wheel, `2^grain`: it may then hold different
//! deadlines, and is sorted when it is due.

/// The number of a slot, counted through all levels.
pub(super) type Slot = u32;

/// The shape of a wheel.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) struct Geometry {
    /// Bits in a digit; 0 where the wheel is too small for slots and searched whole.
    bits: u32,
    /// Bits below the lowest digit.
    grain: u32,
}

impl Geometry {
    /// From the best to the least.
    const SHAPES: [Geometry; 6] = [
        Geometry { bits: 6, grain: 0 },
        Geometry { bits: 5, grain: 0 },
        Geometry { bits: 4, grain: 0 },
        Geometry { bits: 4, grain: 16 },
        Geometry { bits: 3, grain: 16 },
        Geometry { bits: 2, grain: 16 },
    ];

    const FLAT: Geometry = Geometry { bits: 0, grain: 0 };

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
        // The topmost digit has only the bits that are left.
        let digits = 64 - self.grain;
        let full = (digits - 1) / self.bits;
        ((full as usize) << self.bits) + (1 << (digits - full * self.bits))
    }

    /// The level of a deadline: the place of its highest digit that is not the pivot's.
    #[inline]
    pub const fn level(self, deadline: u64, pivot: u64) -> u32 {
        (((deadline ^ pivot) | 1 << self.grain).ilog2() - self.grain) / self.bits
    }

    /// The slot on `level` whose digit is that of `time`.
    #[inline]
    pub const fn digit_slot(self, time: u64, level: u32) -> Slot {
        self.first_slot(level) | self.digit(time, level)
    }

    /// The digit of `time` on `level`.
    #[inline]
    pub const fn digit(self, time: u64, level: u32) -> u32 {
        (time >> (self.grain + level * self.bits)) as u32 & self.mask()
    }

    #[inline]
    const fn mask(self) -> u32 {
        self.slots_per_level() - 1
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

    /// The first nanosecond of a slot.
    #[inline]
    pub const fn start(self, slot: Slot, pivot: u64) -> u64 {
        let shift = self.grain + self.level_of(slot) * self.bits;
        let above = (pivot >> shift) & !(self.mask() as u64);
        (above | (slot & self.mask()) as u64) << shift
    }

    /// The last nanosecond of a slot.
    #[inline]
    pub const fn last(self, slot: Slot, pivot: u64) -> u64 {
        self.start(slot, pivot) | (self.width(slot) - 1)
    }

    /// The length of a slot in nanoseconds.
    #[inline]
    pub const fn width(self, slot: Slot) -> u64 {
        1 << (self.grain + self.level_of(slot) * self.bits)
    }

    /// Whether a slot can be opened: spread over lower levels.
    #[inline]
    pub const fn can_open(self, slot: Slot) -> bool {
        self.level_of(slot) > 0
    }

    /// Whether a slot that cannot be opened may hold different deadlines.
    #[inline]
    pub const fn is_grainy(self) -> bool {
        self.grain > 0
    }
}

#[cfg(test)]
mod tests {
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
        geometry.digit_slot(deadline, geometry.level(deadline, pivot))
    }

    #[test]
    fn every_capacity_has_room_for_its_slots() {
        for capacity in 0..5000 {
            let geometry = Geometry::of(capacity);
            assert!(geometry.slots() <= capacity / 2);
            assert!(geometry.slots() <= 64 * 11);
        }
        let first = |shape| (0..).find(|&n| Geometry::of(n) == shape).unwrap();
        assert_eq!(Geometry::SHAPES.map(first), [1312, 800, 512, 384, 256, 192]);
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
                    assert_eq!(last - start, geometry.width(slot) - 1);
                    // The pivot is in no slot but its own on level 0.
                    assert!(!geometry.can_open(slot) || pivot < start || last < pivot);
                    assert_eq!(slot_of(geometry, start, pivot), slot);
                    assert_eq!(slot_of(geometry, last, pivot), slot);
                }
            }
        }
    }

    #[test]
    fn slots_do_not_overlap() {
        for geometry in Geometry::SHAPES {
            for pivot in times().step_by(7) {
                let mut covered: u128 = 0;
                for slot in 0..geometry.slots() as u32 {
                    let level = geometry.level_of(slot);
                    if level == 0 || slot != geometry.digit_slot(pivot, level) {
                        covered += u128::from(geometry.width(slot));
                    }
                }
                // Together they are exactly all of time.
                assert_eq!(covered, 1 << 64);
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
