//! A borrowed raw descriptor.

use crate::error::Result;
use crate::id::EventedId;
use crate::interests::{Interests, PollOption};
use crate::poller::Evented;
use crate::poller::Registry;
use crate::sys::fd::RawFd;

/// Lends any raw descriptor to a poller: a device, a timer, a socket of another library.
///
/// It owns nothing and closes nothing. The descriptor should be non-blocking, or a spurious event
/// may block the thread. It keeps no registration state either: on kqueue, registering the same
/// descriptor twice replaces the first registration, and a failed `reregister` removes it. A handle
/// that owns its descriptor returns [`AlreadyExists`](crate::Error::AlreadyExists) instead and
/// changes nothing, on every system.
///
/// ```
/// use std::io::Write;
/// use std::os::fd::AsRawFd;
/// use std::os::unix::net::UnixStream;
///
/// use mio_st::event::{EventedId, Events, Interests};
/// use mio_st::poll::{PollOption, Poller};
/// use mio_st::unix::EventedFd;
///
/// let (mut here, there) = UnixStream::pair()?;
/// there.set_nonblocking(true)?;
///
/// let mut poller = Poller::new().unwrap();
/// let mut events = Events::new();
/// poller
///     .register(
///         &mut EventedFd(&there.as_raw_fd()),
///         EventedId(1),
///         Interests::READABLE,
///         PollOption::Edge,
///     )
///     .unwrap();
///
/// here.write_all(b"hello")?;
/// poller.poll(&mut events, None).unwrap();
/// let event = (&mut events).into_iter().next().unwrap();
/// assert!(event.id() == EventedId(1) && event.readiness().is_readable());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Copy, Clone, Debug)]
pub struct EventedFd<'a>(pub &'a RawFd);

impl Evented for EventedFd<'_> {
    fn register(
        &mut self,
        registry: &mut Registry,
        id: EventedId,
        interests: Interests,
        opt: PollOption,
    ) -> Result<()> {
        registry.register_fd(*self.0, id, interests, opt)
    }

    fn reregister(
        &mut self,
        registry: &mut Registry,
        id: EventedId,
        interests: Interests,
        opt: PollOption,
    ) -> Result<()> {
        registry.reregister_fd(*self.0, id, interests, opt)
    }

    fn deregister(&mut self, registry: &mut Registry) -> Result<()> {
        registry.deregister_fd(*self.0)
    }
}
