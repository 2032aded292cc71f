//! The tournament: which of many entries is the greatest, when one at a time changes.
//!
//! Four neighbouring places are a *heat*; nothing is remembered of it but who won. The winners of four heats are
//! a *group* of round 0, the winners of four groups one of the next round, and so on; the last four groups at
//! most play the *finals*. A group remembers its players. So when one heat has a new winner, one group in each
//! round plays again, at most.
//!
//! ```text
//!   places   | 0  1  2  3 | 4  5  6  7 | 8  9 10 11 | 12 13 14 15 | 16 17 ..
//!                   |        |             |           |                |
//!   round 0   [     2        4            10          12      ]   [    17   ..
//!                            |                                          |
//!   finals    [              4                                         17          ]
//! ```
//!
//! Knuth, *The Art of Computer Programming*, volume 3, section 5.2.3 (tree selection): there with groups of two.
//! Four players are one line of the cache, and half as many lines are touched.

use super::entry::{Entry, Place, greater, join, place_of, split, urgency_of};
use crate::prefetch::prefetch;

/// Places under one group of round 0. They are entered together when they are used for the first time.
pub(super) const BATCH: u32 = 16;

/// Rounds before the finals, at most: 2^24 places.
const MOST_ROUNDS: usize = 10;

/// The winners of the last round but two are 64. When one comes up, it mostly has a while to wait until it
/// wins the finals: time enough to fetch what will be read then.
const AHEAD: usize = 3;

/// Four entries, of two words each.
const WORDS: usize = 8;

#[repr(C, align(64))]
pub(super) struct Tournament<const N: usize> {
    finals: [u64; WORDS],
    /// The other rounds' groups, one round after the other.
    rounds: [u64; N],
}

/// How many rounds there are before the finals, and where each one's first group lies, in groups.
const fn plan(places: usize) -> (usize, [usize; MOST_ROUNDS + 1]) {
    let mut beginnings = [0; MOST_ROUNDS + 1];
    let (mut rounds, mut players) = (0, places.div_ceil(4));
    while players > 4 && rounds < MOST_ROUNDS {
        players = players.div_ceil(4);
        beginnings[rounds + 1] = beginnings[rounds] + players;
        rounds += 1;
    }
    (rounds, beginnings)
}

impl<const N: usize> Tournament<N> {
    const ROUNDS: usize = plan(N).0;
    const BEGINNINGS: [usize; MOST_ROUNDS + 1] = plan(N).1;

    /// All bytes zero.
    pub const fn new() -> Self {
        Tournament { finals: [0; WORDS], rounds: [0; N] }
    }

    /// Has the first group above `place` play again, whose heat has a new winner. Returns the group's
    /// greatest.
    #[inline(always)]
    pub fn replay_group(&mut self, place: Place, winner: Entry) -> Entry {
        if Self::ROUNDS == 0 {
            return self.play_finals(place, winner);
        }
        let (group, seat) = self.seat(0, place);
        play(group, seat, winner)
    }

    /// Has all groups above that one play again. Returns the greatest of all; and one that has won all but two
    /// rounds and the finals, and will probably be the greatest before long.
    #[inline(always)]
    pub fn replay_above(&mut self, place: Place, winner: Entry) -> (Entry, Place) {
        let mut soon = place;
        if Self::ROUNDS == 0 {
            return (winner, soon);
        }
        // No loop: it takes twice the time for 65,536 places. A processor learns by the instruction which load
        // has to wait for which store, and so each round is to have its own.
        let winner = self.play::<1>(place, winner, &mut soon);
        let winner = self.play::<2>(place, winner, &mut soon);
        let winner = self.play::<3>(place, winner, &mut soon);
        let winner = self.play::<4>(place, winner, &mut soon);
        let winner = self.play::<5>(place, winner, &mut soon);
        let winner = self.play::<6>(place, winner, &mut soon);
        let winner = self.play::<7>(place, winner, &mut soon);
        let winner = self.play::<8>(place, winner, &mut soon);
        let winner = self.play::<9>(place, winner, &mut soon);
        (self.play_finals(place, winner), soon)
    }

