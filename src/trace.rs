//! Lines for the crate `log`, with the feature of that name; without it, nothing at all.

/// As `log::trace!`.
#[cfg(feature = "log")]
macro_rules! trace {
    ($($message:tt)*) => { log::trace!(target: "mio_st", $($message)*) };
}

#[cfg(not(feature = "log"))]
macro_rules! trace {
    ($($message:tt)*) => {};
}
