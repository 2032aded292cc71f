//! Tests in a process of their own, and forked children.

use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering::SeqCst};
use core::time::Duration;
use std::env;
use std::process::{self, Command, Stdio};

use libc::{c_int, rlimit};

pub const CHILD: &str = "MIO_ST_TEST_CHILD";

/// What a child answers that came to the end of its test; libtest never does.
const DONE: i32 = 77;

/// Runs `body`, the whole of the test called `name`, in a new process with one test thread: for
/// what concerns all of a process, such as signals, limits and the number of open descriptors.
#[track_caller]
pub fn alone(name: &str, body: impl FnOnce()) {
    if env::var_os(CHILD).is_some_and(|child| child == name) {
        body();
        process::exit(DONE);
    }
    let output = myself(name).stdin(Stdio::null()).output().unwrap();
    assert_eq!(
        output.status.code(),
        Some(DONE),
        "{name}, alone: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
}

/// This very test binary, about to run the test called `name`, which will find `is_child(name)`.
pub fn myself(name: &str) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args([name, "--exact", "--include-ignored", "--nocapture", "--test-threads=1"]);
    command.env(CHILD, name);
    command
}

pub fn is_child(name: &str) -> bool {
    env::var_os(CHILD).is_some_and(|child| child == name)
}

/// Runs `child` in a forked child and gives its answer, 0 to 255; -1 when a signal has killed it.
/// It must not allocate and not panic: other threads of the parent may have held locks.
pub fn in_fork(child: impl FnOnce() -> u8) -> i32 {
    // SAFETY: the child calls nothing but what its caller was told of, and _exit.
    unsafe {
        let pid = libc::fork();
        assert!(pid >= 0);
        if pid == 0 {
            // A child that hangs is a failure too.
            libc::alarm(2 * super::PATIENCE.as_secs() as u32);
            libc::_exit(child().into());
        }
        let mut status = 0;
        while libc::waitpid(pid, &mut status, 0) != pid {}
        if libc::WIFEXITED(status) { libc::WEXITSTATUS(status) } else { -1 }
    }
}

/// The soft limit of open descriptors, and the hard one.
pub fn fd_limits() -> (usize, usize) {
    let mut limit = rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the kernel writes a `rlimit` that is alive.
    assert_eq!(unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) }, 0);
    let clamp = |limit| usize::try_from(limit).unwrap_or(usize::MAX);
    (clamp(limit.rlim_cur), clamp(limit.rlim_max))
}

/// Sets the soft limit of open descriptors of this process; to a lower one only when `alone`.
pub fn set_fd_limit(soft: usize) {
    let mut limit = rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the kernel writes and reads a `rlimit` that is alive.
    unsafe {
        assert_eq!(libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit), 0);
        limit.rlim_cur = soft as libc::rlim_t;
        assert_eq!(libc::setrlimit(libc::RLIMIT_NOFILE, &limit), 0);
    }
}

/// Whether this process may open so many descriptors more; its test is skipped if not. Programs that
/// it starts may, too.
pub fn room_for(descriptors: usize) -> bool {
    let (soft, hard) = fd_limits();
    // Other tests have some.
    let wanted = descriptors + 200;
    if wanted > hard {
        super::skip(format_args!("it needs {wanted} descriptors, and {hard} are allowed"));
        return false;
    }
    if soft < wanted {
        set_fd_limit(wanted);
    }
    true
}

/// From now on `signal` runs `handler`, without `SA_RESTART`; only when `alone`.
pub fn on_signal(signal: c_int, handler: extern "C" fn(c_int)) {
    // SAFETY: all zeroes are a value of it, and the handler lives forever.
    unsafe {
        let mut action: libc::sigaction = core::mem::zeroed();
        action.sa_sigaction = handler as *const () as usize;
        assert_eq!(libc::sigaction(signal, &action, core::ptr::null_mut()), 0);
    }
}

/// What starts the tests may block or ignore signals, which is inherited: before `main`, and so in
/// every program that they start, all do what they do in a program that never heard of them.
#[used]
#[cfg_attr(target_vendor = "apple", unsafe(link_section = "__DATA,__mod_init_func"))]
#[cfg_attr(not(target_vendor = "apple"), unsafe(link_section = ".init_array"))]
static AT_START: extern "C" fn() = {
    extern "C" fn forget_signals() {
        use libc::{SIGALRM, SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};

        for signal in [SIGALRM, SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2] {
            default_action(signal);
        }
        // SAFETY: the set is written before it is read.
        unsafe {
            let mut none = core::mem::zeroed();
            libc::sigemptyset(&mut none);
            libc::pthread_sigmask(libc::SIG_SETMASK, &none, core::ptr::null_mut());
        }
    }
    forget_signals
};

