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

pub use self::evented::Evented;
pub(crate) use self::registration::Registration;
pub use self::registry::Registry;

use self::shares::Rotation;
use crate::ready_queue::ReadyQueue;
use crate::wheel::TimerWheel;

/// Returns kernel events, user-space events and expired timers through one call.
///
/// `USER` is the number of user-space events and sources that it can hold, `TIMERS` that of
/// deadlines. Both are exact and independent, and may be 0, which costs nothing.
/// [`new`](Poller::new) takes the defaults of 512, [`sized`](Poller::sized) serves every size.
/// Nothing is ever allocated.
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
/// * **Order.** Within a batch all expired timers come before all kernel events. A handler of a
///   kernel event can rely on it: the key of a deadline that has fired is stale only if the event
///   was seen before.
/// * **Share.** With `Events<N>`, N >= 3, each class with pending events gets at least ⌊N/3⌋ slots
///   of every batch (fewer only if it has fewer events). With N < 3, it gets at least one slot in
///   every three polls.
/// * **Bound.** An event is therefore delivered within ⌈p/⌊N/3⌋⌉ polls (3p if N < 3), where p is
///   its position in its class's queue, counting from 1. The queue of the kernel is that of the
///   ready sources, which it rotates; in that of the timers an earlier deadline precedes, even if
///   it is added later.
/// * **Loss.** Events that do not fit stay pending: none is lost, and none comes twice.
///
/// There is one exception: if thousands of cancelled or postponed timers would have been due by
/// now, a poll may spend its work budget (256 entries) discarding them and deliver no timer,
/// leaving the whole batch to the other classes. With the default of 512 `TIMERS` that cannot
/// happen. With N >= 3, at most `TIMERS` / 800 such polls follow each other.
///
/// Slots that a class does not use go to the others, but to more timers only if the kernel has
/// reported nothing: they would come after its events. [`Events::is_full`](crate::Events::is_full)
/// hints that more is pending.
///
/// # System calls
///
/// A poll makes one system call: it does not block if user events or timers are due, but still
/// collects kernel events. With a timeout or a deadline ahead, there may be two: if recent polls
/// found events, the first does not block, so that the kernel need not set up a timer. Each
/// `EINTR`, and each (rare) early wake-up caused by an inexact next deadline, adds one. The clock
/// is read only if a deadline or a timeout makes it necessary.
///
/// With `Events<N>`, N < 3, a poll makes no call if all of its slots are taken by user events or
/// timers: the kernel has its slot in another poll. A poll that has no event, but timers to
/// discard, makes one more call for each 256 of them.
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
#[derive(Debug)]
pub struct Poller<const USER: usize = 512, const TIMERS: usize = 512> {
    registry: Registry,
    user: ReadyQueue<USER>,
    timers: TimerWheel<TIMERS>,
    rotation: Rotation,
}

static_assertions::assert_not_impl_any!(Poller: Send, Sync);
static_assertions::assert_not_impl_any!(Registry: Send, Sync);
