//! Three sources, one loop.

use core::time::Duration;
use std::fs::{self, File};
use std::io;
use std::os::fd::AsRawFd;

use mio_st::event::{EventedId, Events, Interests};
use mio_st::poll::{PollOption, Poller};
use mio_st::unix::EventedFd;

use self::tun::Tun;
use super::common::Log;

mod inotify;
mod timerfd;
mod tun;

const FILES: EventedId = EventedId(0);
const TIMER: EventedId = EventedId(1);
const NETWORK: EventedId = EventedId(2);

pub fn main() -> io::Result<()> {
    let mut poller = Poller::new()?;
    let (mut events, mut log) = (Events::new(), Log::new());

    let folder = std::env::temp_dir().join(format!("mio-st-interop-{}", std::process::id()));
    fs::create_dir(&folder)?;
    let files = inotify::watch(&folder)?;
    let timer = timerfd::every(Duration::from_millis(5))?;
    watch(&mut poller, &files, FILES)?;
    watch(&mut poller, &timer, TIMER)?;
    let network = match Tun::new() {
        Ok(network) => {
            watch(&mut poller, &network.device, NETWORK)?;
            network.send(b"hello, TUN")?;
            Some(network)
        }
        Err(error) => {
            log.line(format_args!("tun: not permitted here: {error}"));
            None
        }
    };

    let (mut ticks, mut created, mut packets) = (0, 0, u32::from(network.is_none()));
    while ticks < 3 || created < 2 || packets < 1 {
        poller.poll(&mut events, Some(Duration::from_secs(10)))?;
        if events.is_empty() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        for event in &mut events {
            match event.id() {
                FILES => created += inotify::print_created(&files, &mut log)?,
                NETWORK => {
                    let print = |network: &Tun| network.print_packets(&mut log);
                    packets += network.as_ref().map_or(Ok(0), print)?;
                }
                _ => {
                    ticks += timerfd::expirations(&timer)?;
                    // What the other source then tells of.
                    if created < 2 {
                        File::create(folder.join(format!("made-at-tick-{ticks}")))?;
                    }
                }
            }
        }
    }
    log.line(format_args!("timerfd: {ticks} ticks"));
    poller.deregister(&mut EventedFd(&files.as_raw_fd()))?;
    fs::remove_dir_all(&folder)
}

/// Lends the descriptor for as long as it is registered, which its owner must outlive.
fn watch(poller: &mut Poller, source: &impl AsRawFd, id: EventedId) -> io::Result<()> {
    let fd = source.as_raw_fd();
    Ok(poller.register(&mut EventedFd(&fd), id, Interests::READABLE, PollOption::Level)?)
}

/// The descriptor that a system call has returned, or its error.
fn new_file(fd: libc::c_int) -> io::Result<File> {
    use std::os::fd::FromRawFd;

    check(fd)?;
    // SAFETY: it was made just now, and nobody else has it.
    Ok(unsafe { File::from_raw_fd(fd) })
}

fn check(answer: libc::c_int) -> io::Result<()> {
    if answer < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
