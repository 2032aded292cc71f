//! A byte there and back between two connected sockets, both in one poller.

use std::os::fd::{AsRawFd, OwnedFd};

use super::of_selectors;
use crate::measure::{Contest, Run, measure, scaled};
use crate::selectors::{Mode, Selector};
use crate::sys;

const TRIPS: usize = scaled(200);

pub fn contests() -> Vec<Contest> {
    let contest = |name| Contest::new("ping-pong", name);
    vec![
        of_selectors!(contest("TCP"), trips(sys::tcp_pair())).with("tokio", tokio_tcp),
        of_selectors!(contest("Unix socket"), trips(sys::unix_pair())).with("tokio", tokio_unix),
    ]
}

fn trips<S: Selector>(pair: (OwnedFd, OwnedFd)) -> Run {
    let (mut selector, mut events) = (S::new(), S::events());
    let fds = [pair.0.as_raw_fd(), pair.1.as_raw_fd()];
    for (id, &fd) in fds.iter().enumerate() {
        selector.register(fd, id, Mode::Edge);
    }
    Box::new(move || {
        let _open = &pair;
        measure(TRIPS, || {
            sys::send(fds[0], b"x");
            let mut hops = 0;
            while hops < 2 * TRIPS {
                selector.poll(&mut events, None);
                S::readable(&mut events, |id| {
                    // The one byte that was sent.
                    if sys::receive(fds[id], &mut [0; 64]) > 0 {
                        hops += 1;
                        if hops < 2 * TRIPS {
                            sys::send(fds[id], b"x");
                        }
                    }
                });
            }
        })
    })
}

fn tokio_tcp() -> Run {
    tokio(|| {
        let (here, there) = sys::tcp_pair();
        let adopt = |fd: OwnedFd| tokio::net::TcpStream::from_std(fd.into()).unwrap();
        (adopt(here), adopt(there))
    })
}

fn tokio_unix() -> Run {
    tokio(|| {
        let (here, there) = sys::unix_pair();
        let adopt = |fd: OwnedFd| tokio::net::UnixStream::from_std(fd.into()).unwrap();
        (adopt(here), adopt(there))
    })
}

fn tokio<T>(pair: impl Fn() -> (T, T)) -> Run
where
    T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + 'static,
{
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (mut here, mut there) = {
        let _inside = runtime.enter();
        pair()
    };
    Box::new(move || {
        measure(TRIPS, || {
            runtime.block_on(async {
                let mut buffer = [0; 64];
                for _ in 0..TRIPS {
                    here.write_all(b"x").await.unwrap();
                    assert_eq!(there.read(&mut buffer).await.unwrap(), 1);
                    there.write_all(b"x").await.unwrap();
                    assert_eq!(here.read(&mut buffer).await.unwrap(), 1);
                }
            });
        })
    })
}
