//! How children end.
#![allow(unsafe_code)]

mod support;

use core::time::Duration;
use std::os::unix::process::CommandExt;
use std::process::{self, Command, Stdio};
use std::thread;

use mio_st::Error;
use mio_st::event::{EventedId, Interests, Ready};
use mio_st::poll::{PollOption, Poller};
use mio_st::unix::{Child, ExitStatus, Signal, Waker};

use self::support::unix::*;
use self::support::*;

const GONE: Error = Error::Os(libc::ECHILD);

/// Waits for children of clone(2), too, that do not send `SIGCHLD`.
#[cfg(target_os = "linux")]
const ANY_CHILD: libc::c_int = libc::__WALL;
#[cfg(not(target_os = "linux"))]
const ANY_CHILD: libc::c_int = 0;

fn shell_command(line: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", line]).stdin(Stdio::null());
    command
}

fn shell(line: &str) -> process::Child {
    shell_command(line).spawn().unwrap()
}

fn child(line: &str) -> Child {
    Child::new(shell(line).id() as i32).unwrap()
}

/// Waits until the process has ended, and leaves it to be reaped.
fn wait_for_end(pid: i32) {
    let flags = libc::WEXITED | libc::WNOWAIT | ANY_CHILD;
    // SAFETY: the kernel writes a structure of integers.
    unsafe {
        let mut info = core::mem::zeroed();
        while libc::waitid(libc::P_PID, pid as libc::id_t, &mut info, flags) != 0 {}
    }
}

fn register(poller: &mut Poller, child: &mut Child, id: usize, opt: PollOption) {
    poller.register(child, EventedId(id), Child::INTERESTS, opt).unwrap();
}

#[test]
fn the_end_is_an_event_and_the_status_comes_once() {
    let mut poller = Poller::new().unwrap();
    for opt in [PollOption::Edge, PollOption::Level, PollOption::Oneshot] {
        for code in [0, 1, 7, 255] {
            let mut child = child(&format!("sleep 0.1; exit {code}"));
            register(&mut poller, &mut child, code, opt);
            assert_eq!(child.exit_status(), Ok(None));
            let seen = poll(&mut poller);
            assert!(seen.len() == 1 && seen[0].0 == code && seen[0].1.is_readable(), "{seen:?}");
            if opt == PollOption::Level {
                assert_eq!(poll(&mut poller).len(), 1);
            } else {
                assert_silent(&mut poller);
            }
            let status = child.exit_status().unwrap().unwrap();
            assert_eq!(status, ExitStatus::Exited(code as i32));
            assert_eq!(status.is_success(), code == 0);
            for _ in 0..2 {
                assert_eq!(child.exit_status(), Err(GONE));
            }
            poller.deregister(&mut child).unwrap();
        }
    }
}

#[test]
fn one_that_a_signal_ends_says_which() {
    let mut poller = Poller::new().unwrap();
    for signal in [Signal::TERMINATE, Signal::KILL, Signal::USER_1, Signal::QUIT] {
        // What runs the tests may ignore signals, as a shell's `&` does, and a shell cannot undo
        // it.
        let mut command = shell_command("ulimit -c 0; exec sleep 100");
        // SAFETY: signal(2) may be called between fork and exec.
        unsafe {
            command.pre_exec(move || {
                if signal != Signal::KILL {
                    default_action(signal.as_raw());
                }
                Ok(())
            })
        };
        let mut child = Child::new(command.spawn().unwrap().id() as i32).unwrap();
        register(&mut poller, &mut child, 1, PollOption::Edge);
        kill(child.pid(), libc::SIGSTOP);
        kill(child.pid(), libc::SIGCONT);
        assert_silent(&mut poller);
        assert_eq!(child.exit_status(), Ok(None));
        kill(child.pid(), signal.as_raw());
        assert!(poll(&mut poller)[0].1.is_readable());
        assert_eq!(child.exit_status(), Ok(Some(ExitStatus::Killed(signal))));
        assert_eq!(child.exit_status(), Err(GONE));
        // Who forks in another test holds a duplicate for a while, which a registration would live
        // on with.
        poller.deregister(&mut child).unwrap();
    }
}

