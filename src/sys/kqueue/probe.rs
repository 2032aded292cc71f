//! Asking what a descriptor is ready for, by a queue that lives for as long as the question.

use heapless::Vec;

use super::abi::{self, Filter};
use super::change::{change, is_priority, urgent};
use super::event::RawEvent;
use super::queue::Queue;
use crate::error::Result;
use crate::sys::fd::RawFd;

/// Returns what these filters of a descriptor say now, merged, or nothing if they are silent.
pub(super) fn ask(fd: RawFd, filters: &[Filter]) -> Result<Option<RawEvent>> {
    let queue = Queue::new()?;
    let mut changes = Vec::<_, 3>::new();
    for &filter in filters {
        let _ = changes.push(match filter {
            filter if is_priority(filter) => urgent(fd as usize, filter, abi::EV_ONESHOT),
            filter => change(fd as usize, filter, abi::EV_ADD | abi::EV_ONESHOT),
        });
    }
    queue.change(&mut changes)?;
    let mut all: Option<RawEvent> = None;
    while let Some(event) = queue.take_one()? {
        let event = RawEvent::interpreted(event);
        match &mut all {
            Some(all) => all.merge(event),
            None => all = Some(event),
        }
    }
    Ok(all)
}
