//! One server a core, all at one address.

use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};

use mio_st::event::{EventedId, Events};
use mio_st::net::{ListenOptions, TcpListener};
use mio_st::poll::{PollOption, Poller};
use mio_st::unix::{SignalSet, Signals, Waker};

use super::options::{Limits, Options};
use super::server::Server;

const SIGNALS: EventedId = EventedId(0);
const ENDED: EventedId = EventedId(1);

/// The threads of the servers, and what this thread waits for.
pub struct Cores {
    poller: Poller<0, 0>,
    signals: Signals,
    servers: Vec<Core>,
    ends: Arc<Ends>,
    address: SocketAddr,
}

struct Core {
    thread: JoinHandle<io::Result<u64>>,
    stopper: Waker,
}

/// How many servers have ended.
struct Ends {
    count: AtomicUsize,
    waker: Waker,
}

/// Counts the end of a thread, even if it panics.
struct End(Arc<Ends>);

impl Drop for End {
    fn drop(&mut self) {
        self.0.count.fetch_add(1, SeqCst);
        let _ = self.0.waker.wake();
    }
}

impl Cores {
    /// Starts the servers. No other thread may have been started before, since it would get the
    /// signals.
    pub fn start(options: &Options, stops: SignalSet) -> io::Result<Cores> {
        let mut poller = Poller::sized()?;
        let mut signals = Signals::new(stops)?;
        poller.register(&mut signals, SIGNALS, Signals::INTERESTS, PollOption::Level)?;
        let waker = Waker::new(poller.registry(), ENDED)?;
        let ends = Arc::new(Ends { count: AtomicUsize::new(0), waker });
        // All listen before the first is served, or that one would have all connections.
        let listeners = listen(options)?;
        let address = listeners[0].local_addr()?;
        let servers = listeners
            .into_iter()
            .map(|listener| Core::start(listener, options.limits, End(Arc::clone(&ends))))
            .collect::<io::Result<_>>()?;
        Ok(Cores { poller, signals, servers, ends, address })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits for a signal, or for a server to fail, and ends all servers: at the first signal in
    /// order, at the second at once. Returns how many requests were served.
    pub fn run(mut self) -> io::Result<u64> {
        let mut events = Events::<4>::sized();
        let mut stopping = false;
        while self.ends.count.load(SeqCst) < self.servers.len() {
            self.poller.poll(&mut events, None)?;
            let signalled = self.signals.receive()?.is_some();
            let failed = !stopping && self.ends.count.load(SeqCst) > 0;
            if signalled || failed {
                stopping = true;
                self.servers.iter().try_for_each(|core| core.stopper.wake())?;
            }
        }
        self.servers.into_iter().map(Core::join).sum()
    }
}

fn listen(options: &Options) -> io::Result<Vec<TcpListener>> {
    let shared = ListenOptions::new().reuse_addr(true).reuse_port(options.cores > 1);
    let first = shared.listen(options.address)?;
    let address = first.local_addr()?; // The port is known now.
    let others = (1..options.cores).map(|_| shared.listen(address));
    core::iter::once(Ok(first)).chain(others).collect()
}

impl Core {
    fn start(listener: TcpListener, limits: Limits, end: End) -> io::Result<Core> {
        // Handles stay on their thread; descriptors may travel, and so do wakers.
        let listener = OwnedFd::from(listener);
        let (sender, receiver) = mpsc::channel();
        let thread = thread::Builder::new().name("server".into()).spawn(move || {
            let _end = end;
            let mut server = Server::new(listener.into(), limits)?;
            sender.send(server.stopper()?).map_err(io::Error::other)?;
            server.serve()
        })?;
        match receiver.recv() {
            Ok(stopper) => Ok(Core { thread, stopper }),
            Err(_) => Err(join(thread).err().unwrap_or_else(|| io::Error::other("no server"))),
        }
    }

    fn join(self) -> io::Result<u64> {
        join(self.thread)
    }
}

fn join(thread: JoinHandle<io::Result<u64>>) -> io::Result<u64> {
    thread.join().unwrap_or_else(|_| Err(io::Error::other("a server panicked")))
}
