//! Registering: what a source's filters are, and what the kernel says to them.

use core::ptr;

use super::abi::{self, Kevent};
use super::change::{
    Changes, Guard, Wanted, any_deleted, change, deletions, errno, register_error,
};
use super::kind::{FileKind, file_kind};
use super::{Selector, child};
use crate::error::{Error, Result};
use crate::id::EventedId;
use crate::interests::Interests;
use crate::subscription::Subscription;
use crate::sys::fd::RawFd;

impl Selector {
    pub(crate) fn register(&self, fd: RawFd, subscription: Subscription) -> Result<()> {
        let number = fd & !child::INNER;
        // A queue in itself: FreeBSD refuses it, NetBSD accepts it and locks up at the next event.
        let kind = if number == self.raw_fd() { FileKind::File } else { file_kind(number)? };
        if kind == FileKind::File {
            return Err(Error::Unsupported);
        }
        let guard = guard(fd, subscription.interests, || kind);
        match self.replace(Wanted { fd: number, subscription, guard }) {
            Ok((_found, added)) => added,
            // FreeBSD's answer to a duplicate of its own descriptor.
            Err(Error::Os(libc::EINVAL)) => Err(Error::Unsupported),
            Err(error) => Err(error),
        }
    }

    pub(crate) fn reregister(&self, fd: RawFd, subscription: Subscription) -> Result<()> {
        let number = fd & !child::INNER;
        if number == self.raw_fd() {
            return Err(Error::NotFound);
        }
        // If it is closed, the kernel says so.
        let guard =
            guard(fd, subscription.interests, || file_kind(number).unwrap_or(FileKind::Other));
        let (found, added) = self.replace(Wanted { fd: number, subscription, guard })?;
        if !found && added.is_ok() {
            self.delete(number)?;
        }
        if found { added } else { Err(absent(number)) }
    }

    pub(crate) fn deregister(&self, fd: RawFd) -> Result<()> {
        let number = fd & !child::INNER;
        if number == self.raw_fd() {
            return Err(Error::NotFound);
        }
        if self.delete(number)? { Ok(()) } else { Err(absent(number)) }
    }

    /// Deletes what there is of a source and adds what is wanted, in one call. Returns whether
    /// there was something, and whether the addition succeeded; if not, nothing is left.
    fn replace(&self, wanted: Wanted) -> Result<(bool, Result<()>)> {
        let mut changes = deletions(wanted.fd);
        let count = changes.len();
        let needed = wanted.push(&mut changes)?;
        self.kqueue.change(&mut changes)?;
        let (deleted, added) = changes.split_at(count);
        let found = any_deleted(deleted)?;
        let (needed, guard) = added.split_at(needed);
        let guarded = guard.first().is_some_and(|receipt| errno(receipt) == 0);
        let added = needed
            .iter()
            .try_for_each(|receipt| self.added(receipt, wanted.subscription.id, guarded));
        if added.is_err() {
            self.delete(wanted.fd)?;
        }
        Ok((found, added))
    }

    /// Returns whether a source was found.
    fn delete(&self, fd: RawFd) -> Result<bool> {
        let mut changes: Changes = deletions(fd);
        self.kqueue.change(&mut changes)?;
        any_deleted(&changes)
    }

    /// Returns what became of an addition.
    fn added(&self, receipt: &Kevent, id: EventedId, guarded: bool) -> Result<()> {
        match errno(receipt) {
            0 => Ok(()),
            // The reader of the pipe has gone; the guard reports it.
            libc::EPIPE | libc::EBADF if guarded => Ok(()),
            libc::EPIPE if self.is_there(receipt.ident, receipt.filter, id) => Ok(()),
            errno => Err(register_error(errno)),
        }
    }

    /// Returns whether the filter of an addition is there after all.
    pub(super) fn is_there(&self, ident: usize, filter: abi::Filter, id: EventedId) -> bool {
        let mut enable = change(ident, filter, abi::EV_ENABLE);
        // Some systems replace it with each change.
        enable.udata = ptr::without_provenance_mut(id.0);
        self.kqueue.change_one(enable).is_ok()
    }
}

/// Why no filter of a descriptor was found: Apple's systems answer `ENOENT` for a closed one, too
/// (`kevent_register` in bsd/kern/kern_event.c).
#[cold]
fn absent(fd: RawFd) -> Error {
    file_kind(fd).err().unwrap_or(Error::NotFound)
}

/// Returns the guard that a source needs. Asks what it is only if that matters.
fn guard(fd: RawFd, interests: Interests, kind: impl FnOnce() -> FileKind) -> Guard {
    if fd & child::INNER != 0 {
        return Guard::Inner;
    }
    let needed = match interests {
        Interests::PRIORITY => true,
        // Apple's systems report it to the writer by its own filter.
        Interests::WRITABLE => !cfg!(target_vendor = "apple") && kind() == FileKind::Pipe,
        _ => false,
    };
    if needed { Guard::End } else { Guard::None }
}
