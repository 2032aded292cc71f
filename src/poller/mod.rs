//! One `poll` for events from the kernel, from user space and from deadlines.

mod attention;
mod deadlines;
mod evented;
mod platform_ext;
mod poll;
mod probe;
mod registration;
mod registry;
mod shares;
mod user;
mod wait;

use core::mem::MaybeUninit;

pub use self::evented::Evented;
pub(crate) use self::registration::Registration;
pub use self::registry::Registry;

use self::shares::Rotation;
use crate::error::Result;
use crate::id::EventedId;
use crate::interests::{Interests, PollOption};
use crate::ready_queue::ReadyQueue;
use crate::sys::fd::RawFd;
use crate::wheel::TimerWheel;

/// Hands out events from three sources through one call: the kernel, user space, and deadlines.
///
/// `USER` is how many user-space events and sources it can hold, `TIMERS` how many deadlines; both are
/// exact, independent, and may be 0, which costs nothing. [`new`](Poller::new) takes the defaults of 512,
/// [`sized`](Poller::sized) serves every size. Nothing is allocated, ever.
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
/// User events keep their order. Deadlines come in order of time within a poll. Between the three classes
/// there is a guarantee, for what is pending when a poll begins:
///
/// * **Order.** Within a batch all expired timers come before all kernel events. A handler of a kernel event
///   can rely on it: the key of a deadline that has fired is stale only if the event was seen before.
/// * **Share.** With `Events<N>`, N >= 3, each class that has something pending gets at least ⌊N/3⌋ places
///   of every batch, or all that it has. With N < 3 it gets one place at least of every three polls'.
/// * **Bound.** So what is pending now is out after at most ⌈p/⌊N/3⌋⌉ polls (3p polls for N < 3), where p
///   counts what is before it in its class, itself included: for a kernel source the ready sources, since the kernel
///   rotates them; for a user event the queue; for a deadline those that sort before it, also if they
///   are inserted later.
/// * **Loss.** What does not fit stays where it is: nothing is lost, and nothing comes twice.
///
/// There is one exception: where thousands of deadlines are gone or were pushed back that would be due by now, a
/// poll puts 256 of them right, or more, and the other classes may have the whole batch meanwhile. With the
/// default of 512 `TIMERS` that cannot be. With N >= 3, at most `TIMERS` / 800 such polls follow each other.
///
/// Slots that a class does not use go to the others, but to more deadlines only if the kernel has reported
/// nothing: they would come after its events. [`Events::is_full`](crate::Events::is_full) hints that more is waiting.
///
/// # System calls
///
/// A poll makes one system call: it returns at once where user events or deadlines are due, and looks at the
/// kernel all the same. With a timeout or a deadline ahead, there may be two: where recent polls found work, the
/// first does not wait, which saves the kernel setting up a timer. Each signal that interrupts, and each
/// rare early wake-up for a lower bound of the next deadline, adds one. The clock is read only where a
/// deadline or a timeout makes it necessary.
///
/// With `Events<N>`, N < 3, a poll whose places are all taken by user events or deadlines makes no call: it is
/// not the kernel's turn. A poll that has nothing to bring but deadlines to put right looks once more for each
/// 256 of them.
///
/// # Threads and processes
///
/// A poller and what is registered with it stay on one thread and in one process. In a forked child polling and
/// registering fail with [`Forked`](crate::Error::Forked); dropping the copy there disturbs nobody.
///
/// ```compile_fail
/// let mut poller = mio_st::Poller::new().unwrap();
/// std::thread::spawn(move || poller.poll(&mut mio_st::Events::new(), None));
/// ```
#[derive(Debug)]
pub struct Poller<const USER: usize = 512, const TIMERS: usize = 512> {
    registry: Registry,
    user: ReadyQueue<USER>,
    timers: TimerWheel<TIMERS>,
    rotation: Rotation,
}

impl Poller {
    /// Returns a poller for 512 user-space events and 512 deadlines.
    ///
    /// # Stack
    ///
    /// It is a value of some 46 KiB on the stack of its owner. A release build makes it there, so that a thread
    /// with a stack of 64 KiB suffices; a debug build copies it several times, which takes up to 256 KiB.
    /// [`init_in`](Poller::init_in) makes one elsewhere, in a `static` or in a `Box`, and needs some 2 KiB
    /// of stack in every build.
    ///
    /// # Errors
    ///
    /// The system's: out of descriptors (`EMFILE`, `ENFILE`) or memory. See epoll_create1(2), kqueue(2).
    #[inline]
    pub fn new() -> Result<Poller> {
        Poller::sized()
    }
}

