//! `ReadyQueue` against a naive one, and its promises one by one.

use core::panic::AssertUnwindSafe;
use std::panic::catch_unwind;

use mio_st::Error;
use mio_st::event::{EventedId, Interests, Ready, ReadyQueue, SourceKey};
use mio_st::poll::PollOption;

use crate::support::Rng;

/// The queue that needs no thought: one list, searched from end to end for everything.
#[derive(Default)]
struct Naive {
    capacity: usize,
    sources: Vec<Source>,
    queue: Vec<Waiting>,
    round: usize,
}

#[derive(Clone, Copy)]
struct Source {
    key: SourceKey,
    id: EventedId,
    interests: Interests,
    opt: PollOption,
    ready: Ready,
    disarmed: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum What {
    Notification(EventedId, Ready),
    Source(SourceKey),
}

struct Waiting {
    what: What,
    /// The round in which it was queued.
    round: usize,
}

/// The bits of `ready` that meet an interest, one by one.
fn met(interests: Interests, ready: Ready) -> Ready {
    (0..32)
        .map(|bit| Ready::from_bits_retain(1 << bit & ready.bits()))
        .filter(|&bit| match bit {
            Ready::READABLE | Ready::READ_CLOSED => interests.is_readable(),
            Ready::WRITABLE | Ready::WRITE_CLOSED => interests.is_writable(),
            Ready::PRIORITY => interests.is_priority(),
            _ => true,
        })
        .fold(Ready::empty(), |all, bit| all | bit)
}

impl Naive {
    fn used(&self) -> usize {
        let is_notification = |w: &&Waiting| matches!(w.what, What::Notification(..));
        self.sources.len() + self.queue.iter().filter(is_notification).count()
    }

    fn notify(&mut self, id: EventedId, ready: Ready) -> Result<(), Error> {
        if self.used() == self.capacity {
            return Err(Error::Full);
        }
        self.push(What::Notification(id, ready));
        Ok(())
    }

    fn push(&mut self, what: What) {
        let round = self.round;
        self.queue.push(Waiting { what, round });
    }

    fn source(&mut self, key: SourceKey) -> Result<&mut Source, Error> {
        let mut sources = self.sources.iter_mut();
        sources.find(|s| s.key == key).ok_or(Error::StaleKey)
    }

    fn set_ready(&mut self, key: SourceKey, ready: Ready) -> Result<(), Error> {
        let source = self.source(key)?;
        source.ready |= ready;
        let report = !met(source.interests, ready).is_empty() && !source.disarmed;
        if report && self.queue.iter().all(|w| w.what != What::Source(key)) {
            self.push(What::Source(key));
        }
        Ok(())
    }

    fn clear_ready(&mut self, key: SourceKey, ready: Ready) -> Result<(), Error> {
        let source = self.source(key)?;
        source.ready &= Ready::from_bits_retain(!ready.bits());
        if met(source.interests, source.ready).is_empty() {
            self.queue.retain(|w| w.what != What::Source(key));
        }
        Ok(())
    }

    fn rearm(&mut self, key: SourceKey) -> Result<(), Error> {
        let source = self.source(key)?;
        source.disarmed = false;
        let ready = source.ready;
        self.clear_ready(key, Ready::empty())?;
        self.set_ready(key, ready)
    }

    fn reregister(
        &mut self,
        key: SourceKey,
        interests: Interests,
        opt: PollOption,
    ) -> Result<(), Error> {
        let source = self.source(key)?;
        source.interests = interests;
        source.opt = opt;
        self.rearm(key)
    }

    fn remove(&mut self, key: SourceKey) -> Result<(), Error> {
        self.source(key)?;
        self.sources.retain(|s| s.key != key);
        self.queue.retain(|w| w.what != What::Source(key));
        Ok(())
    }

