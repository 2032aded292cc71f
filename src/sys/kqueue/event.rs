//! One event, and a batch of them: from filters to readiness.

use core::mem::MaybeUninit;
use core::ptr;

use super::abi::{self, Flags, Kevent};
use super::change::{is_of_descriptor, is_priority};
use super::recheck::Meaning;
use crate::id::EventedId;
use crate::ready::Ready;

/// One event of the batch. As the kernel writes it at first; then, before the user sees it,
/// `fflags` become the `Ready` bits, and `data` the error number beside `ERROR`.
#[derive(Copy, Clone)]
#[repr(transparent)]
pub(crate) struct RawEvent(Kevent);

// SAFETY: the pointer in it is the user's id and never followed.
unsafe impl Send for RawEvent {}
// SAFETY: as above.
unsafe impl Sync for RawEvent {}

impl RawEvent {
    #[inline]
    pub(crate) const fn new(id: EventedId, ready: Ready) -> RawEvent {
        // SAFETY: the structure is of integers and a pointer, of which all zeroes are a value.
        let mut event: Kevent = unsafe { MaybeUninit::zeroed().assume_init() };
        event.fflags = ready.bits();
        event.udata = ptr::without_provenance_mut(id.0);
        RawEvent(event)
    }

    #[inline]
    pub(crate) fn id(&self) -> EventedId {
        EventedId(self.0.udata.addr())
    }

    #[inline]
    pub(crate) const fn ready(&self) -> Ready {
        Ready::from_bits_retain(self.0.fflags)
    }

    /// The socket's pending error, which the event has not taken from it.
    pub(crate) fn os_error(&self) -> Option<i32> {
        let errno = self.0.data as i32;
        (self.ready().contains(Ready::ERROR) && errno != 0).then_some(errno)
    }

    /// Whether the batch that ends with this event ended for lack of room.
    #[inline]
    pub(crate) fn was_cut(&self) -> bool {
        self.0.flags & CUT != 0
    }

    /// Marks the last event of a batch.
    pub(super) fn set_cut(&mut self) {
        self.0.flags |= CUT;
    }

    /// A kernel event whose fields have another meaning.
    pub(super) fn with(event: &Kevent, ready: Ready, errno: i32) -> RawEvent {
        let mut event = RawEvent(*event);
        event.0.fflags = ready.bits();
        event.0.data = errno as _;
        event
    }

    /// An event of the kernel's, as the user reads it.
    pub(super) fn interpreted(event: Kevent) -> RawEvent {
        let mut event = RawEvent(event);
        event.interpret();
        event
    }

    pub(super) fn ident(&self) -> usize {
        self.0.ident
    }

    pub(super) fn is_oneshot(&self) -> bool {
        self.0.flags & abi::EV_DISPATCH != 0
    }

    /// From what the kernel wrote to what the user reads.
    fn interpret(&mut self) {
        let (filter, fflags) = (self.0.filter, self.0.fflags);
        let ended = self.0.flags & abi::EV_EOF != 0;
        let (mut ready, closed) = match filter {
            abi::EVFILT_WRITE => (Ready::WRITABLE, Ready::WRITE_CLOSED),
            abi::EVFILT_READ => (Ready::READABLE, Ready::READ_CLOSED),
            _ if is_priority(filter) => (exceptional(ended, fflags), Ready::READ_CLOSED),
            _ => (Ready::READABLE, Ready::empty()),
        };
        self.0.data = 0;
        if ended {
            ready |= closed;
            // Beside urgent data the fflags are no error number.
            if fflags != 0 && is_of_descriptor(filter) && !ready.contains(Ready::PRIORITY) {
                ready |= Ready::ERROR;
                self.0.data = fflags as _;
                if is_fatal(fflags as i32) {
                    ready |= Ready::HUP;
                }
            }
        }
        self.0.fflags = ready.bits();
    }

    /// Another filter of the same source.
    fn is_sibling(&self, other: &RawEvent) -> bool {
        self.ident() == other.ident()
            && is_of_descriptor(self.0.filter)
            && is_of_descriptor(other.0.filter)
    }

    /// Adds readiness that may be spurious.
    pub(super) fn add(&mut self, ready: Ready) {
        self.0.fflags |= ready.bits();
    }

    pub(super) fn merge(&mut self, other: RawEvent) {
        let mut ready = self.ready() | other.ready();
        if ready.contains(Ready::READ_CLOSED | Ready::WRITE_CLOSED) {
            ready |= Ready::HUP;
        }
        if self.0.data == 0 {
            self.0.data = other.0.data;
        }
        self.0.fflags = ready.bits();
    }
}

