//! TCP: connections and listeners.

use core::net::SocketAddr;
use core::time::Duration;

use super::{ConnectOptions, ListenOptions, Socket};
use crate::error::Result;
use crate::sys::option;
use crate::sys::option_name as name;

/// The kinds of this file.
pub mod kinds {
    use core::net::SocketAddr;

    use crate::interests::Interests;
    use crate::socket::kind::kind;

    kind! {
        /// A TCP connection, established or being established.
        TcpStream: SOCK_STREAM of [libc::AF_INET, libc::AF_INET6], listens: false;
        address: SocketAddr;
        interests: Interests::BOTH, possible: Interests::BOTH.add(Interests::PRIORITY);
        is Ip;
        is Data;
        is Peer;
        is Stream;
    }

    kind! {
        /// A TCP socket that listens.
        TcpListener: SOCK_STREAM of [libc::AF_INET, libc::AF_INET6], listens: true;
        address: SocketAddr;
        interests: Interests::READABLE;
        is Ip;
        is Listens { type Stream = TcpStream; };
    }
}

/// A TCP connection, established or being established.
///
/// Under [`Edge`](crate::poll::PollOption::Edge) an event reports each change once: read until the
/// call would block before waiting for the next event.
///
/// ```
/// use mio_st::event::{EventedId, Events};
/// use mio_st::poll::{PollOption, Poller};
/// use mio_st::socket::{ConnectStatus, TcpListener, TcpStream};
///
/// let listener = TcpListener::bind("127.0.0.1:0".parse().unwrap())?;
/// let mut poller = Poller::new()?;
/// let mut events = Events::new();
///
/// let mut stream = TcpStream::connect(listener.local_addr()?)?;
/// poller.register(&mut stream, EventedId(1), TcpStream::INTERESTS, PollOption::Edge)?;
/// while stream.connect_status()? != ConnectStatus::Connected {
///     poller.poll(&mut events, None)?;
/// }
/// # Ok::<(), mio_st::Error>(())
/// ```
pub type TcpStream = Socket<kinds::TcpStream>;

/// A listening TCP socket. The [module](super) has an example.
pub type TcpListener = Socket<kinds::TcpListener>;

impl TcpListener {
    /// Listens at `address`; for port 0 the system chooses one. Sets `SO_REUSEADDR`, so that a
    /// server can be restarted at once, and nothing else; see [`ListenOptions`] for more.
    ///
    /// # Errors
    ///
    /// An OS error: `Os(EADDRINUSE)`, `Os(EADDRNOTAVAIL)`, `Os(EACCES)` for a port below 1024, out
    /// of descriptors. See socket(2), bind(2), listen(2).
    pub fn bind(address: SocketAddr) -> Result<TcpListener> {
        ListenOptions::new().reuse_addr(true).listen(address)
    }
}

impl TcpStream {
    /// Begins to connect to `address` and does not wait. Register the stream; an event that
    /// [`is_writable`](crate::event::Ready::is_writable) reports that the attempt has ended, and
    /// [`connect_status`](Socket::connect_status) how. See [`ConnectOptions`] for more.
    ///
    /// # Errors
    ///
    /// An OS error, if the attempt fails at once: `Os(ECONNREFUSED)` on this machine,
    /// `Os(ENETUNREACH)`, out of descriptors. See socket(2), connect(2).
    pub fn connect(address: SocketAddr) -> Result<TcpStream> {
        ConnectOptions::new().connect(address)
    }
}

/// Options of a TCP connection, see tcp(7).
impl TcpStream {
    /// Returns whether small writes are sent at once (`TCP_NODELAY`).
    ///
    /// # Errors
    ///
    /// An OS error.
    pub fn nodelay(&self) -> Result<bool> {
        name::NODELAY.flag(self.as_raw_fd())
    }

    /// Sets whether small writes are sent at once (`TCP_NODELAY`) or collected.
    ///
    /// # Errors
    ///
    /// An OS error.
    pub fn set_nodelay(&self, nodelay: bool) -> Result<()> {
        name::NODELAY.set_flag(self.as_raw_fd(), nodelay)
    }

    /// Returns for how long closing lets the kernel try to send what is unsent (`SO_LINGER`), or
    /// `None` for the system's default. A time without end, which is a negative number to the
    /// system, is 2^31 - 1 seconds.
    ///
    /// # Errors
    ///
    /// An OS error.
    pub fn linger(&self) -> Result<Option<Duration>> {
        option::linger(self.as_raw_fd())
    }

    /// Sets `SO_LINGER`, rounded up to whole seconds. Zero makes closing reset the connection. A
    /// time that is longer than the system can keep is shortened to the longest one: 2^31 - 1 s on
    /// Linux, 65,535 s on FreeBSD and NetBSD, 32,767 s on OpenBSD and DragonFly, 327 s on Apple's
    /// systems.
    ///
    /// # Errors
    ///
    /// An OS error.
    pub fn set_linger(&self, linger: Option<Duration>) -> Result<()> {
        option::set_linger(self.as_raw_fd(), linger)
    }

