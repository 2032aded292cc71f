//! A naive sorted model of the wheel, and random operations to compare the two.
//!
//! The names of the wheel come from the file that includes this one: the wheel's own unit tests,
//! where its constants are tiny, and the integration tests, where they are what users get.

#[allow(unused_extern_crates)] // the library is no_std
extern crate std;

use super::{DeadlineKey, Duration, Error, EventedId, Instant, Ready, TimerWheel};
#[path = "rng.rs"]
mod rng;

use self::rng::Rng;
use std::boxed::Box;
use std::collections::{BTreeSet, HashMap};
use std::vec::Vec;

struct Timer {
    deadline: u64,
    key: DeadlineKey,
    period: Option<u64>,
    /// Ties are broken by insertion only between timers that nothing moved.
    moved: bool,
}

/// What the operations look like.
#[derive(Copy, Clone, Debug)]
pub enum Pattern {
    /// Deadlines of every magnitude around now.
    Mixed,
    /// All within a few nanoseconds: equal deadlines abound.
    Equal,
    /// All within a second, some time ahead.
    Dense,
    /// Near the end of time, and at it.
    Far,
    /// Around powers of two.
    Boundaries,
    /// One earliest timer comes and goes before many far ones.
    FlipFlop,
    /// Nearly all operations push back.
    PushBack,
    /// Like a server: requests that are cancelled soon, idle connections that are pushed back.
    Server,
}

pub const PATTERNS: [Pattern; 8] = [
    Pattern::Mixed,
    Pattern::Equal,
    Pattern::Dense,
    Pattern::Far,
    Pattern::Boundaries,
    Pattern::FlipFlop,
    Pattern::PushBack,
    Pattern::Server,
];

pub struct Pair<const N: usize> {
    pub wheel: Box<TimerWheel<N>>,
    pub now: u64,
    random: Rng,
    pattern: Pattern,
    /// By sequence number, which is the id too.
    timers: HashMap<usize, Timer>,
    order: BTreeSet<(u64, usize)>,
    /// For picking one at random: some of the sequence numbers are gone already.
    recent: Vec<usize>,
    stale: Vec<DeadlineKey>,
    sequence: usize,
    periodic: usize,
    pub fired: usize,
}

impl<const N: usize> Pair<N> {
    pub fn new(seed: u64, pattern: Pattern) -> Self {
        let mut random = Rng::new(seed);
        let now = match random.below(4) {
            0 => 0,
            1 => random.magnitude(),
            2 => 1 << random.below(63),
            _ => (1 << random.below(63)) - 1,
        };
        Pair {
            wheel: Box::new(TimerWheel::new()),
            now: now.min(1 << 62),
            random,
            pattern,
            timers: HashMap::new(),
            order: BTreeSet::new(),
            recent: Vec::new(),
            stale: Vec::new(),
            sequence: 0,
            periodic: 0,
            fired: 0,
        }
    }

    /// The true minimum.
    pub fn minimum(&self) -> Option<u64> {
        self.order.first().map(|first| first.0)
    }

    /// One random operation on both.
    pub fn step(&mut self) {
        let r = self.random.below(100);
        let (insert, cancel, update) = match self.pattern {
            Pattern::PushBack => (12, 8, 70),
            Pattern::FlipFlop => (40, 38, 4),
            Pattern::Server => (30, 25, 35),
            _ => (35, 20, 20),
        };
        if r < insert {
            self.insert();
        } else if r < insert + cancel {
            self.cancel();
        } else if r < insert + cancel + update {
            self.update();
        } else {
            match self.random.below(20) {
                0..=9 => self.expire(),
                10 | 11 => self.exact(),
                12..=14 => self.wakeup(),
                15 => self.stale_key(),
                16 => self.remove(),
                17 => self.interval(),
                18 => self.drain(),
                _ => self.look(),
            }
        }
        assert_eq!(self.wheel.len(), self.order.len());
        assert_eq!(self.wheel.is_empty(), self.order.is_empty());
    }