#[test]
fn one_that_has_ended_already_is_heard_at_once() {
    let mut poller = Poller::new().unwrap();
    for opt in [PollOption::Edge, PollOption::Level, PollOption::Oneshot] {
        let pid = exit(3);
        wait_for_end(pid);
        let mut child = Child::new(pid).unwrap();
        register(&mut poller, &mut child, 1, opt);
        assert!(poll(&mut poller)[0].1.is_readable());
        assert_eq!(child.exit_status(), Ok(Some(ExitStatus::Exited(3))));
        poller.deregister(&mut child).unwrap();
    }
    // And without a poller.
    let mut child = Child::new(exit(4)).unwrap();
    wait_for_end(child.pid());
    assert_eq!(child.exit_status(), Ok(Some(ExitStatus::Exited(4))));
}

/// On some systems a process is reported, or cannot be watched any more, before it can be waited
/// for.
#[test]
fn no_event_comes_before_the_status_can_be_taken() {
    let (mut poller, mut other) = (Poller::new().unwrap(), Poller::new().unwrap());
    for opt in [PollOption::Edge, PollOption::Level, PollOption::Oneshot] {
        for code in 0..20 {
            let mut child = match code % 2 {
                // It ends some time before, while or after it is watched.
                0 => Child::new(exit(code)).unwrap(),
                _ => child(&format!("exit {code}")),
            };
            register(&mut poller, &mut child, 1, opt);
            other.register(&mut child, EventedId(2), Child::INTERESTS, opt).unwrap();
            let (one, two) = (poll(&mut poller), poll(&mut other));
            assert!(one[0].0 == 1 && one[0].1.is_readable() && two[0].0 == 2, "{one:?} {two:?}");
            if opt == PollOption::Level {
                assert_eq!(poll_for(&mut poller, Duration::ZERO).len(), 1);
            }
            assert_eq!(child.exit_status(), Ok(Some(ExitStatus::Exited(code))), "{opt:?}");
            // The end is one thing that happens: it is found again by who registers again.
            poller.reregister(&mut child, EventedId(3), Child::INTERESTS, opt).unwrap();
            assert_eq!(poll(&mut poller)[0].0, 3);
            poller.deregister(&mut child).unwrap();
            other.deregister(&mut child).unwrap();
            assert_eq!(poller.deregister(&mut child), Err(Error::NotFound));
            assert!(poll_for(&mut poller, Duration::ZERO).is_empty());
        }
    }
}

/// OpenBSD counts user filters and timers, a thousand for each process: more wakers than that wake,
/// and children end as events.
#[test]
fn without_a_user_filter_left_wakers_wake_and_children_end() {
    const WAKERS: usize = 1_100;
    // Two for each that is a pipe.
    if !room_for(2 * WAKERS) {
        return;
    }
    let mut poller = Poller::new().unwrap();
    let waker = |id| Waker::new(poller.registry(), EventedId(id)).unwrap();
    let wakers: Vec<_> = (0..WAKERS).map(waker).collect();
    wakers[WAKERS - 1].wake().unwrap();
    assert_eq!(poll(&mut poller), [(WAKERS - 1, Ready::READABLE)]);
    for opt in [PollOption::Edge, PollOption::Level, PollOption::Oneshot] {
        let mut child = child("sleep 0.05; exit 3");
        register(&mut poller, &mut child, WAKERS, opt);
        let seen = poll(&mut poller);
        assert!(seen[0].0 == WAKERS && seen[0].1.is_readable(), "{seen:?}");
        assert_eq!(child.exit_status(), Ok(Some(ExitStatus::Exited(3))), "{opt:?}");
    }
}

#[test]
fn of_many_each_has_its_own_status() {
    let mut poller = Poller::new().unwrap();
    let mut children: Vec<_> = (0..40).map(|code| Child::new(exit(code)).unwrap()).collect();
    for (id, child) in children.iter_mut().enumerate() {
        register(&mut poller, child, id, PollOption::Oneshot);
    }
    let mut left = children.len();
    while left > 0 {
        for (id, ready) in poll(&mut poller) {
            assert!(ready.is_readable());
            let status = children[id].exit_status();
            assert_eq!(status, Ok(Some(ExitStatus::Exited(id as i32))));
            left -= 1;
        }
    }
    assert_silent(&mut poller);
}

