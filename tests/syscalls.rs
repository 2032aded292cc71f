//! Exactly which system calls are made, as strace(1) sees them. Run by `ci/syscalls.sh`; where there is no
//! strace, or it may not trace, the test says so and passes, unless `MIO_ST_STRACE=required`.
#![cfg(all(
    target_os = "linux",
    target_arch = "x86_64",
    feature = "std",
    not(mio_st_backend = "kqueue")
))]
#![allow(unsafe_code)]

mod support;

use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
use core::time::Duration;
use std::io::{ErrorKind, IoSlice, IoSliceMut, Read, Write};
use std::process::{Command, Stdio};
use std::{env, fs, net};

use mio_st::event::{EventedId, Events, Interests};
use mio_st::net::{ConnectStatus, TcpListener, TcpStream};
use mio_st::poll::{PollOption, Poller};
use mio_st::time::Instant;

use self::PollOption::{Edge, Level, Oneshot};
use self::support::*;

const NAME: &str = "each_call_makes_exactly_these_system_calls";

#[test]
fn each_call_makes_exactly_these_system_calls() {
    if is_child(NAME) {
        return traced();
    }
    if !can_trace() {
        assert!(env::var_os("MIO_ST_STRACE").is_none(), "strace is missing, or may not trace");
        return skip("strace is missing, or may not trace");
    }
    let directory = env::temp_dir().join(format!("mio-st-syscalls-{}", std::process::id()));
    fs::create_dir(&directory).unwrap();
    let child = myself(NAME);
    // A file for each thread, so that no line is torn.
    let output = Command::new("strace")
        .args(["-ff", "-qq", "-s", "999", "-o"])
        .arg(directory.join("thread"))
        .arg(child.get_program())
        .args(child.get_args())
        .envs(child.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .output()
        .unwrap();
    let traces: Vec<_> = fs::read_dir(&directory)
        .unwrap()
        .map(|file| fs::read_to_string(file.unwrap().path()).unwrap())
        .collect();
    fs::remove_dir_all(&directory).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    let (mut sections, mut wrong) = (0, String::new());
    for trace in traces {
        for section in trace.split("write(-1, \"begin: ").skip(1) {
            let (heading, calls) = section.split_once('\n').unwrap();
            let (what, expected) = heading.split_once(": ").unwrap();
            let expected = expected.split_once('"').unwrap().0;
            let calls = calls.split_once("write(-1, \"end\"").unwrap().0;
            // A signal, and the return of its handler, are not what is counted.
            let handler = |line: &&str| line.starts_with("---") || line.starts_with("rt_sigreturn");
            let calls: Vec<_> = calls.lines().filter(|line| !handler(line)).map(call).collect();
            let calls = calls.join(", ");
            println!("{what}: {calls}");
            sections += 1;
            if calls != expected {
                wrong += &format!("{what}:\n    made     {calls}\n    expected {expected}\n");
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    assert!(sections > 30, "only {sections} calls were traced");
}

fn can_trace() -> bool {
    let mut trial = Command::new("strace");
    trial.args(["-ff", "-o", "/dev/null", "true"]).stdout(Stdio::null()).stderr(Stdio::null());
    trial.status().is_ok_and(|status| status.success())
}

/// The name of a traced call, and what counts of its arguments.
fn call(line: &str) -> String {
    let (name, rest) = line.split_once('(').unwrap_or((line, ""));
    let arguments = rest.rsplit_once(") ").map_or(rest, |(arguments, _)| arguments);
    let argument = match name {
        "epoll_ctl" => arguments.split(", ").nth(1),
        "epoll_wait" => arguments.rsplit(", ").next(),
        _ => None,
    };
    match argument {
        Some(argument) => format!("{name} {}", argument.trim_start_matches("EPOLL_CTL_")),
        None => name.to_owned(),
    }
}

/// Says in the trace what must come, makes the calls, and says that they are over.
fn calls<T>(what: &str, expected: &[&str], body: impl FnOnce() -> T) -> T {
    let begin = format!("begin: {what}: {}", expected.join(", "));
    remark(&begin);
    let result = body();
    remark("end");
    result
}

const ADD: &str = "epoll_ctl ADD";
const MOD: &str = "epoll_ctl MOD";
const DEL: &str = "epoll_ctl DEL";
const LOOK: &str = "epoll_wait 0";
const WAIT: &str = "epoll_wait -1";
const PRECISELY: &str = "epoll_pwait2";

fn traced() {
    let poller =
        calls("the first poller", &["mmap", "madvise", "madvise", "epoll_create1"], Poller::new);
    drop(poller);
    let mut poller = calls("another poller", &["epoll_create1"], Poller::new).unwrap();
    registering(&mut poller);
    polling_busy(&mut poller);
    polling_idle(&mut poller);
    precisely();
    sockets(&mut poller);
    calls("dropping a poller", &["close"], || drop(poller));
    without_pwait2();
}

fn registering(poller: &mut Poller) {
    let mut listener = TcpListener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let (id, interests) = (EventedId(1), TcpListener::INTERESTS);
    for opt in [Edge, Level, Oneshot] {
        calls("register", &[ADD], || poller.register(&mut listener, id, interests, opt)).unwrap();
        calls("register twice", &[ADD], || poller.register(&mut listener, id, interests, opt))
            .unwrap_err();
        for _ in 0..2 {
            let reregister = || poller.reregister(&mut listener, id, interests, opt);
            calls("reregister, unchanged", &[MOD], reregister).unwrap();
        }
        let other = EventedId(2);
        let reregister = || poller.reregister(&mut listener, other, interests, opt);
        calls("reregister by another id", &[MOD], reregister).unwrap();
        calls("deregister", &[DEL], || poller.deregister(&mut listener)).unwrap();
        calls("deregister twice", &[DEL], || poller.deregister(&mut listener)).unwrap_err();
    }
    let impossible = || poller.register(&mut listener, id, Interests::BOTH, Level);
    calls("an impossible interest", &[], impossible).unwrap_err();
}

fn polling_busy(poller: &mut Poller) {
    let mut events = Events::new();
    let (reader, mut writer) = pipe();
    writer.write_all(b"x").unwrap();
    register(poller, &reader, 1, Interests::READABLE, Level);
    let mut busy = |what, expected: &[_], timeout| {
        calls(what, expected, || {
            for _ in 0..4 {
                poller.poll(&mut events, timeout).unwrap();
                assert_eq!((&mut events).into_iter().count(), 1);
            }
        });
    };
    busy("busy, without end", &[WAIT; 4], None);
    busy("busy, without a timeout that a clock could reach", &[WAIT; 4], Some(Duration::MAX));
    busy("busy, timeout 0", &[LOOK; 4], Some(Duration::ZERO));
    busy("busy, whole milliseconds", &[LOOK; 4], Some(Duration::from_millis(7)));
    busy("busy, a fraction", &[LOOK; 4], Some(Duration::from_micros(50)));
    busy("busy, long", &[LOOK; 4], Some(Duration::from_secs(u64::MAX / 2_000_000_000)));
    deregister(poller, &reader).unwrap();
}

fn polling_idle(poller: &mut Poller) {
    let mut events = Events::new();
    calls("idle, timeout 0", &[LOOK; 3], || {
        for _ in 0..3 {
            poller.poll(&mut events, Some(Duration::ZERO)).unwrap();
        }
    });
    // A look that finds nothing is left out ever longer.
    let looks = [0, 2, 5, 10, 19];
    for (what, wait, timeout) in [
        ("idle, a millisecond", "epoll_wait 1", Duration::from_millis(1)),
        ("idle, a fraction", PRECISELY, Duration::from_micros(50)),
        ("idle, more than a millisecond", PRECISELY, Duration::from_micros(1_300)),
    ] {
        let mut expected = Vec::new();
        for n in 0..20 {
            expected.extend(looks.contains(&n).then_some(LOOK));
            expected.push(wait);
        }
        let mut poller = Poller::new().unwrap();
        calls(what, &expected, || {
            for _ in 0..20 {
                poller.poll(&mut events, Some(timeout)).unwrap();
            }
        });
    }
    // What comes during the wait ends it, and the clock need not be asked again.
    let (reader, mut writer) = pipe();
    register(poller, &reader, 1, Interests::READABLE, Edge);
    let mut thread = when_it_sleeps(move || {
        writer.write_all(b"x").unwrap();
        writer
    });
    let timeout = Some(Duration::from_secs(60));
    calls("something comes", &[LOOK, "epoll_wait 60000"], || poller.poll(&mut events, timeout))
        .unwrap();
    writer = thread.join().unwrap();
    deregister(poller, &reader).unwrap();
    // After a signal only the rest is waited for, which is no longer whole.
    let mut poller = Poller::new().unwrap();
    register(&mut poller, &reader, 1, Interests::READABLE, Edge);
    drain(&reader);
    let polling = (Thread::this(), thread_id());
    on_signal(libc::SIGUSR1, count_signal);
    thread = when_it_sleeps(move || {
        polling.0.interrupt();
        while SIGNALS.load(SeqCst) == 0 {
            std::thread::yield_now();
        }
        wait_until_it_sleeps(polling.1);
        writer.write_all(b"x").unwrap();
        writer
    });
    calls("a signal comes", &[LOOK, "epoll_wait 60000", PRECISELY], || {
        poller.poll(&mut events, timeout)
    })
    .unwrap();
    drop(thread.join().unwrap());
}

static SIGNALS: AtomicU32 = AtomicU32::new(0);

extern "C" fn count_signal(_: libc::c_int) {
    SIGNALS.fetch_add(1, SeqCst);
}

/// A thread that outlives what it is told. A number, since some systems have a pointer, which may
/// not be sent.
struct Thread(usize);

impl Thread {
    fn this() -> Thread {
        // SAFETY: no memory is involved.
        Thread(unsafe { libc::pthread_self() } as usize)
    }

    fn interrupt(&self) {
        // SAFETY: the thread lives: it joins the one that calls this.
        assert_eq!(unsafe { libc::pthread_kill(self.0 as libc::pthread_t, libc::SIGUSR1) }, 0);
    }
}

/// The timer is armed once for deadlines that are pushed back, and again when it has expired.
fn precisely() {
    const ARM: &str = "timerfd_settime";
    let mut events = Events::new();
    let mut poller = Poller::new().unwrap();
    let precise = |poller: &mut Poller, on| poller.registry().set_precise(on).unwrap();
    calls("precise", &["timerfd_create", ARM], || precise(&mut poller, true));
    calls("precise twice", &[], || precise(&mut poller, true));
    let hour = Duration::from_secs(3_600);
    let key = poller.add_timeout(EventedId(1), hour).unwrap();
    let (reader, mut writer) = pipe();
    register(&mut poller, &reader, 1, Interests::READABLE, Edge);
    for n in 0..5 {
        poller.update_deadline(key, Instant::now() + hour).unwrap();
        let mut expected = vec!["poll", LOOK];
        if n == 0 {
            expected.insert(0, ARM);
        }
        if [0, 2].contains(&n) {
            expected.insert(0, LOOK);
        }
        let begin = std::sync::Barrier::new(2);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                begin.wait();
                std::thread::sleep(Duration::from_millis(30));
                writer.write_all(b"x").unwrap();
            });
            begin.wait();
            calls("precise, a deadline is pushed back", &expected, || {
                poller.poll(&mut events, None).unwrap();
            });
        });
    }
    writer.write_all(b"x").unwrap();
    calls("precise, busy", &[LOOK], || poller.poll(&mut events, Some(Duration::ZERO))).unwrap();
    let mut timeout = |what, expected: &[_], timeout| {
        calls(what, expected, || poller.poll(&mut events, Some(timeout)).unwrap());
    };
    timeout("precise, an earlier end", &[LOOK, ARM, "poll"], Duration::from_millis(1));
    timeout("precise, another", &[ARM, "poll"], Duration::from_millis(1));
    calls("not precise", &["close"], || precise(&mut poller, false));
}