    fn some_deadline(&mut self) -> u64 {
        let (now, random) = (self.now, &mut self.random);
        match self.pattern {
            Pattern::Mixed => match random.below(8) {
                0 => now.saturating_sub(random.magnitude() >> 20),
                1 => now,
                _ => now.saturating_add(random.magnitude() >> 2),
            },
            Pattern::Equal => now.saturating_add(random.below(3)),
            Pattern::Dense => (now | 0xFFFF_FFFF) + 1 + random.below(1 << 30),
            Pattern::Far => match random.below(4) {
                0 => u64::MAX,
                1 => u64::MAX - random.below(3),
                2 => (1 << 63) - 1 + random.below(3),
                _ => u64::MAX - random.magnitude(),
            },
            Pattern::Boundaries => {
                let power = 1_u64 << random.below(64);
                let beside = power.wrapping_add(random.below(3)).wrapping_sub(1);
                if random.one_in(2) { (now & !(power - 1)).saturating_add(beside) } else { beside }
            }
            Pattern::FlipFlop => {
                if self.order.len() < 2 * N / 3 {
                    now.saturating_add(1 << 40).saturating_add(random.below(1 << 34))
                } else {
                    now.saturating_add(random.below(1 << 20))
                }
            }
            Pattern::PushBack => now.saturating_add(30_000_000_000 + random.below(1 << 24)),
            Pattern::Server => match random.below(3) {
                0 => now.saturating_add(30_000_000_000),
                1 => now.saturating_add(random.below(50_000_000)),
                _ => now.saturating_add(5_000_000_000 + random.below(1_000_000)),
            },
        }
    }

    /// A pending timer.
    fn some_timer(&mut self) -> Option<usize> {
        if self.order.is_empty() {
            return None;
        }
        if self.random.one_in(4) || matches!(self.pattern, Pattern::FlipFlop) {
            return self.order.first().map(|first| first.1);
        }
        loop {
            let place = self.random.below(self.recent.len() as u64) as usize;
            let sequence = self.recent[place];
            if self.timers.contains_key(&sequence) {
                return Some(sequence);
            }
            self.recent.swap_remove(place);
        }
    }

    fn insert(&mut self) {
        let deadline = self.some_deadline();
        let result = self.wheel.insert(Instant::from_nanos(deadline), EventedId(self.sequence));
        if self.order.len() + self.periodic >= N {
            assert_eq!(result, Err(Error::Full));
        } else {
            self.added(deadline, result.unwrap(), None);
        }
    }

    fn interval(&mut self) {
        let deadline = self.some_deadline();
        let period = 1 + self.random.magnitude() / 2;
        let result = self.wheel.insert_interval(
            Instant::from_nanos(deadline),
            Duration::from_nanos(period),
            EventedId(self.sequence),
        );
        if self.order.len() + self.periodic + 2 > N {
            assert_eq!(result, Err(Error::Full));
        } else {
            self.periodic += 1;
            self.added(deadline, result.unwrap(), Some(period));
        }
    }

    fn added(&mut self, deadline: u64, key: DeadlineKey, period: Option<u64>) {
        let timer = Timer { deadline, key, period, moved: false };
        self.timers.insert(self.sequence, timer);
        self.order.insert((deadline, self.sequence));
        self.recent.push(self.sequence);
        self.sequence += 1;
    }

    fn cancel(&mut self) {
        let Some(sequence) = self.some_timer() else {
            return;
        };
        let key = self.gone(sequence);
        self.wheel.cancel(key).unwrap();
        assert_eq!(self.wheel.cancel(key), Err(Error::StaleKey));
    }

    /// A timer is no more.
    fn gone(&mut self, sequence: usize) -> DeadlineKey {
        let timer = self.timers.remove(&sequence).unwrap();
        assert!(self.order.remove(&(timer.deadline, sequence)));
        self.periodic -= usize::from(timer.period.is_some());
        if self.stale.len() < 100 {
            self.stale.push(timer.key);
        } else {
            self.stale[sequence % 100] = timer.key;
        }
        timer.key
    }

    fn update(&mut self) {
        let Some(sequence) = self.some_timer() else {
            return;
        };
        let old = self.timers[&sequence].deadline;
        let deadline = match self.random.below(8) {
            0 => old,
            1 => old.saturating_add(1),
            2 => old.saturating_sub(1),
            3 => old.saturating_sub(self.random.magnitude()),
            _ if matches!(self.pattern, Pattern::PushBack) => old.max(self.some_deadline()),
            _ => self.some_deadline(),
        };
        let key = self.timers[&sequence].key;
        self.wheel.update(key, Instant::from_nanos(deadline)).unwrap();
        self.moved(sequence, deadline);
    }

    fn moved(&mut self, sequence: usize, deadline: u64) {
        let timer = self.timers.get_mut(&sequence).unwrap();
        assert!(self.order.remove(&(timer.deadline, sequence)));
        timer.moved |= timer.deadline != deadline;
        timer.deadline = deadline;
        self.order.insert((deadline, sequence));
    }

    fn stale_key(&mut self) {
        for &key in &self.stale {
            assert!(!self.wheel.contains(key));
            assert_eq!(self.wheel.deadline(key), None);
            assert_eq!(self.wheel.update(key, Instant::ZERO), Err(Error::StaleKey));
            assert_eq!(self.wheel.cancel(key), Err(Error::StaleKey));
        }
    }

