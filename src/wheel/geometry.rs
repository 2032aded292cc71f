//! Where a deadline belongs: slot arithmetic, as pure functions.
//!
//! A deadline is a number of base `2^bits`, one digit per level. Its slot is the highest digit in which it
//! differs from the *pivot*: that digit's position is the level, its value the slot within the level. So
//! all deadlines of one slot agree in that digit and in all above it, where they agree with the pivot too,
//! and a slot covers one stretch of time, `2^(bits * level)` nanoseconds long. No two slots overlap.

/// The number of a slot, counted through all levels.
pub(super) type Slot = u32;

/// The shape of a wheel: how wide its digits are.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) struct Geometry {
    /// Bits in a digit; 0 where the wheel is too small for slots and searched whole.
    pub bits: u32,
}

impl Geometry {
    /// The widest digits whose slots fit into the spare memory of `capacity` timers: a slot for two.
    pub const fn of(capacity: usize) -> Geometry {
        let mut bits = 6;
        while bits > 1 {
            if (Geometry { bits }).slots() <= capacity / 2 {
                return Geometry { bits };
            }
            bits -= 1;
        }
        Geometry { bits: 0 }
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
        // The topmost digit has only the bits that are left of 64.
        let full = 63 / self.bits;
        ((full as usize) << self.bits) + (1 << (64 - full * self.bits))
    }

    /// The level of a deadline: the place of its highest digit that is not the pivot's.
    #[inline]
    pub const fn level(self, deadline: u64, pivot: u64) -> u32 {
        (63 - ((deadline ^ pivot) | 1).leading_zeros()) / self.bits
    }

    /// The slot of a deadline.
    #[inline]
    pub const fn slot(self, deadline: u64, pivot: u64) -> Slot {
        self.digit_slot(deadline, self.level(deadline, pivot))
    }

    /// The slot on `level` whose digit is that of `time`.
    #[inline]
    pub const fn digit_slot(self, time: u64, level: u32) -> Slot {
        (level << self.bits) | self.digit(time, level)
    }

    /// The digit of `time` on `level`.
    #[inline]
    pub const fn digit(self, time: u64, level: u32) -> u32 {
        (time >> (level * self.bits)) as u32 & self.mask()
    }

    /// The largest digit.
    #[inline]
    pub const fn mask(self) -> u32 {
        (1 << self.bits) - 1
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
        let shift = self.level_of(slot) * self.bits;
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
        1 << (self.level_of(slot) * self.bits)
    }
}

#[cfg(test)]
mod tests {
    use super::Geometry;

    const WIDTHS: [u32; 5] = [2, 3, 4, 5, 6];

    /// Times on both sides of every power of two, and a few without pattern.
    fn times() -> impl Iterator<Item = u64> + Clone {
        let powers = (0..64).flat_map(|bit| {
            let power = 1_u64 << bit;
            [power - 1, power, power + 1, power | power >> 1, !power]
        });
        let odd = (1..40).map(|i: u64| i.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        powers.chain(odd).chain([0, u64::MAX, u64::MAX - 1])
    }

    #[test]
    fn every_capacity_has_room_for_its_slots() {
        for capacity in 0..5000 {
            let geometry = Geometry::of(capacity);
            assert!(geometry.slots() <= capacity / 2);
            assert!(geometry.slots() <= 64 * 11);
        }
        let first = |bits| (0..).find(|&n| Geometry::of(n).bits == bits).unwrap();
        assert_eq!([2, 3, 4, 5, 6].map(first), [256, 340, 512, 800, 1312]);
        assert_eq!(Geometry::of(1 << 24).bits, 6);
    }

    #[test]
    fn a_deadline_lies_in_its_slot() {
        for geometry in WIDTHS.map(|bits| Geometry { bits }) {
            for pivot in times() {
                for deadline in times() {
                    let slot = geometry.slot(deadline, pivot);
                    assert!((slot as usize) < geometry.slots());
                    let (start, last) = (geometry.start(slot, pivot), geometry.last(slot, pivot));
                    assert!(start <= deadline && deadline <= last);
                    assert_eq!(last - start, geometry.width(slot) - 1);
                    // The pivot is in no slot but its own nanosecond.
                    assert!(deadline == pivot || pivot < start || last < pivot);
                    // The whole slot is the slot of its ends, seen from any pivot that it is seen from.
                    assert_eq!(geometry.slot(start, pivot), slot);
                    assert_eq!(geometry.slot(last, pivot), slot);
                }
            }
        }
    }

    #[test]
    fn slots_do_not_overlap() {
        for geometry in WIDTHS.map(|bits| Geometry { bits }) {
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
        let geometry = Geometry { bits: 6 };
        for level in 1..11 {
            let boundary = 1_u64 << (6 * level);
            assert_eq!(geometry.level(boundary, boundary - 1), level);
            assert_eq!(geometry.level(boundary - 1, boundary), level);
            assert_eq!(geometry.level(boundary + 1, boundary), 0);
        }
        assert_eq!(geometry.level(u64::MAX, 0), 10);
        assert_eq!(geometry.start(geometry.slot(u64::MAX, 0), 0), 15 << 60);
    }
}