    #[inline(always)]
    fn play<const ROUND: usize>(&mut self, place: Place, winner: Entry, soon: &mut Place) -> Entry {
        if ROUND >= Self::ROUNDS {
            return winner;
        }
        let (group, seat) = self.seat(ROUND, place);
        let winner = play(group, seat, winner);
        if ROUND + AHEAD == Self::ROUNDS {
            *soon = place_of(winner);
        }
        winner
    }

    #[inline(always)]
    fn play_finals(&mut self, place: Place, winner: Entry) -> Entry {
        play(&mut self.finals, Self::finals_seat(place), winner)
    }

    /// The urgency of the greatest that is remembered of what is not under the same group of round 0.
    #[inline(never)]
    pub fn others(&mut self, place: Place) -> u64 {
        let mut others = others(&self.finals, Self::finals_seat(place));
        for round in 1..Self::ROUNDS {
            let (group, seat) = self.seat(round, place);
            others = others.max(self::others(group, seat));
        }
        urgency_of(others)
    }

    /// Has fetched what a replay from this place reads first, its group of round 0.
    #[inline(always)]
    pub fn prefetch(&self, place: Place) {
        prefetch(&self.rounds[WORDS * (place / BATCH) as usize]);
    }

    /// Enters what is perhaps greater than all others of a heat. It wins until it meets one that is not less.
    #[inline(always)]
    pub fn enter(&mut self, place: Place, entry: Entry) {
        self.enter_from(0, place, entry);
    }

    /// Puts the winners of the four heats from `place` on, as they are now, in the place of what is
    /// remembered.
    #[inline(always)]
    pub fn enter_group(&mut self, place: Place, heats: [Entry; 4]) {
        let group = if Self::ROUNDS == 0 { &mut self.finals } else { self.seat(0, place).0 };
        for (seat, heat) in heats.into_iter().enumerate() {
            (group[2 * seat + 1], group[2 * seat]) = split(heat);
        }
        if Self::ROUNDS > 0 {
            let [a, b, c, d] = heats;
            self.enter_from(1, place, greater(greater(a, b), greater(c, d)));
        }
    }

    #[inline(always)]
    fn enter_from(&mut self, mut round: usize, place: Place, entry: Entry) {
        while round < Self::ROUNDS {
            let (group, seat) = self.seat(round, place);
            if !enter(group, seat, entry) {
                return;
            }
            round += 1;
        }
        enter(&mut self.finals, Self::finals_seat(place), entry);
    }

    /// Clears the groups whose first place this is: what they remember is from before the restart.
    #[inline]
    pub fn clear(&mut self, place: Place) {
        let mut round = 0;
        while round < Self::ROUNDS {
            if !place.is_multiple_of(1 << shift(round + 1)) {
                return;
            }
            self.seat(round, place).0.fill(0);
            round += 1;
        }
        if place == 0 {
            self.finals.fill(0);
        }
    }

    /// Who has won, as far as the finals know.
    #[cfg(test)]
    pub fn winner(&self) -> Entry {
        (0..4).map(|seat| player(&self.finals, seat)).max().unwrap()
    }

    /// Nothing that is remembered above a place is less than its entry, nor than what is below.
    #[cfg(test)]
    pub fn check(&mut self, place: Place, entry: Entry) {
        let mut winner = entry;
        for round in 0..Self::ROUNDS {
            let (group, seat) = self.seat(round, place);
            assert!(player(group, seat) >= winner);
            // The groups above remember who won this one.
            winner = (0..4).map(|seat| player(group, seat)).max().unwrap();
        }
        assert!(player(&self.finals, Self::finals_seat(place)) >= winner);
    }

    /// The group of a round in which the winner from a place plays, and the seat there.
    #[inline(always)]
    fn seat(&mut self, round: usize, place: Place) -> (&mut [u64], usize) {
        let player = (place >> shift(round)) as usize;
        let group = WORDS * (Self::BEGINNINGS[round] + player / 4);
        (&mut self.rounds[group..group + WORDS], player % 4)
    }

    #[inline(always)]
    fn finals_seat(place: Place) -> usize {
        (place >> shift(Self::ROUNDS)) as usize % 4
    }
}

/// Places under one player of a round, as a power of 2.
#[inline(always)]
const fn shift(round: usize) -> u32 {
    2 + 2 * round as u32
}