#[cfg(target_os = "linux")]
#[test]
fn a_child_of_clone_that_sends_no_sigchld_is_a_child() {
    // Without flags it is fork(2), but for the signal at the end, which is none.
    // SAFETY: the child calls nothing but pause and _exit.
    let clone = || unsafe {
        match libc::syscall(libc::SYS_clone, 0, 0, 0, 0, 0) {
            0 => {
                libc::alarm(2 * PATIENCE.as_secs() as u32);
                libc::pause();
                libc::_exit(0)
            }
            pid => pid as _,
        }
    };
    let mut poller = Poller::new().unwrap();
    let mut child = Child::new(clone()).unwrap();
    register(&mut poller, &mut child, 1, PollOption::Edge);
    assert_eq!(child.exit_status(), Ok(None));
    assert_silent(&mut poller);
    kill(child.pid(), libc::SIGKILL);
    assert!(poll(&mut poller)[0].1.is_readable());
    assert_eq!(child.exit_status(), Ok(Some(ExitStatus::Killed(Signal::KILL))));
    assert_eq!(child.exit_status(), Err(GONE));

    let pid = clone();
    kill(pid, libc::SIGKILL);
    wait_for_end(pid);
    assert_eq!(Child::new(pid).unwrap().exit_status(), Ok(Some(ExitStatus::Killed(Signal::KILL))));
}

#[test]
fn what_is_no_child_is_an_error() {
    alone("what_is_no_child_is_an_error", || {
        let before = settled_fds();
        let grandchild = {
            let line = "sleep 100 > /dev/null 2>&1 & echo $!";
            let output = Command::new("sh").args(["-c", line]).output().unwrap();
            String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
        };
        let reaped = exit(0);
        // SAFETY: the kernel writes a number.
        assert_eq!(unsafe { libc::waitpid(reaped, &mut 0, 0) }, reaped);
        // SAFETY: no memory is involved.
        let (this, parent) = (process::id() as i32, unsafe { libc::getppid() });
        for stranger in [1, this, parent, grandchild, reaped, i32::MAX] {
            assert_eq!(Child::new(stranger).unwrap_err(), GONE, "{stranger}");
        }
        for wrong in [0, -1, -this, i32::MIN] {
            assert_eq!(Child::new(wrong).unwrap_err(), Error::InvalidInput, "{wrong}");
        }
        kill(grandchild, libc::SIGKILL);
        assert_eq!(settled_fds(), before);
    });
}

#[test]
fn it_takes_no_other_child_s_status() {
    alone("it_takes_no_other_child_s_status", || {
        let mut others: Vec<_> = (10..13).map(|code| shell(&format!("exit {code}"))).collect();
        let mut watched = Child::new(exit(1)).unwrap();
        let mut running = child("exec sleep 100");
        others.iter().for_each(|other| wait_for_end(other.id() as i32));
        wait_for_end(watched.pid());
        assert_eq!(watched.exit_status(), Ok(Some(ExitStatus::Exited(1))));
        assert_eq!(watched.exit_status(), Err(GONE));
        assert_eq!(running.exit_status(), Ok(None));
        // Dropping reaps nothing.
        drop(Child::new(others[0].id() as i32).unwrap());
        for (other, code) in others.iter_mut().zip(10..) {
            assert_eq!(other.wait().unwrap().code(), Some(code));
        }
        // Who was faster has it.
        let mut taken = shell("exit 9");
        let mut late = Child::new(taken.id() as i32).unwrap();
        assert_eq!(taken.wait().unwrap().code(), Some(9));
        assert_eq!(late.exit_status(), Err(GONE));
        kill(running.pid(), libc::SIGKILL);
    });
}

#[test]
fn with_sigchld_ignored_there_is_an_end_but_no_status() {
    alone("with_sigchld_ignored_there_is_an_end_but_no_status", || {
        // SAFETY: no handler is involved.
        unsafe { libc::signal(libc::SIGCHLD, libc::SIG_IGN) };
        let mut poller = Poller::new().unwrap();
        let mut child = child("sleep 0.05");
        register(&mut poller, &mut child, 1, PollOption::Edge);
        assert!(poll(&mut poller)[0].1.is_readable());
        while child.exit_status() == Ok(None) {
            thread::sleep(Duration::from_millis(1));
        }
        assert_eq!(child.exit_status(), Err(GONE));
    });
}

