//! A borrowed descriptor as a source.

extern crate std;

use std::os::fd::{AsRawFd, BorrowedFd};

use crate::error::Result;
use crate::id::EventedId;
use crate::interests::{Interests, PollOption};
use crate::poller::{Evented, Registry};
use crate::unix::EventedFd;

/// As [`EventedFd`], for a descriptor that the compiler knows to be open. It must be non-blocking.
///
/// ```
/// use std::os::{fd::AsFd, unix::net::UnixStream};
/// use mio_st::{EventedId, Interests, PollOption, Poller};
///
/// let (here, _there) = UnixStream::pair()?;
/// here.set_nonblocking(true)?;
/// let mut poller = Poller::new()?;
/// poller.register(&mut here.as_fd(), EventedId(1), Interests::READABLE, PollOption::Edge)?;
/// poller.deregister(&mut here.as_fd())?;
/// # Ok::<(), std::io::Error>(())
/// ```
impl Evented for BorrowedFd<'_> {
    fn register(
        &mut self,
        registry: &mut Registry,
        id: EventedId,
        interests: Interests,
        opt: PollOption,
    ) -> Result<()> {
        EventedFd(&self.as_raw_fd()).register(registry, id, interests, opt)
    }

    fn reregister(
        &mut self,
        registry: &mut Registry,
        id: EventedId,
        interests: Interests,
        opt: PollOption,
    ) -> Result<()> {
        EventedFd(&self.as_raw_fd()).reregister(registry, id, interests, opt)
    }

    fn deregister(&mut self, registry: &mut Registry) -> Result<()> {
        EventedFd(&self.as_raw_fd()).deregister(registry)
    }
}
