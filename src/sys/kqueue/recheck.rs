//! Filters that end with their event, and how they go on.
//!
//! An event that has `EV_ONESHOT` in its flags is checked once more before it is returned. The
//! filter is gone by then. The mode of its source is in the other flags, as for every filter. There
//! are four:
//!
//! * *The end of a pipe's reader.* FreeBSD deletes the write filter of a pipe whose reader closes,
//!   and the BSDs do not add one afterwards; none of the three tells the writer of a full pipe at
//!   all. All of them report the end on the *read* filter of the writing end. So that
//!   filter guards every writing end that is watched for nothing but `WRITABLE`, and its event
//!   means that a write fails.
//! * *FreeBSD's write filter* itself: the guard goes on for it.
//! * *The end of a connection* that is watched for urgent data only, of which the filter for urgent
//!   data says nothing on some systems: a read filter that no amount of data fires.
//! * *A child's inner queue*: see `child`.

use super::abi::{self, Kevent};
use super::change::{MODES, change, end_guard, once};
use super::event::RawEvent;
use super::kind::{FileKind, file_kind};
use super::{Selector, child, probe};
use crate::ready::Ready;
use crate::sys::fd::RawFd;

/// What an event means.
pub(super) enum Meaning {
    /// What it says.
    Itself,
    Other(RawEvent),
    /// Nothing that the user wants to know.
    Nothing,
}

fn is_level(event: &Kevent) -> bool {
    event.flags & MODES == 0
}

impl Selector {
    #[cold]
    pub(super) fn recheck(&self, event: &Kevent) -> Meaning {
        let ended = event.flags & abi::EV_EOF != 0;
        let reads = event.filter == abi::EVFILT_READ;
        match file_kind(event.ident as RawFd) {
            Ok(FileKind::Pipe) if reads && ended => self.reader_gone(event),
            Ok(FileKind::Pipe | FileKind::Other) if reads && !ended => self.child(event),
            Ok(FileKind::Stream) if reads => self.connection(event),
            // Closed since.
            Err(_) => Meaning::Nothing,
            _ => Meaning::Itself,
        }
    }

    fn reader_gone(&self, event: &Kevent) -> Meaning {
        // The filter stays, since it may be the only one by which the source is registered.
        let more = if is_level(event) { 0 } else { abi::EV_DISABLE };
        self.renew(event, end_guard(event.ident, event.flags & MODES | more));
        Meaning::Other(RawEvent::with(event, Ready::WRITABLE | Ready::WRITE_CLOSED, 0))
    }

    fn connection(&self, event: &Kevent) -> Meaning {
        let filters = [abi::EVFILT_READ, abi::EVFILT_WRITE];
        let state = match probe::ask(event.ident as RawFd, &filters) {
            Ok(Some(state)) => state,
            Ok(None) => return Meaning::Nothing,
            Err(_) => return Meaning::Itself,
        };
        // Whichever was asked for, an error and a hang-up are reported.
        let unasked = Ready::ERROR | Ready::HUP;
        if !state.ready().intersects(unasked) {
            return Meaning::Nothing;
        }
        if is_level(event) {
            self.renew(event, end_guard(event.ident, event.flags & MODES));
        }
        let closed = Ready::READ_CLOSED | Ready::WRITE_CLOSED;
        Meaning::Other(RawEvent::with(
            event,
            state.ready() & (unasked | closed),
            state.os_error().unwrap_or(0),
        ))
    }

    fn child(&self, event: &Kevent) -> Meaning {
        match child::recheck(event.ident as RawFd) {
            // From now on it is readable for good.
            Ok(true) if is_level(event) => {
                self.renew(event, change(event.ident, event.filter, abi::EV_ADD));
                Meaning::Itself
            }
            Ok(true) => {
                self.renew(event, once(event.ident, event.flags & MODES | abi::EV_DISABLE));
                Meaning::Itself
            }
            Ok(false) => {
                self.renew(event, once(event.ident, event.flags & MODES));
                Meaning::Nothing
            }
            // No queue: a pipe of FreeBSD's, both ends of which can be written to.
            Err(_) => Meaning::Nothing,
        }
    }

    /// Adds a filter that takes the place of the one that has ended.
    fn renew(&self, event: &Kevent, mut add: Kevent) {
        add.udata = event.udata;
        // If it fails, the descriptor is closed or the system out of memory.
        let _ = self.kqueue.change_one(add);
    }
}
