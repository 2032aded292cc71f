//! What a descriptor stands for, as far as one is treated in another way than the others.

use crate::error::Result;
use crate::sys::fd::{RawFd, stat};

#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum FileKind {
    /// A regular file or a directory, whose readiness means nothing.
    File,
    /// An end of a pipe, but not of a named one; and a kqueue, on most systems.
    Pipe,
    /// A socket or a device.
    Stream,
    Other,
}

/// Returns what kind of file a descriptor refers to: fstat(2).
pub(super) fn file_kind(fd: RawFd) -> Result<FileKind> {
    let stat = stat(fd)?;
    Ok(match stat.st_mode & libc::S_IFMT {
        libc::S_IFREG | libc::S_IFDIR => FileKind::File,
        // The BSDs count no links of what has no name.
        libc::S_IFIFO if stat.st_nlink == 0 || cfg!(target_os = "linux") => FileKind::Pipe,
        libc::S_IFSOCK | libc::S_IFCHR => FileKind::Stream,
        _ => FileKind::Other,
    })
}
