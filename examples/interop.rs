//! Descriptors of other libraries in a poller, through `EventedFd`: inotify(7), timerfd_create(2), and a TUN
//! device where the system permits one. Whatever the kernel can poll can be lent; its owner keeps it, reads it and
//! closes it. It runs by itself and ends.
#![allow(unsafe_code)]

#[cfg(target_os = "linux")]
#[path = "interop/linux.rs"]
mod linux;

#[cfg(target_os = "linux")]
fn main() -> std::io::Result<()> {
    linux::main()
}

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("inotify, timerfd and TUN devices are Linux's");
}
