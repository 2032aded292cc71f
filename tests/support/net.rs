//! What the tests of `net` share besides.

pub use super::unix::settled_fds as descriptors;
pub use super::{skip, system};

use core::net::SocketAddr;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use core::time::Duration;
use std::env;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

use mio_st::event::{Event, EventedId, Events};
use mio_st::poll::Poller;

pub const LOCALHOSTS: [&str; 2] = ["127.0.0.1:0", "[::1]:0"];

/// Those that there are: many containers have no IPv6.
pub fn localhosts() -> &'static [&'static str] {
    match std::net::UdpSocket::bind(LOCALHOSTS[1]) {
        Ok(_) => &LOCALHOSTS,
        Err(error) => {
            skip(format_args!("the part with IPv6: {error}"));
            &LOCALHOSTS[..1]
        }
    }
}

pub fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// Holds the other tests of this process off: for counting descriptors.
pub fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs `work` and says whether it left descriptors open, or closed too many.
pub fn leaks(work: impl FnOnce()) -> bool {
    let before = descriptors();
    work();
    descriptors() != before
}

pub fn is_cloexec(handle: &impl AsRawFd) -> bool {
    super::flags(handle.as_raw_fd()).1
}

pub fn is_nonblocking(handle: &impl AsRawFd) -> bool {
    super::flags(handle.as_raw_fd()).0
}

/// The next event; there must be one.
pub fn next(poller: &mut Poller) -> Event {
    let mut events = Events::<1>::sized();
    poller.poll(&mut events, Some(super::PATIENCE)).unwrap();
    events.into_iter().next().expect("an event")
}

/// Polls until an event of `id` is as wanted.
pub fn until(poller: &mut Poller, id: EventedId, wanted: impl Fn(&Event) -> bool) -> Event {
    for _ in 0..1000 {
        let event = next(poller);
        if event.id() == id && wanted(&event) {
            return event;
        }
    }
    panic!("no such event");
}

/// No event comes.
pub fn is_quiet(poller: &mut Poller) -> bool {
    let mut events = Events::<4>::sized();
    poller.poll(&mut events, Some(Duration::from_millis(20))).unwrap();
    events.is_empty()
}

/// A directory of its own, removed when dropped.
pub struct Directory(PathBuf);

impl Directory {
    pub fn new() -> Directory {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Relaxed);
        let path = env::temp_dir().join(format!("mio-st-{}-{number}", std::process::id()));
        std::fs::create_dir(&path).unwrap();
        Directory(path)
    }

    pub fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Whether this process is one that `child` describes.
pub fn is_child() -> bool {
    env::var_os(super::CHILD).is_some()
}

/// Runs the test of this name once more, alone in a process, where `is_child` is true.
pub fn child(test: &str) -> Command {
    super::myself(test)
}

/// Leaves this process room for so many descriptors more; the former limit comes back. Numbers that
/// are in use may lie anywhere: some come from the parent process.
pub fn leave_descriptors(room: usize) -> libc::rlim_t {
    // SAFETY: no memory is involved.
    let is_free = |fd: &i32| unsafe { libc::fcntl(*fd, libc::F_GETFD) } == -1;
    let limit = (0..).filter(is_free).nth(room).unwrap();
    limit_descriptors(limit as libc::rlim_t)
}

/// Sets below what number this process's descriptors must be; the former limit comes back.
pub fn limit_descriptors(limit: libc::rlim_t) -> libc::rlim_t {
    let former = super::fd_limits().0;
    super::set_fd_limit(limit as usize);
    former as libc::rlim_t
}