    /// Returns whether an idle connection is probed (`SO_KEEPALIVE`).
    ///
    /// # Errors
    ///
    /// An OS error.
    pub fn keepalive(&self) -> Result<bool> {
        name::KEEPALIVE.flag(self.as_raw_fd())
    }

    /// Sets whether an idle connection is probed, so that a peer that has disappeared is noticed
    /// (`SO_KEEPALIVE`). The system's default times are long (two hours on Linux); the next three
    /// methods set them.
    ///
    /// ```
    /// use core::time::Duration;
    ///
    /// use mio_st::socket::{TcpListener, TcpStream};
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0".parse().unwrap())?;
    /// let stream = TcpStream::connect(listener.local_addr()?)?;
    /// stream.set_keepalive_idle(Duration::from_secs(60))?;
    /// stream.set_keepalive_interval(Duration::from_secs(10))?;
    /// stream.set_keepalive_count(3)?;
    /// stream.set_keepalive(true)?;
    /// assert!(stream.keepalive()?);
    /// # Ok::<(), mio_st::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// An OS error.
    pub fn set_keepalive(&self, on: bool) -> Result<()> {
        name::KEEPALIVE.set_flag(self.as_raw_fd(), on)
    }

    /// Returns the idle time before the first probe (`TCP_KEEPIDLE`).
    ///
    /// # Errors
    ///
    /// [`Unsupported`](crate::Error::Unsupported) on OpenBSD, or an OS error.
    pub fn keepalive_idle(&self) -> Result<Duration> {
        name::KEEP_IDLE.seconds(self.as_raw_fd())
    }

    /// Sets the idle time before the first probe (`TCP_KEEPIDLE`), rounded up to whole seconds.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](crate::Error::Unsupported) on OpenBSD, or an OS error: `Os(EINVAL)` for
    /// zero or more than 32,767 s on Linux.
    pub fn set_keepalive_idle(&self, idle: Duration) -> Result<()> {
        name::KEEP_IDLE.set_seconds(self.as_raw_fd(), idle)
    }

    /// Returns the time between two probes (`TCP_KEEPINTVL`).
    ///
    /// # Errors
    ///
    /// [`Unsupported`](crate::Error::Unsupported) on OpenBSD, or an OS error.
    pub fn keepalive_interval(&self) -> Result<Duration> {
        name::KEEP_INTERVAL.seconds(self.as_raw_fd())
    }

    /// Sets the time between two probes (`TCP_KEEPINTVL`), rounded up to whole seconds.
    ///
    /// # Errors
    ///
    /// As for [`set_keepalive_idle`](TcpStream::set_keepalive_idle).
    pub fn set_keepalive_interval(&self, interval: Duration) -> Result<()> {
        name::KEEP_INTERVAL.set_seconds(self.as_raw_fd(), interval)
    }

    /// Returns after how many unanswered probes the connection is ended (`TCP_KEEPCNT`).
    ///
    /// # Errors
    ///
    /// [`Unsupported`](crate::Error::Unsupported) on OpenBSD, or an OS error.
    pub fn keepalive_count(&self) -> Result<u32> {
        name::KEEP_COUNT.number(self.as_raw_fd())
    }

    /// Sets after how many unanswered probes the connection is ended (`TCP_KEEPCNT`).
    ///
    /// # Errors
    ///
    /// [`Unsupported`](crate::Error::Unsupported) on OpenBSD, or an OS error: `Os(EINVAL)` for
    /// zero or more than 127 on Linux.
    pub fn set_keepalive_count(&self, count: u32) -> Result<()> {
        name::KEEP_COUNT.set_size(self.as_raw_fd(), count)
    }

    /// Returns for how long sent data may stay unacknowledged before the connection is ended
    /// (`TCP_USER_TIMEOUT`). Zero is the system's default. Linux only.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](crate::Error::Unsupported), or an OS error.
    pub fn user_timeout(&self) -> Result<Duration> {
        name::USER_TIMEOUT.millis(self.as_raw_fd())
    }

    /// Sets `TCP_USER_TIMEOUT`, rounded up to whole milliseconds. Zero is the system's default.
    /// Linux only.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](crate::Error::Unsupported), or an OS error.
    pub fn set_user_timeout(&self, timeout: Duration) -> Result<()> {
        name::USER_TIMEOUT.set_millis(self.as_raw_fd(), timeout)
    }

    /// Returns whether acknowledgements are sent at once (`TCP_QUICKACK`). Linux only.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](crate::Error::Unsupported), or an OS error.
    pub fn quick_ack(&self) -> Result<bool> {
        name::QUICK_ACK.flag(self.as_raw_fd())
    }

    /// Sets whether acknowledgements are sent at once (`TCP_QUICKACK`). The kernel may change the
    /// mode back later. Linux only.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](crate::Error::Unsupported), or an OS error.
    pub fn set_quick_ack(&self, on: bool) -> Result<()> {
        name::QUICK_ACK.set_flag(self.as_raw_fd(), on)
    }
}
