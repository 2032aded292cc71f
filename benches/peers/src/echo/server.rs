//! The servers. All do the same system calls where their library lets them: a connection's event is one read
//! and one write, and a read that is short needs no second one to know that there is no more.

use std::io::{self, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, OwnedFd};

use mio_st::event::{EventedId, Interests};
use mio_st::net::{TcpListener, TcpStream};
use mio_st::poll::PollOption;
use mio_st::slab::Slab;

#[cfg(feature = "c-peers")]
use crate::selectors::{CLoop, Libev, Libevent, Libuv};
use crate::selectors::{Calloop, Mio, MioSt, Mode, Polling, Raw, Selector};
use crate::{counting, sys};

/// In the order of the table. "mio-st, Slab" is written as its users would write it, with `TcpStream`s in a
/// `Slab`; the others know a connection by its descriptor alone.
pub const PEERS: &[&str] = &[
    Raw::PEER,
    MioSt::PEER,
    "mio-st, Slab",
    Mio::PEER,
    Polling::PEER,
    Calloop::PEER,
    "tokio",
    #[cfg(feature = "c-peers")]
    "libev",
    #[cfg(feature = "c-peers")]
    "libevent",
    #[cfg(feature = "c-peers")]
    "libuv",
];

const BUFFER: usize = 1024;

/// Serves until it is killed. Says its port and its process on its standard output, and, at each SIGUSR1, what it has used.
pub fn serve(peer: &str) {
    let listener = announce();
    match peer {
        Raw::PEER => with_selector::<Raw>(&listener),
        MioSt::PEER => with_selector::<MioSt>(&listener),
        Mio::PEER => with_selector::<Mio>(&listener),
        Polling::PEER => with_selector::<Polling>(&listener),
        Calloop::PEER => with_selector::<Calloop>(&listener),
        #[cfg(feature = "c-peers")]
        "libev" => with_selector::<CLoop<Libev>>(&listener),
        #[cfg(feature = "c-peers")]
        "libevent" => with_selector::<CLoop<Libevent>>(&listener),
        #[cfg(feature = "c-peers")]
        "libuv" => with_selector::<CLoop<Libuv>>(&listener),
        "mio-st, Slab" => with_slab(listener).unwrap(),
        "tokio" => with_tokio(listener).unwrap(),
        peer => panic!("{peer}: no such peer"),
    }
}

/// Listens, and says so. From now on the signals of [`serve`] have their meaning.
pub fn announce() -> OwnedFd {
    let (listener, port) = sys::listen();
    announce_at(port);
    listener
}

/// As `announce`, for a server that listens by itself.
pub fn announce_at(port: u16) {
    // SAFETY: the handlers call only what is allowed in one.
    unsafe {
        libc::signal(libc::SIGUSR1, report as *const () as libc::sighandler_t);
        libc::signal(libc::SIGTERM, leave as *const () as libc::sighandler_t);
    }
    println!("{port} {}", std::process::id());
}

fn with_selector<S: Selector>(listener: &OwnedFd) {
    let listener = listener.as_raw_fd();
    let (mut selector, mut events) = (S::new(), S::events());
    selector.register(listener, listener as usize, Mode::Edge);
    let mut buffer = [0; BUFFER];
    loop {
        selector.poll(&mut events, None);
        S::readable(&mut events, |id| {
            let fd = id as i32;
            if fd == listener {
                loop {
                    let connection = sys::accept(listener);
                    if connection < 0 {
                        break;
                    }
                    selector.register(connection, connection as usize, Mode::Edge);
                }
                return;
            }
            match sys::receive(fd, &mut buffer) {
                length @ 1.. => {
                    sys::send(fd, &buffer[..length as usize]);
                }
                // libuv looks again where 1,024 are ready, and finds those that are not handled yet.
                -1 if io::Error::last_os_error().kind() == io::ErrorKind::WouldBlock => {}
                _ => selector.close(fd),
            }
        });
    }
}

fn with_slab(listener: OwnedFd) -> io::Result<()> {
    const LISTENER: EventedId = EventedId(0);
    static mut CONNECTIONS: MaybeUninit<Slab<TcpStream, 16_384>> = MaybeUninit::uninit();

    let connections = &raw mut CONNECTIONS;
    // SAFETY: nothing else names it, and a process serves once.
    let connections = Slab::init_in(unsafe { &mut *connections });
    let mut listener = TcpListener::from_std(listener.into())?;
    let (mut selector, mut events) = (MioSt::new(), MioSt::events());
    let poller = &mut selector.poller;
    poller.register(&mut listener, LISTENER, TcpListener::INTERESTS, PollOption::Edge)?;
    let mut buffer = [0; BUFFER];
    loop {
        poller.poll(&mut events, None)?;
        for event in &mut events {
            if event.id() == LISTENER {
                while let Ok((mut stream, _)) = listener.accept() {
                    let Ok(entry) = connections.vacant_entry() else { break };
                    let (id, interests) = (entry.key().into(), Interests::READABLE);
                    poller.register(&mut stream, id, interests, PollOption::Edge)?;
                    entry.insert(stream);
                }
                continue;
            }
            let Some(stream) = connections.get_mut(event.id()) else { continue };
            match stream.read(&mut buffer) {
                Ok(length @ 1..) => drop(stream.write(&buffer[..length])),
                _ => drop(connections.remove(event.id())),
            }
        }
    }
}

fn with_tokio(listener: OwnedFd) -> io::Result<()> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener.into())?;
        loop {
            let (mut stream, _) = listener.accept().await?;
            tokio::spawn(async move {
                let mut buffer = [0; BUFFER];
                while let Ok(length @ 1..) = stream.read(&mut buffer).await {
                    if stream.write_all(&buffer[..length]).await.is_err() {
                        break;
                    }
                }
            });
        }
    })
}

/// Prints allocations, bytes in use and microseconds of processor time so far.
extern "C" fn report(_: i32) {
    // SAFETY: zeros are a value of it.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: `usage` is valid for the call.
    unsafe { libc::getrusage(libc::RUSAGE_SELF, &mut usage) };
    let micros = |time: libc::timeval| time.tv_sec * 1_000_000 + time.tv_usec;
    let processor = micros(usage.ru_utime) + micros(usage.ru_stime);
    let mut line = [0; 80];
    let mut rest = &mut line[..];
    let (allocations, bytes) = (counting::allocations(), counting::bytes());
    writeln!(rest, "{allocations} {bytes} {processor}").expect("80 bytes are enough");
    let length = 80 - rest.len();
    sys::write(1, &line[..length]);
}

extern "C" fn leave(_: i32) {
    // SAFETY: it ends the process, at once.
    unsafe { libc::_exit(0) };
}