#[inline(always)]
fn player(group: &[u64], seat: usize) -> Entry {
    let word = 2 * (seat % 4);
    join(group[word + 1], group[word])
}

/// Seats a group's new player, and returns the group's winner.
#[inline(always)]
fn play(group: &mut [u64], seat: usize, new: Entry) -> Entry {
    // What does not depend on the new one comes first: a processor has it ready for all rounds at once, and
    // then waits for one comparison in each.
    let others = others(group, seat);
    (group[2 * seat + 1], group[2 * seat]) = split(new);
    greater(new, others)
}

/// The greatest of a group's players but one.
#[inline(always)]
fn others(group: &[u64], seat: usize) -> Entry {
    let pair = (seat & 2) ^ 2;
    let pair = greater(player(group, pair), player(group, pair + 1));
    greater(player(group, seat ^ 1), pair)
}

/// Seats an entry that is greater than the one there, and says whether it is.
#[inline(always)]
fn enter(group: &mut [u64], seat: usize, entry: Entry) -> bool {
    let greater = entry > player(group, seat);
    if greater {
        (group[2 * seat + 1], group[2 * seat]) = split(entry);
    }
    greater
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::collections::BTreeMap;

    use super::super::entry::entry;
    use super::{BATCH, Entry, MOST_ROUNDS, Place, Tournament, WORDS, plan, urgency_of};

    #[test]
    fn every_capacity_has_room_for_its_groups() {
        let powers = (1..=24).flat_map(|bit| [(1 << bit) - 1, 1 << bit]);
        for places in (0..5000).chain(powers) {
            let (rounds, beginnings) = plan(places);
            let mut players = places.div_ceil(4);
            for round in 0..rounds {
                let groups = beginnings[round + 1] - beginnings[round];
                assert!(players > 4 && 4 * groups >= players);
                players = groups;
            }
            // The rest are in the finals.
            assert!(players <= 4);
            assert!(WORDS * beginnings[rounds] <= places);
        }
        assert_eq!(plan(1 << 24).0, MOST_ROUNDS);
    }

    /// Against a map of each heat's winner, sparse over all rounds that there can be.
    fn compare<const N: usize>(tournament: &mut Tournament<N>) {
        let mut heats = BTreeMap::<Place, Entry>::new();
        let mut random = 1_u64;
        for step in 0..20_000_u64 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(step | 1);
            // Neighbours on every level.
            let near = (random >> 40) as u32 & 0xFF;
            let heat = ((near << (2 * (random >> 60)).min(22)) % N as u32) & !3;
            let new = entry((random >> 20) & 0xFFFF, heat | 1, heat);
            if random & (1 << 10) == 0 {
                tournament.enter(heat, new);
                let before = heats.entry(heat).or_default();
                *before = new.max(*before);
            } else {
                heats.insert(heat, new);
                let winner = tournament.replay_group(heat, new);
                let group = heat / BATCH * BATCH;
                assert_eq!(
                    Some(&winner),
                    heats.range(group..group + BATCH).map(|(_, heat)| heat).max()
                );
                let (winner, soon) = tournament.replay_above(heat, winner);
                assert_eq!(Some(&winner), heats.values().max());
                assert!(heats.contains_key(&soon));
                if N > BATCH as usize {
                    let others = heats.iter().filter(|&(heat, _)| heat / BATCH != group / BATCH);
                    let others = others.map(|(_, &entry)| urgency_of(entry)).max();
                    assert_eq!(tournament.others(heat), others.unwrap_or(0));
                }
            }
        }
    }

    #[test]
    fn the_greatest_wins_in_the_largest_tournament() {
        static LARGEST: std::sync::Mutex<Tournament<{ 1 << 24 }>> =
            std::sync::Mutex::new(Tournament::new());
        compare(&mut LARGEST.lock().unwrap());
    }

    #[test]
    fn the_greatest_wins_in_small_ones() {
        compare(&mut Tournament::<4>::new());
        compare(&mut Tournament::<16>::new());
        compare(&mut Tournament::<17>::new());
        compare(&mut Tournament::<100>::new());
        compare(&mut Tournament::<1025>::new());
    }
}
