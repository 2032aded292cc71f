//! The poller: one `poll` for kernel events, user events and timers.

// In the order of the documentation: rustdoc lists the methods of a type by module.
mod create;

mod watch;

mod poll;

mod user;

mod deadlines;

mod registry;

mod platform_ext;

mod attention;
mod evented;
mod probe;
mod registration;
mod shares;
mod wait;

use core::fmt;

pub use self::evented::Evented;
pub(crate) use self::registration::Registration;
pub use self::registry::Registry;

use self::shares::Rotation;
use crate::ready_queue::ReadyQueue;
use crate::wheel::TimerWheel;

/// A queue of kernel events, user-space events and timers, which one call returns.
///
/// `USER` is its capacity for user-space events and sources, `TIMERS` that for timers. Both are
/// exact and independent, and may be 0, which costs nothing. [`new`](Poller::new) uses the
/// defaults, **512 each**: the 513th timer is [`Full`](crate::Error::Full). A server with a timer
/// for each connection needs `TIMERS` to be at least the number of its connections: use
/// [`sized`](Poller::sized). Nothing is ever allocated. Descriptors are limited by the system only.
///
/// ```
/// use core::time::Duration;
/// use mio_st::event::{EventedId, Events, Ready};
/// use mio_st::poll::Poller;
///
/// let mut poller = Poller::new()?;
/// let mut events = Events::new();
/// poller.notify(EventedId(1), Ready::USER_0)?;
/// poller.add_timeout(EventedId(2), Duration::from_millis(1))?;
///
/// let mut seen = 0;
/// while seen < 2 {
///     poller.poll(&mut events, None)?;
///     for event in &mut events {
///         match event.id() {
///             EventedId(1) => assert_eq!(event.readiness(), Ready::USER_0),
///             _ => assert!(event.readiness().is_timer()),
///         }
///         seen += 1;
///     }
/// }
/// # Ok::<(), mio_st::Error>(())
/// ```
///
/// # Order and fairness
///
/// User events keep their order. Timers are ordered by deadline within a poll. Between the three
/// classes there is a guarantee, for what is pending when a poll begins:
///
/// * **Order.** Within a batch all expired timers come before all kernel events. So if the handler
///   of a kernel event finds the key of a timer stale, the event of that timer has been handled
///   already.
/// * **Share.** With `Events<N>`, N >= 3, each class with pending events gets at least ⌊N/3⌋ slots
///   of every batch (fewer only if it has fewer events). With N < 3, it gets at least one slot in
///   every three polls.
/// * **Bound.** An event is therefore delivered within ⌈p/⌊N/3⌋⌉ polls (3p if N < 3), where p is
///   its position in its class's queue, counting from 1. The kernel's queue consists of the ready
///   sources, which it rotates. The queue of the timers is ordered by deadline, so a timer that is
///   added later may come first.
/// * **Loss.** Events that do not fit stay pending: none is lost, and none comes twice.
///
/// There is one exception: if thousands of cancelled or postponed timers would have been due by
/// now, a poll may spend its work budget (256 entries) discarding them and deliver no timer,
/// leaving the whole batch to the other classes. With the default of 512 `TIMERS` that cannot
/// happen. With N >= 3, at most `TIMERS` / 800 such polls follow each other.
///
/// Slots that a class does not use go to the others. Further timers get them only if the kernel has
/// reported nothing, since timers must come before kernel events.
/// [`Events::is_full`](crate::Events::is_full) hints that more is pending.
///
/// # System calls
///
/// A poll makes one system call. If user events are pending or timers are due, this call does not
/// block, but still collects kernel events. With a timeout or a pending timer there may be two
/// calls: if recent polls found events, the first call does not block, so that the kernel need not
/// set up a timer. Each `EINTR`, and each (rare) early wake-up caused by an inexact next deadline,
/// adds one. The clock is read only if a deadline or a timeout makes it necessary: twice in a poll
/// that sleeps until one of them.
///
/// With `Events<N>`, N < 3, a poll makes no call if user events or timers take all of its slots:
/// the kernel gets a slot in another poll. A poll that has no event, but stopped timers to discard,
/// makes one more call for each 256 of them.
///
/// # Threads and processes
///
/// A poller and what is registered with it stay on one thread and in one process. In a forked child
/// polling and registering fail with [`Forked`](crate::Error::Forked); dropping the inherited copy
/// does not affect the parent.
///
/// ```compile_fail
/// let mut poller = mio_st::Poller::new().unwrap();
/// std::thread::spawn(move || poller.poll(&mut mio_st::Events::new(), None));
/// ```
#[doc(alias = "Poll")]
pub struct Poller<const USER: usize = 512, const TIMERS: usize = 512> {
    registry: Registry,
    user: ReadyQueue<USER>,
    timers: TimerWheel<TIMERS>,
    rotation: Rotation,
}

impl<const USER: usize, const TIMERS: usize> fmt::Debug for Poller<USER, TIMERS> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Poller")
            .field("fd", &self.raw_fd())
            .field("user", &format_args!("{} of {USER}", self.user.len()))
            .field("timers", &format_args!("{} of {TIMERS}", self.timers.len()))
            .finish_non_exhaustive()
    }
}

static_assertions::assert_not_impl_any!(Poller: Send, Sync);
static_assertions::assert_not_impl_any!(Registry: Send, Sync);
