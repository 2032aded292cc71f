//! Optional system calls that a sandbox or an old kernel refuses: each test runs in a process of
//! its own, under a seccomp filter that answers one of the errors which mean that a call is
//! missing.
#![cfg(all(target_os = "linux", not(mio_st_backend = "kqueue")))]

mod support;

use core::time::Duration;
use std::time::Instant;

use libc::c_int;

use mio_st::Error;
use mio_st::event::{EventedId, Events, Ready};
use mio_st::poll::{BusyPoll, PollOption, Poller};
use mio_st::unix::{Child, ExitStatus, set_timer_slack};

use self::support::unix::*;
use self::support::*;

/// Every optional call is refused with `errno`, and what needs none of them goes on.
fn behave_without_optional_calls(name: &str, errno: c_int) {
    alone(name, || {
        let pid = exit(3);
        let mut early = Poller::new().unwrap();
        early.registry().set_precise(true).unwrap();
        for call in [
            libc::SYS_epoll_pwait2,
            libc::SYS_timerfd_settime,
            libc::SYS_pidfd_open,
            libc::SYS_ioctl,
        ] {
            refuse(call, errno);
        }
        // Refused half, it is as good as refused.
        let fds = open_fds();
        assert_eq!(Poller::new().unwrap().registry().set_precise(true), Err(Error::Unsupported));
        assert_eq!(open_fds(), fds);
        refuse(libc::SYS_timerfd_create, errno);
        // The filter itself is set by prctl(2): the last.
        refuse(libc::SYS_prctl, errno);
        let mut poller = Poller::new().unwrap();
        assert_works(&mut poller);
        timeouts_are_never_early(&mut poller);

        let mut child = Child::new(pid).unwrap();
        let interests = Child::INTERESTS;
        poller.register(&mut child, EventedId(1), interests, PollOption::Level).unwrap();
        assert_eq!(poll(&mut poller), [(1, Ready::READABLE)]);
        assert_eq!(child.exit_status(), Ok(Some(ExitStatus::Exited(3))));
        poller.deregister(&mut child).unwrap();
        assert_eq!(poller.registry().busy_poll(), Err(Error::Unsupported));
        let modest = BusyPoll { usecs: 1, budget: 64, prefer: false };
        assert_eq!(poller.registry().set_busy_poll(modest), Err(Error::Unsupported));
        assert_eq!(set_timer_slack(Duration::ZERO), Err(Error::Unsupported));
        assert_eq!(poller.registry().set_precise(true), Err(Error::Unsupported));
        timeouts_are_never_early(&mut poller);
        // One that cannot be armed any more is an error of the poll, until it is given up.
        let (mut events, second) = (Events::new(), Some(Duration::from_millis(1)));
        assert_eq!(early.poll(&mut events, second), Err(Error::Os(errno)));
        early.registry().set_precise(false).unwrap();
        timeouts_are_never_early(&mut early);
        assert_works(&mut poller);
    });
}

fn timeouts_are_never_early(poller: &mut Poller) {
    let mut events = Events::new();
    for micros in [1, 300, 999, 1_000, 1_001, 2_500] {
        let (begun, timeout) = (Instant::now(), Duration::from_micros(micros));
        assert_eq!(poller.poll(&mut events, Some(timeout)), Ok(()), "{timeout:?}");
        assert!(events.is_empty() && begun.elapsed() >= timeout, "{timeout:?}");
    }
}

#[test]
fn calls_that_the_kernel_does_not_know() {
    behave_without_optional_calls("calls_that_the_kernel_does_not_know", libc::ENOSYS);
}

#[test]
fn calls_that_are_not_permitted() {
    behave_without_optional_calls("calls_that_are_not_permitted", libc::EPERM);
}

#[test]
fn calls_to_which_access_is_denied() {
    behave_without_optional_calls("calls_to_which_access_is_denied", libc::EACCES);
}
