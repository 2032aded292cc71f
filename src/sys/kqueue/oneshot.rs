//! Oneshot sources: one event reports both directions, and then the source reports nothing.
//!
//! The filter that has fired is disabled by itself (`EV_DISPATCH`). The others of its source are
//! disabled here. One of them may be ready as well, without an event in this batch: for lack of
//! room, or because the kernel returned fewer than were ready. It would be lost, so it is asked,
//! and what it says is added.

use heapless::Vec;
use libc::pollfd;

use super::abi::{self, Filter, Kevent};
use super::change::{change, errno, filters, is_priority};
use super::event::RawEvent;
use super::kind::{FileKind, file_kind};
use super::{Selector, probe};
use crate::ready::Ready;
use crate::sys::fd::{RawFd, retry};

/// How many sources have their siblings disabled by one call.
const AT_ONCE: usize = 21;
/// A source has three filters at most.
type Changes = Vec<Kevent, { 3 * AT_ONCE }>;

impl Selector {
    /// Disables all filters of the oneshot sources of a batch, and completes their events.
    pub(super) fn disable_siblings(&self, events: &mut [RawEvent]) {
        let mut sources = Vec::<&mut RawEvent, AT_ONCE>::new();
        for event in events.iter_mut().filter(|event| event.is_oneshot()) {
            if sources.is_full() {
                self.disable_these(&mut sources);
                sources.clear();
            }
            let _ = sources.push(event);
        }
        self.disable_these(&mut sources);
    }

    fn disable_these(&self, sources: &mut [&mut RawEvent]) {
        let mut changes = Changes::new();
        for source in sources.iter() {
            changes.extend(filters().map(|filter| change(source.ident(), filter, abi::EV_DISABLE)));
        }
        // What fired is disabled already, what is not there answers ENOENT, and a descriptor that
        // was closed has no siblings to disable.
        if self.kqueue.change(&mut changes).is_ok() {
            complete(sources, &changes);
        }
    }
}

/// Adds to each event what the source's other filters have to say.
fn complete(sources: &mut [&mut RawEvent], receipts: &[Kevent]) {
    let mut questions = Vec::<pollfd, AT_ONCE>::new();
    for (source, receipts) in sources.iter().zip(receipts.chunks(filters().count())) {
        let silent = receipts.iter().zip(filters()).filter(|(receipt, _)| errno(receipt) == 0);
        let missing = silent.map(|(_, filter)| half(filter)).filter(|&(ready, _)| {
            // Of what is watched for urgent data only, the read filter is a guard and no half.
            !source.ready().intersects(ready) && source.ready() != Ready::PRIORITY
        });
        let events = missing.fold(0, |all, (_, bit)| all | bit);
        let _ = questions.push(pollfd { fd: source.ident() as RawFd, events, revents: 0 });
    }
    if questions.iter().all(|question| question.events == 0) {
        return;
    }
    // SAFETY: the kernel writes to `questions` entries that are there.
    let result =
        retry(|| unsafe { libc::poll(questions.as_mut_ptr(), questions.len() as libc::nfds_t, 0) });
    if result.is_ok_and(|ready| ready > 0) {
        for (source, question) in sources.iter_mut().zip(&questions) {
            if question.events != 0 && question.revents != 0 {
                add_halves(source, question);
            }
        }
    }
}

/// poll(2) does not tell an error or the end as kqueue does: the filters themselves are asked.
#[cold]
fn add_halves(source: &mut RawEvent, question: &pollfd) {
    let asked = |filter: &Filter| question.events & half(*filter).1 != 0;
    let silent: Vec<Filter, 3> = filters().filter(asked).collect();
    match probe::ask(question.fd, &silent) {
        // The read filter of a pipe's writing end is its guard, see `recheck`.
        Ok(Some(state)) if state.ready().contains(Ready::READ_CLOSED) && is_pipe(question.fd) => {
            source.add(Ready::WRITABLE | Ready::WRITE_CLOSED);
        }
        Ok(Some(state)) => source.merge(state),
        Ok(None) => {}
        // Out of descriptors: better a spurious half than none.
        Err(_) => silent.iter().for_each(|&filter| source.add(half(filter).0)),
    }
}

fn is_pipe(fd: RawFd) -> bool {
    file_kind(fd) == Ok(FileKind::Pipe)
}

/// Returns what a filter reports, and the bit of poll(2) for the same.
fn half(filter: Filter) -> (Ready, i16) {
    match filter {
        abi::EVFILT_READ => (Ready::READABLE, libc::POLLIN),
        abi::EVFILT_WRITE => (Ready::WRITABLE, libc::POLLOUT),
        filter => {
            debug_assert!(is_priority(filter));
            (Ready::PRIORITY, libc::POLLPRI)
        }
    }
}
