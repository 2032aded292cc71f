//! Signals, sets of them, and the mask of the calling thread.

use core::ffi::c_int;
use core::fmt;
use core::iter;
use core::mem::MaybeUninit;
use core::num::NonZeroU8;
use core::ops::{BitOr, BitOrAssign};
use core::ptr;

use crate::error::{Error, Result};

/// A signal's number. See signal(7).
///
/// ```
/// use mio_st::unix::Signal;
///
/// assert_eq!(Signal::from_raw(15), Ok(Signal::TERMINATE));
/// assert_eq!(Signal::HANGUP.as_raw(), 1);
/// assert_eq!(format!("{:?}", Signal::INTERRUPT), "INTERRUPT");
/// assert_eq!(Signal::from_raw(0), Err(mio_st::Error::InvalidInput));
/// ```
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signal(NonZeroU8);

const LARGEST: c_int = 127;

macro_rules! signal_consts {
    ($($(#[$doc:meta])* $NAME:ident = $raw:ident, $alias:literal;)*) => {
        impl Signal {
            $($(#[$doc])* #[doc(alias = $alias)] pub const $NAME: Signal = Signal::of(libc::$raw);)*
        }

        impl fmt::Debug for Signal {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match *self {
                    $(Signal::$NAME => f.write_str(stringify!($NAME)),)*
                    other => write!(f, "Signal({})", other.0),
                }
            }
        }
    };
}

signal_consts! {
    /// `SIGHUP`: the terminal is gone; to a service, "read your configuration again".
    HANGUP = SIGHUP, "SIGHUP";
    /// `SIGINT`: control-C.
    INTERRUPT = SIGINT, "SIGINT";
    /// `SIGQUIT`: control-backslash.
    QUIT = SIGQUIT, "SIGQUIT";
    /// `SIGKILL`, which cannot be received; an exit status can contain it.
    KILL = SIGKILL, "SIGKILL";
    /// `SIGUSR1`: for the program's own use.
    USER_1 = SIGUSR1, "SIGUSR1";
    /// `SIGUSR2`: for the program's own use.
    USER_2 = SIGUSR2, "SIGUSR2";
    /// `SIGPIPE`: a write to a pipe without a reader.
    PIPE = SIGPIPE, "SIGPIPE";
    /// `SIGALRM`: a timer of alarm(2) or setitimer(2).
    ALARM = SIGALRM, "SIGALRM";
    /// `SIGTERM`: a request to end.
    TERMINATE = SIGTERM, "SIGTERM";
    /// `SIGCHLD`: a child has ended or stopped.
    CHILD = SIGCHLD, "SIGCHLD";
    /// `SIGCONT`: continues after a stop.
    CONTINUE = SIGCONT, "SIGCONT";
    /// `SIGSTOP`, which cannot be received.
    STOP = SIGSTOP, "SIGSTOP";
    /// `SIGWINCH`: the size of the terminal has changed.
    WINDOW_CHANGE = SIGWINCH, "SIGWINCH";
}

impl Signal {
    /// Returns the signal with this number, 1 to 127. Whether the system has such a signal is
    /// checked when it is used.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](Error::InvalidInput) for any other number.
    pub const fn from_raw(number: i32) -> Result<Signal> {
        match number {
            1..=LARGEST => Ok(Signal::of(number)),
            _ => Err(Error::InvalidInput),
        }
    }

    const fn of(number: c_int) -> Signal {
        match NonZeroU8::new(number as u8) {
            Some(number) => Signal(number),
            None => unreachable!(),
        }
    }

    /// Returns its number.
    #[must_use]
    pub const fn as_raw(self) -> i32 {
        self.0.get() as i32
    }
}

/// A set of signals.
///
/// ```
/// use mio_st::unix::{Signal, SignalSet};
///
/// const ENDING: SignalSet = SignalSet::of(&[Signal::INTERRUPT, Signal::TERMINATE]);
///
/// assert!(ENDING.contains(Signal::TERMINATE) && !ENDING.contains(Signal::HANGUP));
/// assert_eq!(ENDING, Signal::TERMINATE | Signal::INTERRUPT);
/// assert_eq!(format!("{ENDING:?}"), "{INTERRUPT, TERMINATE}");
/// ```
#[derive(Copy, Clone, Default, PartialEq, Eq, Hash)]
pub struct SignalSet(u128);

impl SignalSet {
    /// Returns the set of these signals.
    #[must_use]
    pub const fn of(signals: &[Signal]) -> SignalSet {
        let (mut bits, mut index) = (0, 0);
        while index < signals.len() {
            bits |= 1 << signals[index].as_raw();
            index += 1;
        }
        SignalSet(bits)
    }

    /// Returns whether a signal is in the set.
    #[must_use]
    pub const fn contains(self, signal: Signal) -> bool {
        self.0 >> signal.as_raw() & 1 != 0
    }

    /// Returns whether the set is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns an iterator over the signals, in the order of their numbers.
    pub fn iter(self) -> impl Iterator<Item = Signal> {
        let mut left = self.0;
        iter::from_fn(move || {
            let number = left.trailing_zeros();
            left &= left.wrapping_sub(1);
            (number < u128::BITS).then(|| Signal::of(number as c_int))
        })
    }

    /// As the system has it.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for what the system or its C library does not give to programs.
    pub(crate) fn to_raw(self) -> Result<libc::sigset_t> {
        let mut raw = MaybeUninit::<libc::sigset_t>::zeroed();
        // SAFETY: `sigemptyset` makes a set of it, to which the others add.
        unsafe {
            libc::sigemptyset(raw.as_mut_ptr());
            for signal in self.iter() {
                if libc::sigaddset(raw.as_mut_ptr(), signal.as_raw()) != 0 {
                    return Err(Error::InvalidInput);
                }
            }
            Ok(raw.assume_init())
        }
    }
}

impl From<Signal> for SignalSet {
    fn from(signal: Signal) -> SignalSet {
        SignalSet::of(&[signal])
    }
}

impl<S: Into<SignalSet>> BitOr<S> for SignalSet {
    type Output = SignalSet;

    fn bitor(self, other: S) -> SignalSet {
        SignalSet(self.0 | other.into().0)
    }
}

impl<S: Into<SignalSet>> BitOr<S> for Signal {
    type Output = SignalSet;

    fn bitor(self, other: S) -> SignalSet {
        SignalSet::from(self) | other
    }
}

impl<S: Into<SignalSet>> BitOrAssign<S> for SignalSet {
    fn bitor_assign(&mut self, other: S) {
        *self = *self | other;
    }
}

impl FromIterator<Signal> for SignalSet {
    fn from_iter<I: IntoIterator<Item = Signal>>(signals: I) -> SignalSet {
        signals.into_iter().fold(SignalSet::default(), |set, signal| set | signal)
    }
}

impl fmt::Debug for SignalSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// Blocks signals in the calling thread. Returns those that were not blocked before.
pub(crate) fn block(set: SignalSet) -> Result<SignalSet> {
    let (raw, mut before) = (set.to_raw()?, SignalSet::default().to_raw()?);
    // SAFETY: both are sets that are alive.
    check_errno(unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &raw, &mut before) })?;
    let mut blocked = SignalSet::default();
    for signal in set.iter() {
        if !is_member(&before, signal) {
            blocked |= signal;
        }
    }
    Ok(blocked)
}

/// Lets signals through to the calling thread again.
pub(crate) fn unblock(set: SignalSet) -> Result<()> {
    let raw = set.to_raw()?;
    // SAFETY: it is a set that is alive, and the former mask is not asked for.
    check_errno(unsafe { libc::pthread_sigmask(libc::SIG_UNBLOCK, &raw, ptr::null_mut()) })
}

/// Returns whether a set of the system's has a signal.
pub(super) fn is_member(set: &libc::sigset_t, signal: Signal) -> bool {
    // SAFETY: it is a set.
    unsafe { libc::sigismember(set, signal.as_raw()) == 1 }
}

/// Converts the return value of pthread functions, which return errno.
pub(super) fn check_errno(errno: c_int) -> Result<()> {
    if errno == 0 { Ok(()) } else { Err(Error::from_raw_os_error(errno)) }
}

static_assertions::assert_eq_size!(Signal, Option<Signal>, u8);
static_assertions::assert_impl_all!(Signal: Send, Sync, Unpin);
static_assertions::assert_impl_all!(SignalSet: Send, Sync, Unpin);