#[test]
fn registrations_are_errors_where_they_are_with_sockets() {
    let mut poller = Poller::new().unwrap();
    let mut child = child("exec sleep 100");
    let (id, opt) = (EventedId(1), PollOption::Level);
    for wrong in [Interests::WRITABLE, Interests::BOTH, Interests::PRIORITY] {
        assert_eq!(poller.register(&mut child, id, wrong, opt), Err(Error::InvalidInput));
        assert_eq!(poller.reregister(&mut child, id, wrong, opt), Err(Error::InvalidInput));
    }
    let right = Child::INTERESTS;
    assert_eq!(poller.reregister(&mut child, id, right, opt), Err(Error::NotFound));
    assert_eq!(poller.deregister(&mut child), Err(Error::NotFound));
    register(&mut poller, &mut child, 1, opt);
    assert_eq!(poller.register(&mut child, id, right, opt), Err(Error::AlreadyExists));
    poller.reregister(&mut child, EventedId(2), right, opt).unwrap();
    kill(child.pid(), libc::SIGKILL);
    assert_eq!(poll(&mut poller)[0].0, 2);
    poller.deregister(&mut child).unwrap();
    assert_silent(&mut poller);
    assert_eq!(child.exit_status(), Ok(Some(ExitStatus::Killed(Signal::KILL))));
}

#[test]
fn dropping_ends_the_registration_even_if_a_forked_child_has_its_descriptor() {
    let mut poller = Poller::new().unwrap();
    let mut child = child("exec sleep 100");
    register(&mut poller, &mut child, 1, PollOption::Level);
    beside_a_forked_child(|| {
        let pid = child.pid();
        drop(child);
        kill(pid, libc::SIGKILL);
        wait_for_end(pid);
        assert_silent(&mut poller);
        // SAFETY: the kernel writes a number.
        assert_eq!(unsafe { libc::waitpid(pid, &mut 0, 0) }, pid);
    });
}

#[test]
fn a_forked_child_has_no_such_child() {
    let mut poller = Poller::new().unwrap();
    let mut child = Child::new(exit(5)).unwrap();
    wait_for_end(child.pid());
    let answer = in_fork(|| {
        let none = matches!(Child::new(child.pid()), Err(GONE));
        u8::from(none && child.exit_status() == Err(GONE))
    });
    assert_eq!(answer, 1);
    register(&mut poller, &mut child, 1, PollOption::Edge);
    assert!(poll(&mut poller)[0].1.is_readable());
    assert_eq!(child.exit_status(), Ok(Some(ExitStatus::Exited(5))));
}

/// Where pidfd_open(2) is missing, a handler of `SIGCHLD` serves.
#[cfg(all(target_os = "linux", not(mio_st_backend = "kqueue")))]
mod without_pidfds {
    use core::sync::atomic::{AtomicU32, Ordering::SeqCst};

    use mio_st::unix::Signals;

    use super::*;

    fn without_pidfds(name: &str, body: impl FnOnce()) {
        alone(&format!("without_pidfds::{name}"), || {
            refuse(libc::SYS_pidfd_open, libc::ENOSYS);
            body();
        });
    }

    /// All of this file, in a process of its own: a seccomp filter outlives exec(2).
    #[test]
    fn every_test_of_this_file_passes() {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--skip", "without_pidfds", "--skip", "a_child_of_clone"]);
        // SAFETY: the filter is set by system calls alone.
        unsafe {
            command.pre_exec(|| {
                refuse(libc::SYS_pidfd_open, libc::EPERM);
                Ok(())
            })
        };
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }

