//! Changes in a folder: inotify(7).

use std::ffi::CString;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::super::common::Log;
use super::{check, new_file};

/// Watches a folder for new files.
pub fn watch(folder: &Path) -> io::Result<File> {
    let folder = CString::new(folder.as_os_str().as_bytes())?;
    // SAFETY: the kernel reads a path that ends with a NUL.
    unsafe {
        let inotify = new_file(libc::inotify_init1(libc::IN_NONBLOCK | libc::IN_CLOEXEC))?;
        let fd = inotify.as_raw_fd();
        check(libc::inotify_add_watch(fd, folder.as_ptr(), libc::IN_CREATE))?;
        Ok(inotify)
    }
}

/// Prints the names that have come; how many.
pub fn print_created(mut inotify: &File, log: &mut Log) -> io::Result<u32> {
    let mut buffer = [0; 4096];
    let length = match inotify.read(&mut buffer) {
        // An event does not prove that it still has something to tell.
        Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
        result => result?,
    };
    let (mut rest, mut count) = (&buffer[..length], 0);
    // Each is a watch, a mask, a cookie and a length, of 4 bytes each, then the name, filled up
    // with NULs.
    while let Some((head, tail)) = rest.split_at_checked(16) {
        let size = u32::from_ne_bytes([head[12], head[13], head[14], head[15]]);
        let (name, next) = tail.split_at_checked(size as usize).unwrap_or((tail, &[]));
        let name = name.split(|&byte| byte == 0).next().unwrap_or_default();
        log.line(format_args!("inotify: created {}", String::from_utf8_lossy(name)));
        (rest, count) = (next, count + 1);
    }
    Ok(count)
}