/// It is asked for once.
fn without_pwait2() {
    refuse(libc::SYS_epoll_pwait2, libc::ENOSYS);
    let mut events = Events::new();
    let mut poller = Poller::new().unwrap();
    let mut poll = || poller.poll(&mut events, Some(Duration::from_micros(1_300)));
    calls("a kernel that is too old", &[LOOK, PRECISELY, "epoll_wait 2"], &mut poll).unwrap();
    calls("and is known to be", &["epoll_wait 2"], &mut poll).unwrap();
}

fn sockets(poller: &mut Poller) {
    let any = "127.0.0.1:0".parse().unwrap();
    let bind = ["socket", "setsockopt", "bind", "listen"];
    let mut listener = calls("bind", &bind, || TcpListener::bind(any)).unwrap();
    let address = listener.local_addr().unwrap();
    calls("bind to a used address", &["socket", "setsockopt", "bind", "close"], || {
        TcpListener::bind(address)
    })
    .unwrap_err();
    let nobody = calls("accept nobody", &["accept4"], || listener.accept()).unwrap_err();
    assert_eq!(nobody.kind(), ErrorKind::WouldBlock);

    let mut events = Events::new();
    let id = EventedId(1);
    let mut client =
        calls("connect", &["socket", "connect"], || TcpStream::connect(address)).unwrap();
    poller.register(&mut client, id, TcpStream::INTERESTS, Edge).unwrap();
    poller.register(&mut listener, id, TcpListener::INTERESTS, Edge).unwrap();
    for _ in 0..2 {
        if events.len() < 2 {
            poller.poll(&mut events, Some(PATIENCE)).unwrap();
        }
    }
    let status = calls("connect_status", &["getpeername"], || client.connect_status()).unwrap();
    assert_eq!(status, ConnectStatus::Connected);
    let (mut server, _) = calls("accept", &["accept4"], || listener.accept()).unwrap();

    calls("write", &["sendto"], || client.write(b"one")).unwrap();
    let parts = [IoSlice::new(b"two"), IoSlice::new(b"three")];
    calls("a vectored write", &["sendmsg"], || client.write_vectored(&parts)).unwrap();
    let nothing = [IoSlice::new(b""); 2];
    for parts in [&nothing[..], &[]] {
        let empty = calls("an empty vectored write", &[], || client.write_vectored(parts));
        assert_eq!(empty.unwrap(), 0);
    }
    calls("flush", &[], || client.flush()).unwrap();
    while !server.peek(&mut [0; 11]).is_ok_and(|length| length == 11) {}
    let mut buffer = [0; 2];
    calls("peek", &["recvfrom"], || server.peek(&mut buffer)).unwrap();
    calls("read", &["recvfrom"], || server.read(&mut buffer)).unwrap();
    let empty = calls("an empty vectored read", &[], || server.read_vectored(&mut []));
    assert_eq!(empty.unwrap(), 0);
    let mut parts = [IoSliceMut::new(&mut buffer)];
    calls("a vectored read", &["readv"], || server.read_vectored(&mut parts)).unwrap();

    one_request_each(poller, &listener);

    let std = net::TcpListener::bind(any).unwrap();
    let std = calls("from std", &["ioctl"], || TcpListener::from_std(std)).unwrap();
    calls("to std", &[], || net::TcpListener::from(std));
    calls("dropping a stream", &["close"], || drop(server));
}

/// A connection of one request, by the two ways: it is registered, or read from first.
fn one_request_each(poller: &mut Poller, listener: &TcpListener) {
    let (id, interests) = (EventedId(3), Interests::READABLE);
    let mut events = Events::new();
    let mut buffer = [0; 8];
    let client = || {
        let mut client = net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        client.write_all(b"request").unwrap();
        client
    };
    let mut answer = |mut stream: TcpStream| {
        let length = stream.read(&mut buffer).unwrap();
        assert_eq!(stream.write(&buffer[..length]).unwrap(), length);
    };
    let _client = client();
    let registered = ["accept4", ADD, LOOK, "recvfrom", "sendto", "close"];
    calls("one request, registered", &registered, || {
        let (mut stream, _) = listener.accept().unwrap();
        poller.register(&mut stream, id, interests, Edge).unwrap();
        poller.poll(&mut events, Some(Duration::ZERO)).unwrap();
        answer(stream);
    });
    let _client = client();
    let read_first = ["accept4", "recvfrom", "sendto", "close"];
    calls("one request, read first", &read_first, || answer(listener.accept().unwrap().0));
}
