//! Deadlines as one writes them by hand if there are few different timeouts: a list for each of them. What waits
//! anew goes to the end of its list, so each list is in order.

use std::time::{Duration, Instant};

pub struct Deadlines<const LISTS: usize> {
    timeouts: [Duration; LISTS],
    /// The first are the heads of the lists, the others belong to the ids. Each list is a ring.
    nodes: Vec<Node>,
}

#[derive(Copy, Clone)]
struct Node {
    due: Instant,
    before: usize,
    after: usize,
}

impl<const LISTS: usize> Deadlines<LISTS> {
    /// `ids` is how many ids there are, from 0 on.
    pub fn new(timeouts: [Duration; LISTS], ids: usize) -> Deadlines<LISTS> {
        let due = Instant::now();
        let nodes = (0..LISTS + ids).map(|at| Node { due, before: at, after: at }).collect();
        Deadlines { timeouts, nodes }
    }

    /// Replaces the deadline of `id`. The timeout is one of those that there are lists for.
    pub fn set(&mut self, id: usize, now: Instant, timeout: Duration) {
        self.remove(id);
        let head = self.timeouts.iter().position(|known| *known == timeout).unwrap();
        let (at, last) = (LISTS + id, self.nodes[head].before);
        self.nodes[at] = Node { due: now + timeout, before: last, after: head };
        self.nodes[last].after = at;
        self.nodes[head].before = at;
    }

    pub fn remove(&mut self, id: usize) {
        let at = LISTS + id;
        let Node { before, after, .. } = self.nodes[at];
        self.nodes[before].after = after;
        self.nodes[after].before = before;
        (self.nodes[at].before, self.nodes[at].after) = (at, at);
    }

    /// Returns the earliest deadline and its id.
    pub fn first(&self) -> Option<(Instant, usize)> {
        let firsts = (0..LISTS).map(|head| self.nodes[head].after).filter(|&at| at >= LISTS);
        firsts.map(|at| (self.nodes[at].due, at - LISTS)).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_the_earliest_of_all_lists() {
        let (short, long) = (Duration::from_millis(5), Duration::from_millis(9));
        let mut deadlines = Deadlines::new([short, long], 3);
        let now = Instant::now();
        assert_eq!(deadlines.first(), None);
        deadlines.set(0, now, long);
        deadlines.set(1, now, short);
        deadlines.set(2, now + short, short);
        assert_eq!(deadlines.first(), Some((now + short, 1)));
        deadlines.set(1, now + short, short);
        assert_eq!(deadlines.first(), Some((now + long, 0)));
        deadlines.remove(0);
        assert_eq!(deadlines.first(), Some((now + 2 * short, 2)));
        deadlines.remove(2);
        deadlines.remove(1);
        assert_eq!(deadlines.first(), None);
    }
}
