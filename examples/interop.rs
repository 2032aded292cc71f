//! Descriptors of other libraries in a poller, through `EventedFd`: inotify(7), timerfd_create(2),
//! and a TUN device where the system permits one. Whatever the kernel can poll can be lent; its
//! owner keeps it, reads it and closes it. It runs by itself and ends.
#![allow(unsafe_code)]

mod common;
#[cfg(target_os = "linux")]
#[path = "interop/linux.rs"]
mod linux;

use std::io;
use std::process::ExitCode;

const USAGE: &str = "\
usage: interop

Watches inotify, timerfd and, if that is permitted, a TUN device in one poller, and ends.";

fn main() -> ExitCode {
    common::run(USAGE, |arguments| {
        arguments.end()?;
        Ok(demonstrate()?)
    })
}

#[cfg(target_os = "linux")]
fn demonstrate() -> io::Result<()> {
    linux::main()
}

#[cfg(not(target_os = "linux"))]
fn demonstrate() -> io::Result<()> {
    common::Log::new().line(format_args!("inotify, timerfd and TUN devices are Linux's"));
    Ok(())
}