    #[test]
    fn more_children_than_a_page_of_memory_holds_each_have_their_event() {
        if !room_for(800) {
            return;
        }
        without_pidfds("more_children_than_a_page_of_memory_holds_each_have_their_event", || {
            let mut poller = Poller::new().unwrap();
            let mut children: Vec<_> =
                (0..700).map(|code| Child::new(exit(code % 256)).unwrap()).collect();
            for (id, child) in children.iter_mut().enumerate() {
                register(&mut poller, child, id, PollOption::Edge);
            }
            let mut left = children.len();
            while left > 0 {
                for (id, ready) in poll(&mut poller) {
                    assert!(ready.is_readable());
                    let status = children[id].exit_status();
                    assert_eq!(status, Ok(Some(ExitStatus::Exited(id as i32 % 256))));
                    left -= 1;
                }
            }
            assert_silent(&mut poller);
        });
    }

    static HANDLED: AtomicU32 = AtomicU32::new(0);

    extern "C" fn count(_: libc::c_int) {
        HANDLED.fetch_add(1, SeqCst);
    }

    #[test]
    fn the_program_s_own_handler_runs_as_before() {
        without_pidfds("the_program_s_own_handler_runs_as_before", || {
            on_signal(libc::SIGCHLD, count);
            let mut poller = Poller::new().unwrap();
            let mut child = child("exec sleep 100");
            register(&mut poller, &mut child, 1, PollOption::Edge);
            assert_eq!(HANDLED.load(SeqCst), 0);
            kill(child.pid(), libc::SIGKILL);
            assert!(poll(&mut poller)[0].1.is_readable());
            while HANDLED.load(SeqCst) == 0 {
                thread::yield_now();
            }
            assert_eq!(child.exit_status(), Ok(Some(ExitStatus::Killed(Signal::KILL))));
        });
    }

    #[test]
    fn a_sigchld_that_is_received_as_a_value_serves_too() {
        alone("without_pidfds::a_sigchld_that_is_received_as_a_value_serves_too", || {
            // With one thread: another would be given the signal.
            let answer = in_fork(|| {
                std::panic::catch_unwind(|| {
                    refuse(libc::SYS_pidfd_open, libc::EACCES);
                    let mut signals = Signals::new(Signal::CHILD).unwrap();
                    let mut poller = Poller::new().unwrap();
                    let mut child = child("exec sleep 100");
                    register(&mut poller, &mut child, 1, PollOption::Oneshot);
                    let interests = Signals::INTERESTS;
                    poller
                        .register(&mut signals, EventedId(2), interests, PollOption::Edge)
                        .unwrap();
                    kill(child.pid(), libc::SIGKILL);
                    assert_eq!(poll(&mut poller)[0].0, 2);
                    assert_eq!(signals.receive(), Ok(Some(Signal::CHILD)));
                    assert_eq!(poll(&mut poller), [(1, Ready::READABLE)]);
                    let killed = ExitStatus::Killed(Signal::KILL);
                    assert_eq!(child.exit_status(), Ok(Some(killed)));
                })
                .is_ok()
                .into()
            });
            assert_eq!(answer, 1);
        });
    }

    #[test]
    fn a_forked_child_watches_its_own_children_and_not_the_parent_s() {
        without_pidfds("a_forked_child_watches_its_own_children_and_not_the_parent_s", || {
            let mut poller = Poller::new().unwrap();
            let mut parents = child("exec sleep 100");
            register(&mut poller, &mut parents, 1, PollOption::Edge);
            let answer = in_fork(|| {
                let Ok(mut own) = Poller::new() else { return 2 };
                let Ok(mut child) = Child::new(exit(9)) else { return 3 };
                let (id, edge) = (EventedId(1), PollOption::Edge);
                if own.register(&mut child, id, Child::INTERESTS, edge).is_err() {
                    return 4;
                }
                let mut events = mio_st::event::Events::<4>::sized();
                if own.poll(&mut events, Some(PATIENCE)).is_err() || events.len() != 1 {
                    return 5;
                }
                u8::from(child.exit_status() == Ok(Some(ExitStatus::Exited(9))))
            });
            assert_eq!(answer, 1);
            assert_silent(&mut poller);
            kill(parents.pid(), libc::SIGKILL);
            assert!(poll(&mut poller)[0].1.is_readable());
        });
    }

