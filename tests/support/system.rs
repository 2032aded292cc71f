//! Which kernel queue the tests run on, and what it can do.

use std::env;

use mio_st::Error;
use mio_st::event::Interests;
use mio_st::poll::{PollOption, Poller};

use super::{KQUEUE, try_register, unix_pair};

/// Returns whose kernel queue this is: `linux`, or a system with kqueue. On Linux, by choice, it is the one
/// that the kqueue shim was told to be; or unknown, if it was told nothing or another library is linked.
pub fn system() -> &'static str {
    if !KQUEUE {
        return "linux";
    }
    if !cfg!(mio_st_backend = "kqueue") {
        return env::consts::OS;
    }
    let personality = env::var("MIO_ST_KQUEUE_PERSONALITY").unwrap_or_default();
    ["lenient", "freebsd", "netbsd", "openbsd", "macos", "spiteful"]
        .into_iter()
        .find(|known| *known == personality)
        .unwrap_or("unknown")
}

/// Whether events may come that tell nothing new: under `Edge`, of a direction that is ready but has not
/// changed.
pub fn is_spurious_fine() -> bool {
    matches!(system(), "spiteful" | "unknown")
}

/// Whether the system reports urgent data.
pub fn urgent() -> bool {
    match system() {
        "freebsd" | "netbsd" => false,
        "unknown" => {
            let (mut poller, (here, _there)) = (Poller::new().unwrap(), unix_pair());
            let fd = std::os::fd::AsRawFd::as_raw_fd(&here);
            let answer = try_register(&mut poller, fd, 0, Interests::PRIORITY, PollOption::Level);
            answer != Err(Error::Unsupported)
        }
        _ => true,
    }
}