/// What the filter for urgent data means, beside the end. On Apple's systems it is the read filter,
/// which notes urgent data only if there is some (`filt_soread_common` in bsd/kern/uipc_socket.c).
fn exceptional(ended: bool, fflags: u32) -> Ready {
    match (ended, fflags) {
        // Beside the end the fflags are an error number, of which the note's bit may be one: it is
        // of the BSDs' ECONNRESET.
        (true, abi::NOTE_OOB) => Ready::PRIORITY,
        (true, _) => Ready::empty(),
        (false, fflags) if fflags & abi::NOTE_OOB != 0 => Ready::PRIORITY,
        // Data that fills the buffer, or an error that the next call returns.
        (false, _) => Ready::READABLE,
    }
}

/// The mark of the last event of a batch that the kernel has filled. It is taken out of the events
/// as they come: only FreeBSD does not repeat there what made the filter.
const CUT: Flags = abi::EV_ADD;

/// A connection dies of these, in both directions; what is no connection never has them.
fn is_fatal(errno: i32) -> bool {
    matches!(errno, libc::ECONNRESET | libc::ETIMEDOUT)
}

/// Turns what the kernel wrote into what the user reads, and merges the halves of a source.
/// `recheck` returns the meaning of events that is not evident. Returns how many events are left,
/// and whether there are events of oneshot sources among them.
pub(super) fn interpret(
    events: &mut [RawEvent],
    recheck: impl Fn(&Kevent) -> Meaning,
) -> (usize, bool) {
    /// How far back a sibling is looked for. Halves that become ready together lie together.
    const NEAR: usize = 8;
    let mut oneshots = false;
    let mut kept = 0_usize;
    for index in 0..events.len() {
        let mut event = events[index];
        event.0.flags &= !CUT;
        if event.0.flags & abi::EV_ONESHOT == 0 {
            event.interpret();
        } else {
            match recheck(&event.0) {
                Meaning::Itself => event.interpret(),
                Meaning::Other(meant) => event = meant,
                Meaning::Nothing => continue,
            }
        }
        oneshots |= event.is_oneshot();
        // Of a oneshot source all halves must merge: it reports once.
        let near = if event.is_oneshot() { 0 } else { kept.saturating_sub(NEAR) };
        match events[near..kept].iter_mut().rev().find(|other| other.is_sibling(&event)) {
            Some(sibling) => sibling.merge(event),
            None => {
                events[kept] = event;
                kept += 1;
            }
        }
    }
    (kept, oneshots)
}

#[cfg(test)]
mod tests {
    use heapless::Vec;

    use super::abi::{
        EV_CLEAR, EV_DISPATCH, EV_EOF, EV_RECEIPT, EVFILT_READ, EVFILT_USER, EVFILT_WRITE, Filter,
    };
    use super::*;

    /// As the kernel writes it: the source's id is its descriptor plus 100.
    fn raw(ident: usize, filter: Filter, flags: Flags, fflags: u32) -> RawEvent {
        let mut event = RawEvent::new(EventedId(ident + 100), Ready::empty());
        event.0.ident = ident;
        event.0.filter = filter;
        event.0.flags = flags;
        event.0.fflags = fflags;
        event.0.data = 7; // Bytes.
        event
    }

    fn meaning(filter: Filter, flags: Flags, fflags: u32) -> (Ready, Option<i32>) {
        let mut event = raw(1, filter, flags, fflags);
        event.interpret();
        (event.ready(), event.os_error())
    }

    #[test]
    fn what_each_filter_means() {
        let (reset, refused) = (libc::ECONNRESET as u32, libc::ECONNREFUSED as u32);
        let closed = Ready::READABLE | Ready::READ_CLOSED;
        let broken = Ready::WRITABLE | Ready::WRITE_CLOSED | Ready::ERROR;
        for (filter, flags, fflags, ready, errno) in [
            // The modes come back in the flags: they mean nothing here.
            (EVFILT_READ, EV_CLEAR | EV_RECEIPT, 0, Ready::READABLE, None),
            (EVFILT_WRITE, EV_DISPATCH, 0, Ready::WRITABLE, None),
            (EVFILT_READ, EV_EOF, 0, closed, None),
            (EVFILT_WRITE, EV_EOF, 0, Ready::WRITABLE | Ready::WRITE_CLOSED, None),
            (EVFILT_WRITE, EV_EOF, refused, broken, Some(libc::ECONNREFUSED)),
            (EVFILT_WRITE, EV_EOF, reset, broken | Ready::HUP, Some(libc::ECONNRESET)),
            (
                EVFILT_READ,
                EV_EOF,
                reset,
                closed | Ready::ERROR | Ready::HUP,
                Some(libc::ECONNRESET),
            ),
            // Notes are an error number beside the end only.
            (EVFILT_READ, 0, reset, Ready::READABLE, None),
            (EVFILT_USER, EV_CLEAR, 1, Ready::READABLE, None),
            (EVFILT_USER, EV_EOF, 1, Ready::READABLE, None),
        ] {
            assert_eq!(meaning(filter, flags, fflags), (ready, errno), "{filter} {flags} {fflags}");
        }
    }