    fn pop(&mut self) -> Option<(EventedId, Ready)> {
        if self.queue.first()?.round == self.round {
            return None;
        }
        match self.queue.remove(0).what {
            What::Notification(id, ready) => Some((id, ready)),
            What::Source(key) => {
                let source = self.source(key).unwrap();
                let event = (source.id, met(source.interests, source.ready));
                match source.opt {
                    PollOption::Level => self.push(What::Source(key)),
                    PollOption::Edge => {}
                    PollOption::Oneshot => source.disarmed = true,
                }
                Some(event)
            }
        }
    }
}

/// Both queues, driven together and compared at each step.
struct Pair<const N: usize> {
    queue: ReadyQueue<N>,
    naive: Naive,
    /// All keys ever given out.
    keys: Vec<SourceKey>,
}

impl<const N: usize> Pair<N> {
    fn new() -> Self {
        Pair {
            queue: ReadyQueue::new(),
            naive: Naive { capacity: N, ..Naive::default() },
            keys: Vec::new(),
        }
    }

    fn notify(&mut self, id: usize, ready: Ready) {
        let id = EventedId(id);
        assert_eq!(self.queue.notify(id, ready), self.naive.notify(id, ready));
    }

    fn add(&mut self, id: usize, interests: Interests, opt: PollOption) {
        let id = EventedId(id);
        let added = self.queue.add_source(id, interests, opt);
        if self.naive.used() == N {
            assert_eq!(added, Err(Error::Full));
            return;
        }
        let key = added.expect("there is room");
        assert!(!self.keys.contains(&key), "keys are not used again");
        self.keys.push(key);
        self.naive.sources.push(Source {
            key,
            id,
            interests,
            opt,
            ready: Ready::empty(),
            disarmed: false,
        });
    }

    fn set_ready(&mut self, key: SourceKey, ready: Ready) {
        let expected = self.naive.set_ready(key, ready);
        assert_eq!(self.queue.set_ready(key, ready), expected);
    }

    fn clear_ready(&mut self, key: SourceKey, ready: Ready) {
        let expected = self.naive.clear_ready(key, ready);
        assert_eq!(self.queue.clear_ready(key, ready), expected);
    }

    fn rearm(&mut self, key: SourceKey) {
        assert_eq!(self.queue.rearm(key), self.naive.rearm(key));
    }

    fn reregister(&mut self, key: SourceKey, interests: Interests, opt: PollOption) {
        let expected = self.naive.reregister(key, interests, opt);
        assert_eq!(self.queue.reregister(key, interests, opt), expected);
    }

    fn remove(&mut self, key: SourceKey) {
        assert_eq!(self.queue.remove_source(key), self.naive.remove(key));
    }

    fn begin_round(&mut self) {
        self.queue.begin_round();
        self.naive.round += 1;
    }

    fn pop(&mut self) -> bool {
        let event = self.queue.pop();
        assert_eq!(event, self.naive.pop());
        event.is_some()
    }

    fn deliver(&mut self, room: usize) {
        let mut events = Vec::new();
        let count = self.queue.deliver(room, |id, ready| events.push((id, ready)));
        assert_eq!(count, events.len());
        let expected: Vec<_> = (0..room).map_while(|_| self.naive.pop()).collect();
        assert_eq!(events, expected);
    }

    fn check(&mut self) {
        assert_eq!(self.queue.len(), self.naive.used());
        assert_eq!(self.queue.is_empty(), self.naive.used() == 0);
        assert_eq!(self.queue.pending(), self.naive.queue.len());
        assert_eq!(self.queue.has_pending(), !self.naive.queue.is_empty());
    }

