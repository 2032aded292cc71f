//! The end of a child process.

use core::fmt;

use crate::error::{Error, Result};
use crate::interests::Interests;
use crate::source::{Descriptor, Source, impl_as_source};
use crate::sys::ChildWatch;
use crate::sys::fd::RawFd;
use crate::sys::process::ExitStatus;
use crate::sys::signal::Signal;

/// Reports the end of a child process as an event, and collects its exit status.
///
/// It is created from a process id, however the process was started, and never takes the status of
/// another child. Call [`exit_status`](Child::exit_status) until it returns the status: until then
/// the ended process stays in the system's table, as a zombie. Do not call
/// `std::process::Child::wait` for the same process, and do not ignore `SIGCHLD`, which makes the
/// system discard statuses: both take the status away from this type. Dropping a `Child` only stops
/// watching.
///
/// ```
/// use std::process::Command;
///
/// use mio_st::event::{EventedId, Events};
/// use mio_st::poll::{PollOption, Poller};
/// use mio_st::unix::{Child, ExitStatus};
///
/// let mut poller = Poller::new()?;
/// let mut events = Events::new();
///
/// let process = Command::new("sh").args(["-c", "exit 7"]).spawn().unwrap();
/// let mut child = Child::new(process.id() as i32)?;
/// poller.register(&mut child, EventedId(1), Child::INTERESTS, PollOption::Oneshot)?;
///
/// poller.poll(&mut events, None)?;
/// assert_eq!(child.exit_status()?, Some(ExitStatus::Exited(7)));
/// # Ok::<(), mio_st::Error>(())
/// ```
///
/// On Linux 5.4 it uses a pidfd, on other systems a kqueue of its own. The latter identifies the
/// child by number: there the program must not take the child's status in another way, because its
/// number could be used again. See pidfd_open(2), kqueue(2), waitid(2).
///
/// On Linux without pidfds (before 5.4, Android before 12, or a sandbox that refuses the call), a
/// handler of `SIGCHLD` is installed instead. It identifies the child by its number, too, and calls
/// the handler that was installed before it. A handler that is installed later must call the one
/// that it replaces. If every thread blocks `SIGCHLD`, the event arrives when
/// [`Signals`](crate::unix::Signals) receives the signal. The handler interrupts
/// [`poll_interruptible`](crate::poll::Poller::poll_interruptible).
pub struct Child {
    source: Source<ChildWatch>,
    pid: i32,
}

impl Child {
    /// `READABLE`.
    pub const INTERESTS: Interests = Interests::READABLE;

    /// Starts watching the child with this process id, which may have ended already.
    ///
    /// # Errors
    ///
    /// * `Os(ECHILD)`: no process has this id, it is no child of this one, or its status is taken.
    /// * [`InvalidInput`](Error::InvalidInput): 0 and negative numbers, which mean groups of
    ///   processes.
    /// * [`Unsupported`](Error::Unsupported): a child of clone(2) that sends no `SIGCHLD`, on Linux
    ///   without pidfds.
    /// * An OS error: out of descriptors.
    pub fn new(pid: i32) -> Result<Child> {
        if pid <= 0 {
            return Err(Error::InvalidInput);
        }
        Ok(Child { source: Source::new(ChildWatch::new(pid)?, Child::INTERESTS), pid })
    }

    /// Returns how the child has ended: `None` as long as it runs, and then, once, its status. The
    /// process is gone then, and its id may be used again.
    ///
    /// # Errors
    ///
    /// `Os(ECHILD)`: the status was taken, by this call or by another; and in a forked child.
    pub fn exit_status(&mut self) -> Result<Option<ExitStatus>> {
        self.source.descriptor_mut().exit_status()
    }

    /// Sends a signal to the child, and never to another process: by the pidfd on Linux, and
    /// elsewhere by the number, as long as the status is not taken.
    ///
    /// A signal to a child that has ended, and whose status is not taken yet, has no effect.
    ///
    /// ```
    /// use std::process::Command;
    ///
    /// use mio_st::event::{EventedId, Events};
    /// use mio_st::poll::{PollOption, Poller};
    /// use mio_st::unix::{Child, ExitStatus, Signal};
    ///
    /// let mut poller = Poller::new()?;
    /// let mut events = Events::new();
    /// let process = Command::new("sleep").arg("60").spawn().unwrap();
    /// let mut child = Child::new(process.id() as i32)?;
    /// poller.register(&mut child, EventedId(1), Child::INTERESTS, PollOption::Oneshot)?;
    /// child.signal(Signal::TERMINATE)?;
    /// poller.poll(&mut events, None)?;
    /// assert_eq!(child.exit_status()?, Some(ExitStatus::Killed(Signal::TERMINATE)));
    /// # Ok::<(), mio_st::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `Os(ECHILD)` once the status is taken, and in a forked child; `Os(EPERM)` if the child has
    /// become another user's program; `Os(EINVAL)` for a number that is no signal's here. See
    /// pidfd_send_signal(2), kill(2).
    pub fn signal(&self, signal: Signal) -> Result<()> {
        self.source.descriptor().signal(signal)
    }

    /// Returns the process id.
    #[must_use]
    pub fn pid(&self) -> i32 {
        self.pid
    }
}

impl Descriptor for ChildWatch {
    fn watched_fd(&self) -> Result<RawFd> {
        self.raw_fd()
    }

    /// The watch ends its registration when it is dropped.
    fn watched_by(&mut self, poller: RawFd) {
        self.set_poller(poller);
    }
}

impl_as_source!(Child, ChildWatch);

static_assertions::assert_not_impl_any!(Child: Send, Sync);

impl fmt::Debug for Child {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Child").field("pid", &self.pid).finish()
    }
}
