//! What the tests of `mio_st::unix` share besides.

use std::os::fd::{FromRawFd, OwnedFd};

use libc::c_int;

/// How many descriptors this process has open; only when `alone`.
pub fn settled_fds() -> usize {
    // Of the kqueue shim's own descriptors those of a queue that was closed go when another is
    // made.
    drop(mio_st::Poller::new());
    super::open_fds()
}

/// Leaves room for `room` more descriptors in this process; only when `alone`.
pub fn leave_room(room: usize) {
    super::set_fd_limit(64);
    let mut fillers = vec![];
    loop {
        // SAFETY: no memory is involved.
        match unsafe { libc::dup(0) } {
            -1 => break,
            // SAFETY: it was made just now.
            fd => fillers.push(unsafe { OwnedFd::from_raw_fd(fd) }),
        }
    }
    fillers.truncate(fillers.len() - room);
    fillers.into_iter().for_each(core::mem::forget);
}

/// The flags "non-blocking" and "close on exec" of each descriptor that `make` leaves open; only
/// when `alone`.
pub fn flags_of_new<T>(make: impl FnOnce() -> T) -> Vec<(bool, bool)> {
    let closed: Vec<c_int> = (0..256).filter(|&fd| !super::is_open(fd)).collect();
    let _made = make();
    closed.into_iter().filter(|&fd| super::is_open(fd)).map(super::flags).collect()
}

/// Sends a signal to this thread.
pub fn raise(signal: c_int) {
    // SAFETY: no memory is involved.
    assert_eq!(unsafe { libc::raise(signal) }, 0);
}

/// Sends a signal to a process.
pub fn kill(pid: i32, signal: c_int) {
    // SAFETY: no memory is involved.
    assert_eq!(unsafe { libc::kill(pid, signal) }, 0);
}

/// A child process that ends at once with this code, cheaply.
pub fn exit(code: i32) -> i32 {
    // SAFETY: the child calls nothing but _exit.
    unsafe {
        match libc::fork() {
            0 => libc::_exit(code),
            pid => pid,
        }
    }
}

/// Runs `body` while a forked child lives that has inherited every descriptor.
pub fn beside_a_forked_child(body: impl FnOnce()) {
    struct Sleeper(i32);

    impl Drop for Sleeper {
        fn drop(&mut self) {
            kill(self.0, libc::SIGKILL);
            // SAFETY: the kernel writes a number.
            unsafe { libc::waitpid(self.0, &mut 0, 0) };
        }
    }

    // SAFETY: the child calls nothing but pause, alarm and _exit.
    let pid = unsafe { libc::fork() };
    assert!(pid >= 0);
    if pid == 0 {
        // SAFETY: as above; should the test die, so does the child.
        unsafe {
            libc::alarm(2 * super::PATIENCE.as_secs() as u32);
            libc::pause();
            libc::_exit(0);
        }
    }
    let _sleeper = Sleeper(pid);
    body();
}

/// The signals that this thread blocks, and that are waiting.
pub fn blocked_and_pending() -> (Vec<c_int>, Vec<c_int>) {
    // SAFETY: the sets are written before they are read.
    unsafe {
        let (mut mask, mut pending) = (core::mem::zeroed(), core::mem::zeroed());
        assert_eq!(libc::pthread_sigmask(libc::SIG_BLOCK, core::ptr::null(), &mut mask), 0);
        assert_eq!(libc::sigpending(&mut pending), 0);
        let list = |set| (1..65).filter(|&signal| libc::sigismember(set, signal) == 1).collect();
        (list(&mask), list(&pending))
    }
}

/// Runs `body` in a process that has one thread, this one: for signals to a process, which any of
/// its threads may be given.
#[track_caller]
pub fn single_threaded(name: &str, body: impl FnOnce()) {
    super::alone(name, || {
        // The other thread only waits for this one, and holds no lock that the child could miss.
        let body = core::panic::AssertUnwindSafe(body);
        let answer = super::in_fork(|| std::panic::catch_unwind(body).is_ok().into());
        assert_eq!(answer, 1, "see above");
    });
}