static TARGET: AtomicUsize = AtomicUsize::new(0);
static SIGNALS: AtomicU32 = AtomicU32::new(0);

/// Interrupts the calling thread by a signal every `period`, until zero stops it; only when
/// `alone`.
pub fn storm(period: Duration) {
    interrupt(period, period);
}

/// Interrupts the calling thread by a signal after `first`, and again after each `then` unless it
/// is zero; only when `alone`.
pub fn interrupt(first: Duration, then: Duration) {
    // The timer signals any thread of the process, libtest's first: that one passes it on.
    extern "C" fn pass_on(signal: c_int) {
        // SAFETY: both calls are made for handlers, and the target lives for as long as the timer.
        unsafe {
            let target = TARGET.load(SeqCst);
            if libc::pthread_self() as usize == target {
                SIGNALS.fetch_add(1, SeqCst);
            } else {
                libc::pthread_kill(target as libc::pthread_t, signal);
            }
        }
    }

    let time = |duration: Duration| libc::timeval {
        tv_sec: duration.as_secs() as _,
        tv_usec: duration.subsec_micros() as _,
    };
    let timer = libc::itimerval { it_interval: time(then), it_value: time(first) };
    on_signal(libc::SIGALRM, pass_on);
    // SAFETY: the kernel reads an `itimerval` that is alive.
    unsafe {
        TARGET.store(libc::pthread_self() as usize, SeqCst);
        assert_eq!(setitimer(0, &timer, core::ptr::null_mut()), 0);
    }
}

/// How many signals have interrupted the thread.
pub fn signals() -> u32 {
    SIGNALS.load(SeqCst)
}

// Not in the libc crate for every system; `ITIMER_REAL` is 0 everywhere.
unsafe extern "C" {
    fn setitimer(which: c_int, new: *const libc::itimerval, old: *mut libc::itimerval) -> c_int;
}

/// How often the calling thread has gone to sleep of its own will.
#[cfg(target_os = "linux")]
pub fn sleeps() -> libc::c_long {
    // SAFETY: all zeroes are a value of it, and the kernel writes one that is alive.
    unsafe {
        let mut usage: libc::rusage = core::mem::zeroed();
        assert_eq!(libc::getrusage(libc::RUSAGE_THREAD, &mut usage), 0);
        usage.ru_nvcsw
    }
}

/// From now on the kernel answers `errno` to the system call `number`; only when `alone`.
#[cfg(target_os = "linux")]
pub fn refuse(number: libc::c_long, errno: c_int) {
    filter(number, errno);
    // SAFETY: the refused call touches no memory.
    unsafe {
        assert_eq!(libc::syscall(number, 0, 0, 0, 0, 0, 0), -1);
        assert_eq!(*libc::__errno_location(), errno);
    }
}

/// From now on the system call `number` succeeds without effect; only when `alone`.
#[cfg(target_os = "linux")]
pub fn pretend(number: libc::c_long) {
    filter(number, 0);
    // SAFETY: the call is not made.
    assert_eq!(unsafe { libc::syscall(number, 0, 0, 0, 0, 0, 0) }, 0);
}

#[cfg(target_os = "linux")]
fn filter(number: libc::c_long, errno: c_int) {
    use libc::{BPF_ABS, BPF_JEQ, BPF_JMP, BPF_K, BPF_LD, BPF_RET, BPF_W, sock_filter, sock_fprog};

    let step = |code: u32, jt, jf, k| sock_filter { code: code as u16, jt, jf, k };
    // The number is the first word of what the filter is given.
    let mut program = [
        step(BPF_LD | BPF_W | BPF_ABS, 0, 0, 0),
        step(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, number as u32),
        step(BPF_RET | BPF_K, 0, 0, libc::SECCOMP_RET_ERRNO | errno as u32),
        step(BPF_RET | BPF_K, 0, 0, libc::SECCOMP_RET_ALLOW),
    ];
    let program = sock_fprog { len: program.len() as u16, filter: program.as_mut_ptr() };
    // SAFETY: the kernel reads a program that is alive.
    unsafe {
        assert_eq!(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
        assert_eq!(libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &program), 0);
    }
}

/// From now on `signal` does what it does in a program that never heard of it; only when `alone`, or before `main`.
pub fn default_action(signal: c_int) {
    // SAFETY: no handler is involved.
    assert_ne!(unsafe { libc::signal(signal, libc::SIG_DFL) }, libc::SIG_ERR);
}

/// Leaves a line in what strace(1) writes, by a call that does nothing else.
pub fn remark(text: &str) {
    // SAFETY: the kernel reads nothing, since there is no such descriptor.
    unsafe { libc::write(-1, text.as_ptr().cast(), text.len()) };
}
