//! Nothing at all: what the contests themselves cost.

use std::hint::black_box;

use super::Timers;

pub struct Null;

impl Timers for Null {
    const PEER: &'static str = "null";
    const ORDERED: bool = false;

    fn with_capacity(_: usize) -> Box<Null> {
        Box::new(Null)
    }

    #[inline]
    fn insert(&mut self, id: usize, deadline: u64) {
        black_box((id, deadline));
    }

    #[inline]
    fn cancel(&mut self, id: usize) {
        black_box(id);
    }

    #[inline]
    fn update(&mut self, id: usize, deadline: u64) {
        black_box((id, deadline));
    }

    #[inline]
    fn next(&mut self) -> Option<u64> {
        Some(0)
    }

    #[inline]
    fn expire(&mut self, now: u64, _: usize, _: impl FnMut(usize)) {
        black_box(now);
    }
}