    fn finish(mut self) {
        for &key in &self.keys {
            let expected = self.naive.source(key).map(|source| source.ready);
            assert_eq!(self.queue.ready(key), expected);
        }
        for _ in 0..2 {
            self.begin_round();
            while self.pop() {}
            self.check();
        }
    }
}

const INTERESTS: [Interests; 4] =
    [Interests::READABLE, Interests::WRITABLE, Interests::BOTH, Interests::PRIORITY];
const READABLE: Interests = Interests::READABLE;
const OPTIONS: [PollOption; 3] = [PollOption::Edge, PollOption::Level, PollOption::Oneshot];

fn any_ready(random: &mut Rng) -> Ready {
    match random.index(8) {
        0 => Ready::from_bits_retain(random.next() as u32),
        1 => Ready::all(),
        2 => Ready::empty(),
        _ => Ready::from_bits_retain(
            1 << [0, 0, 0, 1, 2, 2, 2, 3, 4, 13, 14, 15, 16, 23][random.index(14)],
        ),
    }
}

fn long_random_walk<const N: usize>(steps: usize) {
    let mut random = Rng::new(0x2545_F491_4F6C_DD1D ^ N as u64);
    let mut pair = Pair::<N>::new();
    for step in 0..steps {
        let key = {
            let alive = &pair.naive.sources;
            let keys = &pair.keys;
            if alive.is_empty() || random.index(20) == 0 {
                (!keys.is_empty()).then(|| keys[random.index(keys.len())])
            } else {
                Some(alive[random.index(alive.len())].key)
            }
        };
        let interests = INTERESTS[random.index(4)];
        let opt = OPTIONS[random.index(3)];
        let ready = any_ready(&mut random);
        // Seasons: of filling, of notifications, of removal.
        let season = step / (100 + 2 * N) % 4;
        match (random.index(16), key) {
            (0 | 1, _) => pair.begin_round(),
            (2 | 3, _) => _ = pair.pop(),
            (4, _) => pair.deliver(random.index(N + 2)),
            (5 | 6, _) => pair.notify(step, ready),
            (7, _) => pair.add(step, interests, opt),
            (8, _) if season == 0 => pair.add(step, interests, opt),
            (8 | 9, _) if season == 1 => pair.notify(step, ready),
            (8 | 9, Some(key)) if season == 2 => pair.remove(key),
            (8, Some(key)) => pair.rearm(key),
            (9 | 10, Some(key)) => pair.clear_ready(key, ready),
            (11, Some(key)) if ready.is_readable() => pair.reregister(key, interests, opt),
            (12, Some(key)) if ready.is_writable() => pair.remove(key),
            (_, Some(key)) => pair.set_ready(key, ready),
            (_, None) => {}
        }
        pair.check();
    }
    pair.finish();
}

#[test]
fn long_random_walks_agree_with_the_naive_queue() {
    macro_rules! sizes { ($($n:literal)*) => { $( long_random_walk::<$n>(3_000); )* } }
    sizes!(0 1 2 3 4 5 6 7 8 9 15 16 17 31 32 33 63 64 65 100 127 128 129 200);
    long_random_walk::<255>(6_000);
    long_random_walk::<256>(6_000);
    long_random_walk::<257>(6_000);
    long_random_walk::<300>(6_000);
}

/// Every sequence of `length` operations; the first `openings` of them are those that can begin one, since
/// the others have nothing to act on.
fn every_walk<const N: usize>(length: u32, openings: usize, operations: &[fn(&mut Pair<N>)]) {
    let others = operations.len().pow(length - 1);
    for walk in 0..openings * others {
        let mut pair = Pair::<N>::new();
        operations[walk / others](&mut pair);
        let mut rest = walk % others;
        for _ in 1..length {
            operations[rest % operations.len()](&mut pair);
            pair.check();
            rest /= operations.len();
        }
        pair.finish();
    }
}

fn with_last<const N: usize>(pair: &mut Pair<N>, f: impl FnOnce(&mut Pair<N>, SourceKey)) {
    if let Some(&key) = pair.keys.last() {
        f(pair, key);
    }
}

fn with_last_but_one<const N: usize>(pair: &mut Pair<N>, f: impl FnOnce(&mut Pair<N>, SourceKey)) {
    if let [.., key, _] = pair.keys[..] {
        f(pair, key);
    }
}

fn every_short_walk<const N: usize>() {
    every_walk::<N>(
        5,
        4,
        &[
            |pair| pair.notify(1, Ready::USER_0),
            |pair| pair.add(2, READABLE, PollOption::Edge),
            |pair| pair.add(3, READABLE, PollOption::Level),
            |pair| pair.add(4, READABLE, PollOption::Oneshot),
            |pair| with_last(pair, |pair, key| pair.set_ready(key, Ready::READABLE)),
            |pair| with_last(pair, |pair, key| pair.set_ready(key, Ready::WRITABLE)),
            |pair| with_last(pair, |pair, key| pair.clear_ready(key, Ready::READABLE)),
            |pair| with_last(pair, |pair, key| pair.rearm(key)),
            |pair| {
                with_last(pair, |pair, key| {
                    pair.reregister(key, Interests::WRITABLE, PollOption::Level);
                })
            },
            |pair| with_last(pair, |pair, key| pair.remove(key)),
            |pair| pair.begin_round(),
            |pair| _ = pair.pop(),
        ],
    );
}

/// Longer ones, that open with two sources, of which one is queued, and a round in hand.
fn every_walk_from_a_round_in_hand<const N: usize>(length: u32) {
    fn open<const N: usize>(pair: &mut Pair<N>, opt: PollOption) {
        pair.add(1, READABLE, opt);
        pair.add(2, READABLE, PollOption::Level);
        with_last_but_one(pair, |pair, key| pair.set_ready(key, Ready::READABLE));
        pair.begin_round();
    }
    every_walk::<N>(
        length,
        3,
        &[
            |pair| open(pair, PollOption::Edge),
            |pair| open(pair, PollOption::Level),
            |pair| open(pair, PollOption::Oneshot),
            |pair| pair.notify(3, Ready::USER_0),
            |pair| with_last(pair, |pair, key| pair.set_ready(key, Ready::READABLE)),
            |pair| with_last_but_one(pair, |pair, key| pair.set_ready(key, Ready::ERROR)),
            |pair| with_last_but_one(pair, |pair, key| pair.clear_ready(key, Ready::all())),
            |pair| with_last_but_one(pair, |pair, key| pair.rearm(key)),
            |pair| with_last(pair, |pair, key| pair.remove(key)),
            |pair| pair.begin_round(),
            |pair| _ = pair.pop(),
        ],
    );
}

#[test]
fn every_short_walk_agrees_with_the_naive_queue_of_1() {
    every_short_walk::<1>();
}

#[test]
fn every_short_walk_agrees_with_the_naive_queue_of_2() {
    every_short_walk::<2>();
}

#[test]
fn every_walk_from_a_round_in_hand_agrees_with_the_naive_queue() {
    every_walk_from_a_round_in_hand::<3>(6);
}

fn round<const N: usize>(queue: &mut ReadyQueue<N>) -> Vec<(usize, Ready)> {
    queue.begin_round();
    core::iter::from_fn(|| queue.pop()).take(1_000).map(|(id, ready)| (id.0, ready)).collect()
}

#[test]
fn each_notification_is_one_event_in_order() {
    let mut queue: ReadyQueue<4> = ReadyQueue::new();
    let events =
        [(7, Ready::USER_1), (7, Ready::USER_1), (usize::MAX, Ready::all()), (0, Ready::empty())];
    for _ in 0..5 {
        for (id, ready) in events {
            queue.notify(EventedId(id), ready).unwrap();
        }
        assert_eq!(
            queue.notify(EventedId(1), Ready::USER_0),
            Err(Error::Full),
            "and nothing has changed"
        );
        assert_eq!(round(&mut queue), events);
        assert!(queue.is_empty());
    }
}

#[test]
fn level_reports_until_it_is_cleared() {
    let mut queue: ReadyQueue<2> = ReadyQueue::new();
    let key = queue.add_source(EventedId(1), READABLE, PollOption::Level).unwrap();
    assert!(!queue.has_pending());
    queue.set_ready(key, Ready::READABLE | Ready::WRITABLE).unwrap();
    for _ in 0..3 {
        assert_eq!(round(&mut queue), [(1, Ready::READABLE)]);
    }
    queue.clear_ready(key, Ready::READABLE).unwrap();
    assert!(!queue.has_pending(), "so a poll may block");
    assert_eq!(queue.ready(key), Ok(Ready::WRITABLE));
    assert_eq!(round(&mut queue), []);
}

#[test]
fn edge_reports_at_each_set_ready() {
    let mut queue: ReadyQueue<2> = ReadyQueue::new();
    let key = queue.add_source(EventedId(1), READABLE, PollOption::Edge).unwrap();
    for _ in 0..3 {
        queue.set_ready(key, Ready::READABLE).unwrap();
        queue.set_ready(key, Ready::READ_CLOSED).unwrap();
        let both = Ready::READABLE | Ready::READ_CLOSED;
        assert_eq!(round(&mut queue), [(1, both)]);
        assert_eq!(round(&mut queue), []);
        assert_eq!(queue.ready(key), Ok(both), "kept until cleared");
    }
    queue.set_ready(key, Ready::WRITABLE).unwrap();
    assert_eq!(round(&mut queue), [], "nobody asked");
    queue.rearm(key).unwrap();
    assert_eq!(round(&mut queue).len(), 1);
}

#[test]
fn oneshot_reports_once_until_it_is_armed_again() {
    let mut queue: ReadyQueue<2> = ReadyQueue::new();
    let key = queue.add_source(EventedId(1), Interests::BOTH, PollOption::Oneshot).unwrap();
    queue.set_ready(key, Ready::READABLE).unwrap();
    assert_eq!(round(&mut queue), [(1, Ready::READABLE)]);
    queue.clear_ready(key, Ready::READABLE).unwrap();
    queue.set_ready(key, Ready::HUP).unwrap();
    assert!(!queue.has_pending(), "the whole source is silent");
    queue.rearm(key).unwrap();
    assert_eq!(round(&mut queue), [(1, Ready::HUP)], "but not forgotten");
    queue.clear_ready(key, Ready::HUP).unwrap();
    queue.reregister(key, READABLE, PollOption::Oneshot).unwrap();
    assert_eq!(round(&mut queue), []);
    queue.set_ready(key, Ready::READABLE).unwrap();
    assert_eq!(round(&mut queue), [(1, Ready::READABLE)]);
}

#[test]
fn errors_hang_ups_deadlines_and_the_users_bits_meet_any_interest() {
    for interests in INTERESTS {
        for bit in Ready::all().iter() {
            let mut queue: ReadyQueue<1> = ReadyQueue::new();
            let key = queue.add_source(EventedId(5), interests, PollOption::Edge).unwrap();
            queue.set_ready(key, bit).unwrap();
            let expected = met(interests, bit);
            let asked = interests.as_ready() | Ready::READ_CLOSED | Ready::WRITE_CLOSED;
            if !expected.is_empty() {
                assert_eq!(round(&mut queue), [(5, bit)]);
            } else {
                assert!(!queue.has_pending());
                assert!(!interests.as_ready().intersects(bit));
            }
            if !(asked | Interests::BOTH.as_ready() | Ready::PRIORITY).contains(bit) {
                assert!(!expected.is_empty(), "{bit:?} meets {interests:?}");
            }
        }
    }
}

#[test]
fn each_source_is_delivered_at_most_once_in_a_round() {
    let mut queue: ReadyQueue<8> = ReadyQueue::new();
    let mut keys = Vec::new();
    for (id, opt) in OPTIONS.into_iter().enumerate() {
        keys.push(queue.add_source(EventedId(id), READABLE, opt).unwrap());
        queue.set_ready(keys[id], Ready::READABLE).unwrap();
    }
    queue.begin_round();
    let mut delivered = Vec::new();
    while let Some((id, _)) = queue.pop() {
        delivered.push(id.0);
        assert!(delivered.len() < 10, "endless");
        for &key in &keys {
            queue.set_ready(key, Ready::READABLE).unwrap();
            queue.rearm(key).unwrap();
        }
    }
    assert_eq!(delivered, [0, 1, 2]);
}

#[test]
fn sources_come_and_go_within_a_round() {
    let mut queue: ReadyQueue<4> = ReadyQueue::new();
    let add = |queue: &mut ReadyQueue<4>, id| {
        let key = queue.add_source(EventedId(id), READABLE, PollOption::Level).unwrap();
        queue.set_ready(key, Ready::READABLE).unwrap();
        key
    };
    let keys = [1, 2, 3, 4].map(|id| add(&mut queue, id));
    queue.begin_round();
    assert_eq!(queue.pop().map(|(id, _)| id.0), Some(1));
    // The one that ends the round goes, and so does the next: another takes its room, but not its turn.
    queue.remove_source(keys[3]).unwrap();
    queue.remove_source(keys[1]).unwrap();
    add(&mut queue, 5);
    queue.notify(EventedId(6), Ready::USER_0).unwrap();
    assert_eq!(queue.pop().map(|(id, _)| id.0), Some(3));
    assert_eq!(queue.pop(), None);
    let ids: Vec<_> = round(&mut queue).iter().map(|event| event.0).collect();
    assert_eq!(ids, [1, 5, 6, 3]);
}

#[test]
fn a_round_left_unfinished_starves_nobody() {
    let mut queue: ReadyQueue<64> = ReadyQueue::new();
    for id in 0..64 {
        let key = queue.add_source(EventedId(id), READABLE, PollOption::Level).unwrap();
        queue.set_ready(key, Ready::READABLE).unwrap();
    }
    let mut turns = [0; 64];
    for _ in 0..64 {
        queue.begin_round();
        assert_eq!(queue.deliver(5, |id, _| turns[id.0] += 1), 5);
    }
    assert_eq!(turns, [5; 64]);
}

#[test]
fn the_capacity_is_exact() {
    let mut queue: ReadyQueue<3> = ReadyQueue::new();
    let level = PollOption::Level;
    for _ in 0..10 {
        let a = queue.add_source(EventedId(1), READABLE, level).unwrap();
        queue.notify(EventedId(2), Ready::USER_0).unwrap();
        let b = queue.add_source(EventedId(3), READABLE, level).unwrap();
        for key in [a, b] {
            queue.set_ready(key, Ready::READABLE).unwrap();
        }
        assert_eq!(queue.len(), 3);
        assert_eq!(queue.add_source(EventedId(4), READABLE, level), Err(Error::Full));
        assert_eq!(queue.notify(EventedId(4), Ready::USER_0), Err(Error::Full));
        // Removed while it is queued: its room is free at once, for either.
        queue.remove_source(a).unwrap();
        queue.notify(EventedId(5), Ready::USER_0).unwrap();
        assert_eq!(queue.notify(EventedId(6), Ready::USER_0), Err(Error::Full));
        assert_eq!(queue.pending(), 3);
        let ids: Vec<_> = round(&mut queue).iter().map(|event| event.0).collect();
        assert_eq!(ids, [2, 3, 5]);
        queue.remove_source(b).unwrap();
        assert!(queue.is_empty() && !queue.has_pending());
    }
}

#[test]
fn stale_and_foreign_keys_are_errors_and_change_nothing() {
    let mut queue: ReadyQueue<2> = ReadyQueue::new();
    let mut other: ReadyQueue<2> = ReadyQueue::new();
    let opt = PollOption::Edge;
    let stale = queue.add_source(EventedId(1), READABLE, opt).unwrap();
    queue.remove_source(stale).unwrap();
    let foreign = other.add_source(EventedId(2), READABLE, opt).unwrap();
    queue.add_source(EventedId(3), READABLE, opt).unwrap();
    for key in [stale, foreign] {
        let error = Err(Error::StaleKey);
        assert_eq!(queue.set_ready(key, Ready::READABLE), error);
        assert_eq!(queue.clear_ready(key, Ready::READABLE), error);
        assert_eq!(queue.rearm(key), error);
        assert_eq!(queue.reregister(key, READABLE, opt), error);
        assert_eq!(queue.remove_source(key), error);
        assert_eq!(queue.ready(key), Err(Error::StaleKey));
        assert_eq!((queue.len(), queue.pending()), (1, 0));
    }
}

#[test]
fn a_queue_of_none() {
    let mut queue: ReadyQueue<0> = ReadyQueue::default();
    assert_eq!(queue.notify(EventedId(1), Ready::USER_0), Err(Error::Full));
    assert_eq!(queue.add_source(EventedId(1), READABLE, PollOption::Edge), Err(Error::Full));
    assert_eq!(round(&mut queue), []);
    assert!(!queue.has_pending() && queue.is_empty());
    assert_eq!((queue.capacity(), queue.pending()), (0, 0));
    assert!(size_of_val(&queue) <= 56);
}

#[test]
fn sizes_are_as_documented() {
    if usize::BITS == 64 {
        assert_eq!(size_of::<ReadyQueue<512>>() - size_of::<ReadyQueue<0>>(), 512 * 56);
    }
    assert_eq!(size_of::<SourceKey>(), size_of::<usize>());
}

#[test]
fn a_large_one_is_made_in_place() {
    static QUEUE: std::sync::Mutex<ReadyQueue<100_000>> = std::sync::Mutex::new(ReadyQueue::new());
    assert!(!QUEUE.lock().unwrap().has_pending());
    std::thread::Builder::new()
        .stack_size(64 * 1024)
        .spawn(|| {
            let mut place = Box::new_uninit();
            let queue: &mut ReadyQueue<100_000> = ReadyQueue::init_in(&mut place);
            let key = queue.add_source(EventedId(1), READABLE, PollOption::Level).unwrap();
            for id in 1..100_000 {
                queue.notify(EventedId(id), Ready::USER_0).unwrap();
            }
            queue.set_ready(key, Ready::READABLE).unwrap();
            queue.begin_round();
            let mut count = 0;
            assert_eq!(queue.deliver(usize::MAX, |_, _| count += 1), 100_000);
            assert_eq!((count, queue.len()), (100_000, 1));
        })
        .unwrap()
        .join()
        .unwrap();
}

#[test]
fn it_prints_how_full_it_is() {
    let mut queue: ReadyQueue<4> = ReadyQueue::new();
    queue.notify(EventedId(1), Ready::USER_0).unwrap();
    assert_eq!(format!("{queue:?}"), "ReadyQueue { capacity: 4, len: 1, pending: 1 }");
}

#[test]
fn a_handler_that_panics_leaves_a_queue_in_order() {
    let mut queue = ReadyQueue::<4>::new();
    for id in 0..4 {
        queue.notify(EventedId(id), Ready::USER_0).unwrap();
    }
    queue.begin_round();
    let delivery = AssertUnwindSafe(|| queue.deliver(3, |_, _| panic!("the handler's own")));
    assert!(catch_unwind(delivery).is_err());
    queue.begin_round();
    assert_eq!((queue.len(), queue.pending()), (3, 3));
    assert_eq!(queue.pop(), Some((EventedId(1), Ready::USER_0)));
    assert!(queue.notify(EventedId(4), Ready::USER_0).is_ok());
}

/// A handler that panics has had its own event; the ones after it stay in the queue, in order.
#[test]
fn a_handler_that_panics_loses_no_event_but_its_own() {
    for with_source in [false, true] {
        for at in 0..4 {
            let mut queue: ReadyQueue<4> = ReadyQueue::new();
            // The ring's end lies in the middle of what is delivered.
            for id in 0..2 {
                queue.notify(EventedId(id), Ready::USER_0).unwrap();
            }
            queue.begin_round();
            assert_eq!(queue.deliver(2, |_, _| {}), 2);

            let notified = if with_source { 3 } else { 4 };
            for id in 0..notified {
                queue.notify(EventedId(id), Ready::USER_0).unwrap();
            }
            if with_source {
                let (id, interests) = (EventedId(3), Interests::READABLE);
                let key = queue.add_source(id, interests, PollOption::Edge).unwrap();
                queue.set_ready(key, Ready::READABLE).unwrap();
            }
            queue.begin_round();
            let panics = AssertUnwindSafe(|| {
                queue.deliver(4, |id, _| assert_ne!(id.0, at));
            });
            catch_unwind(panics).unwrap_err();
            assert_eq!(queue.pending(), 3 - at);
            let mut left = Vec::new();
            assert_eq!(queue.deliver(4, |id, _| left.push(id.0)), 3 - at);
            assert!(left.into_iter().eq(at + 1..4), "{with_source}, at {at}");
            assert!(!queue.has_pending());
        }
    }
}