    #[test]
    #[cfg(not(any(target_os = "freebsd", target_os = "netbsd")))]
    fn only_the_note_is_urgent_data() {
        use super::abi::{EVFILT_EXCEPT, NOTE_OOB};

        for (flags, fflags, ready) in [
            (0, NOTE_OOB, Ready::PRIORITY),
            (0, 0, Ready::READABLE),
            (EV_EOF, NOTE_OOB, Ready::PRIORITY | Ready::READ_CLOSED),
            (EV_EOF, 0, Ready::READ_CLOSED),
        ] {
            assert_eq!(meaning(EVFILT_EXCEPT, flags, fflags), (ready, None), "{flags} {fflags}");
        }
        // An error number, whether the note's bit is one of it or not. 54 is the BSDs' ECONNRESET.
        for errno in [libc::ECONNRESET, 54] {
            let (ready, seen) = meaning(EVFILT_EXCEPT, EV_EOF, errno as u32);
            assert!(!ready.is_priority() && ready.is_error() && seen == Some(errno), "{ready:?}");
        }
    }

    /// The batch as the user sees it: ids and readiness.
    fn batch(raw: &[RawEvent]) -> (Vec<(usize, Ready), 64>, bool) {
        let mut events = Vec::<_, 64>::from_slice(raw).unwrap();
        let (kept, oneshots) = interpret(&mut events, |_| Meaning::Itself);
        events.truncate(kept);
        (events.iter().map(|event| (event.id().0 - 100, event.ready())).collect(), oneshots)
    }

    const BOTH: Ready = Ready::READABLE.union(Ready::WRITABLE);

    #[test]
    fn halves_become_one_event_where_the_first_was() {
        let (read, write) = (EVFILT_READ, EVFILT_WRITE);
        let halves =
            [raw(1, read, 0, 0), raw(2, write, 0, 0), raw(1, write, 0, 0), raw(2, read, 0, 0)];
        assert_eq!(batch(&halves).0[..], [(1, BOTH), (2, BOTH)]);
        // A user filter with the same number is another source.
        let strangers = [raw(1, read, 0, 0), raw(1, EVFILT_USER, 0, 0), raw(1, write, 0, 0)];
        assert_eq!(batch(&strangers).0[..], [(1, BOTH), (1, Ready::READABLE)]);
    }

    #[test]
    fn what_made_a_filter_is_no_mark_of_the_end() {
        let mut events = [raw(1, EVFILT_READ, CUT | EV_CLEAR, 0), raw(2, EVFILT_READ, CUT, 0)];
        assert_eq!(interpret(&mut events, |_| Meaning::Itself), (2, false));
        assert!(events.iter().all(|event| !event.was_cut()));
        events[1].set_cut();
        assert_eq!(events.map(|event| event.was_cut()), [false, true]);
    }

    #[test]
    fn both_ends_are_a_hang_up_and_an_error_is_kept() {
        let errno = libc::ECONNREFUSED;
        for error_first in [true, false] {
            let mut halves =
                [raw(1, EVFILT_READ, EV_EOF, 0), raw(1, EVFILT_WRITE, EV_EOF, errno as u32)];
            if error_first {
                halves.reverse();
            }
            let mut events = Vec::<_, 4>::from_slice(&halves).unwrap();
            let (kept, _) = interpret(&mut events, |_| Meaning::Itself);
            events.truncate(kept);
            let all = BOTH | Ready::READ_CLOSED | Ready::WRITE_CLOSED | Ready::HUP | Ready::ERROR;
            assert_eq!((events.len(), events[0].ready()), (1, all));
            assert_eq!(events[0].os_error(), Some(errno));
        }
    }

    /// A read half, `between` strangers, and the write half.
    fn apart(between: usize, flags: Flags) -> Vec<RawEvent, 64> {
        let mut events = Vec::new();
        events.push(raw(1, EVFILT_READ, flags, 0)).ok().unwrap();
        events.extend((0..between).map(|n| raw(10 + n, EVFILT_READ, 0, 0)));
        events.push(raw(1, EVFILT_WRITE, flags, 0)).ok().unwrap();
        events
    }

    #[test]
    fn far_apart_only_a_oneshot_source_merges() {
        for between in 0..40 {
            let (events, oneshots) = batch(&apart(between, EV_CLEAR));
            assert!(!oneshots);
            assert_eq!(events.len(), between + if between < 8 { 1 } else { 2 });

            let (events, oneshots) = batch(&apart(between, EV_DISPATCH));
            assert!(oneshots);
            assert_eq!(events.len(), between + 1);
            assert_eq!(events[0], (1, BOTH));
        }
    }
}