    fn remove(&mut self) {
        let Some(sequence) = self.some_timer() else {
            return;
        };
        assert!(!self.wheel.remove(EventedId(usize::MAX)));
        assert!(self.wheel.remove(EventedId(sequence)));
        self.gone(sequence);
    }

    fn look(&mut self) {
        let Some(sequence) = self.some_timer() else {
            return;
        };
        let timer = &self.timers[&sequence];
        assert!(self.wheel.contains(timer.key));
        assert_eq!(self.wheel.deadline(timer.key), Some(Instant::from_nanos(timer.deadline)));
        let mut seen = 0;
        for (key, deadline, id) in self.wheel.iter() {
            let timer = &self.timers[&id.0];
            assert_eq!((timer.key, timer.deadline), (key, deadline.as_nanos()));
            seen += 1;
        }
        assert_eq!(seen, self.timers.len());
    }

    fn exact(&mut self) {
        assert_eq!(self.wheel.next_deadline().map(Instant::as_nanos), self.minimum());
        self.wakeup();
    }

    pub fn wakeup(&mut self) {
        let wakeup = self.wheel.next_wakeup().map(Instant::as_nanos);
        assert_eq!(wakeup.is_some(), !self.order.is_empty());
        assert!(wakeup <= self.minimum());
    }

    /// Time passes, or stands still, or goes back; then one call of `expire`.
    fn expire(&mut self) {
        let past = self.now;
        self.now = match self.random.below(16) {
            0 => self.now.saturating_sub(self.random.magnitude() >> 8),
            1 | 2 => self.now,
            3..=5 => self.now + self.random.below(1000),
            6..=9 => self.now + self.random.below(1 << 22),
            10 => self.now + self.random.below(1 << 36),
            11 => self.minimum().unwrap_or(0),
            12 => self.minimum().unwrap_or(1).saturating_sub(1),
            13 => self.minimum().unwrap_or(0).saturating_add(1),
            14 => self.now.saturating_add(self.random.magnitude() >> 8),
            _ => self.now + (1 << self.random.below(48)),
        };
        // Time stays in the lower half, or nothing would ever be due later, but for a visit to the
        // end.
        if self.now > 1 << 62 {
            self.now =
                if self.random.one_in(4) { u64::MAX - self.random.below(4) } else { past >> 8 };
        }
        let room = match self.random.below(4) {
            0 => 1,
            1 => self.random.below(9) as usize,
            2 => 64,
            _ => usize::MAX,
        };
        self.expire_once(room);
        if self.now > 1 << 62 {
            self.now = past;
        }
    }

    /// Fires all that is due, as a loop would.
    fn drain(&mut self) {
        self.now = self.now.max(self.minimum().unwrap_or(0)).min(1 << 62);
        let mut calls = 0;
        loop {
            self.wakeup();
            match self.wheel.next_wakeup() {
                Some(wakeup) if wakeup.as_nanos() <= self.now => self.expire_once(7),
                _ => break,
            };
            calls += 1;
            assert!(calls < 100_000, "no end");
        }
        assert!(self.minimum().is_none_or(|minimum| minimum > self.now));
    }

    pub fn expire_once(&mut self, room: usize) -> usize {
        let (now, mut fired) = (Instant::from_nanos(self.now), Vec::new());
        let one_by_one = self.random.one_in(2);
        let count = if one_by_one {
            while let Some(id) = (fired.len() < room).then(|| self.wheel.pop_expired(now)).flatten()
            {
                fired.push(id.0);
            }
            fired.len()
        } else {
            self.wheel.expire(now, room, |id, ready| {
                assert_eq!(ready, Ready::TIMER);
                fired.push(id.0);
            })
        };
        assert_eq!(count, fired.len());
        assert!(count <= room);
        for sequence in fired {
            self.check_fired(sequence);
        }
        // Bounded work may leave something that is due, but then says so.
        if count < room && self.minimum().is_some_and(|minimum| minimum <= self.now) {
            let wakeup = self.wheel.next_wakeup().unwrap();
            assert!(wakeup.as_nanos() <= self.now);
        }
        self.fired += count;
        count
    }

    fn check_fired(&mut self, sequence: usize) {
        let &Timer { deadline, period, moved, .. } = &self.timers[&sequence];
        assert!(deadline <= self.now, "early");
        assert_eq!(Some(deadline), self.minimum(), "out of order");
        if !moved {
            let mut ties = self.order.range((deadline, 0)..(deadline, sequence));
            assert!(ties.all(|tie| self.timers[&tie.1].moved), "a tie out of order");
        }
        let next = period.and_then(|period| {
            let next = u128::from(deadline)
                + u128::from((self.now - deadline) / period + 1) * u128::from(period);
            u64::try_from(next).ok()
        });
        match next {
            Some(next) => self.moved(sequence, next),
            None => {
                self.gone(sequence);
            }
        }
    }
}