    #[test]
    fn a_child_that_sends_no_sigchld_is_unsupported() {
        without_pidfds("a_child_that_sends_no_sigchld_is_unsupported", || {
            // SAFETY: the child calls nothing but _exit.
            let pid = unsafe {
                match libc::syscall(libc::SYS_clone, 0, 0, 0, 0, 0) {
                    0 => libc::_exit(0),
                    pid => pid as _,
                }
            };
            assert_eq!(Child::new(pid).unwrap_err(), Error::Unsupported);
            assert_eq!(Child::new(0).unwrap_err(), Error::InvalidInput);
        });
    }
}

#[test]
fn nothing_leaks_in_5000_cycles() {
    alone("nothing_leaks_in_5000_cycles", || {
        let mut poller = Poller::new().unwrap();
        let before = settled_fds();
        let pid = exit(6);
        let new = flags_of_new(|| Child::new(pid).unwrap());
        assert!(!new.is_empty() && new.iter().all(|&(_, cloexec)| cloexec), "{new:?}");
        // A kqueue has no such flag.
        assert!(KQUEUE || new.iter().all(|&(nonblocking, _)| nonblocking), "{new:?}");
        for _ in 0..5_000 {
            let mut child = Child::new(pid).unwrap();
            register(&mut poller, &mut child, 1, PollOption::Edge);
        }
        // With real ends, fewer: each is a process.
        for code in 0..200 {
            let mut child = Child::new(exit(code)).unwrap();
            register(&mut poller, &mut child, 2, PollOption::Edge);
            assert!(poll(&mut poller)[0].1.is_readable());
            assert_eq!(child.exit_status(), Ok(Some(ExitStatus::Exited(code))));
        }
        assert_eq!(settled_fds(), before);
        assert_silent(&mut poller);
        assert_eq!(Child::new(pid).unwrap().exit_status(), Ok(Some(ExitStatus::Exited(6))));

        let pid = exit(0);
        leave_room(0);
        assert_eq!(Child::new(pid).unwrap_err(), Error::Os(libc::EMFILE));
    });
}

#[test]
fn it_says_what_it_is() {
    let mut child = Child::new(exit(0)).unwrap();
    assert_eq!(format!("{child:?}"), format!("Child {{ pid: {} }}", child.pid()));
    assert_eq!(Child::INTERESTS.as_ready(), Ready::READABLE);
    wait_for_end(child.pid());
    assert_eq!(child.exit_status(), Ok(Some(ExitStatus::Exited(0))));
}

#[test]
fn a_signal_reaches_the_child_and_nobody_after_it() {
    let (process, mut child) = spawn_sleeper();
    child.signal(Signal::STOP).unwrap();
    child.signal(Signal::CONTINUE).unwrap();
    assert_eq!(child.exit_status(), Ok(None));
    let no_such = Signal::from_raw(120).unwrap();
    assert_eq!(child.signal(no_such), Err(Error::Os(libc::EINVAL)));
    child.signal(Signal::TERMINATE).unwrap();
    let mut poller = Poller::new().unwrap();
    poller.register(&mut child, EventedId(1), Child::INTERESTS, PollOption::Level).unwrap();
    let mut events = mio_st::event::Events::new();
    poller.poll(&mut events, Some(PATIENCE)).unwrap();
    assert!(!events.is_empty());
    // It has ended, and its status is not taken: there is nobody else of its number yet.
    child.signal(Signal::KILL).unwrap();
    assert_eq!(child.exit_status(), Ok(Some(ExitStatus::Killed(Signal::TERMINATE))));
    assert_eq!(child.signal(Signal::KILL), Err(Error::Os(libc::ECHILD)));
    drop(process);
}

#[test]
fn a_forked_child_signals_nobody() {
    let (_process, mut child) = spawn_sleeper();
    let answer =
        support::in_fork(|| u8::from(child.signal(Signal::KILL) == Err(Error::Os(libc::ECHILD))));
    assert_eq!(answer, 1);
    assert_eq!(child.exit_status(), Ok(None));
    child.signal(Signal::KILL).unwrap();
    while child.exit_status() == Ok(None) {}
}

fn spawn_sleeper() -> (std::process::Child, Child) {
    let process = std::process::Command::new("sleep").arg("60").spawn().unwrap();
    let child = Child::new(process.id() as i32).unwrap();
    (process, child)
}