impl<const USER: usize, const TIMERS: usize> Poller<USER, TIMERS> {
    /// A poller with room for `USER` user-space events and `TIMERS` deadlines.
    ///
    /// ```
    /// type Poller = mio_st::Poller<16, 8>;
    ///
    /// let poller = Poller::sized()?;
    /// # Ok::<(), mio_st::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`new`](Poller::new).
    #[inline]
    pub fn sized() -> Result<Self> {
        let registry = Registry::new()?;
        Ok(Poller {
            registry,
            // Constants: a debug build would make each of them on the stack first, and then copy it.
            user: const { ReadyQueue::new() },
            timers: const { TimerWheel::new() },
            rotation: Rotation::default(),
        })
    }

    /// Makes a large poller where it shall stay, in a `static` for example, without passing it over the
    /// stack.
    ///
    /// ```
    /// use core::mem::MaybeUninit;
    /// use mio_st::poll::Poller;
    ///
    /// static mut POLLER: MaybeUninit<Poller<16, 1_000_000>> = MaybeUninit::uninit();
    ///
    /// // SAFETY: this is the only use of it. The crate `static_cell` does the same without `unsafe`.
    /// let poller = Poller::init_in(unsafe { &mut *&raw mut POLLER })?;
    /// # Ok::<(), mio_st::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`new`](Poller::new); nothing is initialised then.
    #[allow(unsafe_code)]
    pub fn init_in(place: &mut MaybeUninit<Self>) -> Result<&mut Self> {
        let registry = Registry::new()?;
        let poller = place.as_mut_ptr();
        // SAFETY: `place` is valid for writing, the fields lie in it and do not overlap, and when all of
        // them have been written it is a poller. Nothing in between can fail or panic.
        unsafe {
            ReadyQueue::<USER>::init_in(&mut *(&raw mut (*poller).user).cast());
            TimerWheel::<TIMERS>::init_in(&mut *(&raw mut (*poller).timers).cast());
            (&raw mut (*poller).rotation).write(Rotation::default());
            (&raw mut (*poller).registry).write(registry);
            Ok(place.assume_init_mut())
        }
    }

    /// Begins to watch `handle`: its events will carry `id`.
    ///
    /// # Errors
    ///
    /// As [`Evented::register`].
    pub fn register<E: Evented + ?Sized>(
        &mut self,
        handle: &mut E,
        id: EventedId,
        interests: Interests,
        opt: PollOption,
    ) -> Result<()> {
        handle.register(&mut self.registry, id, interests, opt)
    }

    /// Changes how `handle` is watched, and arms it again after a oneshot event.
    ///
    /// # Errors
    ///
    /// As [`Evented::reregister`].
    pub fn reregister<E: Evented + ?Sized>(
        &mut self,
        handle: &mut E,
        id: EventedId,
        interests: Interests,
        opt: PollOption,
    ) -> Result<()> {
        handle.reregister(&mut self.registry, id, interests, opt)
    }

    /// Ends watching `handle`.
    ///
    /// # Errors
    ///
    /// As [`Evented::deregister`].
    pub fn deregister<E: Evented + ?Sized>(&mut self, handle: &mut E) -> Result<()> {
        handle.deregister(&mut self.registry)
    }

    /// Returns the kernel half, which [`Evented`] takes.
    #[inline]
    pub fn registry(&mut self) -> &mut Registry {
        &mut self.registry
    }

    /// The kernel queue's descriptor, readable when kernel events are waiting: with
    /// [`EventedFd`](crate::unix::EventedFd) one poller can watch another, or another library this one.
    /// User events and deadlines do not show there.
    #[inline]
    #[must_use]
    pub fn raw_fd(&self) -> RawFd {
        self.registry.raw_fd()
    }
}

static_assertions::assert_not_impl_any!(Poller: Send, Sync);
static_assertions::assert_not_impl_any!(Registry: Send, Sync);
