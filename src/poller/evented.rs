//! What can be registered.

use crate::error::Result;
use crate::id::EventedId;
use crate::interests::{Interests, PollOption};
use crate::poller::Registry;

/// A source of kernel events, such as a socket.
///
/// User code does not call these methods: it calls
/// [`Poller::register`](crate::poll::Poller::register) and the like, which call them. Implement it
/// for your own types by forwarding the calls to a type that implements it, such as
/// [`EventedFd`](crate::unix::EventedFd):
///
/// ```
/// use mio_st::Result;
/// use mio_st::event::{Evented, EventedId, Interests};
/// use mio_st::poll::{PollOption, Registry};
/// use mio_st::unix::{EventedFd, RawFd};
///
/// struct Device {
///     fd: RawFd,
/// }
///
/// impl Evented for Device {
///     fn register(
///         &mut self,
///         registry: &mut Registry,
///         id: EventedId,
///         interests: Interests,
///         opt: PollOption,
///     ) -> Result<()> {
///         EventedFd(&self.fd).register(registry, id, interests, opt)
///     }
///
///     fn reregister(
///         &mut self,
///         registry: &mut Registry,
///         id: EventedId,
///         interests: Interests,
///         opt: PollOption,
///     ) -> Result<()> {
///         EventedFd(&self.fd).reregister(registry, id, interests, opt)
///     }
///
///     fn deregister(&mut self, registry: &mut Registry) -> Result<()> {
///         EventedFd(&self.fd).deregister(registry)
///     }
/// }
/// ```
#[doc(alias = "Source")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be registered with a poller",
    note = "use the type of the same name in `mio_st::net`, or register the descriptor: \
            `EventedFd(&socket.as_raw_fd())`; std's sockets must be set non-blocking first"
)]
pub trait Evented {
    /// Starts watching the source.
    ///
    /// # Errors
    ///
    /// [`AlreadyExists`](crate::Error::AlreadyExists) if it is registered already,
    /// [`Unsupported`](crate::Error::Unsupported) for what the system cannot watch,
    /// [`InvalidInput`](crate::Error::InvalidInput) for an interest that can never happen, or an
    /// OS error. A failed call changes nothing.
    fn register(
        &mut self,
        registry: &mut Registry,
        id: EventedId,
        interests: Interests,
        opt: PollOption,
    ) -> Result<()>;

    /// Changes id, interests and option of a registered source, and arms it again after a oneshot
    /// event. A source that is ready reports so again.
    ///
    /// # Errors
    ///
    /// [`NotFound`](crate::Error::NotFound) if it is not registered, or if its registration was
    /// removed through the descriptor's number; otherwise as `register`.
    fn reregister(
        &mut self,
        registry: &mut Registry,
        id: EventedId,
        interests: Interests,
        opt: PollOption,
    ) -> Result<()>;

    /// Stops watching the source. Call it before closing a descriptor that may have a duplicate.
    ///
    /// # Errors
    ///
    /// [`NotFound`](crate::Error::NotFound) if it is not registered, or an OS error.
    fn deregister(&mut self, registry: &mut Registry) -> Result<()>;
}

static_assertions::assert_obj_safe!(Evented);
